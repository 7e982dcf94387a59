// Takes the state of a world: what people see of it, in shapes that share with the state before what did not change.

import { Cells } from './cells.js';
import { type Frame, type Seen, SIDES } from './frame.js';
import { hasEnded, type NodeRecord, type ServiceRecord, type TaskRecord } from './swarm/records.js';
import { Tally } from './tally.js';
import type { Addresses, AllocatorState, Service, SwarmEvent, SwarmNode, Task } from './types.js';
import { Vector } from './vector.js';
import type { World } from './world.js';

export class Camera {
  /** By Swarm's ID. */
  readonly #numbers = new Map<string, number>();
  readonly #identities = new Map<string, number>();

  /** What was seen after a state is not seen any more. */
  forget({ numbered }: Frame): void {
    for (const [id, number] of this.#numbers) if (number >= numbered) this.#numbers.delete(id);
  }

  /** @param before the state before; undefined for the first one */
  take(world: World, before: Frame | undefined, events: readonly SwarmEvent[], atRest: boolean): Frame {
    const cells = new Cells(world);
    const tasks = this.#tasks(world, before, cells);
    const tally = new Tally(before?.seen ?? Vector.empty<Seen>(), (identity) => this.#indexOf(identity));
    const moved = before === undefined ? [] : [...tasks.differences(before.tasks)];
    for (const number of moved) tally.move(before?.tasks.get(number), tasks.get(number));
    const leader = world.swarm.leader?.record.title;
    this.#sayNews(world, before, leader);
    for (const { identity, node, text } of tally.told()) world.say('task', text, { identity, node });
    const counts = tally.seal();
    const side = (which: 'stock' | 'sticky'): AllocatorState => {
      const drawn = cells.draw(which, before?.[which].cells);
      const past = before?.[which] ?? { kept: 0, changed: 0, guests: 0, running: 0, home: 0 };
      const more = counts[which];
      const { kept, changed, guests, running, home } = past;
      return {
        ...drawn,
        kept: kept + more.kept,
        changed: changed + more.changed,
        guests: guests + more.guests,
        running: running + more.running,
        home: home + more.home,
        waiting: drawn.counts.free === 0 ? waitingIn(tasks) : 0,
      };
    };
    return {
      step: before === undefined ? 0 : before.step + 1,
      time: world.time,
      atRest,
      events,
      leader,
      nodes: shared(before?.nodes, nodesOf(world, tasks), (node) => node.name),
      services: shared(before?.services, servicesOf(world), (service) => service.name),
      tasks,
      stock: side('stock'),
      sticky: side('sticky'),
      log: world.takeLog(),
      seen: counts.seen,
      numbered: this.#numbers.size,
    };
  }

  /** Whether anything is to be seen that was not there before. */
  static differs(now: Frame, before: Frame): boolean {
    if (now.log.length > 0 || now.leader !== before.leader || now.tasks !== before.tasks) return true;
    if (now.nodes !== before.nodes || now.services !== before.services) return true;
    return SIDES.some((side) => now[side].cells !== before[side].cells);
  }

  #tasks(world: World, before: Frame | undefined, cells: Cells): Vector<Task> {
    const { records } = world.swarm;
    const past = before?.tasks ?? Vector.empty<Task>();
    const edit = past.edit();
    let isSame = true;
    const set = (number: number, task: Task | undefined) => {
      edit.set(number, task);
      isSame = false;
    };
    const here = new Set<number>();
    for (const record of records.tasks.values()) {
      if (record.attached) continue;
      const number = this.#numberOf(record.id);
      here.add(number);
      const was = past.get(number);
      const service = records.services.get(record.serviceId);
      if (service === undefined && was === undefined) continue;
      const now = taskOf(record, number, service, was, world, cells);
      if (was === undefined || !isEqual(was, now)) set(number, now);
    }
    for (const [number] of past.entries()) if (!here.has(number)) set(number, undefined);
    return isSame ? past : edit.seal();
  }

  #sayNews(world: World, before: Frame | undefined, leader: string | undefined): void {
    if (before === undefined) return;
    if (before.leader !== undefined && leader !== before.leader)
      world.say('swarm', `${before.leader} leads no more`, { node: before.leader });
    if (leader !== undefined && leader !== before.leader)
      world.say('swarm', `${leader} is the new leader`, { node: leader });
    for (const { record, engine } of world.swarm.nodes) {
      const was = before.nodes.find(({ name }) => name === record.title);
      if (was === undefined) continue;
      if (was.status === 'crashed' && !record.isReady)
        world.say('swarm', `${record.title} is missed: Swarm counts it as down`, { node: record.title });
      if (was.status !== 'up' && engine.state === 'up' && record.isReady)
        world.say('swarm', `${record.title} is back`, { node: record.title });
    }
  }

  #numberOf(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  #indexOf(identity: string): number {
    const known = this.#identities.get(identity);
    if (known !== undefined) return known;
    this.#identities.set(identity, this.#identities.size);
    return this.#identities.size - 1;
  }
}

function taskOf(
  record: TaskRecord,
  number: number,
  service: ServiceRecord | undefined,
  was: Task | undefined,
  world: World,
  cells: Cells,
): Task {
  const { id, slot, nodeId, state, desired, spec, address } = record;
  const name = service?.name ?? was?.service ?? '';
  const identity = was?.identity ?? `${name}.${slot === 0 ? world.nameOf(nodeId) : slot}`;
  const container = cells.containers.get(id);
  // What it had shows on when it has ended.
  const ticket = address || was?.ticket;
  const stock = (address === '' ? undefined : world.stock.insteadOf(address)) ?? was?.stock;
  const sticky = container?.has || was?.sticky;
  const stay = was?.stay ?? (sticky === undefined ? undefined : cells.homeOf(identity) === sticky ? 'home' : 'guest');
  return {
    ...{ number, id, identity, service: name, slot, state, desired, revision: spec },
    ...(nodeId === '' || state === 'new' || state === 'pending' ? {} : { node: world.nameOf(nodeId) }),
    ...(stock === undefined ? {} : { stock }),
    ...(sticky === undefined ? {} : { sticky }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(stay === undefined ? {} : { stay }),
  };
}

function nodesOf(world: World, tasks: Vector<Task>): SwarmNode[] {
  const on = new Map<string, number[]>();
  for (const task of tasks.values()) {
    if (task.node === undefined || hasEnded(task)) continue;
    const numbers = on.get(task.node) ?? [];
    numbers.push(task.number);
    on.set(task.node, numbers);
  }
  const network = [...world.swarm.records.networks.values()][0]?.id ?? '';
  return world.swarm.nodes.map(({ record, engine }) => {
    const isBack = world.rebooting.size > 0 && [...world.rebooting].some((node) => node.record === record);
    return {
      name: record.title,
      role: record.manager ? 'manager' : 'worker',
      availability: record.isActive ? 'active' : 'drain',
      status: isBack ? 'rebooting' : engine.state === 'up' ? 'up' : record.isReady ? 'crashed' : 'down',
      tasks: on.get(record.title) ?? [],
      loadBalancer: addressesOf(world, record.ends.get(network)),
    };
  });
}

function servicesOf(world: World): Service[] {
  const { records } = world.swarm;
  const usable = ({ isReady, isActive }: NodeRecord) => isReady && isActive;
  const nodes = [...records.nodes.values()].filter(usable).length;
  return [...records.services.values()].map(({ name, mode, replicas, order, parallelism = 1, spec, virtual }) => ({
    name,
    mode: mode === 'global' ? 'global' : 'replicated',
    replicas: mode === 'global' ? nodes : replicas,
    order,
    parallelism,
    revision: spec,
    virtualAddress: addressesOf(world, virtual || undefined),
  }));
}

function addressesOf(world: World, sticky: string | undefined): Addresses {
  if (sticky === undefined) return {};
  const stock = world.stock.insteadOf(sticky);
  return { sticky, ...(stock === undefined ? {} : { stock }) };
}

function waitingIn(tasks: Vector<Task>): number {
  let waiting = 0;
  for (const { state, desired } of tasks.values()) if (state === 'new' && desired === 'running') waiting++;
  return waiting;
}

/** The list before, or its items, wherever nothing differs. */
function shared<T extends object>(
  before: readonly T[] | undefined,
  now: readonly T[],
  keyOf: (item: T) => string,
): readonly T[] {
  if (before === undefined) return now;
  const known = new Map(before.map((item) => [keyOf(item), item]));
  const items = now.map((item) => {
    const was = known.get(keyOf(item));
    return was !== undefined && isEqual(was, item) ? was : item;
  });
  return items.length === before.length && items.every((item, n) => item === before[n]) ? before : items;
}

/** By value: these are plain data, lists of numbers and pairs of addresses within. */
function isEqual(a: object, b: object): boolean {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (left.length !== right.length) return false;
  const other = b as Readonly<Record<string, unknown>>;
  return left.every(([key, value]) => {
    const with_ = other[key];
    if (value === with_) return true;
    return typeof value === 'object' && typeof with_ === 'object' && isEqual(value as object, with_ as object);
  });
}
