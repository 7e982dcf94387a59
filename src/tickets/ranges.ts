// Arithmetic with ranges of addresses: the range that `--ip-range` means, the size that an unspecified subnet means,
// and the first subnet that overlaps none.

import { formatAddress, parseCidr, type Range } from '../host/address.js';
import { withoutHostBits } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';

/** Where subnets are taken from when a network names none: `size` is their prefix length. */
export interface PoolRange {
  readonly base: string;
  readonly size: number;
}

/**
 * A sub-pool as `first-last`; host bits are masked, as Docker does.
 * @throws LimpetError BAD_INPUT when it is no CIDR, or not inside the pool
 */
export function rangeOf(subPool: string, pool: string): string {
  const { version, base, size } = parseCidr(pool);
  const range = parseCidr(withoutHostBits(subPool));
  if (range.version !== version || range.base < base || range.base + range.size > base + size) {
    throw new LimpetError('BAD_INPUT', `the range ${subPool} is not inside ${pool}`, { value: subPool });
  }
  return formatRange([range.base, range.base + range.size - 1n], version);
}

/**
 * `0.0.0.0/24` and `::/64` name no subnet but a size (Docker 29): the prefix length. Undefined for every other pool.
 */
export function sizeOf(pool: string): { readonly version: 4 | 6; readonly prefix: number } | undefined {
  const [, address, prefix] = /^(0\.0\.0\.0|::)\/(\d{1,3})$/.exec(pool) ?? [];
  const version = address === '::' ? 6 : 4;
  const isSize = Number(prefix) > 0 && Number(prefix) <= (version === 4 ? 32 : 128);
  return isSize ? { version, prefix: Number(prefix) } : undefined;
}

/** The ranges for subnets of that size: those that are large enough. */
export function rangesOfSize(ranges: readonly PoolRange[], prefix: number): PoolRange[] {
  return ranges.filter(({ base }) => parseCidr(base).prefix <= prefix).map(({ base }) => ({ base, size: prefix }));
}

function formatRange([first, last]: Range, version: 4 | 6): string {
  return `${formatAddress(first, version)}-${formatAddress(last, version)}`;
}

/** The first subnet of the ranges that overlaps none of those taken; undefined when there is none. */
export function firstFree(ranges: readonly PoolRange[], version: 4 | 6, taken: readonly string[]): string | undefined {
  const used = taken
    .map(parseCidr)
    .filter((cidr) => cidr.version === version)
    .map(({ base, size }): Range => [base, base + size - 1n])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1));
  for (const range of ranges) {
    const { version: own, base, size } = parseCidr(range.base);
    if (own !== version) continue;
    const step = 1n << BigInt((version === 4 ? 32 : 128) - range.size);
    const found = firstGap([base, base + size - 1n], step, used);
    if (found !== undefined) return `${formatAddress(found, version)}/${range.size}`;
  }
  return undefined;
}

/** The first multiple of the step, in the range, whose whole step is unused. `used` is sorted by its first address. */
function firstGap([first, last]: Range, step: bigint, used: readonly Range[]): bigint | undefined {
  let at = first;
  for (const [from, to] of used) {
    if (to < at) continue;
    if (from >= at + step) break;
    at = (to / step + 1n) * step;
  }
  return at + step - 1n <= last ? at : undefined;
}
