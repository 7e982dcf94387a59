// One subnet's memory: blocks of the pool cut into pieces of a multiple of 8 bytes. Unlike the pool it is
// owned by one subnet and goes back to the pool whole, so destroying a subnet costs its blocks, not its bindings.

import { BLOCK, giveBlock, takeBlock } from './memory';

/** The largest piece: a page of the bitmap. */
export const LARGEST: u32 = 544;

/** Bytes before an arena: the heads of its free lists, one for each multiple of 8 up to LARGEST. */
export const LISTS: u32 = ((LARGEST >> 3) + 1) * 4;

//   extent: a run of adjacent blocks       ┌──────┬────────┬────────────────────────────────┐
//   (adjacent ones are joined, so pages    │ next │ blocks │ pieces …                       │
//   of a growing bitmap leave no gaps)     └──────┴────────┴────────────────────────────────┘
const EXTENT_HEADER: u32 = 8;

@unmanaged
export class Arena {
  /** Where the next piece is cut from, and the end of that extent. */
  at: usize;
  end: usize;
  /** The newest extent. */
  extent: usize;

  /** Takes a piece, not zeroed. The blocks it may need have been reserved. */
  take(bytes: u32): usize {
    const size = (bytes + 7) & ~7;
    const list = changetype<usize>(this) - LISTS + (size >> 1);
    const piece = load<usize>(list);
    if (piece) {
      store<usize>(list, load<usize>(piece));
      return piece;
    }
    if (this.at + size > this.end) this.extend();
    const at = this.at;
    this.at = at + size;
    return at;
  }

  /** Takes a piece filled with zeros. */
  takeZeroed(bytes: u32): usize {
    const piece = this.take(bytes);
    memory.fill(piece, 0, bytes);
    return piece;
  }

  give(piece: usize, bytes: u32): void {
    const list = changetype<usize>(this) - LISTS + (((bytes + 7) & ~7) >> 1);
    store<usize>(piece, load<usize>(list));
    store<usize>(list, piece);
  }

  private extend(): void {
    const block = takeBlock();
    const extent = this.extent;
    if (block == this.end) {
      store<u32>(extent, load<u32>(extent, 4) + 1, 4);
      this.end += BLOCK;
      return;
    }
    const rest = <u32>(this.end - this.at);
    if (rest) this.give(this.at, rest);
    store<usize>(block, extent);
    store<u32>(block, 1, 4);
    this.extent = block;
    this.at = block + EXTENT_HEADER;
    this.end = block + BLOCK;
  }
}

/** A new arena in a block of its own, with `bytes` (at least the Arena's own fields) of zeros as its first piece. */
export function createArena(bytes: u32): Arena {
  const block = takeBlock();
  memory.fill(block, 0, BLOCK);
  store<u32>(block, 1, 4);
  const arena = changetype<Arena>(block + EXTENT_HEADER + ((LISTS + 7) & ~7));
  arena.extent = block;
  arena.at = changetype<usize>(arena) + ((bytes + 7) & ~7);
  arena.end = block + BLOCK;
  return arena;
}

/** Gives every block back; the arena and all that was taken from it are gone. */
export function destroyArena(arena: Arena): void {
  let extent = arena.extent;
  while (extent) {
    const next = load<usize>(extent);
    // Backwards, so that the pool hands the blocks out in ascending order and extents can join again.
    for (let i = load<u32>(extent, 4); i; ) giveBlock(extent + --i * BLOCK);
    extent = next;
  }
}
