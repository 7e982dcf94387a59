// What every call asks of its arguments, and how TypeErrors call what they are instead.

import { quote } from './address.js';
import { LimpetError } from './errors.js';

/** Behind the last moment that the core can hold: 48 bits of milliseconds. */
export const TIME_LIMIT = 2 ** 48;

/** The type of a value, for a TypeError. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  return `${typeof value} ${typeof value === 'string' ? quote(value) : String(value)}`;
}

/** @throws TypeError or LimpetError BAD_INPUT */
export function checkTime(time: number): number {
  if (typeof time !== 'number') throw new TypeError(`a time is a number of milliseconds, not ${describe(time)}`);
  const whole = Math.floor(time);
  if (whole >= 0 && whole < TIME_LIMIT) return whole;
  throw new LimpetError('BAD_INPUT', `${time} is no time: milliseconds since the epoch, from 0 to 2^48 − 1`, {
    value: time,
  });
}
