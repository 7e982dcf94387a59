// Reserved bindings in order of rank, those of one rank in order of ordinal: how they queue after a rebuild. Rank and
// place are copied into an array, in the order in which the bindings lie in memory, and sorted there, least
// significant digit first, over the digits in which they differ. Rejected: to go by ordinal, or to sort the bindings'
// own chain, where every binding has to come from memory before the next one is known.

import { LIVE, LOST, PINNED } from './bindings';
import { reserveBlocks } from './memory';
import { Ordinal, PAGE_BITS } from './ordinal';
import { Pages } from './pages';
import { exists, none } from './pointer';
import { Binding } from './records';
import { FAN, Nodes, Vector } from './vector';

//   item  ┌──────┬─────────┬───────┐
//         │ rank │ binding │ place │   four slots of a vector
//         │ 0    │ 8       │ 12    │
//         └──────┴─────────┴───────┘
const BINDING: usize = 8;
const PLACE: usize = 12;
const SLOTS: u32 = 4;
/** Items of a node. */
const ITEMS: u32 = FAN / SLOTS;

const DIGIT_BITS: u64 = 11;
const DIGITS: u32 = 2048;
/** How many items have each digit; then where the first of them goes. */
const COUNTS: usize = memory.data(2048 * 4, 4);

@unmanaged
export class ByRank {
  nodes: Nodes;
  items: Vector;
  /** Where a pass sorts them to. */
  other: Vector;
  /** Of a wide subnet: which place in the order of pages a page has, by id. */
  turns: Vector;
  length: u32;
  /** The bits in which ranks, and places, differ. */
  ranks: u64;
  places: u64;

  /** The bindings in turn. */
  binding(i: u32): Binding {
    return changetype<Binding>(load<usize>(this.items.slot(i * SLOTS), BINDING));
  }

  /** Makes room for so many items. */
  extend(length: u32): void {
    for (let i: u32 = 0; i < length; i += ITEMS) {
      this.items.extend(i * SLOTS, this.nodes);
      this.other.extend(i * SLOTS, this.nodes);
    }
  }

  push(binding: Binding): void {
    const at = this.items.slot(this.length++ * SLOTS);
    const place = this.placeInOrder(binding.place);
    const rank = binding.time;
    store<u64>(at, rank);
    store<usize>(at, changetype<usize>(binding), BINDING);
    store<u32>(at, place, PLACE);
    const first = this.items.slot(0);
    this.ranks |= rank ^ load<u64>(first);
    this.places |= place ^ load<u32>(first, PLACE);
  }

  sort(): void {
    for (let shift: u64 = 0; this.places >> shift; shift += DIGIT_BITS) this.pass(PLACE, shift, this.places);
    for (let shift: u64 = 0; this.ranks >> shift; shift += DIGIT_BITS) this.pass(0, shift, this.ranks);
  }

  /** A place whose page is known by its turn, so that places are in order of ordinal. */
  private placeInOrder(place: u32): u32 {
    if (!exists(this.turns)) return place;
    return (this.turns.get(place >> PAGE_BITS) << PAGE_BITS) | Ordinal.offset(place);
  }

  private pass(field: usize, shift: u64, differ: u64): void {
    if (!((differ >> shift) & <u64>(DIGITS - 1))) return;
    this.count(field, shift);
    let from: usize = 0;
    for (let i: u32 = 0; i < this.length; i++) {
      from = this.after(from, i);
      const count = countOf(from, field, shift);
      const to = this.other.slot(load<u32>(count) * SLOTS);
      store<u32>(count, load<u32>(count) + 1);
      store<u64>(to, load<u64>(from));
      store<u64>(to, load<u64>(from, BINDING), BINDING);
    }
    const sorted = this.other;
    this.other = this.items;
    this.items = sorted;
  }

  /** Address of item `i`, behind that of the one before. */
  @inline
  private after(at: usize, i: u32): usize {
    return i % ITEMS ? at + SLOTS * 4 : this.items.slot(i * SLOTS);
  }

  /** Tells for each digit where its first item goes. */
  private count(field: usize, shift: u64): void {
    memory.fill(COUNTS, 0, DIGITS * 4);
    let item: usize = 0;
    for (let i: u32 = 0; i < this.length; i++) {
      item = this.after(item, i);
      const count = countOf(item, field, shift);
      store<u32>(count, load<u32>(count) + 1);
    }
    let before: u32 = 0;
    for (let count = COUNTS; count < COUNTS + DIGITS * 4; count += 4) {
      const own = load<u32>(count);
      store<u32>(count, before);
      before += own;
    }
  }
}

function countOf(item: usize, field: usize, shift: u64): usize {
  const number = field ? <u64>load<u32>(item, PLACE) : load<u64>(item);
  return COUNTS + ((<usize>(number >> shift) & (DIGITS - 1)) << 2);
}

/**
 * An array of those of a chain, linked through `older`, that are reserved and not pinned; or null when there is no
 * memory for it.
 */
export function byRank(chain: Binding, reserved: u32, pages: Pages, nodes: Nodes): ByRank {
  // The leaves of three vectors, and no more than a sixteenth of that above them.
  const leaves = 2 * (reserved / ITEMS + 1) + pages.mostIds / FAN + 1;
  if (!reserveBlocks(nodes.blocksFor(leaves + leaves / 16 + 12, 4))) return none<ByRank>();
  const sorted = changetype<ByRank>(nodes.zeros(offsetof<ByRank>()));
  sorted.nodes = nodes;
  sorted.items = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  sorted.other = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  sorted.extend(reserved);
  if (pages.isWide) sorted.turns = turnsOf(pages, nodes);
  for (; exists(chain); chain = chain.older) {
    if (!(chain.flags & (LIVE | LOST | PINNED))) sorted.push(chain);
  }
  sorted.sort();
  return sorted;
}

function turnsOf(pages: Pages, nodes: Nodes): Vector {
  const turns = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  let turn: u32 = 0;
  for (let page = pages.firstFrom(0, 0); exists(page); page = pages.after(page)) {
    store<u32>(turns.extend(page.id, nodes), turn++);
  }
  return turns;
}
