// An identity that has been checked and encoded once, for callers that ask for it again and again.

import { quote } from './address.js';
import { LimpetError } from './errors.js';

/** 1 to 255 bytes of UTF-8. Belongs to no instance: one Identity serves every subnet. */
export class Identity {
  readonly text: string;
  /** @internal */
  readonly bytes: Uint8Array;

  /**
   * @throws TypeError when it is no string
   * @throws LimpetError BAD_INPUT when it is empty, longer than 255 bytes, or not well-formed Unicode
   */
  constructor(text: string) {
    if (typeof text !== 'string') throw new TypeError(`an identity is a string, not ${describe(text)}`);
    this.bytes = new TextEncoder().encode(text);
    if (this.bytes.length === 0 || this.bytes.length > 255 || /\p{Surrogate}/u.test(text)) throw badIdentity(text);
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** Why a string is no identity. */
export function badIdentity(text: string): LimpetError {
  const bytes = new TextEncoder().encode(text).length;
  const why =
    bytes === 0
      ? 'is empty'
      : bytes > 255
        ? `has ${bytes} bytes, and 255 is the most`
        : 'has half a surrogate pair, and so is not Unicode';
  return new LimpetError('BAD_INPUT', `the identity ${quote(text)} ${why}`, { identity: text, bytes });
}

/** The type of a value, for a TypeError. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  return `${typeof value} ${typeof value === 'string' ? quote(value) : String(value)}`;
}
