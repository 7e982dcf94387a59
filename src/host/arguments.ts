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

/** Also those of another realm, whose class is another one: Jest has one for the tests and one for Node. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/**
 * A misspelt option would be passed over in silence.
 * @throws TypeError when the options are no object, or one of them is none that `what` has
 */
export function checkOptions(options: unknown, what: string, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`options are an object, not ${describe(options)}`);
  const strange = Object.keys(options).find((name) => !known.includes(name));
  if (strange === undefined) return;
  throw new TypeError(`${what} has no option ${quote(strange)}; it can have ${known.join(', ')}`);
}

/** @throws TypeError or LimpetError BAD_INPUT */
export function checkTime(time: number): number {
  if (typeof time !== 'number') throw new TypeError(`a time is a number of milliseconds, not ${describe(time)}`);
  const whole = Math.floor(time);
  if (whole >= 0 && whole < TIME_LIMIT) return whole;
  throw new LimpetError('BAD_INPUT', `${time} is not a valid time: milliseconds since the epoch, from 0 to 2^48 − 1`, {
    value: time,
  });
}
