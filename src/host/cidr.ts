// The questions about CIDRs, and about addresses with a prefix length, that are asked before there is a subnet to ask.

import { parseAddress, parseCidr } from './address.js';
import { LimpetError } from './errors.js';

/** `10.0.5.8/24` → `10.0.5.0/24`. What is no CIDR comes back as it is: making the subnet says what is wrong with it. */
export function withoutHostBits(cidr: string): string {
  try {
    return parseCidr(cidr).text;
  } catch (error) {
    const isInput = error instanceof LimpetError && error.code === 'BAD_INPUT';
    return (isInput ? error.details.meant : undefined) ?? cidr;
  }
}

/** The address before a prefix length (`10.0.0.2/24` → `10.0.0.2`); undefined unless both are well formed. */
export function withoutPrefix(text: string): string | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = address.includes(':') ? 6 : 4;
  if (parseAddress(address, version) === undefined) return undefined;
  if (slash < 0) return address;
  const prefix = text.slice(slash + 1);
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128) ? address : undefined;
}

/** Whether two CIDRs have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  const apart = left.base + left.size <= right.base || right.base + right.size <= left.base;
  return left.version === right.version && !apart;
}

/** Whether the address is one of the CIDR's; false for what is no address. */
export function contains(cidr: string, address: string): boolean {
  return within(cidr)(address);
}

/** {@link contains} for many addresses: the CIDR is read once. */
export function within(cidr: string): (address: string) => boolean {
  const { version, base, size } = parseCidr(cidr);
  const end = base + size;
  return (address) => {
    const number = parseAddress(address, version);
    return number !== undefined && number >= base && number < end;
  };
}
