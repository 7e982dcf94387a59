// The judge of safety: looks at every change of what is stored and at every address that a container gets, and knows
// the whole world as no process in it does. It decides nothing by what a plugin says of itself.
import { LimpetError } from '../../src/host/errors.js';
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Records, TaskRecord } from '../../src/simulator/swarm/records.js';
import { identityOf, mayBeMade, wrongChoice } from './chosen.js';
import type { Change, Entry, Revision } from './etcd/history.js';
import { wrongPin } from './pins.js';
import type { Stage } from './stage.js';
import { type Key, parse, Truth } from './truth.js';

/** Milliseconds from the loss of a lease on: what was answered before may still be on its way. */
const ON_ITS_WAY = 35_000;
/** So long after a disturbance a lease may end by it. */
const AFTERMATH = 20_000;

/** A container is made, asks for its address and runs within so many milliseconds. */
const UNSEEN = 61_000;

/** Milliseconds between a decision and its answer, where nothing is in the way. */
const MOMENT = 1000;

/** Words of a log that no world may bring about. */
const IMPOSSIBLE = /cannot be:|failed in|is not a function|undefined|duplicate key|too many (operations|changes)/;

export class Judge {
  readonly truth: Truth;
  /** What must not be and was; the first one ends the world. */
  violation: string | undefined;
  readonly #world: Stage;
  /** When the marks of a node were last lost with its lease: true time. */
  readonly #lapsed = new Map<SwarmNode, number>();
  /** Nodes whose marks are void, whenever they were made. */
  readonly #down = new Set<SwarmNode>();
  /** Nodes whose store was opened while no manager answered. */
  readonly #byMemory = new Set<SwarmNode>();
  /** When a task of an identity was last seen to wait for its address: true time. */
  readonly #waited = new Map<string, number>();
  /** When a mark of an identity has last ended: true time. */
  readonly #left = new Map<string, number>();
  readonly #disturbed = new Map<SwarmNode | '*', number>();
  /** Addresses that two came to have while one was cut off: nobody can take one away from a container that runs. */
  readonly #shared = new Set<string>();
  /** Bindings that a person ends now. */
  readonly ending = new Set<string>();
  /** Identities for which somebody has chosen an address, or has ended such a choice. */
  readonly pinning = new Set<string>();
  /** When an operator did that last: true time. */
  readonly chosen = new Map<string, number>();
  /** Identities whose users want another address. */
  readonly wishing = new Set<string>();

  constructor(world: Stage) {
    this.#world = world;
    this.truth = new Truth(world.shared.facts);
  }

  fail(what: string): void {
    if (this.violation === undefined) this.#world.note(`VIOLATION ${what}`);
    this.violation ??= what;
  }

  /** Something ails a node's way to etcd from now on. The answer: no longer. */
  disturb(node: SwarmNode | '*'): () => void {
    this.#disturbed.set(node, Number.POSITIVE_INFINITY);
    return () => void this.#disturbed.set(node, this.#world.timeline.now);
  }

  leaseEnded(lease: string): void {
    const host = this.truth.hostOf(lease);
    const node = this.#world.swarm.nodes.find(({ record }) => `host-id-${record.hostname}` === host);
    this.#world.note(`lease ${lease} of ${node?.record.hostname} ends`);
    this.#world.happened('a lease ends');
    if (node === undefined) return;
    this.#lapsed.set(node, this.#world.timeline.now);
    const process = this.#world.processes.get(node);
    const since = Math.max(this.#disturbed.get(node) ?? 0, this.#disturbed.get('*') ?? 0);
    if (this.#world.timeline.now - since > AFTERMATH && process?.runs && this.#isOf(node, lease))
      this.fail(`the lease of ${node.record.hostname} ends, though nothing ails it`);
  }

  /** Swarm calls a node down, and its marks are void until it is up again. */
  swarmCalls(node: SwarmNode, is: 'down' | 'up'): void {
    this.#world.note(`${node.record.hostname} is ${is}`);
    this.#world.happened(`a node is ${is}`);
    this.#lapsed.set(node, this.#world.timeline.now);
    if (is === 'down') this.#down.add(node);
    else this.#down.delete(node);
  }

  changed({ revision, changes }: Revision): void {
    const removed = new Set<string>();
    for (const { key, after } of changes) {
      const parsed = parse(key);
      if (parsed?.kind === 'subnet' && after === undefined) removed.add(parsed.subnet);
    }
    for (const change of changes) {
      const key = parse(change.key);
      if (key === undefined || key.kind === 'process') continue;
      const verb = change.after === undefined ? 'ends' : 'puts';
      const what = `${verb} ${change.key.slice(11)} ${change.after?.value ?? ''}`;
      this.#world.note(`${this.#world.store} ${revision} ${what} by ${this.#world.shared.facts.by}`);
      const isPutAgain = change.before?.lease !== change.after?.lease && change.before !== undefined;
      if (key.kind === 'live' && change.after !== undefined && isPutAgain) this.#world.happened('a mark is put again');
      if (removed.has(key.subnet)) this.#removed(key);
      else if (key.kind === 'identity') this.#identity(key, change);
      else if (key.kind === 'held') this.#held(key, change);
      else if (key.kind === 'live') this.#live(key, change);
    }
  }

  /** Whether two came to have the address while one was cut off. */
  isShared(subnet: string, address: string): boolean {
    return this.#shared.has(`${subnet} ${address}`);
  }

  /** A container has got its address. */
  addressed(node: SwarmNode, container: EngineContainer): void {
    const { has, name, networkId } = container;
    const subnet = this.subnetOf(node, container);
    const host = node.record.hostname;
    this.#world.note(`${host} ${name} has ${has}`);
    if (subnet === undefined) return void this.fail(`${name} has ${has} of no subnet`);
    if (has === this.truth.settings(subnet)?.gateway) this.fail(`${name} has the gateway ${has}`);
    for (const { ends } of this.#world.swarm.records.nodes.values())
      if (ends.get(networkId) === has) this.fail(`${name} has the load balancer's ${has}`);
    for (const { virtual, networkId: on } of this.#world.swarm.records.services.values())
      if (on === networkId && virtual === has) this.fail(`${name} has the virtual IP ${has}`);
    for (const [other, at] of this.#at(subnet, has)) {
      if (other === container) continue;
      const isExcused = this.hasLapsed(at, other.since) || this.hasLapsed(node, this.#world.timeline.now - ON_ITS_WAY);
      // Whatever the store has forgotten, a node sees who runs on itself.
      const isSeen = at === node && other.shown === has;
      if (isExcused && !isSeen) {
        this.#shared.add(`${subnet} ${has}`);
        this.#world.happened('two at one address, one cut off');
      } else this.fail(`${other.name} on ${at.record.hostname} and ${name} on ${host} have ${has}`);
    }
    if (this.hasLapsed(node, this.#world.timeline.now - ON_ITS_WAY)) return;
    const owner = this.truth.ownerOf(subnet, has);
    const id = idIn(subnet, node);
    if (owner === undefined) this.fail(`${name} on ${host} has ${has}, which is nobody's`);
    else if (!this.truth.liveOn(subnet, owner).includes(id))
      this.fail(`${name} on ${host} has ${has} of ${owner}, which is not live there`);
    else if (container.task !== undefined) {
      this.#atHome(subnet, node, container, owner);
      this.#asChosen(subnet, container);
    }
  }

  /** It is where its label says, unless its author or an operator has chosen otherwise while it waited for its home. */
  #asChosen(subnet: string, container: EngineContainer): void {
    const wrong = wrongChoice(this.truth, subnet, container);
    const { services } = this.#world.swarm.records;
    const isAsLabelled = services.get(container.task?.serviceId ?? '')?.labels === container.labels;
    const since = this.chosen.get(identityOf(container)) ?? Number.NEGATIVE_INFINITY;
    if (wrong !== undefined && isAsLabelled && since < this.#world.timeline.now - ON_ITS_WAY) this.fail(wrong);
  }

  /** A task is at one of its two homes, and a guest only while others are at both of them. */
  #atHome(subnet: string, node: SwarmNode, { name, has }: EngineContainer, owner: string): void {
    const identity = name.slice(0, name.lastIndexOf('.'));
    if (!isMadeUp(owner) && whose(owner) !== identity) this.fail(`${name} has ${has}, which is ${owner}'s`);
    // Before Docker 29 a worker cannot tell a task that starts late from a load balancer's end.
    const cannotTell = !node.isManager && this.#world.plan.version !== '29.7.2';
    if (!owner.startsWith('@guest/') || cannotTell || this.#mayHaveAsked(node, identity, name)) return;
    const second = `@second/${identity}`;
    const isLost =
      this.#down.size > 0 || [...this.#lapsed.values()].some((at) => at >= this.#world.timeline.now - ON_ITS_WAY);
    const isFree = [identity, second].every((home) => this.#isFree(subnet, home));
    if (!isLost && (isFree || this.truth.homeOf(subnet, second) === undefined))
      this.fail(`${name} is a guest at ${has}, and nobody is at ${second}`);
  }

  /** Nobody is live there, and has not been a moment ago: whoever asked then was answered by that. */
  #isFree(subnet: string, home: string): boolean {
    const left = this.#left.get(`${subnet} ${home}`) ?? Number.NEGATIVE_INFINITY;
    return this.truth.liveOn(subnet, home).length === 0 && this.#world.timeline.now - left > MOMENT;
  }

  /**
   * Whether another task of the slot was made shortly before the node's plugin was started, and waits to run: it may
   * have either home by the word of the process before, and nobody can say which.
   */
  #mayHaveAsked(node: SwarmNode, identity: string, asker: string): boolean {
    const since = this.#world.processes.get(node)?.since ?? 0;
    return [...node.engine.containers.values()].some(({ name, state, created }) => {
      const isUnseen = state === 'created' && created < since + 1000 && created > since - UNSEEN;
      return isUnseen && name !== asker && name.startsWith(`${identity}.`);
    });
  }

  /** Swarm's records have every address once, and what they have for nobody's task is nobody's home. */
  records(): void {
    const { networks, services, nodes, tasks } = this.#world.swarm.records;
    for (const task of tasks.values())
      if (task.state === 'new') this.#waited.set(identityOfRecord(task, services), this.#world.timeline.now);
    for (const { id, name, gateway } of networks.values()) {
      const all = [gateway, ...[...nodes.values()].map(({ ends }) => ends.get(id) ?? '')];
      for (const each of services.values()) if (each.networkId === id) all.push(each.virtual);
      for (const each of tasks.values()) if (each.networkId === id) all.push(each.address);
      const given = all.filter((address) => address !== '').sort();
      const twice = given.find((address, n) => address === given[n + 1]);
      if (twice !== undefined) this.fail(`Swarm was given ${twice} of ${name} twice`);
      this.#homesAreTasks(id);
    }
  }

  /** A home is a ticket of its own task alone: no virtual IP, no end of a load balancer, no other task's. */
  #homesAreTasks(networkId: string): void {
    const { networks, services, nodes, tasks } = this.#world.swarm.records;
    const subnet = `swarm ${networks.get(networkId)?.cidr}`;
    const check = (address: string | undefined, what: string, identity?: string) => {
      const owner = address ? this.truth.ownerOf(subnet, address) : undefined;
      if (address === undefined || owner === undefined || isMadeUp(owner) || whose(owner) === identity) return;
      // Whoever was cut off and runs there has it again, though it was given to the leader meanwhile.
      if ([...this.#at(subnet, address)].some(([container, at]) => this.hasLapsed(at, container.since))) return;
      this.fail(`${what} is ${address}, which is the home of ${owner}`);
    };
    for (const each of services.values())
      if (each.networkId === networkId) check(each.virtual, `the virtual IP of ${each.name}`);
    for (const { ends, hostname } of nodes.values())
      check(ends.get(networkId), `the load balancer's end on ${hostname}`);
    for (const task of tasks.values()) {
      // What a user asks for by --ip the leader is given, and the node refuses; jobs' containers are called by another
      // number than their tasks.
      if (task.networkId !== networkId || !services.has(task.serviceId) || !isUnderWay(task) || isJob(task, services))
        continue;
      const identity = identityOfRecord(task, services);
      check(task.address, `the ticket of a task of ${identity}`, identity);
    }
  }

  refused(node: SwarmNode, call: string, error: Error): void {
    if (!(error instanceof LimpetError)) this.fail(`${node.record.hostname} fails in ${call}: ${error.stack}`);
    else this.#world.happened(`refused ${error.code}`);
    if (IMPOSSIBLE.test(error.message)) this.fail(error.message);
  }

  logged(node: SwarmNode, level: string, event: string | undefined, message: string): void {
    // It has let in who was here by what it remembered: nobody else knows, until everything was read and looked at.
    if (/begun with what was known last/.test(message)) this.#byMemory.add(node);
    if (/were read again/.test(message) && this.#byMemory.delete(node))
      this.#lapsed.set(node, this.#world.timeline.now);
    const name = /the lease had ended|read again|is away|is back|faster|reading again/.exec(message)?.[0];
    if (name !== undefined) this.#world.happened(`store ${name}`);
    if (/when another process reclaimed its binding/.test(message)) {
      this.#world.happened('store a live binding was reclaimed elsewhere');
      if (!this.#lapsed.has(node)) this.fail(message);
    } else if (IMPOSSIBLE.test(message)) this.fail(message);
    else if (level === 'error' && event === 'store') this.fail(message);
  }

  /** The home of a container that runs, and of one that may come back, is not given up. */
  #identity(key: Key, change: Change): void {
    const { before, after } = change;
    const [identity = ''] = key.rest;
    const wrong = wrongPin(this.truth, key, change, this.pinning);
    if (wrong !== undefined) this.fail(wrong);
    if (before !== undefined && after !== undefined) this.#moved(key, identity, before, after);
    if (before === undefined && after !== undefined) this.#made(key, identity, after);
    if (after !== undefined || before === undefined || isMadeUp(identity)) return;
    const { address, released } = JSON.parse(before.value.toString());
    const live = this.truth.liveOn(key.subnet, identity);
    if (live.length > 0) this.fail(`${identity} is live on ${live} and loses its home ${address}`);
    this.#nobodyRuns(key.subnet, address, `loses its owner ${identity}`);
    if ([identity, whose(identity)].some((each) => this.ending.has(each) || this.wishing.has(each)))
      return void this.#world.happened('a home is given up');
    if (this.#isRemoved(identity)) return void this.#world.happened('a home of a removed container is given up');
    const { after: age, whenFull } = this.truth.settings(key.subnet)?.reclaim ?? {};
    // A home that waits for the next turn of an identity that runs goes only when there is no room.
    const other = identity === whose(identity) ? `@second/${identity}` : whose(identity);
    const isWaiting = this.truth.liveOn(key.subnet, other).length > 0;
    const byAge = isWaiting ? Number.POSITIVE_INFINITY : (age ?? Number.POSITIVE_INFINITY);
    const least = Math.min(byAge, whenFull?.holdDown ?? Number.POSITIVE_INFINITY);
    const skew = Math.max(...this.#world.swarm.nodes.map(({ wall }) => Math.abs(wall.ahead)), this.#world.plan.skew);
    const since = Math.max(
      released ?? this.#world.timeline.now,
      isWaiting ? 0 : (this.truth.releasedAt(key.subnet, other) ?? 0),
    );
    const old = this.#world.timeline.now - since;
    if (old + 2 * skew + 2 < least) this.fail(`${identity} loses its home ${address} ${old} ms after its release`);
    else this.#world.happened('a home is reclaimed by policy');
  }

  /** A container that somebody ran by hand, and that is on no machine any more: nobody comes back as it. */
  #isRemoved(identity: string): boolean {
    const name = identity.replace(/^container:/, '');
    if (name === identity && /\.(\d+|[0-9a-z]{25})$/.test(identity)) return false; // a task's
    return this.#world.swarm.nodes.every(({ engine }) => engine.named(name) === undefined);
  }

  /** A home is made in the part of the subnet that its author has named, for whichever of its tasks asks. */
  #made({ subnet }: Key, identity: string, { value }: Entry): void {
    const { address, pinned } = JSON.parse(value.toString());
    if (isMadeUp(identity) || pinned !== undefined) return;
    const node = this.#world.swarm.nodes.find(({ record }) => record.hostname === this.#world.shared.facts.by);
    const all = [...(node?.engine.containers.values() ?? [])];
    const askers = all.filter(
      (each) => each.task && each.has === '' && each.isBusy && identityOf(each) === whose(identity),
    );
    if (!mayBeMade(address, askers))
      this.fail(`${identity} gets ${address} of ${subnet}, which its label does not name`);
  }

  /** Nobody runs at a home that an identity leaves for one that was chosen for it. */
  #moved(key: Key, identity: string, before: Entry, after: Entry): void {
    const [from, to] = [before, after].map(({ value }) => JSON.parse(value.toString()).address);
    if (from === to) return;
    this.#world.happened('an identity moves to a chosen home');
    this.#nobodyRuns(key.subnet, from, `is left by ${identity} for ${to}`);
  }

  /** What is held is nobody's home: each ticket is given once. */
  #held(key: Key, { before, after }: Change): void {
    const [address = ''] = key.rest;
    if (after === undefined) this.#letGo(key.subnet, address);
    if (after === undefined || before !== undefined) return;
    const owner = this.truth.ownerOf(key.subnet, address);
    if (owner === undefined) this.#nobodyRuns(key.subnet, address, 'becomes a ticket');
    else if (!this.#waits(owner) && !this.#isLost(owner))
      this.fail(`${address} is held as a ticket and is the home of ${owner}`);
  }

  /** Whether a task of the identity waits for its address: its home may be that. */
  #waits(owner: string): boolean {
    const { tasks, services } = this.#world.swarm.records;
    return [...tasks.values()].some(
      (task) => task.state === 'new' && identityOfRecord(task, services) === whose(owner),
    );
  }

  /**
   * Whether it is the late word of one that leads no longer, for a task that waited when it was asked for: the answer
   * comes into no record, and nobody else gets the address.
   */
  #isLost(owner: string): boolean {
    const { leader } = this.#world.swarm;
    const waited = this.#waited.get(whose(owner)) ?? Number.NEGATIVE_INFINITY;
    const isFormers = leader?.record.hostname !== this.#world.shared.facts.by;
    return isFormers && this.#world.timeline.now - waited < ON_ITS_WAY;
  }

  /** What no record shows and nobody could set right: the end that the leader has for a node stays held. */
  #letGo(subnet: string, address: string): void {
    const { networks, nodes } = this.#world.swarm.records;
    for (const { id, cidr } of networks.values()) {
      if (`swarm ${cidr}` !== subnet) continue;
      for (const { hostname, ends } of nodes.values())
        if (ends.get(id) === address) this.fail(`${address} is let go, and is the load balancer's end on ${hostname}`);
    }
  }

  /** A mark ends with its lease, or when nothing runs there. */
  #live(key: Key, { after, before }: Change): void {
    const [identity = '', id = ''] = key.rest;
    if (after === undefined) this.#left.set(`${key.subnet} ${identity}`, this.#world.timeline.now);
    if (after !== undefined || before === undefined || !this.#world.shared.facts.counts(before)) return;
    const address = this.truth.homeOf(key.subnet, identity);
    if (address === undefined) return;
    for (const [container, node] of this.#at(key.subnet, address)) {
      const isHere = node.record.id === id || `host-id-${node.record.hostname}` === id;
      if (isHere && !this.hasLapsed(node, container.since))
        this.fail(`${container.name} runs on ${node.record.hostname} with ${address}, and is live there no more`);
    }
  }

  /** All that a subnet had goes with it. */
  #removed(key: Key): void {
    if (key.kind !== 'address') return;
    this.#nobodyRuns(key.subnet, key.rest[0] ?? '', 'goes with its subnet');
  }

  #nobodyRuns(subnet: string, address: string, what: string): void {
    for (const [container, node] of this.#at(subnet, address)) {
      if (!this.hasLapsed(node, container.since))
        this.fail(`${address} ${what}, and ${container.name} on ${node.record.hostname} has it`);
    }
  }

  /** Containers that have the address, whatever they are called. */
  *#at(subnet: string, address: string): Generator<[EngineContainer, SwarmNode]> {
    for (const node of this.#world.swarm.nodes) {
      for (const container of node.engine.containers.values())
        if (container.has === address && this.subnetOf(node, container) === subnet) yield [container, node];
    }
  }

  /** The subnet that the container's network is, as the store has it. */
  subnetOf(node: SwarmNode, container: EngineContainer): string | undefined {
    const record = this.#world.swarm.records.networks.get(container.networkId);
    if (record !== undefined) return `swarm ${record.cidr}`;
    const network = node.engine.networks.named(container.network);
    if (network === undefined) return undefined;
    const isShared = network.options['limpet.scope'] === 'cluster' || network.scope === 'swarm';
    return `${isShared ? 'swarm' : `node:host-id-${node.record.hostname}`} ${network.cidr}`;
  }

  /** Whether the node has lost its marks with a lease since then. */
  hasLapsed(node: SwarmNode, since: number): boolean {
    if (this.#down.has(node) || this.#byMemory.has(node)) return true;
    return (this.#lapsed.get(node) ?? Number.NEGATIVE_INFINITY) >= since;
  }

  /** Whether it is the lease of the process that runs there now: an earlier one's may end at any time. */
  #isOf(node: SwarmNode, lease: string): boolean {
    return this.#world.leases.get(node) === lease;
  }
}

/** Whether it is an identity that ends with its use. */
export function isMadeUp(identity: string): boolean {
  return identity.startsWith('@') && whose(identity) === identity;
}

function isJob({ serviceId }: TaskRecord, services: Records['services']): boolean {
  return services.get(serviceId)?.mode === 'replicated job';
}

/** Whose the task is, by what a manager lists. */
function identityOfRecord(task: TaskRecord, services: Records['services']): string {
  const service = services.get(task.serviceId);
  const slot = isJob(task, services) ? task.slot - 1 : task.slot;
  return `${service?.name}.${slot === 0 ? task.nodeId : slot}`;
}

/** Whether it has a ticket that counts, and was not given up. */
function isUnderWay({ address, state }: TaskRecord): boolean {
  return address !== '' && ['pending', 'assigned', 'preparing', 'starting'].includes(state);
}

/** Whose home a binding is. */
function whose(name: string): string {
  return name.replace(/^@second\//, '');
}

/** The node as the live marks of the subnet name it. */
export function idIn(subnet: string, { record }: SwarmNode): string {
  return subnet.startsWith('swarm ') ? record.id : `host-id-${record.hostname}`;
}
