// Who a container is to Limpet: the key that outlives it. A task's is its service and slot (its node for a global service), so
// that the next task in that slot is the same; a plain container's is its name.

import type { Container, Service, Task } from './shapes.js';

/** What a task's name is made of: service, slot or node ID, task ID. */
const TASK_NAME = /^(.+)\.([^.]+)\.([^.]+)$/;

/** `web.3` for the container `web.3.<task ID>`; the name of a container that is no task's. */
export function identityOf({ name, task }: Container): string {
  if (task === undefined) return name;
  const [, service, slot, id] = TASK_NAME.exec(task.name) ?? [];
  if (service === undefined || id !== task.id) return task.name === '' ? name : task.name;
  // The label knows better than the name where the service's own name has a dot.
  return `${task.service || service}.${slot}`;
}

/** The same for a task as a manager lists it; undefined when its service is not there any more, or it has no slot yet. */
export function identityOfTask(task: Task, services: ReadonlyMap<string, Service>): string | undefined {
  const service = services.get(task.serviceId);
  if (service === undefined) return undefined;
  const slot = service.mode === 'global' ? task.nodeId : task.slot === 0 ? '' : String(task.slot);
  return slot === '' ? undefined : `${service.name}.${slot}`;
}

/** The same from a container's name alone, which Docker gives its tasks' containers too. */
export function identityOfName(name: string): string {
  const [, service, slot] = /^(.+)\.(\d+|[0-9a-z]{25})\.[0-9a-z]{25}$/.exec(name) ?? [];
  return service === undefined ? name : `${service}.${slot}`;
}
