// A run of memory cut into pieces, for one owner. Unlike the pool it takes its blocks from (memory.ts) it goes back
// whole: destroying a subnet costs its blocks, not its bindings.

import { BLOCK, giveBlock, takeBlock } from './memory';

//   extent: adjacent blocks, joined        ┌──────┬────────┬──────────┐
//   so that a growing bitmap leaves        │ next │ blocks │ pieces … │
//   no gaps                                └──────┴────────┴──────────┘
export const EXTENT_HEADER: u32 = 8;
export const BLOCKS: usize = 4;

/** Pieces are multiples of 8 bytes, and no larger than this. */
export const LARGEST_PIECE: u32 = 560;

@unmanaged
export class Arena {
  /** Where the next piece is cut from, and the end of the newest extent. */
  at: usize;
  end: usize;
  /** The newest extent. */
  extent: usize;

  /** Takes a piece, not zeroed. The block it may need has been reserved. */
  cut(bytes: u32): usize {
    if (this.at + bytes > this.end) this.extend();
    const piece = this.at;
    this.at = piece + bytes;
    return piece;
  }

  /** Gives every block back; all that was cut from the arena is gone, the arena itself perhaps among it. */
  destroy(): void {
    let extent = this.extent;
    while (extent) {
      const next = load<usize>(extent);
      // Backwards, so that the pool hands the blocks out in ascending order and extents can join again.
      for (let i = load<u32>(extent, BLOCKS); i; ) giveBlock(extent + --i * BLOCK);
      extent = next;
    }
  }

  extend(): void {
    const block = takeBlock();
    const extent = this.extent;
    if (block == this.end) {
      store<u32>(extent, load<u32>(extent, BLOCKS) + 1, BLOCKS);
      this.end += BLOCK;
      return;
    }
    store<usize>(block, extent);
    store<u32>(block, 1, BLOCKS);
    this.extent = block;
    this.at = block + EXTENT_HEADER;
    this.end = block + BLOCK;
  }
}

/** Takes a piece off a free list, whose head stands at `list`; 0 when it is empty. */
export function pop(list: usize): usize {
  const piece = load<usize>(list);
  if (piece) store<usize>(list, load<usize>(piece));
  return piece;
}

/** Puts a piece on a free list. */
export function push(list: usize, piece: usize): void {
  store<usize>(piece, load<usize>(list));
  store<usize>(list, piece);
}
