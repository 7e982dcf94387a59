// Who a container is to Limpet: the key that outlives it. A task's is its service and slot, so that the next task in
// that slot is the same; without a slot (a global service, the first task of a replicated job) its service and node,
// which is how Swarm names its container. A plain container's is its name.
//
//   web.3                            slot 3 of the service web
//   agent.r0k…25 characters          the global service agent on that node
//   db, web.internal                 a plain container
//   container:web.3                  a plain container whose name looks like a task's: never the task

import { secondHome, whose } from '../service/second-homes.js';
import type { Container, Service, Task } from './shapes.js';

/** Swarm's IDs, and so its nodes': 25 characters of base 36. Slots are numbers. */
const SWARM_ID = /^[0-9a-z]{25}$/;
const TASK = /^(.+)\.(\d+|[0-9a-z]{25})$/;
const TASK_CONTAINER = /^(.+\.(?:\d+|[0-9a-z]{25}))\.[0-9a-z]{25}$/;

/** Whether it has the form of Swarm's IDs: of nodes, tasks, services, configs. Hosts have others. */
export function isSwarmId(text: string): boolean {
  return SWARM_ID.test(text);
}
const PLAIN = 'container:';

/**
 * The identity of a container as Docker lists it. It is a task's only when its own name and all of its labels say the
 * same: anybody can write a label.
 */
export function identityOf({ name, task }: Pick<Container, 'name' | 'task'>): string {
  if (task === undefined || task.name !== name) return plain(name);
  const [service, id] = [`${task.service}.`, `.${task.id}`];
  const slot = name.slice(service.length, -id.length);
  const agrees = task.service !== '' && name.startsWith(service) && name.endsWith(id) && /^[^.]+$/.test(slot);
  return agrees ? `${service}${slot}` : plain(name);
}

/**
 * The same for a task as a manager lists it; undefined when its service is not there any more, or it is nowhere yet.
 */
export function identityOfTask(task: Task, services: ReadonlyMap<string, Service>): string | undefined {
  const service = services.get(task.serviceId);
  if (service === undefined) return undefined;
  const key = keyOfTask(task, service.mode);
  return key === undefined ? undefined : `${service.name}.${key}`;
}

/** What tells a task from the others of its service: its slot, else its node. Undefined when it has neither. */
export function keyOfTask({ slot, nodeId }: Pick<Task, 'slot' | 'nodeId'>, mode: Service['mode']): string | undefined {
  if (mode !== 'global' && slot > 0) return String(slot);
  return mode === 'replicated' || nodeId === '' ? undefined : nodeId;
}

/** The same from a container's name alone: all that Docker 29 says while its API does not answer. */
export function identityOfName(name: string): string {
  return TASK_CONTAINER.exec(name)?.[1] ?? plain(name);
}

/** Whether it says that it is a plain container's, whatever its name looks like. */
export function isPlainName(identity: string): boolean {
  return identity.startsWith(PLAIN);
}

/** `web` of `web.3`, of its second home, and of `agent.<node>`; undefined for what is no service's task. */
export function serviceOf(name: string): string | undefined {
  const identity = whose(name);
  return /^(?:@|container:)/.test(identity) ? undefined : TASK.exec(identity)?.[1];
}

/**
 * The second home that the identity has, or is to have when it is needed; undefined where it has none. Two tasks of one
 * slot run at once by Swarm's design (`start-first`); two containers of one name do not.
 */
export function secondHomeOf(identity: string): string | undefined {
  return serviceOf(identity) === undefined ? undefined : secondHome(identity);
}

/**
 * Whether an endpoint's name is that of a network's load balancer on a node: libnetwork makes it of the network's name.
 */
export function isBalancerEnd(name: string, networks: readonly { readonly name: string }[] = []): boolean {
  return networks.length === 0 ? name.endsWith('-endpoint') : networks.some((each) => name === `${each.name}-endpoint`);
}

function plain(name: string): string {
  return TASK.test(name) ? `${PLAIN}${name}` : name;
}
