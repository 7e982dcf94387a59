// The moment by which one call has to be answered. Whoever takes the call makes it; it goes down with the call as far
// as the store's connection, so that nothing is waited for longer and nothing is committed after the answer was given
// up. It ends early when whoever has asked is gone.

import { LimpetError } from '../host/errors.js';
import { ANSWERED, type Clock, stopwatch } from './clock.js';

/** What every call that waits can be given. */
export interface CallOptions {
  readonly deadline?: Deadline | undefined;
}

export class Deadline {
  readonly #clock: Pick<Clock, 'now' | 'elapsed' | 'sleep'>;
  readonly #within: number;
  readonly #passed: () => number;
  readonly #gone: AbortSignal | undefined;

  /** @param within milliseconds from now on. @param gone whoever has asked waits no longer: it has passed */
  constructor(clock: Pick<Clock, 'now' | 'elapsed' | 'sleep'>, within: number, gone?: AbortSignal) {
    this.#clock = clock;
    this.#within = within;
    this.#gone = gone;
    this.#passed = stopwatch(clock);
  }

  /** Milliseconds since the epoch, as the clock goes now. */
  get at(): number {
    return this.#clock.now() + this.left;
  }

  /** Milliseconds that are left, 0 once it has passed. */
  get left(): number {
    return this.#gone?.aborted ? 0 : Math.max(0, this.#within - this.#passed());
  }

  get passed(): boolean {
    return this.left === 0;
  }

  /** @throws LimpetError UNAVAILABLE with `outcome` none, naming what was to be done, once it has passed */
  check(what: string): void {
    if (this.passed) throw late(what);
  }

  /**
   * The promise's answer, when it comes in time. What it stands for goes on, whether it does or not.
   * @throws LimpetError UNAVAILABLE with `outcome` none, naming what was to be done; what the promise throws
   */
  async wait<T>(promise: Promise<T>, what: string): Promise<T> {
    this.check(what);
    let isAnswered = false;
    const waiting = new AbortController();
    const end = () => waiting.abort(ANSWERED);
    this.#gone?.addEventListener('abort', end);
    const tooLate = this.#clock.sleep(this.left, waiting.signal).then((): T | undefined => {
      if (!isAnswered) throw late(what);
      return undefined; // the promise has settled, and nobody looks here
    });
    try {
      return (await Promise.race([promise, tooLate])) as T;
    } finally {
      isAnswered = true;
      end();
      this.#gone?.removeEventListener('abort', end);
    }
  }
}

/** Milliseconds after a deadline: what ends at it by itself says more exactly what became of it. */
const GRACE = 25;

/** How long, and for what, somebody waits for a store. */
export interface Waiting {
  readonly clock: Pick<Clock, 'sleep'>;
  /** None where the store itself ends the work in time. */
  readonly deadline: Deadline | undefined;
  readonly what: string;
  /** The store's name. */
  readonly store: string;
}

/**
 * The work's answer, in time: what has been sent to a store by then goes on, and whoever asks next waits for it.
 * @throws LimpetError UNAVAILABLE with `outcome` unknown; what the work throws
 */
export async function answerOf<T>(work: Promise<T>, { clock, deadline, what, store }: Waiting): Promise<T> {
  if (deadline === undefined) return work;
  const answered = new AbortController();
  const tooLate = clock.sleep(deadline.left + GRACE, answered.signal).then((): T | undefined => {
    if (!answered.signal.aborted) throw undecided(what, store);
    return undefined; // the work has ended, and nobody looks here
  });
  try {
    return (await Promise.race([work, tooLate])) as T;
  } finally {
    answered.abort(ANSWERED);
  }
}

function undecided(what: string, store: string): LimpetError {
  const message = `${store} has not said in time whether it was done: ${what}`;
  return new LimpetError('UNAVAILABLE', message, { outcome: 'unknown' });
}

function late(what: string): LimpetError {
  return new LimpetError('UNAVAILABLE', `no time is left to ${what}: nothing was changed`, { outcome: 'none' });
}
