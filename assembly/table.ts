// A hash table of entries with a key of bytes, found by it. Open addressing in order of hash: an entry lies at its home
// (hash · capacity ≫ 32) or as near behind as others let it. Unlike a table that hashes everything again when it grows,
// this one never pauses: both sizes lie in the same order, so growing is a merge, some homes at every insertion.
//
//   slots   ░░░░░░░░░░░░░░│ b   c d       f g h     │       entries at or above the frontier
//   larger  a a  a     a a│                                 those below it: ░ has been given back
//                         └ frontier: a hash
//
// Removing closes the gap, so there are no tombstones. Rejected: a table that doubles and hashes again (pauses of 100
// ms at a million entries); buckets with chains (a cache miss more for every search).

import { equalBytes } from './bytes';
import { reserveBlocks } from './memory';
import { FAN, Nodes, Vector } from './vector';

/** What an entry is to the table: memory with the length of its key in one byte, and the key right behind that. */
const LENGTH: usize = 19;
export const KEY: u32 = 20;

//   slot  ┌───────┬──────┐
//         │ entry │ hash │   as one 64-bit number: in the order of hashes, and 0 when the slot is empty
//         │ 0     │ 4    │
//         └───────┴──────┘
/** Slots of a node, of 8 bytes each. */
const SLOTS: u32 = FAN / 2;

/** Up to this many slots a table is small: half full at the most, so that little slack will do. */
const SMALL: u32 = 1024;
/** From this many slots on it grows by less than double, and is fuller, which saves memory. */
const LARGE: u32 = 16384;
/**
 * Slots behind the last home. More than that are needed by one key of the hash in a hundred million, or by a flood of
 * equal hashes; then the table takes more nodes.
 */
const SMALL_SLACK: u32 = 16;
const SLACK: u32 = 128;
/** Homes that are moved at an insertion: the move is over long before the larger table is full. */
const STEP: u32 = 32;
/** Slots that are ready behind the frontier in the larger table. */
const AHEAD: u32 = 64;
/** Nodes that an insertion can take while the table grows: two sides, each a leaf or two and the way there. */
const GROWTH_NODES: u32 = 10;

/** More than memory has room for. */
const MOST_SLOTS: u32 = 1 << 27;

const HASHES: u64 = 1 << 32;

/** A run of slots that has homes for all hashes. */
@unmanaged
class Side extends Vector {
  /** Homes. */
  capacity: u32;
  /** Slots in all: homes, and the slack behind them. */
  whole: u32;
  /** Slots that exist; the last one is always empty. More than the whole in a flood. */
  extent: u32;

  @inline
  home(hash: u32): u32 {
    return <u32>((<u64>hash * this.capacity) >> 32);
  }

  /** Address of slot `i`. */
  @inline
  slotAt(i: u32): usize {
    return this.slot(i << 1);
  }

  /** Address of the slot after the one at `at`, whose number is `i`. */
  @inline
  after(at: usize, i: u32): usize {
    return i % SLOTS ? at + 8 : this.slotAt(i);
  }

  /** Makes slots until there are `extent` of them. */
  grow(extent: u32, nodes: Nodes): void {
    for (; this.extent < extent; this.extent += SLOTS) this.extend(this.extent << 1, nodes);
  }

  /** Puts a slot's word where a search for it ended, slot `i`; what lies there moves on by one. */
  insert(i: u32, word: u64, nodes: Nodes): void {
    let at = this.slotAt(i);
    let there = load<u64>(at);
    while (there) {
      store<u64>(at, word);
      word = there;
      at = this.after(at, ++i);
      there = load<u64>(at);
    }
    store<u64>(at, word);
    if (i + 1 == this.extent) this.grow(this.extent + 1, nodes);
  }

  /** Empties slot `i`: what lies behind and is not at home moves back by one. */
  remove(i: u32): void {
    let at = this.slotAt(i);
    while (true) {
      const behind = this.after(at, ++i);
      const word = load<u64>(behind);
      if (!word || this.home(<u32>(word >> 32)) == i) break;
      store<u64>(at, word);
      at = behind;
    }
    store<u64>(at, 0);
  }

  /** After everything before slot `i` has gone: moves what lies there back to `from` or, at most, to its home. */
  close(i: u32, from: u32): void {
    let at = this.slotAt(i);
    let word = load<u64>(at);
    while (word) {
      const to = max(from, this.home(<u32>(word >> 32)));
      if (to >= i) return;
      store<u64>(this.slotAt(to), word);
      store<u64>(at, 0);
      from = to + 1;
      at = this.after(at, ++i);
      word = load<u64>(at);
    }
  }
}

@unmanaged
export class Table {
  nodes: Nodes;
  /** Where entries are that have not moved: all, unless the table is growing. */
  slots: Side;
  /** Where it grows to, or an empty side. */
  larger: Side;
  entries: u32;
  /** How many entries there may be before the table grows. */
  limit: u32;
  /** The slot where the last search ended without an entry. */
  private ended: u32;
  /** Homes that have been moved to the larger side. */
  moved: u32;
  /** The least hash that has not been moved. */
  frontier: u64;

  /** The entry with this key and its hash, or 0. */
  find(key: usize, length: u32, hash: u32): usize {
    const side = this.sideOf(hash);
    let i = side.home(hash);
    this.ended = i;
    if (!side.extent) return 0;
    let at = side.slotAt(i);
    while (true) {
      const word = load<u64>(at);
      if (!word || <u32>(word >> 32) > hash) break;
      if (<u32>(word >> 32) == hash) {
        const entry = <usize>word;
        if (<u32>load<u8>(entry, LENGTH) == length && equalBytes(entry + KEY, key, length)) return entry;
      }
      at = side.after(at, ++i);
    }
    this.ended = i;
    return 0;
  }

  /** What lies at the home of a hash: for who will search there soon. */
  @inline
  glance(hash: u32): u64 {
    const side = this.sideOf(hash);
    return side.extent ? load<u64>(side.slotAt(side.home(hash))) : 0;
  }

  /** Nodes that the next insertion can take; no answer of the table depends on the hash's key, this one neither. */
  nodesForNext(): u32 {
    if (this.entries >= this.limit || this.larger.extent) return GROWTH_NODES;
    const side = this.slots;
    return load<u64>(side.slotAt(side.extent - 2)) ? 1 + side.levels : 0;
  }

  /** Inserts an entry whose key was just not found. Memory has been reserved. */
  insert(entry: usize, hash: u32): void {
    if (this.entries >= this.limit && !this.larger.extent) {
      const first = !this.slots.extent;
      this.beginToGrow(sizeAfter(this.slots.whole), AHEAD);
      if (first) this.ended = this.slots.home(hash);
    }
    this.entries++;
    this.sideOf(hash).insert(this.ended, ((<u64>hash) << 32) | entry, this.nodes);
    if (this.larger.extent) this.move();
  }

  remove(entry: usize, hash: u32): void {
    const side = this.sideOf(hash);
    let i = side.home(hash);
    for (let at = side.slotAt(i); <usize>load<u64>(at) != entry; ) at = side.after(at, ++i);
    side.remove(i);
    this.entries--;
  }

  @inline
  private sideOf(hash: u32): Side {
    return <u64>hash < this.frontier ? this.larger : this.slots;
  }

  /**
   * Grows to the size that so many entries will bring it to, so that entries are moved once at the most, and not again
   * and again on the way. Nothing when it is growing, or is as large. False without memory, and then nothing changes.
   */
  expect(entries: u32): bool {
    const before = this.slots.whole;
    if (this.larger.extent || this.limit >= entries) return true;
    let whole = sizeAfter(before);
    while (whole < MOST_SLOTS && limitOf(whole) < entries) whole = sizeAfter(whole);
    const leaves = whole / SLOTS;
    if (!reserveBlocks(this.nodes.blocksFor(leaves + leaves / 64 + 4, 0))) return false;
    this.beginToGrow(whole, whole);
    return true;
  }

  /** The first slots, or the larger ones to be moved to. */
  private beginToGrow(whole: u32, ready: u32): void {
    const side = this.slots.whole ? this.larger : this.slots;
    side.whole = whole;
    side.capacity = homesOf(whole);
    this.limit = limitOf(whole);
    side.grow(ready, this.nodes);
  }

  /** Moves the entries of the next homes, and gives back the nodes that are left behind. */
  private move(): void {
    const slots = this.slots;
    const larger = this.larger;
    const from = this.moved;
    const to = min(from + STEP, slots.capacity);
    const frontier = (((<u64>to) << 32) + slots.capacity - 1) / slots.capacity;
    if (!this.canMove(to, frontier)) return;
    const ahead = <u32>((frontier * larger.capacity) >> 32) + AHEAD;
    larger.grow(min(ahead, larger.whole), this.nodes);
    const end = this.append(from, to, frontier);
    slots.close(end, to);
    for (let n = from / SLOTS; n < to / SLOTS; n++) slots.drop((n * SLOTS) << 1, this.nodes);
    this.moved = to;
    this.frontier = frontier;
    if (frontier == HASHES) this.endGrowth();
  }

  /**
   * Whether there is memory for the move. There is, since the insertion has asked for it; but not in a flood, where a
   * run of equal hashes, which moves at once, reaches far behind the homes that are moved. Then the table waits for
   * more.
   */
  private canMove(to: u32, frontier: u64): bool {
    const slots = this.slots;
    let i = min(to + AHEAD, slots.extent - 1);
    let at = slots.slotAt(i);
    if (!isBelow(load<u64>(at), frontier)) return true;
    while (isBelow(load<u64>(at), frontier)) at = slots.after(at, ++i);
    return reserveBlocks(this.nodes.blocksFor((i - to) / SLOTS + GROWTH_NODES, 0));
  }

  /**
   * Moves the entries below the frontier to the larger side: all in the homes from `i` to `to`, and some behind. The
   * slot where there are no more. No branch depends on which homes are empty, since nothing could predict it: an empty
   * one is "moved" to the slot where the next entry may lie.
   */
  private append(i: u32, to: u32, frontier: u64): u32 {
    const slots = this.slots;
    const larger = this.larger;
    let at = slots.slotAt(i);
    // In order of hash, so each goes behind the one before: to its home or, when that is taken, to the next slot.
    let next = larger.home(<u32>this.frontier);
    while (load<u64>(larger.slotAt(next))) next++;
    let node: u32 = -1;
    let start: usize = 0;
    while (true) {
      const word = load<u64>(at);
      if (i >= to && !isBelow(word, frontier)) return i;
      store<u64>(at, 0);
      const slot = max(next, larger.home(<u32>(word >> 32)));
      if (slot / SLOTS != node) {
        node = slot / SLOTS;
        start = larger.slotAt(node * SLOTS);
      }
      store<u64>(start + ((slot % SLOTS) << 3), word);
      next = slot + <u32>(word != 0);
      if (next == larger.extent) larger.grow(next + 1, this.nodes);
      at = slots.after(at, ++i);
    }
  }

  private endGrowth(): void {
    const old = this.slots;
    old.clear(this.nodes);
    old.capacity = 0;
    old.whole = 0;
    old.extent = 0;
    this.slots = this.larger;
    this.larger = old;
    this.slots.grow(this.slots.whole, this.nodes);
    this.moved = 0;
    this.frontier = 0;
  }
}

/** Whether a slot has an entry whose hash is below the frontier. */
function isBelow(word: u64, frontier: u64): bool {
  return word != 0 && word >> 32 < frontier;
}

/** How many slots a table grows to that has so many. */
function sizeAfter(whole: u32): u32 {
  const wanted = whole < LARGE ? max(whole << 1, SLOTS) : whole + (whole >> 2) + (whole >> 3);
  return (wanted + SLOTS - 1) & ~(SLOTS - 1);
}

function homesOf(whole: u32): u32 {
  return whole - (whole > SMALL ? SLACK : SMALL_SLACK);
}

/** How many entries there may be: a half of the homes, three quarters or, in a large table, thirteen sixteenths. */
function limitOf(whole: u32): u32 {
  const homes = homesOf(whole);
  if (whole <= SMALL) return homes - (homes >> 1);
  return homes - (whole <= LARGE ? homes >> 2 : (homes >> 3) + (homes >> 4));
}

/** An empty table. */
export function createTable(nodes: Nodes): Table {
  const table = changetype<Table>(nodes.zeros(offsetof<Table>()));
  table.nodes = nodes;
  table.slots = changetype<Side>(nodes.zeros(offsetof<Side>()));
  table.larger = changetype<Side>(nodes.zeros(offsetof<Side>()));
  return table;
}
