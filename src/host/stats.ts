// The counts of a subnet as its users get them.

import { asNumber } from './addresses.js';
import type { CoreSubnet } from './boundary/subnet.js';
import type { Stats } from './types.js';

export function statsOf(core: CoreSubnet): Stats {
  const { size } = core.cidr;
  const { live, reserved, held, excluded, pinned } = core.counts();
  const free = size - excluded - BigInt(live) - BigInt(reserved) - BigInt(held);
  return withJson({ size, live, reserved, held, excluded, free, pinned });
}

/**
 * JSON has no bigints: written as JSON they are numbers, or strings where a number could not tell them all. A copy has
 * to be given it again.
 */
export function withJson<C extends object>(counts: C): C {
  const plain = () => Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, plainOf(count)]));
  return Object.defineProperty(counts, 'toJSON', { value: plain });
}

function plainOf(count: unknown): unknown {
  if (typeof count !== 'bigint') return count;
  const number = asNumber(count);
  return typeof number === 'bigint' ? String(number) : number;
}
