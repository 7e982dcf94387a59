// Arithmetic with ranges of addresses: what is left of one around another, and the first subnet that overlaps none.

import { formatAddress, parseCidr, type Range } from '../host/address.js';
import type { PoolRange } from '../plugin/options.js';

/** What is left of a range when another one, inside it, is taken out. */
export function outside([first, last]: Range, [from, to]: Range): Range[] {
  const left: Range[] = first < from ? [[first, from - 1n]] : [];
  return to < last ? [...left, [to + 1n, last]] : left;
}

export function formatRange([first, last]: Range, version: 4 | 6): string {
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
