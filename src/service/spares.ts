// Addresses held ahead of those who will ask: Swarm's leader asks for a thousand tickets one after the other, and where
// a commit takes milliseconds each would wait for its own. Who asks often gets a block, of which the others are spare;
// the next block is held while the last one is being used, and what nobody has asked for in a moment is let go. A
// process that dies leaves its spares held, until the sweep.

import type { Clock } from './clock.js';
import { Row } from './row.js';

/** Calls in a row before blocks begin. */
const IN_A_ROW = 4;
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
  /** How many there were. */
  readonly size: number;
  /** A process that has stood still does not know whose they are by now. */
  readonly until: number;
  readonly callOff: () => void;
}

export class Spares {
  readonly #parts: SparesParts;
  /** By the range that they were asked for in. */
  readonly #blocks = new Map<string, Block>();
  /** Blocks on their way, by their range. */
  readonly #coming = new Map<string, Promise<unknown>>();
  readonly #row: Row;

  constructor(parts: SparesParts) {
    this.#parts = parts;
    this.#row = new Row(parts.clock);
  }

  /** A spare of that range, which is held already. */
  take(range: string): string | undefined {
    const block = this.#fresh(range);
    for (let address = block?.addresses.shift(); address !== undefined; address = block?.addresses.shift())
      if (this.#parts.isHeld(address)) return address;
    return undefined;
  }

  /** The block of that range that is on its way, for who finds none. It has a turn itself: nobody waits in his own. */
  coming(range: string): Promise<unknown> | undefined {
    const isThere = this.#fresh(range)?.addresses.some((address) => this.#parts.isHeld(address));
    return isThere ? undefined : this.#coming.get(range);
  }

  /** Those of the range, if it is known whose they are. */
  #fresh(range: string): Block | undefined {
    const block = this.#blocks.get(range);
    return block !== undefined && this.#parts.clock.elapsed() <= block.until ? block : undefined;
  }

  /** Somebody has asked for this very one, or has ended its hold: nobody else may be given it. */
  drop(address: string): void {
    for (const { addresses } of this.#blocks.values()) {
      const at = addresses.indexOf(address);
      if (at >= 0) addresses.splice(at, 1);
    }
  }

  /** Whether the next block of the range is to be held now: half of the last one is used. */
  isLow(range: string): boolean {
    const block = this.#blocks.get(range);
    return block !== undefined && block.addresses.length <= block.size / 2 && !this.#coming.has(range);
  }

  /** A block of the range comes. */
  async expect(range: string, block: Promise<unknown>): Promise<void> {
    this.#coming.set(range, block);
    try {
      await block;
    } finally {
      this.#coming.delete(range);
    }
  }

  /** How many are to be held at once now. */
  get size(): number {
    const { most, free } = this.#parts;
    const before = this.#row.next();
    if (most === 1 || before < IN_A_ROW) return 1;
    return Math.max(1, Math.min(2 ** (before - IN_A_ROW + 1), most, Math.floor(free() / SHARE)));
  }

  /** Somebody was answered: the row goes on. */
  note(): void {
    this.#row.note();
  }

  keep(range: string, more: readonly string[]): void {
    const left = this.#fresh(range)?.addresses ?? [];
    this.#blocks.get(range)?.callOff();
    const { clock } = this.#parts;
    const addresses = [...left, ...more];
    const callOff = clock.after(KEPT, () => this.#end(range));
    this.#blocks.set(range, { addresses, size: more.length, callOff, until: clock.elapsed() + KEPT });
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
