// Making a subnet of a version, prefix and policy, with its excluded ranges, and destroying it.

import { createBindings } from './bindings';
import { createBitmap } from './bitmap';
import { Exclusions, Range } from './exclusions';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { above } from './ordinal';
import { createPolicy, LOWEST } from './policy';
import * as status from './status';
import { Subnet } from './subnet';
import { createNodes } from './vector';

/** Whether a subnet of this kind can exist. */
export function validShape(version: u32, prefix: u32, policy: u32): bool {
  return ((version == 4 && prefix <= 32) || (version == 6 && prefix <= 128)) && policy <= LOWEST;
}

/** A subnet without exclusions; the caller has reserved memory and checked the arguments. */
export function createSubnet(version: u8, prefix: u8, policy: u8, baseLo: u64, baseHi: u64): Subnet {
  const nodes = createNodes();
  const subnet = changetype<Subnet>(nodes.zeros(offsetof<Subnet>()));
  const bits: u32 = (version == 4 ? 32 : 128) - prefix;
  const lastLo = bits >= 64 ? u64.MAX_VALUE : ((<u64>1) << bits) - 1;
  const lastHi = bits >= 128 ? u64.MAX_VALUE : bits > 64 ? ((<u64>1) << (bits - 64)) - 1 : 0;
  subnet.nodes = nodes;
  subnet.bitmap = createBitmap(lastLo, lastHi, nodes);
  subnet.bindings = createBindings(nodes);
  subnet.exclusions = changetype<Exclusions>(nodes.zeros(offsetof<Exclusions>()));
  subnet.version = version;
  subnet.prefix = prefix;
  subnet.policy = createPolicy(policy, subnet.bitmap, nodes);
  subnet.baseLo = baseLo;
  subnet.baseHi = baseHi;
  return subnet;
}

/** Gives all memory of a subnet back. */
export function destroySubnet(subnet: Subnet): void {
  subnet.bindings.records.destroy();
  subnet.nodes.destroy();
}

/** Excludes ranges, in ascending order and apart; a status, after an error of which the subnet is useless. */
export function excludeRanges(subnet: Subnet, ranges: usize, count: u32): i32 {
  for (let end = ranges + count * offsetof<Range>(); ranges < end; ranges += offsetof<Range>()) {
    const range = changetype<Range>(ranges);
    const bitmap = subnet.bitmap;
    if (above(range.lastLo, range.lastHi, bitmap.lastLo, bitmap.lastHi)) return status.OUT_OF_RANGE;
    // Two pages a level at the most, of which there are eleven, and the nodes to find them by.
    if (!reserveBlocks(4 * CALL_BLOCKS)) return status.NO_MEMORY;
    if (!subnet.exclusions.append(range, subnet.nodes)) return status.BAD_INPUT;
    bitmap.fill(range.firstLo, range.firstHi, range.lastLo, range.lastHi);
  }
  return status.OK;
}
