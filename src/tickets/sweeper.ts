// Frees what the swarm's leader was given and nobody in the swarm has: it died between the answer and its records, or a
// release got lost. Only the leader's own plugin does it, since only managers can say who has what.

import { made, nodeOfMade } from '../docker/made-up.js';
import { ofSubnet } from '../docker/networks.js';
import { addressesOfTask, nodeOfTask, readRecords, type SwarmRecords, usesOf } from '../docker/observed.js';
import type { Network } from '../docker/shapes.js';
import { mayRun } from '../docker/states.js';
import type { Binding } from '../host/types.js';
import type { SubnetService } from '../service/index.js';
import type { Environment } from './environment.js';
import { isLeaders, LEADER } from './pools.js';
import type { Said } from './said.js';
import { tickets } from './tickets.js';

export class Sweeper {
  readonly #environment: Environment;
  readonly #said: Said;
  /** Held addresses that nobody had at the last look, and since when, by the clock that nobody sets. */
  #unknown = new Map<string, number>();
  /** When each of them could last be a load balancer's end: the leader gives that back some time after its tasks. */
  #doubted = new Map<string, number>();
  /** Subnets that the leader has and no network, and since when. */
  #unused = new Map<string, number>();

  /** @param said what the leader has said to this process */
  constructor(environment: Environment, said: Said) {
    this.#environment = environment;
    this.#said = said;
  }

  /** One look; does nothing unless this node leads. @throws LimpetError UNAVAILABLE */
  async look(nodeId: string): Promise<void> {
    const { clock, docker, networks, service } = this.#environment;
    const began = clock.elapsed();
    const records = await readRecords(docker);
    if (!records.nodes.get(nodeId)?.leader) {
      this.#unknown.clear();
      this.#unused.clear();
      this.#doubted.clear();
      this.#said.lose(began);
      return;
    }
    const all = await networks.all();
    const unknown = new Map<string, number>();
    const unused = new Map<string, number>();
    for (const net of [...service().subnets()]) {
      // What hosts share among themselves the leader knows nothing of.
      if (!isLeaders(net)) continue;
      const networks = ofSubnet(all, net.cidr);
      await this.#sweep(net, networks, records, unknown);
      if (networks.length === 0 && !all.some(isBeingMade)) await this.#giveBack(net, unused, began);
    }
    this.#unknown = unknown;
    this.#unused = unused;
    for (const key of this.#doubted.keys()) if (!unknown.has(key)) this.#doubted.delete(key);
  }

  async #sweep(
    net: SubnetService,
    networks: readonly Network[],
    records: SwarmRecords,
    unknown: Map<string, number>,
  ): Promise<void> {
    const uses = networks.flatMap((network) => usesOf(records, network, net.cidr));
    const known = new Set(uses.map(({ address }) => address));
    for (const address of known) if (net.inspect(address).state === 'free') await this.#hold(net, address);
    await this.#holdEnds(net);
    const { clock, waits } = this.#environment;
    const isEnd = (address: string) =>
      !known.has(address) && net.isHeld(address) && !this.#lacks(net, networks, address);
    const waiting = withoutBalancer(net, networks, records, isEnd);
    const kept: string[] = [];
    for (const address of [...tickets(net)]) {
      if (known.has(address)) continue;
      const key = `${net.cidr} ${address}`;
      // Freed and given again between two looks, it is another one.
      const given = this.#said.given(net.spec, address)?.at ?? Number.NEGATIVE_INFINITY;
      const since = Math.max(this.#unknown.get(key) ?? clock.elapsed(), given);
      const isOver = clock.elapsed() - since >= waits.sweep;
      const mayBeEnd = waiting.length > 0 && !this.#lacks(net, networks, address);
      if (mayBeEnd) this.#doubted.set(key, clock.elapsed());
      if (isOver && !this.#isDoubted(key)) await this.#free(net, address);
      else unknown.set(key, since);
      if (isOver && mayBeEnd) kept.push(address);
    }
    if (kept.length > 0) this.#keep(net, kept, waiting);
  }

  /** The leader that removed the last network died before it gave the pool back, or it led no longer. */
  async #giveBack(net: SubnetService, unused: Map<string, number>, began: number): Promise<void> {
    const { clock, waits, tell } = this.#environment;
    // The list of networks is of the look's beginning, and the store can have been waited for since.
    if (!net.users.includes(LEADER) || this.#said.hasBegun(net.spec, began)) return;
    const since = this.#unused.get(net.cidr) ?? clock.elapsed();
    if (clock.elapsed() - since < waits.sweep) return void unused.set(net.cidr, since);
    await net.disuse(LEADER);
    const about = { space: net.spec.space, subnet: net.cidr, addressSpace: 'global' } as const;
    tell({ event: 'pool', level: 'warn', ...about, why: 'released: no network of the swarm has it' });
  }

  #isDoubted(key: string): boolean {
    const { clock, waits } = this.#environment;
    return clock.elapsed() - (this.#doubted.get(key) ?? Number.NEGATIVE_INFINITY) < waits.sweep;
  }

  /** Whether the leader has not got it for certain, by its own word: two networks with one subnet it says apart. */
  #lacks(net: SubnetService, networks: readonly Network[], address: string): boolean {
    return networks.length === 1 && this.#said.lacks(net.spec, address, this.#environment.waits.sweep);
  }

  #keep({ cidr: subnet }: SubnetService, addresses: readonly string[], nodes: readonly string[]): void {
    const why = `${addresses.length} not swept: the load balancers of these nodes have not asked for their addresses`;
    this.#environment.tell({ event: 'sweep', level: 'debug', subnet, nodes, why });
  }

  /** No record shows the end that a leader has said again to a plugin which took it for held, by what it knew last. */
  async #holdEnds(net: SubnetService): Promise<void> {
    const isLost = ({ identity, address, state }: Binding) =>
      made(identity) === 'endpoint' && state === 'live' && !net.isHeld(address) && this.#isGiven(net, address);
    for (const { identity, address } of [...net.list()].filter(isLost)) {
      await net.holdHome(identity);
      this.#mended(net, address, 'held again: the leader has it for a load balancer');
    }
  }

  #isGiven(net: SubnetService, address: string): boolean {
    return this.#said.given(net.spec, address) !== undefined;
  }

  /** A release that came late has ended what was given again since: nobody else must get it. */
  async #hold(net: SubnetService, address: string): Promise<void> {
    await net.hold(address);
    this.#mended(net, address, "held again: it was free, and Swarm's records have it");
  }

  #mended({ cidr: subnet }: SubnetService, address: string, why: string): void {
    this.#environment.tell({ event: 'mend', level: 'warn', mark: 'held', subnet, address, why });
  }

  async #free(net: SubnetService, address: string): Promise<void> {
    if (!(await net.unhold(address, { asKnown: true }))) return;
    const why = 'unheld: no task, virtual IP, load balancer or gateway has it';
    this.#environment.tell({ event: 'sweep', level: 'warn', subnet: net.cidr, address, why });
  }
}

/** The swarm's, and its leader has not written yet who gives its addresses. */
function isBeingMade({ scope, ipam }: Network): boolean {
  return scope === 'swarm' && ipam === '';
}

/**
 * Nodes with a task on the network whose load balancer has not been seen here. Docker does not say which address it has
 * for it, or whether it has one: until the node's plugin has been asked for it, it looks like a leak. A node that has
 * none because the subnet is full never asks, so that what the leader cannot have is swept all the same.
 */
function withoutBalancer(
  net: SubnetService,
  networks: readonly Network[],
  { tasks, nodes }: SwarmRecords,
  isEnd: (address: string) => boolean,
): string[] {
  const seen = new Set<string | undefined>();
  // Before Docker 29 whoever cannot be known is called an end as well, with a ticket that the records show; a node that
  // was away still has the end that it had before; and one that made the network again while the leader gave it another
  // end goes on with the former, whose ticket is over.
  for (const { identity, address } of net.list())
    if (made(identity) === 'endpoint' && isEnd(address)) seen.add(nodeOfMade(identity));
  const on = tasks.filter(mayRun).filter((task) => networks.some((each) => addressesOfTask(task, each).length > 0));
  const needed = new Set(on.map(nodeOfTask));
  return [...nodes.values()]
    .filter(({ id }) => needed.has(id) && !seen.has(id))
    .map(({ id, hostname }) => hostname || id);
}
