// Tries a call again that has lost against another process. By then the store has told what is so, and a new attempt
// rests on that. Stores do not try such a thing again by themselves: only the service can propose something else.

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
