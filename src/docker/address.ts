// Addresses and subnets as Docker's JSON writes them: with the prefix length of the subnet behind them, host bits set, leading zeros,
// or nonsense, where another IPAM driver has given them.

import { formatAddress, parseAddress } from '../host/address.js';
import { withoutHostBits } from '../host/cidr.js';

/** The address before a prefix length (`10.0.0.2/24` → `10.0.0.2`); undefined unless both are well formed. */
export function withoutPrefix(text: string): string | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = versionOf(address);
  if (parseAddress(address, version) === undefined) return undefined;
  if (slash < 0) return address;
  const prefix = text.slice(slash + 1);
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128) ? address : undefined;
}

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
