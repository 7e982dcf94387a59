// What the judge calls things by, of its own: whose a home is, what is made up, and whose a task is.
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { type Records, slotOf, type TaskRecord } from '../../src/simulator/swarm/records.js';

/** Whether it is an identity that ends with its use. */
export function isMadeUp(identity: string): boolean {
  return identity.startsWith('@') && whose(identity) === identity;
}

/** Whose home a binding is. */
export function whose(name: string): string {
  return name.replace(/^@second\//, '');
}

/** The identity's other home, by the name of one of them. */
export function besides(home: string): string {
  return home === whose(home) ? `@second/${home}` : whose(home);
}

/** Whose a task's container is. */
export function identityOf({ name }: EngineContainer): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** Whose the task is; without a slot it is its node's, once it has one. */
export function identityOfRecord(task: TaskRecord, services: Records['services']): string {
  const service = services.get(task.serviceId);
  return `${service?.name}.${slotOf(task, service) || task.nodeId}`;
}

/** The node as the live marks of the subnet name it. */
export function idIn(subnet: string, { record }: SwarmNode): string {
  return subnet.startsWith('swarm ') ? record.id : `host-id-${record.hostname}`;
}
