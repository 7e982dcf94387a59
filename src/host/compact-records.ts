// Limpet's own record, { identity, address, state } → a claim. The core's scanner reads most of them by itself; here
// come those with escapes or mistakes, and records that are objects already.

import { withoutPrefix } from './cidr.js';
import type { Claim, Reading, RecordReading } from './claims.js';
import { describe, isObject, type Json } from './json.js';
import { checkedIdentity, notAnAddress, Refused, refusing, textAt, wrong } from './refused.js';

/** Whether it is Limpet's own record, right or wrong. */
export function isCompact(record: unknown): record is Json {
  return isObject(record) && 'identity' in record;
}

/** Never throws. @param index the record's place in its list, from 0 */
export function readCompact(record: Json, index: number): Reading {
  return refusing(`#${index}`, () => claimOf(record, `#${index}`));
}

function claimOf(compact: Json, record: string): Claim {
  const identity = checkedIdentity(compact.identity);
  const address = withoutPrefix(textAt(compact.address, 'address', { identity }));
  if (address === undefined) throw notAnAddress(compact.address, identity);
  const { state } = compact;
  if (typeof state !== 'string') throw wrong('state', state, 'a string', { identity });
  if (state !== 'live' && state !== 'reserved') {
    const detail = `state is ${describe(state)}, neither "live" nor "reserved"`;
    throw new Refused('unknown-state', detail, { identity, address });
  }
  return { identity, addresses: [address], state, wanted: state === 'live', rank: 0, record };
}

/** For a host API that reads no other records. */
export const compactOnly: RecordReading = {
  options: [],
  reader: () => ({
    words: [],
    read: (record, index) => ({
      reason: 'bad-record',
      record: `#${index}`,
      detail: `the record is ${describe(record)}, not a binding with an identity`,
    }),
    end: () => {},
  }),
};
