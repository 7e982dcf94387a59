// Whether a container is who it says it is. Anybody can write a label, and give a container a task's name: where
// Swarm's records are at hand, they have the last word. And not every name that Docker lists can be an identity.

import { quote } from '../host/address.js';
import { whyNoIdentity } from '../host/identity.js';
import { identityOf, identityOfTask, keyOfTask } from './identities.js';
import { isMadeUp } from './made-up.js';
import type { Container, Service, Task } from './shapes.js';

/** What Swarm has written down, as only a manager can say, and which of its nodes this is. */
export interface TaskRecords {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly services: ReadonlyMap<string, Service>;
  /** Swarm's ID of this node; empty while it is not known. */
  readonly node: string;
}

export interface Doubt {
  /** `impostor`: it says that it is a task, and is none. `unfit`: its name cannot be an identity. */
  readonly kind: 'impostor' | 'unfit';
  /** Goes on from the container's name. */
  readonly why: string;
}

export interface Believed {
  readonly identity: string;
  readonly doubt?: Doubt;
}

/**
 * Who the container is. One that is no task, though it says so, is a plain container.
 * @param records without them its name and its labels are all there is
 */
export function believed(container: Pick<Container, 'id' | 'name' | 'task'>, records?: TaskRecords): Believed {
  const identity = identityOf(container);
  const contradiction = contradictionOf(container, identity, records);
  if (contradiction === undefined) return fit(identity);
  const plain = fit(identityOf({ name: container.name }));
  return plain.doubt === undefined ? { ...plain, doubt: { kind: 'impostor', why: contradiction } } : plain;
}

/** The identity, with what stops it from being one. */
export function fit(identity: string): Believed {
  const why = whyUnfit(identity);
  return why === undefined ? { identity } : { identity, doubt: { kind: 'unfit', why } };
}

/** Why a container's or a task's name is no identity; undefined when it is one. Docker's names have no limit. */
export function whyUnfit(identity: string): string | undefined {
  if (isMadeUp(identity)) return `${quote(identity)} begins with @, as only the names that Limpet makes up do`;
  const why = whyNoIdentity(identity);
  return why === undefined ? undefined : `the identity ${quote(identity)} ${why}`;
}

function contradictionOf(
  { id, name, task }: Pick<Container, 'id' | 'name' | 'task'>,
  identity: string,
  records: TaskRecords | undefined,
): string | undefined {
  if (task === undefined) return undefined;
  const says = `its labels say that it is the task ${quote(task.id)} of ${quote(task.service)}`;
  if (identity === identityOf({ name })) return `${says}, and its name does not`;
  if (records === undefined) return undefined;
  const record = records.tasks.get(task.id);
  if (record === undefined) return `${says}, and Swarm has no such task`;
  if (!isOf(record, task.serviceId, identity, records)) return `${says}, and Swarm's record of it says otherwise`;
  if (record.container !== undefined && record.container !== id) return `${says}, and that is another container`;
  const isElsewhere = record.nodeId !== '' && records.node !== '' && record.nodeId !== records.node;
  return isElsewhere ? `${says}, and that runs on another node` : undefined;
}

/** A service that is being removed goes before its tasks do: then its ID has to be enough. */
function isOf(record: Task, serviceId: string, identity: string, { services }: TaskRecords): boolean {
  if (services.has(record.serviceId)) return identityOfTask(record, services) === identity;
  const mode = record.slot > 0 ? 'replicated' : 'global';
  return record.serviceId === serviceId && identity.endsWith(`.${keyOfTask(record, mode)}`);
}
