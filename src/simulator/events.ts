// The scenario's events, done to the swarm. What cannot be done (a node that is not there, a service that is, a command
// while no manager leads) is refused: the log says so, and nothing changes.

import { type Draft, NO_SLOTS } from './draft.js';
import { crash, reboot, setAvailability } from './nodes.js';
import { removeSlot } from './orchestrator.js';
import type { NodeName, SwarmEvent } from './types.js';
import { hasContainer, isWanted, type ServiceRecord, type TaskRecord } from './world.js';

type EventOf<K extends SwarmEvent['do']> = Extract<SwarmEvent, { do: K }>;

export function happen(draft: Draft, event: SwarmEvent): void {
  draft.events.push(event);
  const before = draft.log.length;
  const refusal = doIt(draft, event);
  if (refusal === undefined) return;
  draft.log.length = before;
  draft.say('refused', `cannot ${event.do}: ${refusal}`);
}

/** What a user asks a manager for, who passes it on to the leader; the others are done to machines, or only look. */
const COMMANDS: ReadonlySet<SwarmEvent['do']> = new Set(['create', 'scale', 'update', 'remove', 'drain', 'activate']);

/** Answers why it cannot be done. */
function doIt(draft: Draft, event: SwarmEvent): string | undefined {
  if (draft.leader === undefined && COMMANDS.has(event.do)) return 'the swarm has no leader';
  switch (event.do) {
    case 'create':
      return create(draft, event);
    case 'scale':
      return withService(draft, event.service, (service) => scale(draft, service, event));
    case 'update':
      return withService(draft, event.service, (service) => update(draft, service, event));
    case 'remove':
      return withService(draft, event.service, (service) => remove(draft, service));
    case 'restart':
      return kill(draft, event.identity);
    case 'look':
      return look(draft, event.identity);
    default:
      return nodeEvent(draft, event);
  }
}

function create(draft: Draft, event: EventOf<'create'>): string | undefined {
  if (draft.services.some(({ name }) => name === event.service)) return `there is a service ${event.service} already`;
  const mode = event.mode ?? 'replicated';
  const purpose = `virtual IP of ${event.service}`;
  const stock = draft.stock.take({ held: purpose });
  const sticky = draft.sticky.hold(purpose);
  draft.services.push({
    name: event.service,
    id: draft.chance.id(),
    mode,
    replicas: mode === 'global' ? 0 : (event.replicas ?? 1),
    order: event.order ?? 'stop-first',
    parallelism: event.parallelism ?? 1,
    revision: 1,
    updating: false,
    virtualAddress: { ...(stock === undefined ? {} : { stock }), ...(sticky === undefined ? {} : { sticky }) },
    slots: NO_SLOTS,
    updates: [],
    check: true,
  });
  const size = mode === 'global' ? 'one task on every node' : `${event.replicas ?? 1} replicas`;
  draft.say('event', `service ${event.service} is created: ${size}`);
  return undefined;
}

function scale(draft: Draft, service: ServiceRecord, { replicas }: EventOf<'scale'>): string | undefined {
  if (service.mode === 'global') return `${service.name} is global: it has one task on every node`;
  draft.changeService(service.id, { replicas, check: true });
  draft.say('event', `${service.name} is scaled from ${service.replicas} to ${replicas}`);
  return undefined;
}

function update(draft: Draft, service: ServiceRecord, event: EventOf<'update'>): undefined {
  const order = event.order ?? service.order;
  const parallelism = event.parallelism ?? service.parallelism;
  const revision = service.revision + 1;
  draft.changeService(service.id, { order, parallelism, revision, updating: true, updates: [] });
  draft.say('event', `${service.name} is updated, ${order}`);
}

function remove(draft: Draft, service: ServiceRecord): undefined {
  for (const [, numbers] of service.slots.entries()) removeSlot(draft, numbers);
  const { stock, sticky } = service.virtualAddress;
  if (stock !== undefined) draft.stock.release(stock);
  if (sticky !== undefined) draft.sticky.unhold(sticky);
  draft.services = draft.services.filter(({ id }) => id !== service.id);
  draft.say('event', `service ${service.name} is removed`);
}

function nodeEvent(draft: Draft, event: EventOf<'drain' | 'activate' | 'crash' | 'reboot'>): string | undefined {
  const name = nodeOf(draft, event.node);
  if (name === undefined) return `no node is ${event.node}`;
  const node = draft.node(name);
  draft.lastNode = name;
  switch (event.do) {
    case 'drain':
    case 'activate': {
      const availability = event.do === 'drain' ? 'drain' : 'active';
      if (node.availability === availability)
        return `${name} is ${event.do === 'drain' ? 'drained' : 'active'} already`;
      draft.say('event', `${name} is ${event.do === 'drain' ? 'drained' : 'active again'}`, { node: name });
      setAvailability(draft, name, availability);
      return undefined;
    }
    case 'crash':
      if (node.status === 'crashed' || node.status === 'down') return `${name} has crashed already`;
      draft.say('event', `${whatIs(draft, name)} crashes`, { node: name });
      crash(draft, name);
      return undefined;
    case 'reboot':
      if (node.status === 'rebooting') return `${name} is rebooting already`;
      draft.say('event', `${whatIs(draft, name)} ${node.status === 'up' ? 'reboots' : 'is switched on'}`, {
        node: name,
      });
      reboot(draft, name);
      return undefined;
  }
}

function kill(draft: Draft, identity: string): string | undefined {
  const task = runningTask(draft, identity);
  if (task === undefined) return `no container of ${identity} runs`;
  draft.note(task.number, { killed: true, due: draft.time + 1 });
  draft.say('event', `the container of ${identity} is killed`, { identity });
  return undefined;
}

function look(draft: Draft, identity: string): undefined {
  const task = runningTask(draft, identity);
  const found =
    task === undefined
      ? `${identity} does not run`
      : `${identity} runs on ${task.node}: Docker's own address ${task.stock ?? 'none'}, Limpet's ` +
        `${task.sticky ?? 'none'}`;
  draft.say('look', found, { identity, ...(task?.node === undefined ? {} : { node: task.node }) });
}

function withService(
  draft: Draft,
  name: string,
  work: (service: ServiceRecord) => string | undefined,
): string | undefined {
  const service = draft.services.find((one) => one.name === name);
  return service === undefined ? `there is no service ${name}` : work(service);
}

function nodeOf(draft: Draft, name: NodeName): NodeName | undefined {
  if (name === '@leader') return draft.leader;
  if (name === '@last') return draft.lastNode;
  if (name.startsWith('@node-of ')) return runningTask(draft, name.slice('@node-of '.length))?.node;
  return draft.nodes.find((node) => node.name === name)?.name;
}

/** The identity's container; with two of them, the newer one. */
function runningTask(draft: Draft, identity: string): TaskRecord | undefined {
  for (const service of draft.services) {
    if (!identity.startsWith(`${service.name}.`)) continue;
    const key = identity.slice(service.name.length + 1);
    const slot = service.mode === 'global' ? draft.nodes.findIndex(({ name }) => name === key) : Number(key);
    const tasks = (service.slots.get(slot) ?? []).map((number) => draft.task(number));
    const found = tasks.filter((task) => task.identity === identity && hasContainer(task) && isWanted(task)).at(-1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function whatIs(draft: Draft, name: NodeName): string {
  return name === draft.leader ? `the leader ${name}` : name;
}
