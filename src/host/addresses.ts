// The addresses of one subnet as text and as ordinals. The core knows only ordinals: numbers in IPv4, so that no BigInt
// is made there, and bigints in IPv6.

import { type Cidr, formatAddress, formatIPv4, parseAddress, parseIPv4, parseRange, quote } from './address.js';
import { describe } from './arguments.js';
import type { Answer, Ordinal } from './boundary/memory.js';
import type { OrdinalRange } from './boundary/subnet.js';
import { LimpetError } from './errors.js';

export class Addresses {
  readonly cidr: Cidr;
  /** Base and size of an IPv4 subnet as numbers, for the hot path. */
  readonly #base32: number;
  readonly #size32: number;
  /** The range that was asked for last: most callers have one. */
  #rangeText: string | undefined;
  #range: OrdinalRange = { first: 0, last: 0 };

  constructor(cidr: Cidr) {
    this.cidr = cidr;
    this.#base32 = cidr.version === 4 ? Number(cidr.base) : 0;
    this.#size32 = cidr.version === 4 ? Number(cidr.size) : 0;
  }

  /** @throws TypeError; LimpetError BAD_INPUT when it is no address, OUT_OF_RANGE */
  ordinalOf(address: string): Ordinal {
    if (typeof address !== 'string') throw new TypeError(`an address is a string, not ${describe(address)}`);
    const { version, base, size } = this.cidr;
    if (version === 4) {
      const ordinal = parseIPv4(address) - this.#base32;
      if (ordinal >= 0 && ordinal < this.#size32) return ordinal;
    }
    const number = parseAddress(address, version);
    if (number === undefined) {
      throw new LimpetError('BAD_INPUT', `${quote(address)} is not a valid IPv${version} address`, { value: address });
    }
    if (number < base || number >= base + size) throw this.outside(address);
    return number - base;
  }

  /**
   * `first-last`, a CIDR, or one address, as ordinals.
   * @throws TypeError; LimpetError BAD_INPUT when it is no range, OUT_OF_RANGE
   */
  rangeOf(text: string): OrdinalRange {
    if (text === this.#rangeText) return this.#range;
    if (typeof text !== 'string') throw new TypeError(`a range is a string, not ${describe(text)}`);
    const { text: subnet, version, base, size } = this.cidr;
    const [first, last] = parseRange(text, version).map((address) => address - base) as [bigint, bigint];
    if (first < 0n || last >= size) {
      const message = `the range ${quote(text)} reaches outside ${subnet}`;
      throw new LimpetError('OUT_OF_RANGE', message, { subnet, value: text });
    }
    this.#range = version === 4 ? { first: Number(first), last: Number(last) } : { first, last };
    this.#rangeText = text;
    return this.#range;
  }

  /** Where one of these addresses is, as the first of them that is in the subnet; undefined when none is. */
  firstInside(texts: readonly string[]): { readonly address: string; readonly ordinal: Ordinal } | undefined {
    const { version, base, size } = this.cidr;
    for (const address of texts) {
      if (version === 4) {
        const ordinal = parseIPv4(address) - this.#base32;
        if (ordinal >= 0 && ordinal < this.#size32) return { address, ordinal };
      }
      const ordinal = (parseAddress(address, version) ?? -1n) - base;
      if (ordinal >= 0n && ordinal < size) return { address, ordinal };
    }
    return undefined;
  }

  at(ordinal: Ordinal): string {
    if (typeof ordinal === 'number') return formatIPv4(this.#base32 + ordinal);
    return formatAddress(this.cidr.base + ordinal, this.cidr.version);
  }

  /** The address of the ordinal that a call has answered. */
  of(answer: Answer): string {
    return this.at(this.given(answer));
  }

  /** The ordinal that a call has answered. */
  given(answer: Answer): Ordinal {
    return this.cidr.version === 4 ? answer.ordinal32 : answer.ordinal;
  }

  /** The ordinal that a call has answered, as users get it: a number while it is a safe integer. */
  ordinalIn(answer: Answer): number | bigint {
    return this.cidr.version === 4 ? answer.ordinal32 : asNumber(answer.ordinal);
  }

  outside(address: string): LimpetError {
    const { text } = this.cidr;
    return new LimpetError('OUT_OF_RANGE', `${address} is outside ${text}`, { subnet: text, address });
  }
}

/** A number while it is a safe integer. */
export function asNumber(ordinal: Ordinal): number | bigint {
  return ordinal <= Number.MAX_SAFE_INTEGER ? Number(ordinal) : ordinal;
}
