// One subnet of the service: what is asked of it is proposed in the core, decided by the store, and only then answered.
// Unlike the host's Subnet it waits for the store, knows on which nodes a binding is live, and reclaims by policy.

import { LimpetError } from '../errors.js';
import type { Subnet as CoreSubnet, Inspection } from '../subnet.js';
import type { Binding, Stats } from '../types.js';
import type { Clock } from './clock.js';
import { LiveNodes } from './live-nodes.js';
import { KeyedMutex } from './mutex.js';
import type { Change, Store, SubnetDump, SubnetKey, SubnetSpec } from './store.js';

/** One decision, for logs: what was done to whom, and why. */
export interface Decision {
  readonly event: 'allocate' | 'release' | 'reclaim' | 'hold' | 'unhold' | 'conflict' | 'sweep-failed';
  readonly subnet: string;
  readonly identity?: string;
  readonly address?: string;
  readonly node?: string;
  readonly why: string;
}

export interface AllocateOptions {
  /** The node that the identity runs on. */
  readonly node: string;
  /** The held address that Swarm's leader was given for it: an identity without a binding gets that one. */
  readonly ticket?: string;
}

/** What the parts of one service share. */
export interface Surroundings {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (decision: Decision) => void;
  /** @throws LimpetError when the service cannot answer now */
  readonly check: () => void;
  /** The store said that it cannot tell what became of a commit: nothing counts until it has read everything again. */
  readonly unsure: () => void;
}

export interface ServiceStats extends Stats {
  /** Bindings reclaimed since the start, by why. */
  readonly reclaimed: { readonly asked: number; readonly age: number; readonly full: number };
  /** Proposals that another process was faster with. */
  readonly conflicts: number;
}

/** Attempts of one call before it gives up against other processes. */
const MOST_ATTEMPTS = 64;
/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 100;
/** Before a sweep that failed is tried again. */
const SWEEP_RETRY = 5_000;

const why = { asked: 'asked to', age: 'released long enough ago', full: 'the subnet is full' } as const;

export class SubnetService {
  readonly spec: SubnetSpec;
  #net: CoreSubnet;
  readonly #around: Surroundings;
  readonly #key: SubnetKey;
  readonly #mutex = new KeyedMutex();
  #liveNodes = new LiveNodes();
  /** Bindings proposed in the core that the store has not decided about. They do not show. */
  readonly #proposed = new Map<string, string>();
  readonly #proposedHolds = new Set<string>();
  readonly #reclaimed = { asked: 0, age: 0, full: 0 };
  #conflicts = 0;
  /** While the state is being read: when each reserved binding was released. */
  #releases: Map<string, number> | undefined;
  #cancelSweep = () => {};
  #ended = false;

  /** @internal Made by the service. */
  constructor(spec: SubnetSpec, net: CoreSubnet, around: Surroundings) {
    this.spec = spec;
    this.#key = { space: spec.space, cidr: spec.cidr };
    this.#net = net;
    this.#around = around;
  }

  get cidr(): string {
    return this.spec.cidr;
  }

  /**
   * The identity's own address, live on the node from now on; durable once answered. Asking again, or from another node,
   * answers the same.
   * @throws LimpetError FULL, OCCUPIED or OUT_OF_RANGE (the ticket), UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async allocate(identity: string, { node, ticket }: AllocateOptions): Promise<string> {
    checkNode(node);
    return this.#mutex.run(identity, () =>
      this.#retry(identity, async () => {
        const ordinal = this.#net.lookupOrdinal(identity);
        if (ordinal !== undefined) return this.#revive(identity, ordinal, node);
        return this.#bind(identity, node, ticket);
      }),
    );
  }

  /**
   * The identity no longer runs on the node. When it runs on no other, its binding becomes reserved. Answers whether it
   * was live there: a late release from a node that it has left changes nothing.
   * @throws LimpetError UNKNOWN, UNAVAILABLE
   */
  async release(identity: string, node: string): Promise<boolean> {
    checkNode(node);
    return this.#mutex.run(identity, () =>
      this.#retry(identity, async () => {
        const ordinal = this.#net.lookupOrdinal(identity);
        if (ordinal === undefined) throw this.#unknown(identity);
        if (!this.#liveNodes.on(ordinal).includes(node)) return false;
        const time = this.#around.clock.now();
        if (!(await this.#commit([{ op: 'gone', identity, node, time }]))) return undefined;
        this.#gone(identity, node, time);
        this.#log({ event: 'release', identity, node, why: `no longer runs on ${node}` });
        this.#planSweep();
        return true;
      }),
    );
  }

  /** Holds a free address without an identity; without an argument the next free one. */
  async hold(address?: string): Promise<string> {
    return this.#retry('', async () => {
      if (address !== undefined && this.#net.inspect(address).state === 'held') return this.#waitForHold(address);
      const held = await this.#choose(() => this.#net.hold(address));
      this.#proposedHolds.add(held);
      const done = await this.#decide([{ op: 'hold', address: held }], () => {
        if (this.#proposedHolds.has(held)) this.#net.unhold(held);
      }).finally(() => this.#proposedHolds.delete(held));
      if (!done) return undefined;
      this.#log({ event: 'hold', address: held, why: address === undefined ? 'next free' : 'asked for' });
      return held;
    });
  }

  /** Ends a hold; a binding on the same address stays. False when it was not held. */
  async unhold(address: string): Promise<boolean> {
    return this.#mutex.run(`\0${address}`, () =>
      this.#retry('', async () => {
        this.#net.inspect(address); // a bad address fails before the store hears of it
        if (address === this.spec.gateway) {
          throw new LimpetError('BAD_INPUT', `${address} is the gateway of ${this.cidr}, which stays held`, {
            address,
          });
        }
        if (!(await this.#commit([{ op: 'unhold', address }]))) return undefined;
        const was = this.#unhold(address);
        if (was) this.#log({ event: 'unhold', address, why: 'asked to' });
        return was;
      }),
    );
  }

  /**
   * Reserved → free; answers the address.
   * @throws LimpetError LIVE, UNKNOWN, UNAVAILABLE
   */
  async reclaim(identity: string): Promise<string> {
    return this.#mutex.run(identity, () =>
      this.#retry(identity, async () => {
        const binding = this.#net.lookup(identity);
        if (binding === undefined) throw this.#unknown(identity);
        if (binding.state === 'live') return this.#net.reclaim(identity); // throws LIVE, with all its details
        return (await this.#reclaimNow(binding, 'asked')) ? binding.address : undefined;
      }),
    );
  }

  lookup(identity: string): (Binding & { readonly nodes: readonly string[] }) | undefined {
    if (this.#proposed.has(identity)) return undefined;
    const binding = this.#net.lookup(identity);
    return binding === undefined ? undefined : { ...binding, nodes: this.#nodesOf(identity) };
  }

  inspect(address: string): Inspection {
    const found = this.#net.inspect(address);
    const pending =
      found.identity === undefined ? this.#proposedHolds.has(found.address) : this.#proposed.has(found.identity);
    return pending ? { address: found.address, state: 'free' } : found;
  }

  /** All bindings in ascending order of address. */
  *list(): IterableIterator<Binding> {
    for (const binding of this.#net.bindings()) if (!this.#proposed.has(binding.identity)) yield binding;
  }

  *held(): IterableIterator<string> {
    for (const address of this.#net.held()) if (!this.#proposedHolds.has(address)) yield address;
  }

  get stats(): ServiceStats {
    return { ...this.#net.stats, reclaimed: { ...this.#reclaimed }, conflicts: this.#conflicts };
  }

  // What the service does with it.

  /** @internal A fact from the store. */
  apply(change: Change): void {
    switch (change.op) {
      case 'bind':
        this.#applyBind(change.identity, change.address);
        break;
      case 'reclaim':
        this.#applyReclaim(change.identity, change.address);
        break;
      case 'live': {
        const ordinal = this.#net.lookupOrdinal(change.identity);
        if (ordinal === undefined) break;
        this.#net.allocate(change.identity);
        this.#liveNodes.add(ordinal, change.node);
        this.#releases?.delete(change.identity);
        break;
      }
      case 'gone':
        this.#gone(change.identity, change.node, change.time);
        break;
      case 'hold':
        this.#proposedHolds.delete(change.address);
        this.#net.rehold(change.address);
        break;
      case 'unhold':
        this.#unhold(change.address);
        break;
    }
  }

  /**
   * @internal The state is being told, into a core subnet that knows nothing yet (or what a dump says). Releases come in no
   * order, and the core wants them in order of time.
   */
  beginReading(net: CoreSubnet): void {
    if (net !== this.#net) this.#net.destroy();
    this.#net = net;
    this.#liveNodes = new LiveNodes();
    this.#proposed.clear();
    this.#proposedHolds.clear();
    this.#releases = new Map();
  }

  /** @internal The whole state has been told: what is live nowhere is reserved. */
  endReading(): void {
    const releases = this.#releases;
    if (releases === undefined) return;
    this.#releases = undefined;
    const now = this.#around.clock.now();
    const silent: [string, number][] = [];
    for (const { identity, state } of this.#net.bindings()) {
      if (state === 'live' && this.#nodesOf(identity).length === 0)
        silent.push([identity, releases.get(identity) ?? now]);
    }
    silent.sort((a, b) => a[1] - b[1]);
    for (const [identity, time] of silent) this.#net.release(identity, Math.max(time, 0));
    this.#planSweep();
  }

  /** @internal Everything that has been answered, and nothing else. */
  dump(): SubnetDump {
    for (const identity of this.#proposed.keys()) this.#withdraw(identity);
    for (const address of this.#proposedHolds) this.#net.unhold(address);
    const snapshot = this.#net.snapshot();
    for (const [identity, address] of this.#proposed) this.#net.bind(identity, address);
    for (const address of this.#proposedHolds) this.#net.hold(address);
    return { spec: this.spec, snapshot, live: this.#livePairs() };
  }

  /** @internal */
  end(): void {
    this.#ended = true;
    this.#cancelSweep();
    this.#net.destroy();
  }

  // Steps of the calls.

  /** A binding that is there: the live mark is all there is to write, and not even that when it is known. */
  async #revive(identity: string, ordinal: number | bigint, node: string): Promise<string | undefined> {
    const address = this.#net.lookup(identity)?.address as string;
    if (this.#liveNodes.on(ordinal).includes(node)) return address;
    if (!(await this.#commit([{ op: 'live', identity, node }]))) return undefined;
    if (this.#net.lookupOrdinal(identity) !== ordinal) return undefined; // another process reclaimed it since
    this.apply({ op: 'live', identity, node });
    this.#log({ event: 'allocate', identity, address, node, why: 'its own' });
    return address;
  }

  async #bind(identity: string, node: string, ticket: string | undefined): Promise<string | undefined> {
    const traded = ticket !== undefined && this.#net.inspect(ticket).state === 'held';
    const address = await this.#choose(() => {
      if (ticket === undefined) return this.#net.allocate(identity);
      return traded ? this.#net.trade(identity, ticket) : this.#net.bind(identity, ticket);
    });
    this.#proposed.set(identity, address);
    const bind: Change = traded ? { op: 'bind', identity, address, ticket: true } : { op: 'bind', identity, address };
    const done = await this.#decide([bind, { op: 'live', identity, node }], () => {
      if (this.#proposed.get(identity) === address) this.#withdraw(identity);
    }).finally(() => this.#proposed.delete(identity));
    if (!done) return undefined;
    this.apply({ op: 'live', identity, node });
    this.#log({ event: 'allocate', identity, address, node, why: traded ? 'bound to its ticket' : 'new' });
    return address;
  }

  /** Chooses in the core; when that is full, makes room by the policy and chooses again. */
  async #choose(choose: () => string): Promise<string> {
    for (let n = 0; ; n++) {
      try {
        return choose();
      } catch (error) {
        const full = error instanceof LimpetError && error.code === 'FULL';
        if (!full || n === MOST_ATTEMPTS || !(await this.#makeRoom())) throw error;
      }
      this.#check();
    }
  }

  /** Reclaims the oldest reserved binding that the hold-down no longer protects; false when there is none. */
  async #makeRoom(): Promise<boolean> {
    const { whenFull } = this.spec.reclaim;
    const oldest = this.#net.oldest();
    if (whenFull === undefined || oldest === undefined) return false;
    if (!this.#isDue(oldest, whenFull.holdDown)) return false;
    await this.#reclaimDue(oldest.identity, whenFull.holdDown, 'full');
    return true;
  }

  #isDue(binding: Binding, age: number): boolean {
    return binding.releasedAt !== undefined && binding.releasedAt + age <= this.#around.clock.now();
  }

  /** Reclaims a binding unless somebody has taken it up while this call waited for its turn. */
  async #reclaimDue(identity: string, age: number, reason: 'age' | 'full'): Promise<void> {
    await this.#mutex.run(identity, async () => {
      this.#check();
      const binding = this.#net.lookup(identity);
      if (binding !== undefined && this.#isDue(binding, age)) await this.#reclaimNow(binding, reason);
    });
  }

  async #reclaimNow({ identity, address }: Binding, reason: keyof typeof why): Promise<boolean> {
    if (!(await this.#commit([{ op: 'reclaim', identity, address }]))) return false;
    this.#applyReclaim(identity, address);
    this.#reclaimed[reason]++;
    this.#log({ event: 'reclaim', identity, address, why: why[reason] });
    return true;
  }

  /** Wakes when the next binding is old enough; wakes again, later, when that failed. */
  #planSweep(): void {
    this.#cancelSweep();
    const { after } = this.spec.reclaim;
    const oldest = after === undefined || this.#ended ? undefined : this.#net.oldest();
    if (oldest?.releasedAt === undefined) return;
    const delay = oldest.releasedAt + (after as number) - this.#around.clock.now();
    this.#cancelSweep = this.#around.clock.after(delay, () => void this.#sweep(after as number));
  }

  async #sweep(after: number): Promise<void> {
    try {
      for (;;) {
        if (this.#ended) return;
        const oldest = this.#net.oldest();
        if (oldest === undefined || !this.#isDue(oldest, after)) break;
        await this.#reclaimDue(oldest.identity, after, 'age');
        if (this.#net.oldest()?.identity === oldest.identity)
          throw new Error(`${oldest.identity} could not be reclaimed`);
      }
      this.#planSweep();
    } catch (error) {
      if (this.#ended) return;
      this.#log({ event: 'sweep-failed', why: (error as Error).message });
      this.#cancelSweep = this.#around.clock.after(SWEEP_RETRY, () => void this.#sweep(after));
    }
  }

  /** A hold that another call has proposed counts when the store has decided about it. */
  async #waitForHold(address: string): Promise<string | undefined> {
    if (!this.#proposedHolds.has(address)) return address;
    await pause(1);
    return undefined;
  }

  /** Tries until there is an answer: `undefined` means that another process was faster. */
  async #retry<T>(identity: string, attempt: () => Promise<T | undefined>): Promise<T> {
    for (let n = 0; n < MOST_ATTEMPTS; n++) {
      this.#check();
      const answer = await attempt();
      if (answer !== undefined) return answer;
      // Jitter, so that those who met once do not meet again.
      await pause(Math.random() * Math.min(2 ** n, LONGEST_PAUSE));
    }
    throw new LimpetError(
      'CONTENDED',
      `other processes were faster ${MOST_ATTEMPTS} times in ${this.cidr}: try again`,
      {
        subnet: this.cidr,
        identity,
      },
    );
  }

  /** Commits what has been proposed in the core, and takes it back there unless it is done. */
  async #decide(changes: readonly Change[], takeBack: () => void): Promise<boolean> {
    try {
      if (await this.#commit(changes)) return true;
    } catch (error) {
      // Of an unknown outcome the core's copy stays, so that nobody else gets the address before the truth is read.
      if (outcomeOf(error) !== 'unknown') takeBack();
      throw error;
    }
    takeBack();
    return false;
  }

  /** True when done, false on a conflict. */
  async #commit(changes: readonly Change[]): Promise<boolean> {
    try {
      const commit = await this.#around.store.commit(this.#key, changes);
      if (commit === 'done') return true;
    } catch (error) {
      if (outcomeOf(error) === 'unknown') this.#around.unsure();
      throw error;
    }
    this.#conflicts++;
    const { op } = changes[0] as Change;
    this.#log({ event: 'conflict', why: `another process was faster (${op})` });
    return false;
  }

  // What changes the core without asking the store.

  #applyBind(identity: string, address: string): void {
    // Whatever was proposed here against it has lost: the call that proposed it finds nothing left to take back.
    this.#proposed.delete(identity);
    const own = this.#net.lookup(identity);
    if (own?.address === address) return;
    if (own !== undefined) this.#withdraw(identity);
    const { identity: owner } = this.#net.inspect(address);
    if (owner !== undefined) {
      this.#proposed.delete(owner);
      this.#withdraw(owner);
    }
    if (this.#net.inspect(address).state === 'held') this.#net.trade(identity, address);
    else this.#net.bind(identity, address);
    if (this.#releases === undefined) this.#net.release(identity, 0); // live only once somebody says so
  }

  #applyReclaim(identity: string, address: string): void {
    const binding = this.#net.lookup(identity);
    if (binding?.address === address) this.#withdraw(identity);
  }

  /** Ends a binding in the core, whatever its state. */
  #withdraw(identity: string): void {
    const ordinal = this.#net.lookupOrdinal(identity);
    if (ordinal === undefined) return;
    for (const node of this.#liveNodes.on(ordinal)) this.#liveNodes.remove(ordinal, node);
    this.#net.release(identity, 0); // not a release: the time of the last one counts on
    this.#net.reclaim(identity);
  }

  #gone(identity: string, node: string, time: number): void {
    const ordinal = this.#net.lookupOrdinal(identity);
    if (ordinal === undefined) return;
    this.#liveNodes.remove(ordinal, node);
    if (this.#liveNodes.on(ordinal).length > 0) return;
    if (this.#releases === undefined) this.#net.release(identity, time);
    else this.#releases.set(identity, time);
  }

  #unhold(address: string): boolean {
    try {
      this.#net.unhold(address);
      return true;
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'NOT_HELD') return false;
      throw error;
    }
  }

  #nodesOf(identity: string): readonly string[] {
    const ordinal = this.#net.lookupOrdinal(identity);
    return ordinal === undefined ? [] : this.#liveNodes.on(ordinal);
  }

  *#livePairs(): IterableIterator<readonly [string, string]> {
    for (const { identity, state } of this.#net.bindings()) {
      if (state !== 'live' || this.#proposed.has(identity)) continue;
      for (const node of this.#nodesOf(identity)) yield [identity, node];
    }
  }

  #check(): void {
    if (this.#ended) throw new LimpetError('ENDED', `the subnet ${this.cidr} has been removed`, { subnet: this.cidr });
    this.#around.check();
  }

  #unknown(identity: string): LimpetError {
    return new LimpetError('UNKNOWN', `${JSON.stringify(identity)} has no address in ${this.cidr}`, {
      subnet: this.cidr,
      identity,
    });
  }

  #log(decision: Omit<Decision, 'subnet'>): void {
    this.#around.log({ subnet: this.cidr, ...decision });
  }
}

function checkNode(node: string): void {
  if (typeof node !== 'string') throw new TypeError(`a node is a string, not ${typeof node}`);
  if (node === '') throw new LimpetError('BAD_INPUT', 'the name of the node is empty', { value: node });
}

/** `none` or `unknown` for an error of the store, else undefined. */
function outcomeOf(error: unknown): unknown {
  return error instanceof LimpetError && error.code === 'UNAVAILABLE' ? error.details.outcome : undefined;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
