// Many identities in one call: docs/ABI.md, `allocate_many`.
//
//   window   ┌────────┬───────────┬────────┬───────────┬───┬─────────────────────────────────┐
//            │ length │ identity… │ length │ identity… │ … │ ordinal (16), status (4), 4 …   │
//            └────────┴───────────┴────────┴───────────┴───┴─────────────────────────────────┘
//              1                    1                        24 an identity, in their order

import type { Identity } from '../identity.js';
import type { Calls, Count, SubnetId, WindowOffset } from './calls.js';
import { LONGEST_IDENTITY, writeIdentity } from './identity.js';
import { type Memory, type Ordinal, WINDOW_SIZE, wideAt } from './memory.js';
import { Status } from './status.js';

const RESULT_SIZE = 24;
const RESULT_STATUS = 16;

/** What became of one identity. */
export interface BatchAnswer {
  /** BAD_INPUT: it is malformed. */
  readonly status: Status;
  /** Counts when the status refuses nothing. */
  readonly ordinal: Ordinal;
}

/** Identities, and where among them the next batch begins. */
export interface Batch {
  readonly identities: readonly (string | Identity)[];
  readonly from: number;
}

/** Allocates for as many as fit into the window, at least one; an answer for each, in their order. */
export function allocateBatch(
  memory: Memory,
  calls: Calls,
  subnet: { readonly id: SubnetId; readonly cidr: { readonly version: 4 | 6 } },
  { identities, from }: Batch,
): BatchAnswer[] {
  const window = memory.window();
  const bytes = new Uint8Array(window.buffer, window.byteOffset, WINDOW_SIZE);
  /** Of each identity of the batch, its place in the window's list, or −1 when it is malformed. */
  const places: number[] = [];
  let size = 0;
  let count = 0;
  for (let at = from; at < identities.length; at++) {
    if (size + 1 + LONGEST_IDENTITY + (count + 1) * RESULT_SIZE > WINDOW_SIZE) break;
    const start = size + 1;
    const length = writeIdentity(identities[at] as string, bytes.subarray(start, start + LONGEST_IDENTITY));
    places.push(length < 0 ? -1 : count);
    if (length < 0) continue;
    bytes[size] = length;
    size = start + length;
    count++;
  }
  calls.allocate_many(subnet.id, count as Count, size as WindowOffset);
  const results = new DataView(memory.takeWindow(size + count * RESULT_SIZE).buffer, size);
  return places.map((place) => {
    if (place < 0) return { status: Status.BAD_INPUT, ordinal: 0 };
    const at = place * RESULT_SIZE;
    const ordinal = subnet.cidr.version === 4 ? results.getUint32(at, true) : wideAt(results, at);
    return { status: results.getInt32(at + RESULT_STATUS, true) as Status, ordinal };
  });
}
