// How code that reads a record says no, and the fields that records of every kind have.

import type { Refusal } from './claims.js';
import { isIdentity, whyNoIdentity } from './identity.js';
import { describe } from './json.js';
import type { SkipReason } from './types.js';

export type Known = { readonly identity?: string; readonly address?: string };

/** Thrown inside {@link refusing}, which makes a Refusal of it. No Error: a long bad list needs no stacks. */
export class Refused {
  constructor(
    readonly reason: SkipReason,
    readonly detail: string,
    readonly known: Known = {},
  ) {}
}

/** What `read` answers, or why it refused. @param record how messages call the record */
export function refusing<T>(record: string, read: () => T): T | Refusal {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { reason: error.reason, record, ...error.known, detail: error.detail };
  }
}

export function checkedIdentity(identity: unknown): string {
  if (typeof identity !== 'string') throw wrong('identity', identity, 'a string');
  if (isIdentity(identity)) return identity;
  throw new Refused('bad-identity', `the identity ${describe(identity)} ${whyNoIdentity(identity)}`);
}

export function textAt(value: unknown, at: string, known: Known): string {
  if (typeof value === 'string') return value;
  throw wrong(at, value, 'a string', known);
}

export function wrong(at: string, value: unknown, wanted: string, known: Known = {}): Refused {
  return new Refused('bad-record', `${at} must be ${wanted}, not ${describe(value)}`, known);
}

export function notAnAddress(text: unknown, identity: string): Refused {
  return new Refused('bad-address', `${describe(text)} is not an IP address`, { identity, address: String(text) });
}
