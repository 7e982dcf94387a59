// The pool of equal blocks under everything else. Blocks have one size, so subnets that come and go in any
// mix never fragment it; arenas (arena.ts) cut the blocks into what the structures need.
//
// It takes whole regions from `memory.grow` and touches nothing else, so it lives beside any other allocator
// of the same instance (as-pect's heap, for one) and can say "no" where AssemblyScript's own would trap.

export const BLOCK: u32 = 4096;

/** The most blocks that one change can take. With so many left nothing need be counted (room.ts). */
export const CALL_BLOCKS: u32 = 8;

const PAGE_BLOCKS: u32 = 65536 / BLOCK;

/** Blocks given back: a list through their first word. */
let returned: usize = 0;
/** Blocks never used yet, [fresh, freshEnd). */
let fresh: usize = 0;
let freshEnd: usize = 0;
let available: u32 = 0;
let inUse: u32 = 0;
/** 65535 and not 65536 pages: the end of the last block must not wrap to 0. */
let mostPages: u32 = 65535;

/** Makes sure that `blocks` blocks can be taken; false when memory may not grow. */
export function reserveBlocks(blocks: u32): bool {
  return available >= blocks || grow((blocks - available + PAGE_BLOCKS - 1) / PAGE_BLOCKS);
}

/** Takes one block, not zeroed; the caller has reserved it. */
export function takeBlock(): usize {
  available--;
  inUse++;
  const block = returned;
  if (block) {
    returned = load<usize>(block);
    return block;
  }
  fresh += BLOCK;
  return fresh - BLOCK;
}

export function giveBlock(block: usize): void {
  store<usize>(block, returned);
  returned = block;
  available++;
  inUse--;
}

export function blocksInUse(): u32 {
  return inUse;
}

/** Bounds the whole memory of the instance, in pages of 64 KiB; what is already there stays. */
export function limitPages(pages: u32): void {
  mostPages = min(pages, 65535);
}

/**
 * Grows by a sixteenth, so that the host re-creates its views rarely; by no more than is needed when that is refused.
 */
function grow(needed: u32): bool {
  const size = <u32>memory.size();
  if (size + needed > mostPages) return false;
  let pages = min(max(needed, size >> 4), mostPages - size);
  let at = memory.grow(pages);
  if (at < 0) {
    pages = needed;
    at = memory.grow(pages);
    if (at < 0) return false;
  }
  const start = (<usize>at) << 16;
  if (start != freshEnd) {
    // Somebody else grew memory in between: what was left of the last region becomes returned blocks.
    for (; fresh != freshEnd; fresh += BLOCK) {
      store<usize>(fresh, returned);
      returned = fresh;
    }
    fresh = start;
  }
  freshEnd = start + ((<usize>pages) << 16);
  available += pages * PAGE_BLOCKS;
  return true;
}
