// The one source of time of the service, so that tests can turn it.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls once, after `delay` milliseconds or more; the answer calls it off. Keeps no process alive. */
  after(delay: number, action: () => void): () => void;
}

/** The longest delay that setTimeout takes. */
const LONGEST = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delay, action) => {
    const timer: unknown = setTimeout(action, Math.min(Math.max(delay, 0), LONGEST));
    // A browser's timer is a number.
    if (typeof timer === 'object') (timer as { unref(): void }).unref();
    return () => clearTimeout(timer as never);
  },
};
