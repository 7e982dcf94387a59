// Which containers Docker is at work on. It holds a container's lock from the beginning of its start, or of connecting
// it, until that has succeeded or failed, and asks for its address meanwhile; a question about that container has to
// wait (moby, daemon/start.go, daemon/container_operations.go and daemon/inspect.go, from 20.10 to 29). So whoever is
// answered for is not the one who asks.

import type { DockerApi } from '../docker/api.js';
import type { Container } from '../docker/shapes.js';
import type { Clock } from '../service/clock.js';

/** Milliseconds in which Docker answers for a container that it is not at work on. */
const STEP = 30;
/** One that has its address is locked until it runs: for so long it is waited for. */
export const START = 2000;
/** For more containers than this Docker is not asked. */
const MOST = 100;

/** What has been found out about some containers. */
export interface Locked {
  /** Docker is at work on them. */
  readonly yes: readonly Container[];
  /** Those, and the ones of which it cannot be told. */
  readonly maybe: readonly Container[];
}

/**
 * Waits until at most one is left, where that can be: those that wait for an address themselves stay locked until they
 * have one.
 * @param mayWait how many of these that are locked may wait for an address
 */
export async function lockedOf(
  { docker, clock }: { readonly docker: DockerApi; readonly clock: Clock },
  containers: readonly Container[],
  mayWait: (locked: readonly Container[]) => number,
): Promise<Locked> {
  if (containers.length === 0 || containers.length > MOST) return { yes: [], maybe: containers };
  const waiting = new Set(containers);
  const maybe = new Set(containers);
  const ends: AbortController[] = [];
  const questions = containers.map(async (container) => {
    const end = new AbortController();
    ends.push(end);
    const isUnlocked = await docker.untilUnlocked(container.id, end.signal);
    if (end.signal.aborted) return;
    waiting.delete(container);
    if (isUnlocked) maybe.delete(container);
  });
  const all = Promise.all(questions);
  const until = clock.elapsed() + START;
  const isSettled = () => maybe.size < 2 || mayWait([...maybe]) > 1 || waiting.size === 0;
  do await Promise.race([all, clock.sleep(STEP)]);
  while (!isSettled() && clock.elapsed() < until);
  for (const end of ends) end.abort();
  return { yes: [...waiting], maybe: [...maybe] };
}
