// What a map shows: the state of every address of a subnet, or of a part of one that is too large for a screen.

import type { AddressState, Subnet } from 'limpet';

export const STATES: readonly AddressState[] = ['free', 'live', 'reserved', 'held', 'excluded'];

/** More cells than this are no picture: a /16 has as many. */
export const MOST_CELLS = 65536;

export interface Picture {
  /** What is shown, for people. */
  readonly title: string;
  /** Addresses shown, a power of two. */
  readonly size: number;
  /** An index into STATES for each. */
  readonly states: Uint8Array;
  /** By cell: whose it is, or what holds it. */
  readonly identities: ReadonlyMap<number, string>;
  readonly address: (at: number) => string;
  /** The cell of an address; undefined when it is outside, or no address. */
  readonly place: (address: string) => number | undefined;
}

/** The parts of a large subnet in which anything is bound or held; at least the first. Costs a walk over all of it. */
export function partsOf(subnet: Subnet): bigint[] {
  const parts = new Set<bigint>();
  const add = (address: string) => parts.add(BigInt(subnet.ordinalOf(address)) / BigInt(MOST_CELLS));
  if (subnet.size > BigInt(MOST_CELLS)) {
    for (const { address } of subnet.bindings()) add(address);
    for (const address of subnet.held()) add(address);
  }
  return parts.size === 0 ? [0n] : [...parts].sort((a, b) => (a < b ? -1 : 1));
}

/** What a part of {@link partsOf} is called: `10.1.0.0 to 10.1.255.255`. */
export function titleOfPart(subnet: Subnet, part: bigint): string {
  if (subnet.size <= BigInt(MOST_CELLS)) return subnet.cidr;
  const first = part * BigInt(MOST_CELLS);
  return `${subnet.addressOf(first)} to ${subnet.addressOf(first + BigInt(MOST_CELLS) - 1n)}`;
}

/** Takes pictures of a subnet as it changes; what is excluded never does, and is asked only once. */
export class Camera {
  readonly #subnet: Subnet;
  readonly #first: bigint;
  readonly #size: number;
  readonly #title: string;
  readonly #blank: Uint8Array;

  constructor(subnet: Subnet, part = 0n) {
    this.#subnet = subnet;
    this.#first = part * BigInt(MOST_CELLS);
    this.#size = Number(subnet.size < BigInt(MOST_CELLS) ? subnet.size : BigInt(MOST_CELLS));
    this.#title = titleOfPart(subnet, part);
    this.#blank = this.#excluded();
  }

  take(): Picture {
    const states = this.#blank.slice();
    const identities = new Map<number, string>();
    for (const { address, identity, state } of this.#subnet.bindings()) {
      const at = this.#place(address);
      if (at === undefined) continue;
      states[at] = STATES.indexOf(state);
      identities.set(at, identity);
    }
    for (const address of this.#subnet.held()) {
      const at = this.#place(address);
      if (at !== undefined) states[at] = STATES.indexOf('held');
    }
    return { title: this.#title, size: this.#size, states, identities, ...translationOf(this.#subnet, this.#first) };
  }

  #excluded(): Uint8Array {
    const states = new Uint8Array(this.#size);
    if (this.#subnet.stats.excluded === 0n) return states;
    for (let at = 0; at < this.#size; at++) {
      const { state } = this.#subnet.inspect(this.#subnet.addressOf(this.#first + BigInt(at)));
      if (state === 'excluded') states[at] = STATES.indexOf('excluded');
    }
    return states;
  }

  #place(address: string): number | undefined {
    return placeIn(this.#subnet, this.#first, address);
  }
}

/** How cells and addresses translate in the part of a subnet that begins at an ordinal. */
function translationOf(subnet: Subnet, first: bigint): Pick<Picture, 'address' | 'place'> {
  return {
    address: (at) => subnet.addressOf(first + BigInt(at)),
    place: (address) => {
      try {
        return placeIn(subnet, first, address);
      } catch {
        return undefined; // outside the subnet, or half typed
      }
    },
  };
}

function placeIn(subnet: Subnet, first: bigint, address: string): number | undefined {
  const at = BigInt(subnet.ordinalOf(address)) - first;
  return at >= 0n && at < BigInt(MOST_CELLS) ? Number(at) : undefined;
}
