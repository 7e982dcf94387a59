// Addresses and subnets as Docker's JSON writes them: with the prefix length of the subnet behind them, host bits set,
// leading zeros, or nonsense, where another IPAM driver has given them.

import { formatAddress, parseAddress, parseCidr } from '../host/address.js';
import { withoutHostBits } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';

/** An address as Limpet writes it; what is none stays as it is. */
export function canonical(address: string): string {
  const version = versionOf(address);
  const number = parseAddress(address, version);
  return number === undefined ? address : formatAddress(number, version);
}

/**
 * A subnet as Limpet writes it, host bits cleared. Undefined for what cannot be read, and for one of all addresses,
 * which is what drivers say that have none: neither takes any room.
 */
export function subnetOf(text: string): string | undefined {
  try {
    const { text: cidr, prefix } = parseCidr(withoutHostBits(text));
    return prefix > 0 ? cidr : undefined;
  } catch (error) {
    if (error instanceof LimpetError) return undefined;
    throw error;
  }
}

function versionOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
