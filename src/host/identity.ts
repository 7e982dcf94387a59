// An identity that has been checked and encoded once, for callers that ask for it again and again.

import { quote } from './address.js';
import { describe } from './arguments.js';
import { LimpetError } from './errors.js';

const LONGEST = 255;

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
    if (whyNoIdentity(text) !== undefined) throw badIdentity(text);
    this.bytes = new TextEncoder().encode(text);
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What is wrong with a string as an identity; undefined when it is one. */
export function whyNoIdentity(text: string): string | undefined {
  if (text === '') return 'is empty';
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > LONGEST) return `has ${bytes} bytes, and ${LONGEST} is the most`;
  return /\p{Surrogate}/u.test(text) ? 'has half a surrogate pair, and so is not Unicode' : undefined;
}

export function badIdentity(text: string): LimpetError {
  const bytes = new TextEncoder().encode(text).length;
  return new LimpetError('BAD_INPUT', `the identity ${quote(text)} ${whyNoIdentity(text)}`, { identity: text, bytes });
}
