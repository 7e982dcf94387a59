// A hash table that grows by one bucket at a time (linear hashing: Litwin, "Linear hashing: a new tool for file and
// table addressing", VLDB 1980), so that no insertion ever pauses to rehash. Entries are chained through a word of
// their own; the table knows nothing of them but where that word is and how to hash them again.

import { Arena } from './arena';
import { hashBytes, hashInteger } from './hash';
import { Vector } from './vector';

/** What a table holds; also says where its entries keep the link of the chain: at 4 × kind. */
export const BY_IDENTITY: u32 = 0;
export const BY_PLACE: u32 = 1;
export const BY_NUMBER: u32 = 2;

// Where entries keep what they are hashed by. Bindings (bindings.ts) and pages (bitmap.ts) are laid out to match.
export const PLACE: usize = 16;
export const KEY_LENGTH: usize = 27;
export const KEY: u32 = 28;
export const NUMBER_LO: usize = 0;
export const NUMBER_HI: usize = 16;

export function hashNumber(lo: u64, hi: u64): u32 {
  return hashInteger(lo ^ (rotl(hi, 23) * 0x9e3779b97f4a7c15));
}

function hashEntry(kind: u32, entry: usize): u32 {
  if (kind == BY_IDENTITY) return hashBytes(entry + KEY, load<u8>(entry, KEY_LENGTH));
  if (kind == BY_PLACE) return hashInteger(load<u32>(entry, PLACE));
  return hashNumber(load<u64>(entry, NUMBER_LO), load<u64>(entry, NUMBER_HI));
}

@unmanaged
export class Table extends Vector {
  entries: u32;
  buckets: u32;
  kind: u32;

  /** Address of the head of the chain for `hash`; the table has had an entry. */
  chain(hash: u32): usize {
    const mask = 0xffffffff >> clz(this.buckets);
    let bucket = hash & mask;
    if (bucket >= this.buckets) bucket &= mask >> 1;
    return this.at(bucket);
  }

  /** First entry of the chain for `hash`, or 0. */
  first(hash: u32): usize {
    return this.buckets ? load<usize>(this.chain(hash)) : 0;
  }

  add(entry: usize, hash: u32, arena: Arena): void {
    if (this.entries++ == this.buckets) this.split(arena);
    const head = this.chain(hash);
    store<usize>(entry + (this.kind << 2), load<usize>(head));
    store<usize>(head, entry);
  }

  /** Removes an entry that is in the table. Buckets stay: what was used once will be again. */
  remove(entry: usize, hash: u32): void {
    const link = this.kind << 2;
    let at = this.chain(hash);
    while (load<usize>(at) != entry) at = load<usize>(at) + link;
    store<usize>(at, load<usize>(entry + link));
    this.entries--;
  }

  /** Adds one bucket and moves into it what belongs there from the one bucket that it divides. */
  private split(arena: Arena): void {
    const bucket = this.buckets++;
    const target = this.extend(bucket, arena);
    if (!bucket) return;
    const high: u32 = 1 << (31 - clz(bucket));
    const link = this.kind << 2;
    let at = this.at(bucket ^ high);
    for (let entry = load<usize>(at); entry; entry = load<usize>(at)) {
      if ((hashEntry(this.kind, entry) & (2 * high - 1)) == bucket) {
        store<usize>(at, load<usize>(entry + link));
        store<usize>(entry + link, load<usize>(target));
        store<usize>(target, entry);
      } else {
        at = entry + link;
      }
    }
  }
}

export function createTable(kind: u32, arena: Arena): Table {
  const table = changetype<Table>(arena.takeZeroed(offsetof<Table>()));
  table.kind = kind;
  return table;
}
