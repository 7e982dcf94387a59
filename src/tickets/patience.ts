// A store that is away for a moment is waited for, where Docker would make much of a refusal: Swarm's leader asks again
// for a ticket only when somebody gives one back, or after five minutes; a node counts its task as failed. Not for
// longer than once: while the leader waits for one ticket it gives none to networks that have nothing to do with
// Limpet.

import { LimpetError } from '../host/errors.js';
import type { Clock } from '../service/clock.js';
import type { Deadline } from '../service/deadline.js';

/** Between two attempts. */
const STEP = 250;

export class Patience {
  readonly #wait: number;
  readonly #clock: Clock;
  readonly #ended: AbortSignal | undefined;
  /** When the attempt began that first found the store away; undefined while it answers. */
  #since: number | undefined;

  /**
   * @param wait milliseconds from the first failure on, for all calls together
   * @param ended nothing is tried again after it
   */
  constructor(wait: number, clock: Clock, ended?: AbortSignal) {
    this.#wait = wait;
    this.#clock = clock;
    this.#ended = ended;
  }

  /**
   * Does the work, which must bear being done again, and hears when it is; not after the deadline.
   * @throws what the work throws, at last also that the store is away
   */
  async with<T>(work: (isAgain: boolean) => Promise<T>, deadline?: Deadline): Promise<T> {
    for (let isAgain = false; ; isAgain = true) {
      const began = this.#clock.elapsed();
      try {
        const answer = await work(isAgain);
        this.#since = undefined;
        return answer;
      } catch (error) {
        if (!isAway(error)) throw error;
        this.#since ??= began;
        if (deadline?.passed || this.#clock.elapsed() - this.#since >= this.#wait) throw error;
        await this.#clock.sleep(STEP);
        if (this.#ended?.aborted) throw error;
      }
    }
  }
}

/**
 * Whether the store is what fails. Only its own errors say what became of a change; Docker's silence is another matter.
 */
export function isAway(error: unknown): boolean {
  return error instanceof LimpetError && error.code === 'UNAVAILABLE' && error.details.outcome !== undefined;
}
