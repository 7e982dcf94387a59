// What brings the store back to where it can commit: a lease where it has ended, a reading where the watch has a gap,
// a look at what became of a commit where its answer was lost. All in the background, again and again until etcd
// answers or the store is closed; calls wait for it no longer than their deadlines.

import type { Clock } from '../../service/clock.js';
import type { Deadline } from '../../service/deadline.js';
import { isFull } from './room.js';

/** What can be needed. */
export type Need = 'lease' | 'reading' | 'outcome';

export interface RecoverySteps {
  /** What each need is met by. */
  readonly meet: Readonly<Record<Need, () => Promise<void>>>;
  /** etcd does not answer: told once for each recovery. */
  readonly failed: (error: Error) => void;
  readonly recovered: () => void;
}

/** Between two attempts, in milliseconds: doubled from the shortest to the longest. */
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 1000;

export class Recovery {
  readonly #clock: Clock;
  readonly #steps: RecoverySteps;
  readonly #needs = new Set<Need>();
  readonly #end = new AbortController();
  /** Why what is needed could not be met so far. */
  #failure: Error | undefined;
  #underWay: Promise<void> | undefined;
  #meeting: Need | undefined;

  constructor(clock: Clock, steps: RecoverySteps) {
    this.#clock = clock;
    this.#steps = steps;
  }

  /** While it is so, no commit is sent. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** Whether what is known holds: at most it is not known what became of some commits. */
  get isKnown(): boolean {
    return [...this.#needs, this.#meeting].every((need) => need === undefined || need === 'outcome');
  }

  /** From here on nothing is committed until the need is met. @param why it could not be met before */
  need(need: Need, why = this.#failure): void {
    this.#failure = why;
    this.#needs.add(need);
    this.#underWay ??= this.#run();
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Waits until nothing is needed, or the store is closed. While etcd is full nobody waits: it does not pass by itself.
   * @throws LimpetError UNAVAILABLE
   */
  async steady(deadline: Deadline): Promise<void> {
    while (this.#underWay !== undefined && !this.#end.signal.aborted) {
      if (isFull(this.#failure)) throw this.#failure;
      try {
        await deadline.wait(this.#underWay, 'reach etcd, which is away or being read again');
      } catch (error) {
        throw isFull(this.#failure) ? this.#failure : error;
      }
    }
  }

  end(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    for (let n = 0; !signal.aborted && this.#needs.size > 0; n++) {
      try {
        for (const need of ['lease', 'reading', 'outcome'] as const) if (this.#needs.has(need)) await this.#meet(need);
        this.#failure = undefined;
      } catch (error) {
        this.#failure = error as Error;
        if (n === 0) this.#steps.failed(error as Error);
        const pause = Math.min(SHORTEST_PAUSE * 2 ** n, LONGEST_PAUSE);
        await this.#clock.sleep(pause * (0.5 + this.#clock.random() / 2), signal);
      }
    }
    // In one go with the check above: a need that arises between the two would be nobody's.
    this.#underWay = undefined;
    this.#steps.recovered();
  }

  /** Any lease that is granted meets the need of one; everything else must have begun after its need arose. */
  async #meet(need: Need): Promise<void> {
    if (need !== 'lease') this.#needs.delete(need);
    this.#meeting = need;
    try {
      await this.#steps.meet[need]();
    } catch (error) {
      this.#needs.add(need);
      throw error;
    } finally {
      this.#meeting = undefined;
    }
    if (need === 'lease') this.#needs.delete(need);
  }
}
