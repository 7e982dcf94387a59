// Packed records (docs/ABI.md, "Rebuild"): walks over them and claims what they say. Unlike scan.ts it reads no text.
//
// Identities are hashed a few dozen records ahead, and their slots are looked at, in a loop of its own: in a large
// table a slot has to come from memory, and so many of them come at once. A loop that hashes and looks at one record
// after the other gains little: the hash is so long that the processor sees only two records at a time.

import { hashBytes } from './hash';
import { claim, FAILED, rebuildOf } from './rebuild';
import * as status from './status';
import { Subnet } from './subnet';
import { Table } from './table';

//   record  ┌─────────┬──────┬────────┬───────┬───┬────────┬───────────┐
//           │ ordinal │ rank │ status │ flags │ 0 │ length │ identity… │
//           │ 0       │ 16   │ 24     │ 25    │ 26│ 27     │ 28        │
//           └─────────┴──────┴────────┴───────┴───┴────────┴───────────┘
const RANK: usize = 16;
const STATUS: usize = 24;
const FLAGS: usize = 25;
const ZERO: usize = 26;
const LENGTH: usize = 27;
const IDENTITY: usize = 28;

/** How many records are looked at ahead. */
const AHEAD: u32 = 32;
/** The hashes of their identities. */
const HASHES: usize = memory.data(32 * 4, 4);

/** What the last look at the table saw. Nobody reads it, but a compiler leaves out what is not kept. */
const SEEN: usize = memory.data(8, 8);

/** Claims all records, and writes into each what became of it. How many were refused, or NO_MEMORY. */
export function feed(subnet: Subnet, at: usize, end: usize): i32 {
  const table = rebuildOf(subnet).staging.bindings.table;
  let ahead = at;
  let hash = HASHES;
  let refused = 0;
  for (; at < end; at += recordSize(at), hash += 4) {
    if (at == ahead) {
      ahead = lookAhead(table, at, end);
      hash = HASHES;
    }
    const result = claimRecord(subnet, at, load<u32>(hash));
    if (result == status.NO_MEMORY) {
      rebuildOf(subnet).stage = FAILED;
      return result;
    }
    store<i8>(at, <i8>result, STATUS);
    if (result < 0) refused++;
  }
  return refused;
}

/** Whether the last record ends where the bytes do: looked at first, so that nothing is claimed when it does not. */
export function areWhole(at: usize, end: usize): bool {
  while (at + IDENTITY <= end) at += recordSize(at);
  return at == end;
}

function recordSize(at: usize): usize {
  return IDENTITY + <usize>load<u8>(at, LENGTH);
}

/** Hashes the next identities; the record behind them. */
function lookAhead(table: Table, at: usize, end: usize): usize {
  let hashes = HASHES;
  for (; hashes < HASHES + AHEAD * 4 && at < end; hashes += 4) {
    store<u32>(hashes, hashBytes(at + IDENTITY, load<u8>(at, LENGTH)));
    at += recordSize(at);
  }
  let all: u64 = 0;
  for (let hash = HASHES; hash < hashes; hash += 4) all ^= table.glance(load<u32>(hash));
  store<u64>(SEEN, all);
  return at;
}

function claimRecord(subnet: Subnet, at: usize, hash: u32): i32 {
  if (load<u8>(at, ZERO)) return status.BAD_INPUT;
  const lo = load<u64>(at);
  const hi = load<u64>(at, 8);
  return claim(subnet, at + IDENTITY, load<u8>(at, LENGTH), hash, lo, hi, load<u64>(at, RANK), load<u8>(at, FLAGS));
}
