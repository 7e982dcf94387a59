// An identity that has been checked and encoded once, for callers that ask for it again and again.

import { quote } from './address.js';
import { describe } from './arguments.js';
import { LimpetError } from './errors.js';
import type { Recalled } from './recalled.js';
import { encoder } from './utf8.js';

const LONGEST = 255;

/** 1 to 255 bytes of UTF-8. Belongs to no instance: one Identity serves every subnet. */
export class Identity {
  readonly text: string;
  /** @internal */
  readonly bytes: Uint8Array;
  /** @internal Where it was found live last. */
  recalled: Recalled | undefined = undefined;

  /**
   * @throws TypeError when it is no string
   * @throws LimpetError BAD_INPUT when it is empty, longer than 255 bytes, or not well-formed Unicode
   */
  constructor(text: string) {
    if (typeof text !== 'string') throw new TypeError(`an identity is a string, not ${describe(text)}`);
    const bytes = encoder.encode(text);
    if (whyNoIdentity(text, bytes.length) !== undefined) throw badIdentity(text);
    this.bytes = bytes;
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export function notAnIdentity(value: unknown): TypeError {
  return new TypeError(`an identity is a string or an Identity, not ${describe(value)}`);
}

/** What is wrong with a string as an identity; undefined when it is one. */
export function whyNoIdentity(text: string, bytes = encoder.encode(text).length): string | undefined {
  if (text === '') return 'is empty';
  if (bytes > LONGEST) return `has ${bytes} bytes, and ${LONGEST} is the most`;
  return /\p{Surrogate}/u.test(text) ? 'has half a surrogate pair, and so is not Unicode' : undefined;
}

/** As {@link whyNoIdentity} finds nothing wrong, at once for the short texts that nearly all of them are. */
export function isIdentity(text: string): boolean {
  if (text === '' || text.length * 3 > LONGEST) return whyNoIdentity(text) === undefined; // three bytes a unit at most
  for (let n = 0; n < text.length; n++) if (text.charCodeAt(n) >= 0x80) return !/\p{Surrogate}/u.test(text);
  return true;
}

export function badIdentity(text: string): LimpetError {
  const bytes = encoder.encode(text).length;
  return new LimpetError('BAD_INPUT', `the identity ${quote(text)} ${whyNoIdentity(text, bytes)}`, {
    identity: text,
    bytes,
  });
}
