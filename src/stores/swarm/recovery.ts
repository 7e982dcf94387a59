// After an answer that was lost: what may still be under way is shut out, then everything is read again. In the
// background, until it has succeeded or the store is closed; calls wait for it no longer than their deadlines.

import type { Clock } from '../../service/clock.js';
import type { Deadline } from '../../service/deadline.js';

/** Between two attempts, in milliseconds: doubled from the shortest to the longest. */
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 2000;

export class Recovery {
  readonly #clock: Clock;
  readonly #recover: () => Promise<void>;
  readonly #failed: (error: Error) => void;
  readonly #end = new AbortController();
  #isNeeded = false;
  #underWay: Promise<void> | undefined;

  /** @param failed is told once for each recovery that does not succeed at once */
  constructor(clock: Clock, recover: () => Promise<void>, failed: (error: Error) => void) {
    this.#clock = clock;
    this.#recover = recover;
    this.#failed = failed;
  }

  /** While it is so, nothing is committed. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** From here on nothing is committed until everything has been read. */
  need(): void {
    this.#isNeeded = true;
    this.#underWay ??= this.#run();
  }

  /** Waits until nothing is needed, or the store is closed. @throws LimpetError UNAVAILABLE */
  async steady(deadline: Deadline): Promise<void> {
    while (this.#underWay !== undefined && !this.#end.signal.aborted) {
      await deadline.wait(this.#underWay, "read the swarm's configs again, which do not answer");
    }
  }

  end(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    for (let n = 0; !signal.aborted && this.#isNeeded; n++) {
      this.#isNeeded = false;
      try {
        await this.#recover();
      } catch (error) {
        this.#isNeeded = true;
        if (n === 0) this.#failed(error as Error);
        await this.#clock.sleep(Math.min(SHORTEST_PAUSE * 2 ** n, LONGEST_PAUSE), signal);
      }
    }
    this.#underWay = undefined;
  }
}
