// Reserved bindings in order of rank, those of one rank in order of ordinal: how they queue after a rebuild. Ranks are
// copied into an array and sorted there, least significant byte first, over the bytes in which they differ. Rejected: a
// sort of the bindings' own chain, of which every pass waits for every binding to come from memory.

import { LIVE, ownerAt } from './bindings';
import { reserveBlocks } from './memory';
import { PAGE_SIZE } from './ordinal';
import { Pages } from './pages';
import { exists } from './pointer';
import { Binding } from './records';
import { FAN, Nodes, Vector } from './vector';

//   item  ┌──────┬─────────┬───┐
//         │ rank │ binding │   │   four slots of a vector
//         │ 0    │ 8       │   │
//         └──────┴─────────┴───┘
const SLOTS: u32 = 4;
/** Bindings of a node. */
const ITEMS: u32 = FAN / SLOTS;

/** How many items have each value of a byte; then where the first of them goes. */
const COUNTS: usize = memory.data(256 * 4, 4);

@unmanaged
export class ByRank {
  nodes: Nodes;
  items: Vector;
  /** Where a pass sorts them to. */
  other: Vector;
  length: u32;
  /** The bits in which ranks differ. */
  differ: u64;

  /** The bindings in turn. */
  binding(i: u32): Binding {
    return changetype<Binding>(load<usize>(this.items.slot(i * SLOTS), 8));
  }

  private push(binding: Binding): void {
    const at = this.items.extend(this.length * SLOTS, this.nodes);
    this.other.extend(this.length * SLOTS, this.nodes);
    this.length++;
    store<u64>(at, binding.time);
    store<usize>(at, changetype<usize>(binding), 8);
    this.differ |= binding.time ^ load<u64>(this.items.slot(0));
  }

  collect(pages: Pages): void {
    for (let page = pages.firstFrom(0, 0); exists(page); page = pages.after(page)) {
      for (let offset = page.nextSet(0); offset < PAGE_SIZE; offset = page.nextSet(offset + 1)) {
        const binding = ownerAt(page, offset);
        if (exists(binding) && !(binding.flags & LIVE)) this.push(binding);
      }
    }
  }

  sort(): void {
    for (let shift: u64 = 0; this.differ >> shift; shift += 8) {
      if (((this.differ >> shift) & 0xff) == 0) continue;
      this.pass(shift);
      const sorted = this.other;
      this.other = this.items;
      this.items = sorted;
    }
  }

  private pass(shift: u64): void {
    memory.fill(COUNTS, 0, 256 * 4);
    for (let i: u32 = 0; i < this.length; i++) {
      const count = countOf(load<u64>(this.items.slot(i * SLOTS)), shift);
      store<u32>(count, load<u32>(count) + 1);
    }
    let before: u32 = 0;
    for (let count = COUNTS; count < COUNTS + 256 * 4; count += 4) {
      const own = load<u32>(count);
      store<u32>(count, before);
      before += own;
    }
    for (let i: u32 = 0; i < this.length; i++) {
      const from = this.items.slot(i * SLOTS);
      const rank = load<u64>(from);
      const count = countOf(rank, shift);
      const to = this.other.slot(load<u32>(count) * SLOTS);
      store<u32>(count, load<u32>(count) + 1);
      store<u64>(to, rank);
      store<u64>(to, load<u64>(from, 8), 8);
    }
  }
}

function countOf(rank: u64, shift: u64): usize {
  return COUNTS + ((<usize>(rank >> shift) & 0xff) << 2);
}

/** An array with room for so many bindings, or null when there is no memory for it. */
export function createByRank(count: u32, nodes: Nodes): ByRank {
  // Two vectors: their leaves, and no more than a sixteenth of that above them.
  const most = 2 * (count / ITEMS + count / (ITEMS * 16) + 6);
  if (!reserveBlocks(nodes.blocksFor(most, 2))) return changetype<ByRank>(0);
  const sorted = changetype<ByRank>(nodes.zeros(offsetof<ByRank>()));
  sorted.nodes = nodes;
  sorted.items = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  sorted.other = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  return sorted;
}
