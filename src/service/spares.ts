// Addresses held ahead of those who will ask: Swarm's leader asks for a thousand tickets one after the other, and where
// a commit takes milliseconds each would wait for its own. Who asks often gets a block, of which the others are spare;
// what nobody has asked for in a moment is let go. A process that dies leaves its spares held, until the sweep.

import type { Clock } from './clock.js';

/** Calls in a row before blocks begin, and milliseconds between two that are in a row. */
const IN_A_ROW = 4;
const SOON = 250;
/** Of the free addresses, one in so many may be spare. */
const SHARE = 16;
/** Milliseconds until a spare that nobody wants is let go. */
const KEPT = 3000;

export interface SparesParts {
  readonly clock: Pick<Clock, 'elapsed' | 'after'>;
  /** The most in one block; 1: none are spare. */
  readonly most: number;
  readonly free: () => number;
  /** Whether an address is still held. */
  readonly isHeld: (address: string) => boolean;
  readonly letGo: (address: string) => void;
}

interface Block {
  readonly addresses: string[];
  /** A process that has stood still does not know whose they are by now. */
  readonly until: number;
  readonly callOff: () => void;
}

export class Spares {
  readonly #parts: SparesParts;
  /** By the range that they were asked for in. */
  readonly #blocks = new Map<string, Block>();
  #row = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(parts: SparesParts) {
    this.#parts = parts;
  }

  /** A spare of that range, which is held already. */
  take(range: string): string | undefined {
    const block = this.#blocks.get(range);
    if (block !== undefined && this.#parts.clock.elapsed() > block.until) return undefined;
    for (let address = block?.addresses.shift(); address !== undefined; address = block?.addresses.shift())
      if (this.#parts.isHeld(address)) return address;
    return undefined;
  }

  /** How many are to be held at once now. */
  get size(): number {
    const { clock, most, free } = this.#parts;
    const now = clock.elapsed();
    this.#row = now - this.#last <= SOON ? this.#row + 1 : 0;
    this.#last = now;
    if (this.#row < IN_A_ROW) return 1;
    return Math.max(1, Math.min(2 ** (this.#row - IN_A_ROW + 1), most, Math.floor(free() / SHARE)));
  }

  /** Somebody was answered: the row goes on. */
  note(): void {
    this.#last = this.#parts.clock.elapsed();
  }

  keep(range: string, addresses: string[]): void {
    this.#blocks.get(range)?.callOff();
    const { clock } = this.#parts;
    const callOff = clock.after(KEPT, () => this.#end(range));
    this.#blocks.set(range, { addresses, callOff, until: clock.elapsed() + KEPT });
  }

  end(): void {
    for (const { callOff } of this.#blocks.values()) callOff();
    this.#blocks.clear();
  }

  #end(range: string): void {
    const block = this.#blocks.get(range);
    this.#blocks.delete(range);
    for (const address of block?.addresses ?? []) this.#parts.letGo(address);
  }
}
