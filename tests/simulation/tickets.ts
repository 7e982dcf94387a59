// What the judge knows of tickets: Swarm's records have every address once, and a ticket is nobody's home but that of
// the task it is for.
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { TaskRecord } from '../../src/simulator/swarm/records.js';
import type { Change } from './etcd/history.js';
import { identityOf, identityOfRecord, isMadeUp, whose } from './naming.js';
import type { Stage } from './stage.js';
import type { Key, Truth } from './truth.js';

/** Milliseconds in which the answer to a call may still be on its way. */
const ON_ITS_WAY = 35_000;

export interface Seeing {
  readonly truth: Truth;
  readonly fail: (what: string) => void;
  /** Containers that have the address, whatever they are called. */
  readonly at: (subnet: string, address: string) => Iterable<[EngineContainer, SwarmNode]>;
  /** Who of that name came to the address last, be he gone by now. */
  readonly last: (subnet: string, address: string, name: string) => [EngineContainer, SwarmNode] | undefined;
  readonly hasLapsed: (node: SwarmNode, since: number) => boolean;
}

export class Tickets {
  readonly #world: Stage;
  readonly #see: Seeing;
  /** When a task of an identity was last seen to wait for its address: true time. */
  readonly #waited = new Map<string, number>();

  constructor(world: Stage, seeing: Seeing) {
    this.#world = world;
    this.#see = seeing;
  }

  /** Swarm's records have every address once, and what they have for nobody's task is nobody's home. */
  records(): void {
    const { networks, services, nodes, tasks } = this.#world.swarm.records;
    for (const task of tasks.values())
      if (task.state === 'new') this.#waited.set(identityOfRecord(task, services), this.#world.timeline.now);
    for (const { id, name, gateway } of networks.values()) {
      const all = [gateway, ...[...nodes.values()].map(({ ends }) => ends.get(id) ?? '')];
      for (const each of services.values()) if (each.networkId === id) all.push(each.virtual);
      for (const each of tasks.values()) if (each.networkId === id && !each.isGivenBack) all.push(each.address);
      const given = all.filter((address) => address !== '').sort();
      const twice = given.find((address, n) => address === given[n + 1]);
      if (twice !== undefined) this.#see.fail(`Swarm was given ${twice} of ${name} twice`);
      this.#homesAreTasks(id);
    }
  }

  /** A home is a ticket of its own task alone: no virtual IP, no end of a load balancer, no other task's. */
  #homesAreTasks(networkId: string): void {
    const { networks, services, nodes, tasks } = this.#world.swarm.records;
    const subnet = `swarm ${networks.get(networkId)?.cidr}`;
    const check = (address: string | undefined, what: string, identity?: string) => {
      const owner = address ? this.#see.truth.ownerOf(subnet, address) : undefined;
      if (address === undefined || owner === undefined || isMadeUp(owner) || whose(owner) === identity) return;
      // Whoever was cut off and runs there has it again, though it was given to the leader meanwhile; and keeps it.
      const last = this.#see.last(subnet, address, whose(owner));
      for (const [container, at] of [...this.#see.at(subnet, address), ...(last === undefined ? [] : [last])])
        if (this.#see.hasLapsed(at, container.since) && isItsOwn(container, owner)) return;
      this.#see.fail(`${what} is ${address}, which is the home of ${owner}`);
    };
    for (const each of services.values())
      if (each.networkId === networkId) check(each.virtual, `the virtual IP of ${each.name}`);
    for (const { ends, hostname } of nodes.values())
      check(ends.get(networkId), `the load balancer's end on ${hostname}`);
    for (const task of tasks.values()) {
      // What a user asks for by --ip the leader is given, and the node refuses.
      if (task.networkId !== networkId || !services.has(task.serviceId) || !isUnderWay(task)) continue;
      const identity = identityOfRecord(task, services);
      check(task.address, `the ticket of a task of ${identity}`, identity);
    }
  }

  /** It is the end of a load balancer, as the leader has it too: its ticket was lost, and is there again. */
  #isEnd(owner: string, address: string): boolean {
    const ends = [...this.#world.swarm.records.nodes.values()].flatMap((node) => [...node.ends.values()]);
    return owner.startsWith('@endpoint/') && ends.includes(address);
  }

  /** What is held is nobody's home: each ticket is given once. Answers an address that was nobody's until now. */
  held(key: Key, { before, after }: Change): string | undefined {
    const [address = ''] = key.rest;
    if (after === undefined) this.#letGo(key.subnet, address);
    if (after === undefined || before !== undefined) return undefined;
    const owner = this.#see.truth.ownerOf(key.subnet, address);
    if (owner === undefined) return address;
    if (!this.#waits(owner) && !this.#isEnd(owner, address))
      this.#see.fail(`${address} is held as a ticket and is the home of ${owner}`);
    return undefined;
  }

  /**
   * Whether a task of the identity waits for its address, or did when that was asked for: its home may be that. A hold
   * that comes late is answered to nobody who waits for it; should it come into a record, that is looked at.
   */
  #waits(owner: string): boolean {
    const { tasks, services } = this.#world.swarm.records;
    const waited = this.#waited.get(whose(owner)) ?? Number.NEGATIVE_INFINITY;
    const isNow = (task: TaskRecord) => task.state === 'new' && identityOfRecord(task, services) === whose(owner);
    return this.#world.timeline.now - waited < ON_ITS_WAY || [...tasks.values()].some(isNow);
  }

  /** What no record shows and nobody could set right: the end that the leader has for a node stays held. */
  #letGo(subnet: string, address: string): void {
    const { networks, nodes } = this.#world.swarm.records;
    for (const { id, cidr } of networks.values()) {
      if (`swarm ${cidr}` !== subnet) continue;
      for (const { hostname, ends, givenBack } of nodes.values())
        if (ends.get(id) === address && !givenBack.has(address))
          this.#see.fail(`${address} is let go, and is the load balancer's end on ${hostname}`);
    }
  }
}

/** Whether the home is that of the container which runs there. */
function isItsOwn(container: EngineContainer, owner: string): boolean {
  return whose(owner) === nameOf(container);
}

/** A task's is its identity. */
export function nameOf(container: EngineContainer): string {
  return container.task === undefined ? container.name : identityOf(container);
}

/** Whether it has a ticket that counts, and was not given up. */
function isUnderWay({ address, state }: TaskRecord): boolean {
  return address !== '' && ['pending', 'assigned', 'preparing', 'starting'].includes(state);
}
