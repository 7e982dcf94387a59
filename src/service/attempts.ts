// How often one call is tried against other processes before it gives up, and how long it waits in between.

/** Attempts of one call before it gives up. */
export const MOST_ATTEMPTS = 64;
/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 100;

/**
 * Tries until there is an answer: `undefined` means that another process was faster.
 * @throws what `attempt` throws, and `contended()` when all attempts came too late
 */
export async function untilAnswered<T>(attempt: () => Promise<T | undefined>, contended: () => Error): Promise<T> {
  for (let n = 0; n < MOST_ATTEMPTS; n++) {
    const answer = await attempt();
    if (answer !== undefined) return answer;
    // Jitter, so that those who met once do not meet again.
    const pause = Math.random() * Math.min(2 ** n, LONGEST_PAUSE);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw contended();
}
