// The questions about CIDRs that are asked before there is a subnet to ask.

import { parseAddress, parseCidr } from './address.js';
import { LimpetError } from './errors.js';

/** `10.0.5.8/24` → `10.0.5.0/24`. What is no CIDR comes back as it is: making the subnet says what is wrong with it. */
export function withoutHostBits(cidr: string): string {
  try {
    return parseCidr(cidr).text;
  } catch (error) {
    const meant = error instanceof LimpetError ? error.details.meant : undefined;
    return typeof meant === 'string' ? meant : cidr;
  }
}

/** Whether two CIDRs have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  const apart = left.base + left.size <= right.base || right.base + right.size <= left.base;
  return left.version === right.version && !apart;
}

/** Whether the address is one of the CIDR's; false for what is no address. */
export function contains(cidr: string, address: string): boolean {
  const { version, base, size } = parseCidr(cidr);
  const number = parseAddress(address, version);
  return number !== undefined && number >= base && number < base + size;
}
