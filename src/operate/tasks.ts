// A task by its ID, as `docker service ps` shows it: who it is to Limpet, and the two addresses that people mix up: its
// ticket, which Swarm records, and its home, which its container has.

import { canonical } from '../docker/address.js';
import { identityOf, identityOfTask } from '../docker/identities.js';
import { nodeOfTask, readRecords } from '../docker/observed.js';
import { SWARM } from '../docker/spaces.js';
import { mayRun } from '../docker/states.js';
import { contains } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import type { OperateEnvironment } from './environment.js';
import { type Selection, selectSubnets } from './select.js';

export interface TaskFound {
  readonly id: string;
  readonly identity: string;
  /** Swarm's word for the task's state; on a node that is no manager the container's. */
  readonly state: string;
  /** The ID of its node; absent while it is on none. */
  readonly node?: string;
  /** One for each subnet where it has something. */
  readonly addresses: readonly TaskAddress[];
}

export interface TaskAddress {
  readonly space: string;
  readonly subnet: string;
  /** The address of its identity; absent where it has none yet. */
  readonly home?: string;
  /** What Swarm's records and `docker inspect` of the task show; absent once the leader has it back. */
  readonly ticket?: string;
}

/** Docker takes the beginning of an ID for the whole, and so do people. */
const TASK_ID = /^[0-9a-z]{1,25}$/;

/**
 * The task whose ID begins so. Undefined when there is none, or the text can be no ID.
 * @throws LimpetError UNKNOWN when several do, when Docker cannot be asked, or when the task is nobody to Limpet
 */
export async function findTask(
  environment: OperateEnvironment,
  key: string,
  selection: Selection,
): Promise<TaskFound | undefined> {
  if (!TASK_ID.test(key)) return undefined;
  const all = (await tasksOf(environment, key)).filter(({ id }) => id.startsWith(key));
  const [only, ...more] = all.some(({ id }) => id === key) ? all.filter(({ id }) => id === key) : all;
  if (only === undefined) return undefined;
  if (more.length > 0) {
    const ids = all.map(({ id }) => id).sort();
    throw notFound(key, `has no address, and ${all.length} tasks have an ID that begins so: ${ids.join(', ')}`);
  }
  const { identity, tickets, ...about } = only;
  if (identity === undefined) {
    throw notFound(key, `is task ${only.id}, which has no identity: its service is gone, or it is on no node yet`);
  }
  return { ...about, identity, addresses: addressesOf(environment, selection, identity, tickets) };
}

interface Seen {
  readonly id: string;
  readonly identity: string | undefined;
  readonly state: string;
  readonly node?: string;
  readonly tickets: readonly string[];
}

/** All tasks on a manager; elsewhere those whose containers are here. */
async function tasksOf({ docker }: OperateEnvironment, key: string): Promise<Seen[]> {
  try {
    const { swarm } = await docker.info();
    return swarm.manager ? await recorded(docker) : await running(docker, swarm.nodeId);
  } catch (error) {
    if (!(error instanceof LimpetError) || error.code !== 'UNAVAILABLE') throw error;
    throw notFound(key, `has no address, and whether it is a task's ID cannot be told: ${error.message}`);
  }
}

async function recorded(docker: OperateEnvironment['docker']): Promise<Seen[]> {
  const { tasks, services } = await readRecords(docker);
  return tasks.map((task) => {
    const node = nodeOfTask(task);
    const addresses = mayRun(task) ? task.attachments.flatMap((each) => each.addresses) : [];
    const { id, state } = task;
    const about = { id, state, ...(node !== undefined && { node }), tickets: addresses.map(canonical) };
    return { ...about, identity: identityOfTask(task, services) };
  });
}

async function running(docker: OperateEnvironment['docker'], node: string): Promise<Seen[]> {
  return (await docker.containers()).flatMap((container) => {
    if (container.task === undefined) return [];
    const tickets = container.endpoints.flatMap(({ asked }) => asked.map(canonical));
    return [{ id: container.task.id, identity: identityOf(container), state: container.state, node, tickets }];
  });
}

function addressesOf(
  { service }: OperateEnvironment,
  selection: Selection,
  identity: string,
  tickets: readonly string[],
): TaskAddress[] {
  return selectSubnets(service, selection).flatMap((net) => {
    const { space, cidr: subnet } = net.spec;
    const home = net.lookup(identity)?.address;
    const ticket = space === SWARM ? tickets.find((each) => contains(subnet, each)) : undefined;
    if ((home ?? ticket) === undefined) return [];
    return [{ space, subnet, ...(home !== undefined && { home }), ...(ticket !== undefined && { ticket }) }];
  });
}

function notFound(key: string, why: string): LimpetError {
  return new LimpetError('UNKNOWN', `${JSON.stringify(key)} ${why}`, { identity: key });
}
