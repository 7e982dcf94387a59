// Sets the store right against what runs on this node: after a restart of the plugin, after a release that got lost,
// after an import. It looks at containers by their addresses, and ends nothing that it has not missed twice.

import type { TaskRecords } from '../docker/believed.js';
import { asksFor } from '../docker/containers.js';
import { secondHomeOf } from '../docker/identities.js';
import { endpoint, guest, made, nodeOfMade } from '../docker/made-up.js';
import { ofSubnet } from '../docker/networks.js';
import { endsHere, type Resident, readRecords, recordsFor, residentsHere } from '../docker/observed.js';
import type { Container, Network } from '../docker/shapes.js';
import { SWARM, spaceOf } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import type { Binding } from '../host/types.js';
import type { SubnetService } from '../service/index.js';
import { homesOf, homeText, whose } from '../service/second-homes.js';
import type { Environment } from './environment.js';
import { forget } from './forget.js';
import { isLeaders } from './pools.js';
import { placeOf, type Tenants } from './tenants.js';

/** What one look has seen of a subnet. */
interface Seen {
  readonly containers: readonly Container[];
  readonly residents: readonly Resident[];
  /** This node's ends of load balancers; undefined where there are none, or there was no answer. */
  readonly ends: readonly string[] | undefined;
  readonly missed: Set<string>;
  readonly passing: Map<string, number>;
}

/** What a look has seen, and the conflicts that the one before has told of. */
interface Around {
  readonly containers: readonly Container[];
  readonly told: ReadonlySet<string>;
}

export class Reconciler {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  /** What was live here without a container at the last look: space, subnet and identity. */
  #missed = new Set<string>();
  /** Made-up identities that were over at the last look, and since when, by the clock that nobody sets. */
  #passing = new Map<string, number>();
  /** Marks that are this process's own, as the last look has made sure, and as this one has. */
  #own: ReadonlySet<string> = new Set();
  #owned = new Set<string>();
  /** Ends of load balancers that Docker has shown to this process, by space, subnet and address. */
  readonly #seenEnds = new Set<string>();
  /** Conflicts that the last look has told of. */
  #conflicts = new Set<string>();

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#tenants = tenants;
  }

  /** One look at everything. @throws LimpetError UNAVAILABLE when Docker or the store does not answer */
  look(): Promise<void> {
    return this.#tenants.looking(() => this.#look());
  }

  async #look(): Promise<void> {
    const networks = await this.#environment.networks.all();
    const containers = await this.#environment.containers.fresh();
    const records = await this.#records();
    this.#tenants.learnNames(containers);
    const missed = new Set<string>();
    const passing = new Map<string, number>();
    const conflicts = this.#conflicts;
    this.#conflicts = new Set();
    [this.#own, this.#owned] = [this.#owned, new Set()];
    for (const net of this.#subnets()) {
      const node = this.#environment.nodeOf(net);
      await this.#renamed(net, node);
      const here = ofSubnet(networks, net.cidr);
      const residents = residentsHere(containers, here, net.cidr, node, records);
      for (const resident of residents) await this.#settle(net, resident, { containers, told: conflicts });
      const ends = await this.#endsOf(net, here, node, residents);
      for (const address of ends ?? []) await this.#settleEnd(net, address, node);
      for (const binding of concerning(net, node))
        await this.#check(net, binding, { containers, residents, ends, missed, passing });
    }
    this.#missed = missed;
    this.#passing = passing;
  }

  /** What this node can have containers on. */
  #subnets(): SubnetService[] {
    const own = spaceOf(this.#environment.host());
    return [...this.#environment.service().subnets()].filter(({ spec: { space } }) => space === SWARM || space === own);
  }

  /** Who is a task, where this node can ask. A swarm that has lost its leader says nothing: then labels have to do. */
  async #records(): Promise<TaskRecords | undefined> {
    const { docker, isManager, nodeOf } = this.#environment;
    if (!isManager()) return undefined;
    try {
      return recordsFor(await readRecords(docker), nodeOf({ spec: { space: SWARM } }));
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  /**
   * The node has joined a swarm, or left it, and is called otherwise since then: what was live by the old name is by
   * the new one.
   */
  async #renamed(net: SubnetService, node: string): Promise<void> {
    const former = this.#environment.formerNodeOf(net);
    if (former === undefined || former === node) return;
    for (const identity of net.liveOn(former)) {
      await net.allocate(identity, { node });
      await net.release(identity, former);
    }
  }

  /**
   * No list shows the load balancer's end of a network on this node, and it costs Docker more to tell: asked once, and
   * then only when the store's word cannot be true. A node with tasks has one end, a node without has none. Undefined
   * without an answer.
   */
  async #endsOf(
    net: SubnetService,
    networks: readonly Network[],
    node: string,
    residents: readonly Resident[],
  ): Promise<readonly string[] | undefined> {
    if (!isLeaders(net)) return undefined;
    // Before Docker 29 a container that cannot be known is called an end as well.
    const containers = new Set(residents.map(({ address }) => address));
    const own = [...net.list()].filter(
      ({ identity, address }) =>
        made(identity) === 'endpoint' && nodeOfMade(identity) === node && !containers.has(address),
    );
    const isSeen = ({ state, address }: Binding) => state === 'live' && this.#seenEnds.has(keyOf(net, address));
    const isSound = own.length === Math.min(residents.length, 1) && own.every(isSeen);
    if (isSound) return own.map(({ address }) => address);
    try {
      const ends = await endsHere(this.#environment.docker, networks, net.cidr);
      for (const address of ends) this.#seenEnds.add(keyOf(net, address));
      return ends;
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  /** The end has the address for as long as it is there, also when the process that gave it is gone. */
  async #settleEnd(net: SubnetService, address: string, node: string): Promise<void> {
    const identity = endpoint(node, address);
    const { state, identity: owner } = net.inspect(address);
    // It was taken for a task that was left over: whose home that is does not run, and the end is there.
    const isMistaken = owner !== undefined && made(owner) === undefined && state === 'reserved';
    if (isMistaken) await forget(net, owner);
    const isOthers = owner !== undefined && owner !== identity && !isMistaken;
    if (isOthers || state === 'excluded' || address === net.spec.gateway) return;
    if (net.lookup(identity)?.nodes.includes(node)) return this.#takeOver(net, identity, node, address);
    await net.claim(identity, { node, ticket: address });
    this.#mended(net, 'set', { identity, address }, 'a load balancer has it here');
  }

  /** A container runs at an address: whoever's that is must be live here. */
  async #settle(net: SubnetService, resident: Resident, { containers, told }: Around): Promise<void> {
    const { identity, address, doubt } = resident;
    if (doubt !== undefined) this.#doubted(net, resident, doubt.why, told);
    await this.#tenants.alone(net, identity, async () => {
      const { state, identity: owner } = net.inspect(address);
      if (state === 'excluded' || address === net.spec.gateway) return; // nobody's home, whoever is there
      // Nobody has it: an import, or a store that has lost something. Whoever has a home is at its second one there.
      // What Swarm has given to others while this node was away is no home: whoever lives there would come back to it.
      const isGiven = state === 'held' && hasOtherTicket(resident, containers);
      const name = owner ?? (isGiven ? undefined : freeHome(net, identity)) ?? guest(address);
      // It was renamed, or it took the address: it is there in either case, so that nobody else may be given it.
      if (whose(name) !== identity && !this.#isMadeFor(name, address)) this.#conflict(net, resident, name, told);
      // Where nobody has the address, it may be what is left in the list of one who has just left his home.
      const homes = owner === undefined ? [name, ...homesOf(identity), placeOf(address)] : [name];
      const isThere = () => !homes.some((home) => this.#tenants.hasJustLeft(net, home));
      if (!isThere()) return;
      if (owner !== undefined && this.#isFirstHome(net, resident, owner)) return this.#name(net, resident, owner);
      if (made(name) === undefined && this.#tenants.get(net, name) === undefined) {
        const who = { ...resident, name: resident.container };
        this.#tenants.enter(net, name, who, address, this.#tenants.hasForerunner(name, who, containers));
      }
      const node = this.#environment.nodeOf(net);
      if (net.lookup(name)?.nodes.includes(node)) await this.#takeOver(net, name, node, address);
      else await this.#mark(net, resident, name, told, isThere);
    });
  }

  /**
   * Whether it got the address when nobody knew which container it was, and has no other: before Docker 29 several can
   * start at once, as Compose does.
   */
  #isFirstHome(net: SubnetService, { identity, doubt }: Resident, owner: string): boolean {
    if (isLeaders(net) || doubt !== undefined || made(owner) !== 'unnamed' || made(identity) !== undefined)
      return false;
    return homesOf(identity).every((home) => net.lookup(home) === undefined) && net.pinOf(identity) === undefined;
  }

  /** Now it is known who it is: the address is its home. */
  async #name(net: SubnetService, resident: Resident, owner: string): Promise<void> {
    const { identity, address, container } = resident;
    if (!(await net.rename(owner, identity, { node: this.#environment.nodeOf(net) }))) return;
    this.#tenants.leave(net, owner);
    this.#tenants.enter(net, identity, { ...resident, name: container }, address);
    this.#mended(net, 'set', { identity, address, container }, 'its first address, and its home from now on');
  }

  /** @param isThere whether the one that was seen has not left since: the store can be waited for */
  async #mark(
    net: SubnetService,
    resident: Resident,
    identity: string,
    told: ReadonlySet<string>,
    isThere: () => boolean,
  ): Promise<void> {
    const { address, container } = resident;
    // Its home can have been moved meanwhile: then the next look finds it at an address that is nobody's.
    const isAtHome = () => (net.lookup(identity)?.address ?? address) === address;
    const isDue = () => isThere() && isAtHome();
    try {
      await net.claim(identity, { node: this.#environment.nodeOf(net), ticket: address, isDue });
    } catch (error) {
      if (!isDue()) return;
      if (!(error instanceof LimpetError) || error.code !== 'LIVE') throw error;
      return this.#conflict(net, resident, identity, told);
    }
    this.#mended(net, 'set', { identity, address, container }, 'it runs here');
  }

  /**
   * The mark may be that of the process before this one, and would end with its lease while whoever it is for runs on.
   * A store whose marks end puts it under this process's lease, once; others have nothing to do.
   */
  async #takeOver(net: SubnetService, identity: string, node: string, address: string): Promise<void> {
    const key = `${net.spec.space} ${net.cidr} ${identity} ${address}`;
    if (!this.#own.has(key)) await net.allocate(identity, { node, ticket: address });
    this.#owned.add(key);
  }

  /** Who is live here has to be seen here. */
  async #check(net: SubnetService, { identity, address, state }: Binding, seen: Seen): Promise<void> {
    const kind = made(identity);
    const node = this.#environment.nodeOf(net);
    if (state === 'reserved') {
      const isOver = kind === 'unnamed' || (kind === 'endpoint' && seen.ends !== undefined);
      const isPassing = kind === 'guest' || (isOver && nodeOfMade(identity) === node);
      if (isPassing) await this.#pass(net, identity, seen.passing);
      return;
    }
    if (!net.lookup(identity)?.nodes.includes(node)) return;
    if (kind === 'endpoint' && (seen.ends === undefined || seen.ends.includes(address))) return;
    if (seen.residents.some((resident) => resident.address === address)) return;
    if (this.#tenants.isStarting(net, identity, seen.containers)) return;
    const key = keyOf(net, identity);
    if (!this.#missed.has(key)) return void seen.missed.add(key);
    await this.#tenants.alone(net, identity, async () => {
      if (this.#tenants.isStarting(net, identity, await this.#environment.containers.fresh())) return;
      const tenant = this.#tenants.get(net, identity);
      this.#tenants.leave(net, identity);
      await net.release(identity, node);
      this.#tenants.departures.left(net, identity, tenant?.container);
      if (kind !== undefined) await forget(net, identity);
      this.#mended(net, 'ended', { identity, address }, 'it does not run here');
      if (seen.ends?.includes(address)) await this.#settleEnd(net, address, node);
    });
  }

  /** Some time after it was first seen to be over, by this node's own time: clocks of others can be wrong. */
  async #pass(net: SubnetService, identity: string, passing: Map<string, number>): Promise<void> {
    const { clock, waits } = this.#environment;
    const key = keyOf(net, identity);
    const since = this.#passing.get(key) ?? clock.elapsed();
    if (clock.elapsed() - since < waits.sweep) passing.set(key, since);
    else await forget(net, identity);
  }

  /** An owner that is made up for whoever is there. */
  #isMadeFor(owner: string, address: string): boolean {
    return owner === guest(address) || (nodeOfMade(owner) !== undefined && made(owner) !== 'guest');
  }

  /** Not who it says it is, or nobody that could be named: it keeps its address for as long as it runs. */
  #doubted(net: SubnetService, resident: Resident, doubt: string, told: ReadonlySet<string>): void {
    const { container, address } = resident;
    if (this.#isTold(net, resident, '', told)) return;
    this.#environment.tell({
      event: 'doubt',
      level: 'warn',
      subnet: net.cidr,
      address,
      container,
      why: `${container}: ${doubt}`,
    });
  }

  #isTold(net: SubnetService, { container, address }: Resident, owner: string, told: ReadonlySet<string>): boolean {
    const key = `${net.spec.space} ${net.cidr} ${address} ${container} ${owner}`;
    this.#conflicts.add(key);
    return told.has(key);
  }

  /** Told once, and again only after it has gone. */
  #conflict(net: SubnetService, resident: Resident, owner: string, told: ReadonlySet<string>): void {
    const { container, address } = resident;
    if (this.#isTold(net, resident, owner, told)) return;
    const why =
      `${container} runs at the address of ${homeText(owner)}: it was renamed, or has the address from elsewhere; ` +
      'restart it';
    this.#environment.tell({ event: 'conflict', level: 'error', subnet: net.cidr, address, container, owner, why });
  }

  #mended(net: SubnetService, mark: 'set' | 'ended', what: Record<string, string>, why: string): void {
    const node = this.#environment.nodeOf(net);
    this.#environment.tell({ event: 'mend', level: 'info', mark, subnet: net.cidr, node, ...what, why });
  }
}

function keyOf({ spec: { space, cidr } }: SubnetService, what: string): string {
  return `${space} ${cidr} ${what}`;
}

/**
 * Bindings that a look at the node has anything to do with: who is live there, and what is made up and reserved, which
 * ends with its use. Of a large subnet they are few.
 */
function concerning(net: SubnetService, node: string): Binding[] {
  const here = new Set(net.liveOn(node));
  return [...net.list()].filter(
    ({ identity, state }) => here.has(identity) || (state === 'reserved' && made(identity) !== undefined),
  );
}

/** The first home of an identity that has none, the second one of an identity that has only the first. */
function freeHome(net: SubnetService, identity: string): string | undefined {
  const homes = [identity, secondHomeOf(identity)];
  return homes.find((home) => home !== undefined && net.lookup(home) === undefined);
}

/** Whether it is a task's container that has another ticket than the address it runs at. */
function hasOtherTicket({ id, address }: Resident, containers: readonly Container[]): boolean {
  const container = containers.find((each) => each.id === id);
  return container?.task !== undefined && !container.endpoints.some((endpoint) => asksFor(endpoint, address));
}
