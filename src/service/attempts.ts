// One of the two places where a call is tried again (the other is the etcd store's connection.ts). Here: what has lost
// against another process. It rested on what is no longer so; by now the truth has been told, and a new attempt rests
// on that. Stores do not try such a thing again by themselves, for only the service can propose anew. What works in the
// background, for nobody who waits (the sweep, the watch, the lease, a disk that is full), begins anew by itself and is
// no retry of a call.

import type { Clock } from './clock.js';
import type { Deadline } from './deadline.js';

/** Attempts of one call before it gives up. */
export const MOST_ATTEMPTS = 64;
/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 100;

/** What one call has for its attempts. */
export interface Patience {
  readonly clock: Pick<Clock, 'sleep' | 'random'>;
  readonly deadline?: Deadline | undefined;
  /** What is attempted, for the message: `allocate in 10.0.0.0/24`. */
  readonly what: string;
  /** The error when all attempts came too late. */
  readonly contended: () => Error;
}

/**
 * Tries until there is an answer: `undefined` means that another process was faster.
 * @throws what `attempt` throws; LimpetError UNAVAILABLE when the deadline has passed; `contended()`
 */
export async function untilAnswered<T>(patience: Patience, attempt: () => Promise<T | undefined>): Promise<T> {
  const { clock, deadline, what, contended } = patience;
  for (let n = 0; n < MOST_ATTEMPTS; n++) {
    deadline?.check(what);
    const answer = await attempt();
    if (answer !== undefined) return answer;
    // Chance, so that those who met once do not meet again.
    const pause = clock.random() * Math.min(2 ** n, LONGEST_PAUSE);
    await clock.sleep(Math.min(pause, deadline?.left ?? pause));
  }
  throw contended();
}
