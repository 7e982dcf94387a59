// For what Swarm's leader could be asking for an address on a network of its own, as its records tell: its allocator
// asks for tasks that have none yet, for virtual IPs of services, and for an end of the load balancer on each node that
// has got a task there. It asks for one after the other, all alike, and what it was given shows in the records only
// when it has written it down, several at once.

import { identityOfTask } from './identities.js';
import { addressesOfTask, type SwarmRecords } from './observed.js';
import type { Network, Service, Task } from './shapes.js';
import { mayRun } from './states.js';

/** What is known beside the records. */
export interface Known {
  /** A record that has changed since then may have been another one when the leader decided to ask: by its clock. */
  readonly since: number;
  /** Nodes whose end of the load balancer the leader has an address for. */
  readonly ends: ReadonlySet<string>;
}

export type Waiting =
  /** One task, and nothing else: whose, where that is known. */
  | { readonly kind: 'task'; readonly identity: string }
  /** What else it could be, for people. */
  | { readonly kind: 'unclear'; readonly why: string };

/** Who alone can be meant, when the leader asks for an address on the network. */
export function waitingOn(network: Network, records: SwarmRecords, known: Known): Waiting {
  const { tasks, services } = records;
  const here = tasks.filter((task) => mayBeOn(network, networksOf(task, services)));
  const waiting = here.filter((task) => mayRun(task) && addressesOfTask(task, network).length === 0);
  const [one, ...more] = waiting;
  if (one === undefined) return unclear('no task waits for an address');
  if (more.length > 0) return unclear(`${waiting.length} tasks wait for addresses`);
  const other = otherOn(network, here, records, known);
  if (other !== undefined) return unclear(other);
  const identity = one.attached ? undefined : identityOfTask(one, services);
  return identity === undefined ? unclear('whose the task is that waits cannot be told') : { kind: 'task', identity };
}

/** Something else than a waiting task that an address could be for. */
function otherOn(
  network: Network,
  here: readonly Task[],
  { services }: SwarmRecords,
  { since, ends }: Known,
): string | undefined {
  for (const service of services.values()) {
    const { name, updatedAt } = service;
    if (updatedAt >= since) return `the service ${name} has just changed`;
    if (lacksVirtual(service, network)) return `the service ${name} has no virtual IP yet`;
  }
  for (const task of here) {
    const isRecent = task.updatedAt >= since;
    const isOn = addressesOfTask(task, network).length > 0;
    if (!isOn && !mayRun(task) && isRecent) return 'a task has just ended';
    if (isOn && task.nodeId !== '' && !ends.has(task.nodeId) && (mayRun(task) || isRecent))
      return `the load balancer of node ${task.nodeId} may have no address yet`;
  }
  return undefined;
}

function lacksVirtual({ wantsVirtual, networks, virtual }: Service, network: Network): boolean {
  const isThere = virtual.some(({ networkId, address }) => networkId === network.id && address !== '');
  return wantsVirtual && !isThere && mayBeOn(network, networks);
}

/** Of a task's own specification, else its service's; undefined where neither says any. */
function networksOf({ networks, serviceId }: Task, services: SwarmRecords['services']): readonly string[] | undefined {
  if (networks.length > 0) return networks;
  return serviceId === '' ? undefined : services.get(serviceId)?.networks;
}

function mayBeOn({ id, name }: Network, networks: readonly string[] | undefined): boolean {
  return networks === undefined || networks.includes(id) || networks.includes(name);
}

function unclear(why: string): Waiting {
  return { kind: 'unclear', why };
}
