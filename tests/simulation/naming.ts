// What the judge calls things by, of its own: whose a home is, what is made up, and whose a task is.
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Records, TaskRecord } from '../../src/simulator/swarm/records.js';

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

/** Whose the task is, by what a manager lists: the first one of a job has the slot 0 there. */
export function identityOfRecord(task: TaskRecord, services: Records['services']): string {
  const service = services.get(task.serviceId);
  const slot = service?.mode === 'replicated job' ? task.slot - 1 : task.slot;
  return `${service?.name}.${slot === 0 ? task.nodeId : slot}`;
}

/** Whose its container is, or will be. */
export function identityOfTask({ serviceId, slot, nodeId }: TaskRecord, services: Records['services']): string {
  return `${services.get(serviceId)?.name}.${slot === 0 ? nodeId : slot}`;
}

/** The node as the live marks of the subnet name it. */
export function idIn(subnet: string, { record }: SwarmNode): string {
  return subnet.startsWith('swarm ') ? record.id : `host-id-${record.hostname}`;
}
