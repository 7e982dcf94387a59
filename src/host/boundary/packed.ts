// The packed record that a rebuild takes: docs/ABI.md, "Packed records".
//
//   ┌────────────┬──────┬────────┬───────┬───┬────────┬───────────┐
//   │ ordinal    │ rank │ status │ flags │ 0 │ length │ identity… │
//   │ 0          │ 16   │ 24     │ 25    │26 │ 27     │ 28        │
//   └────────────┴──────┴────────┴───────┴───┴────────┴───────────┘

import { encoder } from '../utf8.js';
import { putWide } from './memory.js';
import type { Status } from './status.js';

const STATUS = 24;
const HEADER = 28;
const LIVE = 1;
const WANTED = 4;

/** What of a claim the record carries; the identity is known to fit. */
export interface Packable {
  readonly identity: string;
  readonly ordinal: bigint;
  readonly state: 'live' | 'reserved';
  readonly wanted: boolean;
  readonly rank: number;
}

export function packed(claim: Packable): Uint8Array {
  const identity = encoder.encode(claim.identity);
  const record = new Uint8Array(HEADER + identity.length);
  const view = new DataView(record.buffer);
  putWide(view, 0, claim.ordinal);
  view.setBigUint64(16, BigInt(claim.rank), true);
  record[25] = (claim.state === 'live' ? LIVE : 0) | (claim.wanted ? WANTED : 0);
  record[27] = identity.length;
  record.set(identity, HEADER);
  return record;
}

/** What the core has written into the record at the start of the window. */
export function statusOfFirst(window: DataView): Status {
  return window.getInt8(STATUS) as Status;
}
