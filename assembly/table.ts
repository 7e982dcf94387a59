// A hash table with open addressing, over a vector so that it grows where it lies. A slot holds the address of an entry,
// a multiple of 8, with three bits of its hash beside it: seven of eight strangers are passed without a look at them.
// Entries are hashed again when it grows, in the order in which they lie in memory, by whoever owns them.

import { FAN, Nodes, Vector } from './vector';

const TAG: u32 = 7;
/** In the slot of a removed entry: the search goes on past it. */
const REMOVED: u32 = 1;

@unmanaged
export class Table extends Vector {
  /** Slots: a power of two, or 0. */
  capacity: u32;
  entries: u32;
  /** Slots that are not empty, entries and removed ones; and how many of them there may be. */
  used: u32;
  limit: u32;

  /** Where a search for `hash` begins. */
  start(hash: u32): u32 {
    return hash & (this.capacity - 1);
  }

  /** Whether the next entry needs room made first. */
  isTight(): bool {
    return this.used >= this.limit;
  }

  /** Blocks that making room can take. */
  growth(): u32 {
    return (this.capacity >> 10) + (this.capacity >> 12) + 4;
  }

  /** Empties the table, doubled unless most of it was removed entries; the owner then inserts its entries again. */
  makeRoom(nodes: Nodes): void {
    if (this.entries >= this.capacity >> 1) this.capacity = max(FAN, this.capacity << 1);
    this.limit = this.capacity - (this.capacity >> 2);
    this.entries = 0;
    this.used = 0;
    for (let i: u32 = 0; i < this.capacity; i += FAN) memory.fill(this.extend(i, nodes), 0, FAN * 4);
  }

  /** Inserts an entry that is not there yet; the table is not tight. */
  insert(entry: usize, hash: u32): void {
    let i = this.start(hash);
    let at = this.at(i);
    while (load<u32>(at) > REMOVED) {
      i = (i + 1) & (this.capacity - 1);
      at = i % FAN ? at + 4 : this.at(i);
    }
    this.used += <u32>(load<u32>(at) == 0);
    this.entries++;
    store<u32>(at, entry | (hash >> 29));
  }

  remove(entry: usize, hash: u32): void {
    let i = this.start(hash);
    while ((<usize>this.get(i) & ~TAG) != entry) i = (i + 1) & (this.capacity - 1);
    store<u32>(this.at(i), REMOVED);
    this.entries--;
  }
}

/** The slots of a table that may hold what has this hash, one after another. */
export abstract class Probe {
  static table: Table = changetype<Table>(0);
  static i: u32 = 0;
  static tag: u32 = 0;
}

/** Begins a search and answers its first candidate, or 0. */
export function firstCandidate(table: Table, hash: u32): usize {
  if (!table.entries) return 0;
  Probe.table = table;
  Probe.i = table.start(hash);
  Probe.tag = hash >> 29;
  return nextCandidate();
}

export function nextCandidate(): usize {
  const table = Probe.table;
  const mask = table.capacity - 1;
  const tag = Probe.tag;
  let i = Probe.i;
  let at = table.slot(i);
  while (true) {
    const slot = load<u32>(at);
    i = (i + 1) & mask;
    at = i % FAN ? at + 4 : table.at(i);
    if (!slot) return 0;
    if ((slot & TAG) == tag && slot > TAG) {
      Probe.i = i;
      return slot & ~TAG;
    }
  }
}
