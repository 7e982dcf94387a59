// What Swarm wants and what runs: a service's tasks from the leader, its containers from the nodes, brought together.
import type { DockerNode } from './rig/docker-node.js';
import { until } from './rig/run.js';
import type { Swarm } from './rig/swarm.js';

/** Swarm takes a moment until it does what it is told; a service looks settled until then. */
const CALM = 2000;

/** A task that runs, with its container. */
export interface Replica {
  /** `web.3`, or `agent.n1` of a global service. */
  readonly identity: string;
  readonly node: DockerNode;
  readonly container: string;
}

interface Task {
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string; readonly ContainerStatus?: { readonly ContainerID: string } };
}

interface Service {
  readonly ID: string;
  readonly Spec: { readonly Mode: { readonly Replicated?: { readonly Replicas: number } } };
  readonly UpdateStatus?: { readonly State: string; readonly Message: string };
}

interface Container {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** `web.3.<task id>` */
const taskName = (labels: Container['Labels']) => labels['com.docker.swarm.task.name'] ?? '';

/** Waits until Swarm has what the service asks for, and until exactly those containers run, and go on doing so. */
export function settled(swarm: Swarm, name: string, within: number): Promise<Replica[]> {
  let why = '';
  let seen = { since: Date.now(), containers: '' };
  return until(`${name} has settled`, within, async () => {
    const answer = await replicas(swarm, name);
    const containers = typeof answer === 'string' ? '' : answer.map(({ container }) => container).join();
    why = typeof answer === 'string' ? answer : 'for too short a time';
    if (containers !== seen.containers) seen = { since: Date.now(), containers };
    return typeof answer !== 'string' && Date.now() - seen.since >= CALM ? answer : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message} (${why})`);
  });
}

/** The replicas, or why the service is not settled. */
async function replicas(swarm: Swarm, name: string): Promise<Replica[] | string> {
  const leader = await swarm.leader();
  const service = await leader.api<Service>(`/services/${name}`);
  const { State: state, Message: message } = service.UpdateStatus ?? { State: 'completed', Message: '' };
  if (state === 'updating' || state === 'rollback_started') return message;
  if (state !== 'completed' && state !== 'rollback_completed')
    throw new Error(`the update of ${name} is ${state}: ${message}`);
  const tasks = await leader.api<Task[]>(
    `/tasks?filters=${filters({ service: [name], 'desired-state': ['running'] })}`,
  );
  const wanted = service.Spec.Mode.Replicated?.Replicas ?? (await activeNodes(leader)).size;
  const running = tasks.filter(({ Status }) => Status.State === 'running');
  if (tasks.length !== wanted || running.length !== wanted) {
    return (
      `${running.length} of ${wanted} run: ` +
      `${tasks.map(({ Slot, Status }) => `${Slot} ${Status.State}`).join(', ')}`
    );
  }
  const found = await containers(swarm, service.ID);
  const names = await swarm.names();
  const byContainer = new Map(running.map((task) => [task.Status.ContainerStatus?.ContainerID, task]));
  const strangers = found.filter(({ id }) => !byContainer.has(id));
  if (found.length !== wanted || strangers.length > 0) return `${found.length} containers run, ${wanted} tasks`;
  return found.map(({ id, node }) => {
    const { Slot, NodeID } = byContainer.get(id) as Task;
    return { identity: `${name}.${Slot ?? names.get(NodeID ?? '')}`, node, container: id };
  });
}

/** The containers of a service that run now, whether it is settled or not. Replicated services only. */
export async function running(swarm: Swarm, name: string): Promise<Replica[]> {
  const { ID } = await (await swarm.leader()).api<Service>(`/services/${name}`);
  const found = await containers(swarm, ID);
  return found.map(({ id, node, task }) => ({ identity: task.split('.', 2).join('.'), node, container: id }));
}

async function containers(swarm: Swarm, service: string): Promise<{ id: string; node: DockerNode; task: string }[]> {
  const query = `/containers/json?filters=${filters({ label: [`com.docker.swarm.service.id=${service}`] })}`;
  const lists = await Promise.all(
    swarm.up.map(async (node) =>
      (await node.api<Container[]>(query)).map(({ Id: id, Labels }) => ({ id, node, task: taskName(Labels) })),
    ),
  );
  return lists.flat();
}

async function activeNodes(leader: DockerNode): Promise<Set<string>> {
  const nodes = await leader.api<{ ID: string; Spec: { Availability: string }; Status: { State: string } }[]>('/nodes');
  const active = nodes.filter(({ Spec, Status }) => Spec.Availability === 'active' && Status.State === 'ready');
  return new Set(active.map(({ ID }) => ID));
}

function filters(value: Record<string, readonly string[]>): string {
  return encodeURIComponent(JSON.stringify(value));
}
