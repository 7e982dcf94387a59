// An address as Docker's JSON writes it, most often with the prefix length of its subnet.

import { parseAddress } from '../host/address.js';

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
