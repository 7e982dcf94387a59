// The counts of a subnet as its users get them.

import { asNumber } from './addresses.js';
import type { CoreSubnet } from './boundary/subnet.js';
import type { Stats } from './types.js';

/** JSON has no bigints: written as JSON they are numbers, or strings where a number could not tell them all. */
export function statsOf(core: CoreSubnet): Stats {
  const { size } = core.cidr;
  const { live, reserved, held, excluded, pinned } = core.counts();
  const free = size - excluded - BigInt(live) - BigInt(reserved) - BigInt(held);
  const stats = { size, live, reserved, held, excluded, free, pinned };
  return Object.defineProperty(stats, 'toJSON', {
    value: () => ({ ...stats, size: plain(size), excluded: plain(excluded), free: plain(free) }),
  });
}

function plain(count: bigint): number | string {
  const number = asNumber(count);
  return typeof number === 'bigint' ? String(number) : number;
}
