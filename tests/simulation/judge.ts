// The judge of safety: looks at every change of what is stored and at every address that a container gets, and knows
// the whole world as no process in it does. It decides nothing by what a plugin says of itself.
import { LimpetError } from '../../src/host/errors.js';
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { mayBeMade, wrongChoice } from './chosen.js';
import type { Change, Entry, Revision } from './etcd/history.js';
import { Lapses } from './lapses.js';
import { besides, identityOf, idIn, isMadeUp, whose } from './naming.js';
import { wrongPin } from './pins.js';
import type { Stage } from './stage.js';
import { nameOf, Tickets } from './tickets.js';
import { type Key, parse, Truth } from './truth.js';

/** Milliseconds from the loss of a lease on: what was answered before may still be on its way. */
const ON_ITS_WAY = 35_000;
/** Milliseconds after which a Docker that was silent has been asked again. */
const ASKED_AGAIN = 300;
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
  readonly lapses: Lapses;
  readonly tickets: Tickets;
  /** When a mark of an identity has last ended, in true time, and where its home was then. */
  readonly #left = new Map<string, { readonly at: number; readonly address: string }>();
  /** Who came to an address last, and where. */
  readonly #last = new Map<string, [EngineContainer, SwarmNode]>();
  /** The same of each name. */
  readonly #lastOf = new Map<string, [EngineContainer, SwarmNode]>();
  /** Containers that came to an address of another one while either was cut off: nobody can take it away from them. */
  readonly #sharing = new Set<EngineContainer>();
  /** Milliseconds that a machine's clock was wrong at most. */
  #skew = 0;
  /** Bindings that a person ends, and when he did last: true time. */
  readonly ending = new Map<string, number>();
  /** Identities for which somebody has chosen an address, or has ended such a choice. */
  readonly pinning = new Set<string>();
  /** When an operator did that last: true time. */
  readonly chosen = new Map<string, number>();
  /** When the author of a service has changed its labels last: true time. */
  readonly labelled = new Map<string, number>();
  /** Identities whose users want another address. */
  readonly wishing = new Set<string>();
  /** Who has come to an address, by subnet and address; who has left it since is taken out when it is looked at. */
  readonly #came = new Map<string, Map<EngineContainer, SwarmNode>>();
  /** Live marks that the revision which is looked at has put: subnet, identity and node. */
  readonly #arrived = new Set<string>();
  /** What each was called when it got its address. */
  readonly #names = new WeakMap<EngineContainer, string>();

  constructor(world: Stage) {
    this.#world = world;
    this.truth = new Truth(world.shared.facts);
    this.lapses = new Lapses(world, this.truth);
    this.tickets = new Tickets(world, {
      truth: this.truth,
      fail: (what) => this.fail(what),
      at: (subnet, address) => this.at(subnet, address),
      last: (subnet, address, name) => this.#lastOf.get(`${subnet} ${address} ${name}`),
      hasLapsed: (node, since) => this.lapses.has(node, since),
    });
  }

  fail(what: string): void {
    if (this.violation === undefined) this.#world.note(`VIOLATION ${what}`);
    this.violation ??= what;
  }

  leaseEnded(lease: string): void {
    const wrong = this.lapses.leaseEnded(lease);
    if (wrong !== undefined) this.fail(wrong);
  }

  changed({ revision, changes }: Revision): void {
    this.#skew = Math.max(this.#skew, ...this.#world.swarm.nodes.map(({ wall }) => Math.abs(wall.ahead)));
    const removed = new Set<string>();
    this.#arrived.clear();
    for (const { key, before, after } of changes) {
      const parsed = parse(key);
      if (parsed?.kind === 'subnet' && after === undefined) removed.add(parsed.subnet);
      if (parsed?.kind === 'live' && before === undefined)
        this.#arrived.add(`${parsed.subnet} ${parsed.rest.join(' ')}`);
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
      else if (key.kind === 'held') {
        const address = this.tickets.held(key, change);
        if (address !== undefined) this.#nobodyRuns(key.subnet, address, 'becomes a ticket');
      } else if (key.kind === 'live') this.#live(key, change);
    }
  }

  /** Whether two have the address that came to it while one was cut off. */
  isShared(subnet: string, address: string): boolean {
    const there = [...this.at(subnet, address)];
    return there.length > 1 && there.some(([container]) => this.#sharing.has(container));
  }

  /** Whether it was renamed while it ran. */
  isRenamed(container: EngineContainer): boolean {
    return container.name !== this.#names.get(container);
  }

  /** A container has got its address. */
  addressed(node: SwarmNode, container: EngineContainer): void {
    const { has, name, networkId } = container;
    const subnet = this.subnetOf(node, container);
    const host = node.record.hostname;
    this.#world.note(`${host} ${name} has ${has}`);
    this.#names.set(container, name);
    if (subnet === undefined) return void this.fail(`${name} has ${has} of no subnet`);
    const came = this.#came.get(`${subnet} ${has}`) ?? new Map<EngineContainer, SwarmNode>();
    this.#came.set(`${subnet} ${has}`, came.set(container, node));
    this.#last.set(`${subnet} ${has}`, [container, node]);
    this.#lastOf.set(`${subnet} ${has} ${nameOf(container)}`, [container, node]);
    if (has === this.truth.settings(subnet)?.gateway) this.fail(`${name} has the gateway ${has}`);
    for (const { ends, givenBack } of this.#world.swarm.records.nodes.values())
      if (ends.get(networkId) === has && !givenBack.has(has)) this.fail(`${name} has the load balancer's ${has}`);
    for (const { virtual, networkId: on } of this.#world.swarm.records.services.values())
      if (on === networkId && virtual === has) this.fail(`${name} has the virtual IP ${has}`);
    for (const [other, at] of this.at(subnet, has)) {
      if (other === container) continue;
      const isExcused =
        this.lapses.has(at, other.since) || this.lapses.has(node, this.#world.timeline.now - ON_ITS_WAY);
      // Whatever the store has forgotten, a node sees who runs on itself.
      const isSeen = at === node && other.shown === has;
      if (isExcused && !isSeen) {
        this.#sharing.add(container);
        this.#world.happened('two at one address, one cut off');
      } else this.fail(`${other.name} on ${at.record.hostname} and ${name} on ${host} have ${has}`);
    }
    if (this.lapses.has(node, this.#world.timeline.now - ON_ITS_WAY)) return;
    const owner = this.truth.ownerOf(subnet, has);
    const id = idIn(subnet, node);
    if (owner === undefined) this.fail(`${name} on ${host} has ${has}, which is nobody's`);
    else if (!this.truth.liveOn(subnet, owner).includes(id))
      this.fail(`${name} on ${host} has ${has} of ${owner}, which is not live there`);
    else if (container.task !== undefined) {
      this.#atHome(subnet, node, container, owner);
      if (this.#knowsLabels(node)) this.#asChosen(subnet, container);
    }
  }

  /** While Docker boots its API does not say what labels a container has, and until it is asked again nobody knows. */
  #knowsLabels({ engine: { state, upSince } }: SwarmNode): boolean {
    return state === 'up' && this.#world.timeline.now - upSince > ASKED_AGAIN;
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
  #atHome(subnet: string, node: SwarmNode, { name, has, asks }: EngineContainer, owner: string): void {
    const identity = name.slice(0, name.lastIndexOf('.'));
    if (!isMadeUp(owner) && whose(owner) !== identity) this.fail(`${name} has ${has}, which is ${owner}'s`);
    // Before Docker 29 it can be that nobody knows who asks.
    const isGuest = owner.startsWith('@guest/') || (this.#world.plan.version === '29.7.2' && isMadeUp(owner));
    if (!isGuest || this.#mayHaveAsked(node, identity, name)) return;
    const second = `@second/${identity}`;
    const isLost = this.lapses.hasAny(this.#world.timeline.now - ON_ITS_WAY);
    const isFree = [identity, second].every((home) => this.#isFree(subnet, home, asks));
    if (!isLost && (isFree || this.truth.homeOf(subnet, second) === undefined))
      this.fail(`${name} is a guest at ${has}, and nobody is at ${second}`);
  }

  /** When its last mark has ended, be it with a lease: from then on nobody is known to be there. */
  #leftAt(subnet: string, home: string): number | undefined {
    return this.#left.get(`${subnet} ${home}`)?.at;
  }

  /**
   * From when on a home rests: since its container gave it back, or the plugin ended its mark, however long that took
   * to be written; a moment before, since that is decided before it is sent.
   * @param released as the store has it: counts where nobody has the address any more and somebody had it before that
   */
  #letGoAt(subnet: string, home: string, released = Number.POSITIVE_INFINITY): number | undefined {
    const left = this.#left.get(`${subnet} ${home}`);
    if (left === undefined) return undefined;
    const [last] = this.#last.get(`${subnet} ${left.address}`) ?? [];
    const isGone = last !== undefined && last.has !== left.address && last.until > last.since;
    const told = last !== undefined && last.has !== left.address && released > last.since ? released : left.at;
    return Math.min(left.at, told, isGone ? last.until : left.at) - MOMENT;
  }

  /** Nobody is live there, and has not been since that moment: whoever asked then was answered by that. */
  #isFree(subnet: string, home: string, since: number): boolean {
    const left = this.#leftAt(subnet, home) ?? Number.NEGATIVE_INFINITY;
    return this.truth.liveOn(subnet, home).length === 0 && left < since;
  }

  /** Until when the identity had this other home; where a person has ended that, only its own release counts. */
  #besideUntil(subnet: string, other: string): number {
    const left = this.#letGoAt(subnet, other) ?? 0;
    return (this.ending.get(other) ?? 0) > left ? 0 : left;
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

  refused(node: SwarmNode, call: string, error: Error): void {
    if (!(error instanceof LimpetError)) this.fail(`${node.record.hostname} fails in ${call}: ${error.stack}`);
    else this.#world.happened(`refused ${error.code}`);
    if (IMPOSSIBLE.test(error.message)) this.fail(error.message);
  }

  logged(node: SwarmNode, level: string, event: string | undefined, message: string): void {
    this.lapses.logged(node, message);
    const name = /the lease had ended|read again|is away|is back|faster|reading again/.exec(message)?.[0];
    if (name !== undefined) this.#world.happened(`store ${name}`);
    if (/when another process reclaimed its binding/.test(message)) {
      this.#world.happened('store a live binding was reclaimed elsewhere');
      if (!this.lapses.has(node, 0)) this.fail(message);
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
    const isEnded = [identity, whose(identity)].some((each) => this.#isEnding(each) || this.wishing.has(each));
    if (isEnded) return void this.#world.happened('a home is given up');
    // The leader has given it away while the node was cut off: the end stays, and whoever comes home would meet it.
    if (this.#isEnd(address)) return void this.#world.happened('a home is given up for a load balancer');
    const { after: age, whenFull } = this.truth.settings(key.subnet)?.reclaim ?? {};
    const isNever = age === undefined && whenFull === undefined;
    if (!isNever && this.#isRemoved(key.subnet, identity))
      return void this.#world.happened('a home of a removed container is given up');
    // A home that waits for the next turn of an identity that runs goes only when there is no room.
    const other = besides(identity);
    // One write can be several commits: who comes to live by it was not there when the home ended.
    const were = this.truth.liveOn(key.subnet, other);
    const isWaiting = were.some((node) => !this.#arrived.has(`${key.subnet} ${other} ${node}`));
    const byAge = isWaiting ? Number.POSITIVE_INFINITY : (age ?? Number.POSITIVE_INFINITY);
    const least = Math.min(byAge, whenFull?.holdDown ?? Number.POSITIVE_INFINITY);
    const since = Math.max(
      this.#letGoAt(key.subnet, identity, released) ?? released ?? this.#world.timeline.now,
      isWaiting ? 0 : this.#besideUntil(key.subnet, other),
    );
    const old = this.#world.timeline.now - since;
    if (old + 2 * this.#skew + 2 < least)
      this.fail(`${identity} loses its home ${address} ${old} ms after its release`);
    else this.#world.happened('a home is reclaimed by policy');
  }

  /** Whether a node has its end of a load balancer there, whatever the leader knows of it. */
  #isEnd(address: string): boolean {
    return this.#world.swarm.nodes.some(({ engine }) => engine.networks.ends().some((end) => end.address === address));
  }

  /** A person ends it now, or has just done so: what was asked for may still be on its way. */
  #isEnding(identity: string): boolean {
    return this.#world.timeline.now - (this.ending.get(identity) ?? Number.NEGATIVE_INFINITY) < ON_ITS_WAY;
  }

  /**
   * A container that somebody ran by hand, and that is on no machine of the subnet any more: nobody comes back as it.
   */
  #isRemoved(subnet: string, identity: string): boolean {
    const name = identity.replace(/^container:/, '');
    if (name === identity && /\.(\d+|[0-9a-z]{25})$/.test(identity)) return false; // a task's
    const all = this.#world.swarm.nodes.filter((node) => !subnet.startsWith('node:') || isOf(subnet, node));
    // One that was made again just now is on no list that was read a moment ago.
    const isNew = ({ created }: EngineContainer, { wall }: SwarmNode) =>
      created - wall.ahead > this.#world.timeline.now - 3 * MOMENT;
    return all.every((node) => {
      const there = node.engine.named(name);
      return there === undefined || isNew(there, node);
    });
  }

  /** A home is made in the part of the subnet that its author has named, for whichever of its tasks asks. */
  #made({ subnet }: Key, identity: string, { value }: Entry): void {
    const { address, pinned } = JSON.parse(value.toString());
    if (isMadeUp(identity) || pinned !== undefined) return;
    const { nodes } = this.#world.swarm;
    const { by } = this.#world.shared.facts;
    // In Swarm's own store a manager writes for a worker.
    const own = this.#world.store === 'swarm' ? nodes : nodes.filter(({ record }) => record.hostname === by);
    if (own.length === 0 || !own.every((node) => this.#knowsLabels(node))) return;
    const all = own.flatMap(({ engine }) => [...engine.containers.values()]);
    // Whoever is seen to run there has it as his home, wherever that is.
    if (all.some(({ shown }) => shown === address)) return;
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

  /** A mark ends with its lease, or when nothing runs there. */
  #live(key: Key, { after, before }: Change): void {
    const [identity = '', id = ''] = key.rest;
    const address = this.truth.homeOf(key.subnet, identity);
    if (after === undefined)
      this.#left.set(`${key.subnet} ${identity}`, { at: this.#world.timeline.now, address: address ?? '' });
    if (after !== undefined || before === undefined || !this.#world.shared.facts.counts(before)) return;
    if (address === undefined) return;
    for (const [container, node] of this.at(key.subnet, address)) {
      const isHere = node.record.id === id || `host-id-${node.record.hostname}` === id;
      if (isHere && !this.lapses.has(node, container.since))
        this.fail(`${container.name} runs on ${node.record.hostname} with ${address}, and is live there no more`);
    }
  }

  /** All that a subnet had goes with it. */
  #removed(key: Key): void {
    if (key.kind !== 'address') return;
    this.#nobodyRuns(key.subnet, key.rest[0] ?? '', 'goes with its subnet');
  }

  #nobodyRuns(subnet: string, address: string, what: string): void {
    for (const [container, node] of this.at(subnet, address)) {
      if (!this.lapses.has(node, container.since))
        this.fail(`${address} ${what}, and ${container.name} on ${node.record.hostname} has it`);
    }
  }

  /** Containers that have the address, whatever they are called. */
  *at(subnet: string, address: string): Generator<[EngineContainer, SwarmNode]> {
    const came = this.#came.get(`${subnet} ${address}`);
    for (const [container, node] of came ?? []) {
      const isThere = container.has === address && node.engine.containers.get(container.id) === container;
      if (!isThere) came?.delete(container);
      else if (this.subnetOf(node, container) === subnet) yield [container, node];
    }
  }

  /** The subnet that the container's network is, as the store has it. */
  subnetOf(node: SwarmNode, container: EngineContainer): string | undefined {
    const record = this.#world.swarm.records.networks.get(container.networkId);
    if (record !== undefined) return `swarm ${record.cidr}`;
    const network = node.engine.networks.named(container.network);
    if (network === undefined) return undefined;
    const isShared = network.options['limpet.scope'] === 'cluster' || network.scope === 'swarm';
    return `${isShared ? 'swarm' : spaceOf(node)} ${network.cidr}`;
  }
}

/** Of the node's own subnets. */
function spaceOf({ record }: SwarmNode): string {
  return `node:host-id-${record.hostname}`;
}

function isOf(subnet: string, node: SwarmNode): boolean {
  return subnet.startsWith(`${spaceOf(node)} `);
}
