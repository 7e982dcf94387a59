// What Swarm's leader has, by its own word. It begins with its pools, then says again all that its records hold, and
// asks for whatever is new: who has heard it from its beginning knows what it cannot have. Its records tell that only
// in part: of the load balancers' ends nothing is shown.

import type { Clock } from '../service/clock.js';
import type { SubnetKey } from '../service/index.js';

/** When the address was given last: by the clock that nobody sets, and after how many calls. */
export interface Given {
  readonly at: number;
  readonly turn: number;
  /** The leader asked for any address, and not for this one: what it gives back then is that ticket and no other. */
  readonly isUnasked: boolean;
}

/** Addresses of a subnet that are remembered as given back. */
const MOST_RETURNED = 1024;

interface Word {
  /** Infinity when its beginning was not heard. */
  readonly begun: number;
  readonly given: Map<string, Given>;
  /** All that it has asked for by name or was given, and has not given back. */
  readonly has: Set<string>;
  /** The last ones that it gave back and was not given again: these it has not, whatever else it has. */
  readonly returned: Set<string>;
}

export class Said {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #words = new Map<string, Word>();
  /** A leader could not begin, by that clock: what it says of its records from then on has gaps. */
  #stumbled = false;
  /** Calls so far. */
  #turn = 0;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** A call that may have to be tried again. */
  turn(): number {
    return ++this.#turn;
  }

  /** It asks for its pool: what was said before is no longer so. */
  begin(subnet: SubnetKey): void {
    this.#words.set(keyOf(subnet), newWord(this.#clock.elapsed()));
  }

  #word(subnet: SubnetKey): Word {
    const key = keyOf(subnet);
    const word = this.#words.get(key) ?? newWord(Number.POSITIVE_INFINITY);
    this.#words.set(key, word);
    return word;
  }

  /**
   * It was refused its pool because the store was away. Later it gets it, and does not say again what is in it: that
   * can be what another leader has given since this one gave it back.
   */
  stumble(): void {
    this.#stumbled = true;
    for (const { returned } of this.#words.values()) returned.clear();
  }

  /** Whether it has asked for its pool since that moment, by the clock that nobody sets. */
  hasBegun(subnet: SubnetKey, since: number): boolean {
    const { begun } = this.#words.get(keyOf(subnet)) ?? { begun: Number.NEGATIVE_INFINITY };
    return Number.isFinite(begun) && begun > since;
  }

  /** Its network is gone. */
  end(subnet: SubnetKey): void {
    this.#words.delete(keyOf(subnet));
  }

  /** Another node leads. @param at when that was so: what has begun since then stands */
  lose(at: number): void {
    this.#stumbled = false;
    for (const [key, { begun, returned }] of this.#words) {
      if (begun < at) this.#words.delete(key);
      else returned.clear();
    }
  }

  /** It asks for this very address: its records may have it, whatever it is answered. */
  name(subnet: SubnetKey, address: string): void {
    const word = this.#word(subnet);
    word.has.add(address);
    word.returned.delete(address);
  }

  give(subnet: SubnetKey, address: string, isUnasked: boolean): void {
    const word = this.#word(subnet);
    word.given.set(address, { at: this.#clock.elapsed(), turn: this.turn(), isUnasked });
    word.has.add(address);
    word.returned.delete(address);
  }

  giveBack(subnet: SubnetKey, address: string): void {
    const word = this.#word(subnet);
    word.given.delete(address);
    word.has.delete(address);
    word.returned.delete(address);
    word.returned.add(address);
    const [oldest] = word.returned;
    if (word.returned.size > MOST_RETURNED && oldest !== undefined) word.returned.delete(oldest);
  }

  given(subnet: SubnetKey, address: string): Given | undefined {
    return this.#words.get(keyOf(subnet))?.given.get(address);
  }

  /** All that it has, by its word; undefined when that has gaps, or for so long that it may not have said all. */
  has(subnet: SubnetKey, settled: number): ReadonlySet<string> | undefined {
    return this.#settled(subnet, settled)?.has;
  }

  /** Whether it has not got the address for certain. @param settled milliseconds in which a leader says all it has */
  lacks(subnet: SubnetKey, address: string, settled: number): boolean {
    if (this.#words.get(keyOf(subnet))?.returned.has(address)) return true;
    return this.#settled(subnet, settled)?.has.has(address) === false;
  }

  #settled(subnet: SubnetKey, settled: number): Word | undefined {
    const word = this.#words.get(keyOf(subnet));
    const isWhole = word !== undefined && !this.#stumbled && this.#clock.elapsed() - word.begun >= settled;
    return isWhole ? word : undefined;
  }
}

function newWord(begun: number): Word {
  return { begun, given: new Map(), has: new Set(), returned: new Set() };
}

function keyOf({ space, cidr }: SubnetKey): string {
  return `${space} ${cidr}`;
}
