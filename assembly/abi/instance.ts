// The calls about the instance.

import { setKey } from '../hash';
import { BLOCK, blocksInUse, limitPages } from '../memory';
import * as status from '../status';
import { IO, WINDOW } from './area';

const ABI_VERSION: i32 = 1;

export function abi_version(): i32 {
  return ABI_VERSION;
}

/** Address of the io area. */
export function io(): usize {
  return IO;
}

/** Address of the window. */
export function window(): usize {
  return WINDOW;
}

/** Keys the hash tables with the 16 bytes in the io area; before the first subnet is made or restored. */
export function set_seed(): i32 {
  if (blocksInUse()) return status.BAD_STATE;
  setKey(load<u64>(IO), load<u64>(IO, 8));
  return status.OK;
}

/** Bounds the memory of the instance, in pages of 64 KiB. */
export function set_memory_limit(pages: u32): void {
  limitPages(pages);
}

/** Bytes that subnets occupy now. */
export function memory_used(): u32 {
  return blocksInUse() * BLOCK;
}
