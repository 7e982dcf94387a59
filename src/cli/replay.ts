// The recorded swarm replayed: what Docker gave each replica, and what the allocator gives it for the same events.
// Computes and prints nothing; recording.ts tells it.

import { findNetwork } from '../docker/network-list.js';
import { readServices, virtualAddresses } from '../docker/service-list.js';
import { dockerTasks } from '../docker/task-reader.js';
import { readTask, type TaskClaim } from '../docker/task-records.js';
import { Limpet } from '../host/limpet.js';
import type { Subnet } from '../host/subnet.js';
import recordings from './recordings.json' with { type: 'json' };
import type { Place, Step } from './story.js';

type Task = (typeof recordings.steps)[number]['tasks'][number];
type Node = (typeof recordings.steps)[number]['nodes'][number];

export interface Story {
  readonly engine: string;
  readonly managers: number;
  readonly service: string;
  readonly network: string;
  readonly cidr: string;
  readonly steps: readonly Step[];
}

/** Replays the recording; the allocator begins with a rebuild from the first step's tasks, as on a swarm that runs. */
export async function replay(): Promise<Story> {
  const { id, name, subnets } = findNetwork([recordings.network], recordings.network.Name);
  const [configured] = subnets;
  if (configured === undefined) throw new Error(`the recording has no subnet for ${name}`);
  const limpet = await Limpet.load({}, dockerTasks);
  const { subnet: cidr, gateway } = configured;
  const subnet = limpet.subnet(cidr, gateway === undefined ? {} : { gateway });
  for (const address of virtualAddresses([recordings.service], id)) subnet.hold(address);

  const steps: Step[] = [];
  let before: { nodes: readonly Node[]; running: ReadonlyMap<string, Running> } | undefined;
  for (const { nodes, tasks } of recordings.steps) {
    const running = wanted(tasks, id);
    const changes = before === undefined ? takeOver(subnet, tasks, id) : follow(subnet, before.running, running);
    const happened = before === undefined ? [] : nodeEvents(before.nodes, nodes);
    steps.push({ happened, ...changes, places: placesOf(running, nodes, subnet) });
    before = { nodes, running };
  }
  const managers = recordings.steps[0]?.nodes.length ?? 0;
  return { engine: recordings.engine, managers, service: recordings.service.Spec.Name, network: name, cidr, steps };
}

type Running = { readonly task: Task; readonly claim: TaskClaim };

/** The tasks that Swarm wants to run, by identity, in the order in which they were created. */
function wanted(tasks: readonly Task[], network: string): Map<string, Running> {
  const services = readServices([recordings.service]);
  const running = new Map<string, Running>();
  for (const [index, task] of tasks.entries()) {
    const claim = readTask(task, { network, services, index });
    if (typeof claim === 'object' && 'wanted' in claim && claim.wanted) running.set(claim.identity, { task, claim });
  }
  return running;
}

function takeOver(subnet: Subnet, tasks: readonly Task[], network: string): { ended: number; began: number } {
  const { live } = subnet.rebuild(tasks, { network, services: [recordings.service] });
  return { ended: 0, began: live };
}

/** The same events for the allocator: a task that ended releases its identity, a new one allocates it. */
function follow(
  subnet: Subnet,
  before: ReadonlyMap<string, Running>,
  now: ReadonlyMap<string, Running>,
): { ended: number; began: number } {
  const gone = [...before].filter(([identity, { task }]) => now.get(identity)?.task.ID !== task.ID);
  const come = [...now].filter(([identity, { task }]) => before.get(identity)?.task.ID !== task.ID);
  for (const [identity] of gone) subnet.release(identity);
  for (const [identity] of come) subnet.allocate(identity);
  return { ended: gone.length, began: come.length };
}

function placesOf(running: ReadonlyMap<string, Running>, nodes: readonly Node[], subnet: Subnet): Map<string, Place> {
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const bySlot = [...running].sort(([, a], [, b]) => a.task.Slot - b.task.Slot);
  return new Map(
    bySlot.map(([identity, { task, claim }]) => {
      const node = names.get(task.NodeID) ?? task.NodeID;
      const limpet = subnet.lookup(identity)?.address ?? 'none';
      return [identity, { task: task.ID, node, docker: claim.addresses[0] ?? 'none', limpet }];
    }),
  );
}

/** In words; a node that is lost comes last, for it is what the step is about. */
function nodeEvents(before: readonly Node[], now: readonly Node[]): string[] {
  const events = now.flatMap((node) => {
    const was = before.find(({ id }) => id === node.id);
    if (was === undefined) return [`${node.name} has joined`];
    if (was.state !== 'down' && node.state === 'down') {
      return [was.leader ? `the leader ${node.name} is lost` : `${node.name} is lost`];
    }
    if (was.availability === node.availability) return [];
    return [node.availability === 'drain' ? `${node.name} is drained` : `${node.name} is active again`];
  });
  const lost = (event: string) => Number(event.endsWith('lost'));
  return events.sort((a, b) => lost(a) - lost(b));
}
