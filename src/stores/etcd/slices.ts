// Long work in slices, between which the process does what is due: renews its lease, answers.

import type { Clock } from '../../service/clock.js';

/** Milliseconds of work before others have their turn. */
const SLICE = 20;
/** Steps between two looks at the clock. */
const STEPS = 64;

export class Slices {
  readonly #clock: Pick<Clock, 'elapsed' | 'sleep'>;
  #began: number;
  #steps = 0;

  constructor(clock: Pick<Clock, 'elapsed' | 'sleep'>) {
    this.#clock = clock;
    this.#began = clock.elapsed();
  }

  /** Whether it is time for {@link next}. To be asked after each step. */
  get isOver(): boolean {
    return ++this.#steps % STEPS === 0 && this.#clock.elapsed() - this.#began >= SLICE;
  }

  async next(): Promise<void> {
    await this.#clock.sleep(0);
    this.#began = this.#clock.elapsed();
  }
}
