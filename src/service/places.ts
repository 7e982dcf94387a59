// Where a process proposes new addresses while many do: each in a part of its own, so that no two propose the same.
// In quiet times all go by the subnet's policy alone, and addresses stay together. A subnet whose policy is `lowest`
// stays with that.

import { formatAddress, parseCidr, parseRange } from '../host/address.js';
import type { Clock } from './clock.js';
import type { Rank } from './store.js';
import type { SubnetState } from './subnet-state.js';

/** Milliseconds that a rush goes on after its last sign. */
const RUSH = 1000;
/** New bindings of others within that time, and those that this process is making at once: more are a rush. */
const OTHERS = 2;
const OWN = 2;
/** Addresses that a part has at least. */
const SMALLEST = 8n;

export interface PlacesParts {
  readonly state: SubnetState;
  readonly clock: Pick<Clock, 'elapsed'>;
  /** Which of how many processes this is; undefined when it is alone. */
  readonly rank: () => Rank | undefined;
}

export class Places {
  readonly #of: PlacesParts;
  #until = Number.NEGATIVE_INFINITY;
  /** When others have begun to bind, and how often they did since. */
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;
  #making = 0;

  constructor(of: PlacesParts) {
    this.#of = of;
  }

  /** A new binding is made meanwhile. */
  async while<T>(making: () => Promise<T>): Promise<T> {
    this.#making++;
    try {
      return await making();
    } finally {
      this.#making--;
    }
  }

  /** Another process has a new binding. */
  told(): void {
    const now = this.#of.clock.elapsed();
    if (now - this.#since > RUSH) {
      this.#since = now;
      this.#count = 0;
    }
    if (++this.#count > OTHERS) this.#until = now + RUSH;
  }

  /** Another process was faster with the same address. */
  lost(): void {
    this.#until = this.#of.clock.elapsed() + RUSH;
  }

  /** The part of the range, or of the whole subnet, that this process proposes in first; undefined in quiet times. */
  part(range: string | undefined): string | undefined {
    const { state, clock } = this.#of;
    if (state.spec.policy === 'lowest') return undefined;
    if (this.#making <= OWN && clock.elapsed() > this.#until) return undefined;
    const rank = this.#of.rank();
    return rank === undefined ? undefined : partOf(range ?? state.spec.cidr, rank);
  }
}

/** That part of a range, of so many equal ones; undefined where it is too small to be shared. */
export function partOf(range: string, { index, of }: Rank): string | undefined {
  const version = range.includes(':') ? 6 : 4;
  const [first, last] = range.includes('/') ? spanOf(range) : parseRange(range, version);
  const size = last - first + 1n;
  const most = size / SMALLEST;
  const parts = BigInt(of) < most ? BigInt(of) : most;
  if (parts < 2n) return undefined;
  const part = BigInt(index) % parts;
  const from = first + (size * part) / parts;
  const to = first + (size * (part + 1n)) / parts - 1n;
  return `${formatAddress(from, version)}-${formatAddress(to, version)}`;
}

function spanOf(cidr: string): [first: bigint, last: bigint] {
  const { base, size } = parseCidr(cidr);
  return [base, base + size - 1n];
}
