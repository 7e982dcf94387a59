// Addresses and subnets as Docker's JSON writes them: with the prefix length of the subnet behind them, host bits set, leading zeros,
// or nonsense, where another IPAM driver has given them.

import { formatAddress, parseAddress } from '../host/address.js';
import { withoutHostBits } from '../host/cidr.js';

/** An address as Limpet writes it; what is none stays as it is. */
export function canonical(address: string): string {
  const version = versionOf(address);
  const number = parseAddress(address, version);
  return number === undefined ? address : formatAddress(number, version);
}

/**
 * A subnet as Limpet writes it, host bits cleared. Undefined for what cannot be read, and for one of all addresses, which is what
 * drivers say that have none: neither takes any room.
 */
export function subnetOf(text: string): string | undefined {
  const cidr = withoutHostBits(text);
  const [, address = '', prefix = ''] = /^(.+)\/(\d+)$/.exec(cidr) ?? [];
  return Number(prefix) > 0 && parseAddress(address, versionOf(address)) !== undefined ? cidr : undefined;
}

function versionOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
