// The calls that write and read snapshots.

import { CALL_BLOCKS, reserveBlocks } from '../memory';
import { abortRestore, beginRestore, isRestoring, readSnapshot, restorePosition, takeRestored } from '../restore';
import { beginSnapshot, writeSnapshot } from '../snapshot';
import * as status from '../status';
import { insertSubnet } from '../subnets';
import { Call, END, IO, POSITION, subnet, WINDOW, WINDOW_SIZE } from './area';

export function snapshot_begin(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  beginSnapshot(subnet);
  return status.OK;
}

/** Writes the next piece of the snapshot into the window: its length, 0 at the end. */
export function snapshot_next(): u32 {
  return <u32>(writeSnapshot(WINDOW, WINDOW + WINDOW_SIZE) - WINDOW);
}

export function restore_begin(): void {
  beginRestore();
}

/**
 * Reads the next piece of a snapshot, `length` bytes in the window: OK when more must follow, from io.position on;
 * CHANGED when it is whole, with the number of the new subnet in io.end.
 */
export function restore_feed(length: u32): i32 {
  if (!isRestoring()) return status.BAD_STATE;
  if (length > WINDOW_SIZE) return status.BAD_INPUT;
  const result = readSnapshot(WINDOW, WINDOW + length);
  store<u32>(IO, <u32>(restorePosition() - WINDOW), POSITION);
  if (result == status.CHANGED) {
    if (!reserveBlocks(CALL_BLOCKS)) {
      abortRestore();
      return status.NO_MEMORY;
    }
    store<u32>(IO, insertSubnet(takeRestored()), END);
  }
  return result;
}

export function restore_abort(): void {
  abortRestore();
}
