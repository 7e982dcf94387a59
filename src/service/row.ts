// Calls in a row: one soon after the other. Who asks often in a row will ask again, so that a commit can be for many.

import type { Clock } from './clock.js';

/** Milliseconds between two that are in a row. */
const SOON = 250;

export class Row {
  readonly #clock: Pick<Clock, 'elapsed'>;
  #length = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** Another call; answers how many came before it in the same row. */
  next(): number {
    const now = this.#clock.elapsed();
    this.#length = now - this.#last <= SOON ? this.#length + 1 : 0;
    this.#last = now;
    return this.#length;
  }

  /** A call was answered: the next one is awaited from now on. */
  note(): void {
    this.#last = this.#clock.elapsed();
  }
}
