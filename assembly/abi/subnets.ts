// The calls that make and destroy a subnet, and count what it has.

import { CALL_BLOCKS, reserveBlocks } from '../memory';
import { abortRebuild } from '../rebuild';
import { createSubnet, destroySubnet, excludeRanges, validShape } from '../shape';
import { endSnapshot } from '../snapshot';
import * as status from '../status';
import { insertSubnet, removeSubnet } from '../subnets';
import { Call, forget, hi, lo, subnet, WINDOW, WINDOW_SIZE } from './area';

/** Makes a subnet: base address in io.ordinal, excluded ranges in the window. Its number, or an error. */
export function subnet_create(version: u32, prefix: u32, policy: u32, ranges: u32): i32 {
  if (!validShape(version, prefix, policy) || ranges > WINDOW_SIZE / 32) return status.BAD_INPUT;
  if (version == 4 && (hi() || lo() >> 32)) return status.BAD_INPUT;
  if (!reserveBlocks(2 * CALL_BLOCKS)) return status.NO_MEMORY;
  const made = createSubnet(<u8>version, <u8>prefix, <u8>policy, lo(), hi());
  let result =
    (lo() & made.bitmap.lastLo) | (hi() & made.bitmap.lastHi) ? status.BAD_INPUT : excludeRanges(made, WINDOW, ranges);
  if (result == status.OK && !reserveBlocks(CALL_BLOCKS)) result = status.NO_MEMORY;
  if (result == status.OK) return <i32>insertSubnet(made);
  destroySubnet(made);
  return result;
}

export function subnet_destroy(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  abortRebuild(subnet);
  endSnapshot(subnet);
  destroySubnet(subnet);
  removeSubnet(id);
  forget();
  return status.OK;
}

/** Writes the counts of a subnet into the window: see docs/ABI.md. */
export function subnet_stats(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  store<u32>(WINDOW, subnet.version, 0);
  store<u32>(WINDOW, subnet.prefix, 4);
  store<u32>(WINDOW, subnet.policy.kind, 8);
  store<u32>(WINDOW, subnet.bindings.live, 12);
  store<u32>(WINDOW, subnet.bindings.reserved, 16);
  store<u32>(WINDOW, subnet.held, 20);
  store<u32>(WINDOW, subnet.exclusions.length, 24);
  store<u32>(WINDOW, subnet.exclusions.isEverything ? 1 : 0, 28);
  store<u64>(WINDOW, subnet.exclusions.sizeLo, 32);
  store<u64>(WINDOW, subnet.exclusions.sizeHi, 40);
  store<u64>(WINDOW, subnet.baseLo, 48);
  store<u64>(WINDOW, subnet.baseHi, 56);
  store<u32>(WINDOW, subnet.bindings.pinned, 64);
  store<u32>(WINDOW, subnet.bindings.apart, 68);
  return status.OK;
}
