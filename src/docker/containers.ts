// What a container in Docker's list has, and what it may ask for. The list shows more than is true: a start that failed
// leaves an address behind, one that is started again is `exited` until it runs, and a name can have been another
// container's.
//
//   state        it has the address that is shown              it may ask for one
//   created      no: shown with one, its start has failed      yes; a task's only before its first start
//   running      yes                                           no
//   paused       yes                                           no
//   restarting   no: it waits for its next start               yes
//   exited       no                                            yes, a task's never again
//   removing     no                                            no
//   dead         no                                            no
//
// A state that is none of these may be a new one of Docker's: an address that is shown counts.

import { canonical } from './address.js';
import type { Container, Endpoint } from './shapes.js';

const WITHOUT_ADDRESS = new Set(['created', 'restarting', 'exited', 'removing', 'dead']);
const STARTABLE = new Set(['created', 'restarting', 'exited']);

/** Whether the container has the addresses that the list shows for it. */
export function hasItsAddresses({ state }: Container): boolean {
  return !WITHOUT_ADDRESS.has(state);
}

/** Whether it has this address now, on one of its networks that `where` lets pass. */
export function isAt(
  container: Container,
  address: string,
  where: (endpoint: Endpoint) => boolean = () => true,
): boolean {
  return hasItsAddresses(container) && container.endpoints.some((each) => where(each) && shows(each, address));
}

/** Whether Docker shows the address for this endpoint, true or stale. */
function shows({ addresses }: Endpoint, address: string): boolean {
  return addresses.some((each) => canonical(each) === address);
}

/** Whether the endpoint's configuration asks for the address: a user's `--ip`, or a task's ticket. */
export function asksFor({ asked }: Endpoint, address: string): boolean {
  return asked.some((each) => canonical(each) === address);
}

/**
 * Whether Docker may be starting it at this moment, and so be asking for an address. Swarm starts a task's container
 * once.
 */
export function mayAsk(container: Container): boolean {
  if (!STARTABLE.has(container.state)) return false;
  return container.task === undefined || isFresh(container);
}

/** Whether it was never started, or is being started for the first time: `created`, and no address was left behind. */
export function isFresh({ state, endpoints }: Container): boolean {
  return state === 'created' && endpoints.every(({ addresses }) => addresses.length === 0);
}

/** Whether it runs, or may come to run by itself: not ended, and not a start that failed. */
export function mayStillRun(container: Container): boolean {
  return hasItsAddresses(container) || container.state === 'restarting' || isFresh(container);
}

/**
 * Whether nobody makes it again by itself once it is removed: Swarm would, and Compose. What is only stopped can be
 * started.
 */
export function isPassing({ task, project }: Container): boolean {
  return task === undefined && project === undefined;
}

/** Whether two entries of Docker's lists are one container. */
export function isSame(
  container: Container,
  other: { readonly name: string; readonly id?: string | undefined },
): boolean {
  return other.id === undefined ? container.name === other.name : container.id === other.id;
}
