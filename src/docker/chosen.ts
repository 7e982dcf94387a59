// Addresses that a person chose, as text: one, a list, or a range; the n-th is for the n-th of a service's slots. An
// operator says them to `limpet pin`, a container's author in the container's label:
//
//   limpet.address=10.77.0.10                        one container
//   limpet.address=10.77.0.10-10.77.0.19             slot 1 to 10
//   limpet.address=10.77.0.10,10.77.0.20,fd00::10    slot 1 and 2; the IPv6 address is that of slot 1
//   limpet.address.NETWORK=…                         on that network alone, by its name

import { formatAddress, parseAddress, parseRange, quote, type Range } from '../host/address.js';
import { LimpetError } from '../host/errors.js';

/** The most addresses that one text can name: each becomes a binding. */
const MOST = 4096n;

export class Chosen {
  readonly text: string;
  readonly #ranges: Readonly<Record<4 | 6, readonly Range[]>>;

  /** @throws LimpetError BAD_INPUT naming the text and the part of it that is wrong */
  constructor(text: string) {
    this.text = text;
    const ranges: Record<4 | 6, Range[]> = { 4: [], 6: [] };
    for (const part of text.split(',').map((each) => each.trim())) {
      const version = part.includes(':') ? 6 : 4;
      ranges[version].push(rangeOf(part, version, text));
    }
    for (const version of [4, 6] as const) {
      const twice = overlap(ranges[version]);
      if (twice !== undefined) throw bad(text, `${formatAddress(twice, version)} is in it twice`);
      const count = countOf(ranges[version]);
      if (count > MOST) throw bad(text, `it names ${count} addresses, and ${MOST} are the most`);
    }
    this.#ranges = ranges;
  }

  /** How many addresses of that IP version it names. */
  count(version: 4 | 6): number {
    return Number(countOf(this.#ranges[version]));
  }

  /** The n-th address of that version, from 1 on; undefined behind the last. */
  at(n: number, version: 4 | 6): string | undefined {
    let left = BigInt(n) - 1n;
    if (left < 0n) return undefined;
    for (const [first, last] of this.#ranges[version]) {
      if (left <= last - first) return formatAddress(first + left, version);
      left -= last - first + 1n;
    }
    return undefined;
  }

  /** All of that version, in turn. */
  all(version: 4 | 6): string[] {
    return Array.from({ length: this.count(version) }, (_, n) => this.at(n + 1, version) as string);
  }
}

function rangeOf(part: string, version: 4 | 6, text: string): Range {
  try {
    return parseRange(part, version);
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error;
    const [first = '', last = ''] = part.split('-').map((each) => each.trim());
    const [from, to] = [parseAddress(first, version), parseAddress(last, version)];
    const isReversed = from !== undefined && to !== undefined && from > to;
    const why = isReversed
      ? `goes backwards: ${last} is before ${first}`
      : 'is neither an address nor a range first-last';
    throw bad(text, `${quote(part)} ${why}`);
  }
}

function countOf(ranges: readonly Range[]): bigint {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1n, 0n);
}

/** The first address that two of them have. */
function overlap(ranges: readonly Range[]): bigint | undefined {
  const sorted = [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const found = sorted.find(([first], n) => n > 0 && first <= (sorted[n - 1] as Range)[1]);
  return found?.[0];
}

function bad(text: string, why: string): LimpetError {
  return new LimpetError('BAD_INPUT', `${quote(text)} names no addresses: ${why}`, { value: text });
}
