// The format of snapshots, as docs/ABI.md has it: what is common to writing and reading them. Version 2 is that of a
// subnet in which something is pinned, version 1 that of every other one: who knows no pins reads what has none.

import { sipHash } from './hash';
import { KEY } from './table';

//   header (64) │ excluded ranges │ live, held and pinned, ascending │ reserved, oldest first │ checksum (8)
export const MAGIC: u32 = 0x54504d4c; // "LMPT"
export const FORMAT: u8 = 1;
export const FORMAT_WITH_PINS: u8 = 2;

@unmanaged
export class Header {
  magic: u32;
  format: u8;
  version: u8;
  prefix: u8;
  policy: u8;
  baseLo: u64;
  baseHi: u64;
  cursorLo: u64;
  cursorHi: u64;
  lastTime: u64;
  ranges: u32;
  /** Live bindings, pinned ones, and ordinals held without a binding. */
  used: u32;
  reserved: u32;
  zero: u32;
}

export const HEADER: u32 = 64;
export const RANGE: u32 = 32;
export const CHECKSUM: u32 = 8;
//   entry  ┌───────────────┬──────┬───────┬────────┬───────────┐   of a binding: from `time` on just as records.ts
//          │ ordinal lo hi │ time │ flags │ length │ identity… │   keeps it; of a held ordinal: time 0, length 0
//          │ 0             │ 16   │ 22    │ 23     │ 24        │
//          └───────────────┴──────┴───────┴────────┴───────────┘
export const ENTRY: u32 = 24;
/** Where in a binding the bytes of its entry begin, after the ordinal. */
export const BODY: u32 = KEY - 8;

// The parts, in turn.
export const HEAD: u32 = 1;
export const RANGES: u32 = 2;
export const USED: u32 = 3;
export const RESERVED: u32 = 4;
export const SUM: u32 = 5;

/** The checksum: SipHash-1-3 of each part under the sum so far. */
export function sum(before: u64, at: usize, length: u32): u64 {
  return sipHash(at, length, before, MAGIC);
}
