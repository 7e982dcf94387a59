// The two questions about CIDRs that the command line asks before there is a subnet to ask.

import { IPv4CidrRange, IPv6CidrRange } from 'ip-num';

type Range = { family: 4 | 6; first: bigint; last: bigint; text: string };

/** `10.0.5.8/24` → `10.0.5.0/24`. What is no CIDR comes back as it is: making the subnet says what is wrong with it. */
export function withoutHostBits(cidr: string): string {
  const [address = '', prefix] = cidr.split('/');
  const range = rangeOf(cidr);
  if (range === undefined || prefix === undefined || rangeOf(address)?.first === range.first) return cidr;
  return `${range.text}/${prefix}`;
}

/** Whether two CIDRs (or an address, as its /32 or /128) have an address in common; false for what is no CIDR. */
export function overlap(a: string, b: string): boolean {
  const [left, right] = [rangeOf(a), rangeOf(b)];
  if (left === undefined || right === undefined || left.family !== right.family) return false;
  return left.first <= right.last && right.first <= left.last;
}

function rangeOf(text: string): Range | undefined {
  const family = text.includes(':') ? 6 : 4;
  const cidr = text.includes('/') ? text : `${text}/${family === 6 ? 128 : 32}`;
  try {
    const range = family === 6 ? IPv6CidrRange.fromCidr(cidr) : IPv4CidrRange.fromCidr(cidr);
    const first = range.getFirst();
    return { family, first: first.getValue(), last: range.getLast().getValue(), text: first.toString() };
  } catch {
    return undefined;
  }
}
