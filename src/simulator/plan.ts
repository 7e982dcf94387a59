// The simulated network's address plan: ordinals to text and back, and which ordinals nobody may have. Arithmetic only;
// what is taken, the two allocators know.

import { formatAddress, formatIPv4, parseAddress, parseCidr, parseIPv4, parseRange } from '../host/address.js';

export class Plan {
  readonly cidr: string;
  readonly prefix: number;
  readonly size: number;
  readonly exclude: readonly string[];
  private readonly version: 4 | 6;
  private readonly base: bigint;
  private readonly base32: number;

  /** @throws LimpetError BAD_INPUT on a malformed CIDR or exclusion */
  constructor(cidr: string, exclude: readonly string[]) {
    const parsed = parseCidr(cidr);
    this.cidr = parsed.text;
    this.prefix = parsed.prefix;
    this.version = parsed.version;
    this.base = parsed.base;
    this.base32 = parsed.version === 4 ? Number(parsed.base) : 0;
    this.size = Number(parsed.size);
    this.exclude = exclude;
  }

  address(ordinal: number): string {
    return this.version === 4
      ? formatIPv4(this.base32 + ordinal)
      : formatAddress(this.base + BigInt(ordinal), this.version);
  }

  /** Of an address of this subnet; below 0, or not below the size, for one of another. */
  ordinal(address: string): number {
    if (this.version === 4) return parseIPv4(address) - this.base32;
    return Number((parseAddress(address, 6) ?? -1n) - this.base);
  }

  /**
   * Ordinals that are never given: the network address, in IPv4 the broadcast address, and what the scenario excludes.
   */
  *excluded(): Iterable<number> {
    if (this.size > 2) yield 0;
    if (this.size > 2 && this.version === 4) yield this.size - 1;
    for (const text of this.exclude) {
      const [first, last] = parseRange(text, this.version);
      for (let ordinal = Number(first - this.base); ordinal <= Number(last - this.base); ordinal++) yield ordinal;
    }
  }
}
