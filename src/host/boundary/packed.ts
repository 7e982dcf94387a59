// The packed record that a rebuild takes: docs/ABI.md, "Packed records".
//
//   ┌────────────┬──────┬────────┬───────┬───┬────────┬───────────┐
//   │ ordinal    │ rank │ status │ flags │ 0 │ length │ identity… │
//   │ 0          │ 16   │ 24     │ 25    │26 │ 27     │ 28        │
//   └────────────┴──────┴────────┴───────┴───┴────────┴───────────┘

import type { WindowLength } from './calls.js';
import { writeIdentity } from './identity.js';
import { type Ordinal, putWide, RECORD_HEADER, type RecordPlace } from './memory.js';
import type { Status } from './status.js';

const RANK = 16;
const STATUS = 24;
const LIVE = 1;
const WANTED = 4;

/** What of a claim the record carries; the identity is known to fit. */
export interface Packable {
  readonly identity: string;
  readonly state: 'live' | 'reserved';
  readonly wanted: boolean;
  readonly rank: number;
}

/** Writes the record; answers how many bytes it has. */
export function putRecord({ header, identity }: RecordPlace, claim: Packable, ordinal: Ordinal): WindowLength {
  const length = writeIdentity(claim.identity, identity);
  if (typeof ordinal === 'number') {
    header.setUint32(0, ordinal, true);
    for (let at = 4; at < RANK; at += 4) header.setUint32(at, 0, true);
  } else {
    putWide(header, 0, ordinal);
  }
  header.setUint32(RANK, claim.rank % 0x100000000, true);
  header.setUint32(RANK + 4, claim.rank / 0x100000000, true);
  const flags = (claim.state === 'live' ? LIVE : 0) | (claim.wanted ? WANTED : 0);
  header.setUint32(STATUS, (flags << 8) | (length << 24), true);
  return (RECORD_HEADER + length) as WindowLength;
}

/** What the core has written into the record. */
export function statusOf({ header }: RecordPlace): Status {
  return header.getInt8(STATUS) as Status;
}
