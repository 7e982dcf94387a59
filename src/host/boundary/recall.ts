// Answers a host still knows: which ordinal an identity was found live with, and the handle of its binding. While the
// eight bytes at the handle are what they were, the identity is live there, and no call is needed (docs/ABI.md,
// "Handles"). Nothing here decides: a handle that no longer fits leads to the core, which does.

import type { Identity } from '../identity.js';
import type { Recalled } from '../recalled.js';
import type { Memory } from './memory.js';

/** The most strings that one subnet keeps: 2.2 MB with their addresses. An Identity keeps its own. */
const MOST_STRINGS = 16_384;
/** So many strings that were not among them show whether keeping them is worth its while. */
const SAMPLE = 4096;
/**
 * If it is not, so many calls do without, as a search that finds nothing costs some cache misses; and twice as many
 * each time it turns out again, up to a second's worth.
 */
const REST = 16 * SAMPLE;
const LONGEST_REST = 16 * REST;

export class Recall {
  readonly #memory: Memory;
  readonly #strings = new Map<string, Recalled>();
  #hits = 0;
  #missed = 0;
  #rest = 0;
  #nextRest = REST;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** What is known of an identity that is still live; undefined when the core has to be asked. */
  find(who: string | Identity): Recalled | undefined {
    if (typeof who !== 'string') {
      const known = who?.recalled; // what is no identity the core's other ways refuse
      return known !== undefined && known.of === this && this.#memory.isStill(known) ? known : undefined;
    }
    if (this.#rest > 0) {
      this.#rest--;
      return undefined;
    }
    const known = this.#strings.get(who);
    if (known === undefined) return undefined;
    this.#hits++;
    if (this.#memory.isStill(known)) return known;
    this.#strings.delete(who);
    return undefined;
  }

  /** Keeps what the core has just answered with OK for the identity. */
  keep(who: string | Identity, ordinal: number | bigint): void {
    if (typeof who !== 'string') who.recalled = this.#memory.recalled(this, ordinal);
    else if (this.#hasRoom()) this.#strings.set(who, this.#memory.recalled(this, ordinal));
  }

  #hasRoom(): boolean {
    if (this.#rest > 0) return false;
    if (this.#strings.size < MOST_STRINGS) return true;
    if (++this.#missed >= SAMPLE) this.#judge();
    return false;
  }

  /** More strings are asked for than can be kept: others may be worth it, now or later. */
  #judge(): void {
    const isWorthIt = this.#hits > 4 * this.#missed;
    this.#hits = 0;
    this.#missed = 0;
    if (isWorthIt) {
      this.#nextRest = REST;
      return;
    }
    this.#strings.clear();
    this.#rest = this.#nextRest;
    this.#nextRest = Math.min(2 * this.#nextRest, LONGEST_REST);
  }
}
