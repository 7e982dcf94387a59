// Time and chance: the one source of both, handed in from the top, so that a test or a simulated world can turn it.
// Below the plugin and the command line nobody calls Date.now, setTimeout or Math.random.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment, by a clock that nobody sets. On some machines it stands still while they sleep. */
  elapsed(): number;
  /** Calls once, after `delay` milliseconds or more; the answer calls it off. Keeps no process alive. */
  after(delay: number, action: () => void): () => void;
  /** As `after`, where somebody waits: keeps the process alive. */
  alarm(delay: number, action: () => void): () => void;
  /**
   * Resolves after `delay` milliseconds or more, or when the signal is aborted. Keeps the process alive: somebody
   * waits.
   */
  sleep(delay: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
}

/**
 * Milliseconds that have passed since this call, by whichever clock has gone further: one can be set back, the other
 * can stand still while the machine sleeps. A clock that is set forward makes it longer than it was.
 */
export function stopwatch(clock: Pick<Clock, 'now' | 'elapsed'>): () => number {
  const [now, elapsed] = [clock.now(), clock.elapsed()];
  return () => Math.max(clock.now() - now, clock.elapsed() - elapsed);
}

/** The longest delay that setTimeout takes. */
const LONGEST = 2 ** 31 - 1;

/** The machine's own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (delay, action) => {
    const timer: unknown = setTimeout(action, bounded(delay));
    // A browser's timer is a number.
    if (typeof timer === 'object') (timer as { unref(): void }).unref();
    return () => clearTimeout(timer as never);
  },
  alarm,
  sleep: (delay, signal) => sleepBy(alarm, delay, signal),
  random: () => Math.random(),
};

/** `Clock.sleep`, made of what starts a timer and answers what calls it off. */
export function sleepBy(start: Clock['after'], delay: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      callOff();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const callOff = start(delay, end);
    signal?.addEventListener('abort', end);
  });
}

function alarm(delay: number, action: () => void): () => void {
  const timer = setTimeout(action, bounded(delay));
  return () => clearTimeout(timer);
}

function bounded(delay: number): number {
  return Math.min(Math.max(delay, 0), LONGEST);
}
