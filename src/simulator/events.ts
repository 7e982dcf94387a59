// The scenario's events, done to the swarm. What cannot be done (a node that is not there, a service that is, a command
// while no manager leads) is refused: the log says so, and nothing changes.

import type { EngineContainer } from './swarm/containers.js';
import type { SwarmNode } from './swarm/node.js';
import type { ServiceRecord } from './swarm/records.js';
import { shown } from './tell.js';
import type { NodeName, SwarmEvent } from './types.js';
import { NETWORK, type World } from './world.js';

type EventOf<K extends SwarmEvent['do']> = Extract<SwarmEvent, { do: K }>;

export function happen(world: World, event: SwarmEvent): void {
  const refusal = doIt(world, event);
  if (refusal !== undefined) world.say('refused', `cannot ${event.do}: ${refusal}`);
}

/** What a user asks a manager for, who passes it on to the leader; the others are done to machines, or only look. */
const COMMANDS: ReadonlySet<SwarmEvent['do']> = new Set(['create', 'scale', 'update', 'remove', 'drain', 'activate']);

/** Answers why it cannot be done. */
function doIt(world: World, event: SwarmEvent): string | undefined {
  if (world.swarm.leader === undefined && COMMANDS.has(event.do)) return 'the swarm has no leader';
  switch (event.do) {
    case 'create':
      return create(world, event);
    case 'scale':
      return withService(world, event.service, (service) => scale(world, service, event));
    case 'update':
      return withService(world, event.service, (service) => update(world, service, event));
    case 'remove':
      return withService(world, event.service, (service) => remove(world, service));
    case 'restart':
      return kill(world, event.identity);
    case 'look':
      return look(world, event.identity);
    default:
      return nodeEvent(world, event);
  }
}

function create(world: World, event: EventOf<'create'>): string | undefined {
  const { service: name, mode = 'replicated', replicas = 1, order = 'stop-first', parallelism = 1 } = event;
  if (world.swarm.records.serviceNamed(name) !== undefined) return `there is a service ${name} already`;
  const size = mode === 'global' ? 'one task on every node' : `${replicas} replicas`;
  world.say('event', `service ${name} is created: ${size}`);
  const count = mode === 'global' ? 0 : replicas;
  world.swarm.createService({ name, mode, replicas: count, order, parallelism, hasVirtual: true }, NETWORK);
  return undefined;
}

function scale(world: World, service: ServiceRecord, { replicas }: EventOf<'scale'>): string | undefined {
  const { name, mode, replicas: before } = service;
  if (mode === 'global') return `${name} is global: it has one task on every node`;
  world.say('event', `${name} is scaled from ${before} to ${replicas}`);
  world.swarm.scale(name, replicas);
  return undefined;
}

function update(world: World, service: ServiceRecord, event: EventOf<'update'>): undefined {
  const { order = service.order, parallelism = service.parallelism } = event;
  world.say('event', `${service.name} is updated, ${order}`);
  world.swarm.update(service.name, order, parallelism);
}

function remove(world: World, { name }: ServiceRecord): undefined {
  world.say('event', `service ${name} is removed`);
  void world.swarm.removeService(name);
}

function nodeEvent(world: World, event: EventOf<'drain' | 'activate' | 'crash' | 'reboot'>): string | undefined {
  const node = nodeOf(world, event.node);
  if (node === undefined) return `no node is ${event.node}`;
  const { title: name, isActive } = node.record;
  const say = (text: string) => world.say('event', text, { node: name });
  world.lastNode = node;
  switch (event.do) {
    case 'drain':
      if (!isActive) return `${name} is drained already`;
      say(`${name} is drained`);
      world.swarm.setActive(node, false);
      return undefined;
    case 'activate':
      if (isActive) return `${name} is active already`;
      say(`${name} is active again`);
      world.swarm.setActive(node, true);
      return undefined;
    case 'crash':
      if (node.engine.state === 'down' && !world.rebooting.has(node)) return `${name} has crashed already`;
      say(`${whatIs(world, node)} crashes`);
      world.crash(node);
      return undefined;
    case 'reboot':
      if (world.rebooting.has(node)) return `${name} is rebooting already`;
      say(`${whatIs(world, node)} ${node.engine.state === 'down' ? 'is switched on' : 'reboots'}`);
      world.reboot(node);
      return undefined;
  }
}

interface Running {
  readonly node: SwarmNode;
  readonly container: EngineContainer;
  /** What the leader got for its task. */
  readonly ticket: string;
}

function kill(world: World, identity: string): string | undefined {
  const found = running(world, identity);
  if (found === undefined) return `no container of ${identity} runs`;
  world.say('event', `the container of ${identity} is killed`, { identity });
  void found.node.engine.stop(found.container);
  return undefined;
}

function look(world: World, identity: string): undefined {
  const found = running(world, identity);
  if (found === undefined) {
    world.say('look', `${identity} does not run`, { identity });
    return;
  }
  const node = found.node.record.title;
  const stock = world.stock.insteadOf(found.ticket) ?? 'none';
  const text = `${identity} runs on ${node}: Docker's own address ${stock}, Limpet's ${found.container.has}`;
  world.say('look', text, { identity, node });
}

function withService(
  world: World,
  name: string,
  work: (service: ServiceRecord) => string | undefined,
): string | undefined {
  const service = world.swarm.records.serviceNamed(name);
  return service === undefined ? `there is no service ${name}` : work(service);
}

function nodeOf(world: World, name: NodeName): SwarmNode | undefined {
  if (name === '@leader') return world.swarm.leader;
  if (name === '@last') return world.lastNode;
  if (name.startsWith('@node-of ')) return running(world, name.slice('@node-of '.length))?.node;
  return world.node(name);
}

/** The identity's container; with two of them, the newer one. */
function running(world: World, identity: string): Running | undefined {
  const { services, tasks } = world.swarm.records;
  let found: Running | undefined;
  for (const { id, serviceId, slot, nodeId, state, desired, address } of tasks.values()) {
    const service = services.get(serviceId);
    if (service === undefined || state !== 'running' || desired !== 'running') continue;
    if (shown(`${service.name}.${slot === 0 ? nodeId : slot}`, (node) => world.nameOf(node)) !== identity) continue;
    const node = world.swarm.nodes.find(({ record }) => record.id === nodeId);
    const container = [...(node?.engine.containers.values() ?? [])].find(({ task }) => task?.id === id);
    if (node !== undefined && container?.state === 'running') found = { node, container, ticket: address };
  }
  return found;
}

function whatIs(world: World, node: SwarmNode): string {
  return node === world.swarm.leader ? `the leader ${node.record.title}` : node.record.title;
}
