// The moment by which one call has to be answered. Whoever takes the call makes it; it goes down with the call as far
// as the store's connection, so that nothing is waited for longer and nothing is committed after the answer was given
// up. It ends early when whoever has asked is gone.

import { LimpetError } from '../host/errors.js';
import type { Clock } from './clock.js';

/** What every call that waits can be given. */
export interface CallOptions {
  readonly deadline?: Deadline | undefined;
}

export class Deadline {
  readonly #clock: Pick<Clock, 'now' | 'elapsed' | 'alarm'>;
  readonly #within: number;
  readonly #passed: () => number;
  readonly #gone: AbortSignal | undefined;

  /** @param within milliseconds from now on. @param gone whoever has asked waits no longer: it has passed */
  constructor(clock: Pick<Clock, 'now' | 'elapsed' | 'alarm'>, within: number, gone?: AbortSignal) {
    this.#clock = clock;
    this.#within = within;
    this.#gone = gone;
    const began = clock.elapsed();
    this.#passed = () => clock.elapsed() - began;
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
    if (!this.passed)
      return inTime(promise, { clock: this.#clock, within: this.left, late: () => late(what), gone: this.#gone });
    promise.catch(() => {}); // it goes on, and nobody hears how it ends
    throw late(what);
  }
}

/** How long an answer is waited for. */
interface InTime {
  readonly clock: Pick<Clock, 'alarm'>;
  /** Milliseconds. */
  readonly within: number;
  /** What is thrown after them, or once the signal is aborted. */
  readonly late: () => Error;
  readonly gone?: AbortSignal | undefined;
}

/** Every call waits here, more than once: a timer and a promise are all it costs. */
function inTime<T>(work: Promise<T>, { clock, within, late, gone }: InTime): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      end();
      reject(late());
    };
    const callOff = clock.alarm(within, giveUp);
    const end = () => {
      callOff();
      gone?.removeEventListener('abort', giveUp);
    };
    gone?.addEventListener('abort', giveUp);
    work.then(resolve, reject).then(end);
  });
}

/** Milliseconds after a deadline: what ends at it by itself says more exactly what became of it. */
const GRACE = 25;

/** How long, and for what, somebody waits for a store. */
export interface Waiting {
  readonly clock: Pick<Clock, 'alarm'>;
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
  return inTime(work, { clock, within: deadline.left + GRACE, late: () => undecided(what, store) });
}

function undecided(what: string, store: string): LimpetError {
  const message = `${store} has not said in time whether it was done: ${what}`;
  return new LimpetError('UNAVAILABLE', message, { outcome: 'unknown' });
}

function late(what: string): LimpetError {
  return new LimpetError('UNAVAILABLE', `no time is left to ${what}: nothing was changed`, { outcome: 'none' });
}
