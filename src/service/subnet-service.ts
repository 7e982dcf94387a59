// One subnet of the service: what is asked of it is proposed in the core, decided by the store, and only then answered.
// What the core and the store's facts amount to is subnet-state.ts's affair; when to reclaim, reclaimer.ts's.

import { LimpetError } from '../host/errors.js';
import type { Subnet as CoreSubnet, Inspection } from '../host/subnet.js';
import type { Binding, Stats } from '../host/types.js';
import { MOST_ATTEMPTS, untilAnswered } from './attempts.js';
import type { Clock } from './clock.js';
import type { Decision } from './decision.js';
import { KeyedMutex } from './mutex.js';
import { type Reason, Reclaimer, WHY } from './reclaimer.js';
import { differences } from './spec.js';
import type { Change, Store, SubnetKey, SubnetSpec } from './store.js';
import { type LiveBinding, SubnetState } from './subnet-state.js';

export interface AllocateOptions {
  /** The node that the identity runs on, by its ID. */
  readonly node: string;
  /** The held address that Swarm's leader was given for it: an identity without a binding gets that one. */
  readonly ticket?: string;
}

/** @internal What the parts of one service share. */
export interface Surroundings {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (decision: Decision) => void;
  /** @throws LimpetError when the service cannot answer now */
  readonly check: () => void;
  /** The node's name, for people. */
  readonly nameOf: (node: string) => string;
  /** The store cannot tell what became of a commit: nothing counts until it has read everything again. */
  readonly unsure: () => void;
}

type LiveChange = Extract<Change, { readonly op: 'live' }>;
type UseChange = Extract<Change, { readonly user: string }>;

export interface ServiceStats extends Stats {
  /** Bindings reclaimed since the start, by why. */
  readonly reclaimed: Readonly<Record<Reason, number>>;
  /** Proposals that another process was faster with. */
  readonly conflicts: number;
}

export class SubnetService {
  /** @internal */
  readonly state: SubnetState;
  readonly #around: Surroundings;
  readonly #key: SubnetKey;
  readonly #mutex = new KeyedMutex();
  readonly #reclaimer: Reclaimer;
  readonly #reclaimed = { asked: 0, age: 0, full: 0 };
  #conflicts = 0;
  #ended = false;
  /** Calls that are at work; while the settings change none is, and they wait for that. */
  #atWork = 0;
  #changing: Promise<void> | undefined;
  #idle = () => {};

  /** @internal Made by the service. */
  constructor(spec: SubnetSpec, net: CoreSubnet, around: Surroundings) {
    this.state = new SubnetState(spec, net);
    this.#key = { space: spec.space, cidr: spec.cidr };
    this.#around = around;
    this.#reclaimer = new Reclaimer(spec.reclaim, around.clock, {
      oldest: () => this.state.net.oldest(),
      reclaimDue: (identity, isDue, reason) => this.#reclaimDue(identity, isDue, reason),
      failed: (error) => this.#log({ event: 'sweep-failed', why: error.message }),
    });
  }

  get spec(): SubnetSpec {
    return this.state.spec;
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
    checkText('ID of the node', node);
    return this.#alone(identity, async () => {
      const binding = this.state.lookup(identity);
      const live: LiveChange = { op: 'live', identity, node };
      return binding === undefined ? this.#bind(live, ticket) : this.#revive(binding, live);
    });
  }

  /**
   * As `allocate`, for an identity that may run on one node only: while it is live on another, it is refused. Of two nodes
   * that claim at the same moment one is.
   * @throws LimpetError LIVE (`details.nodes` says where), and all that `allocate` throws
   */
  async claim(identity: string, { node, ticket }: AllocateOptions): Promise<string> {
    checkText('ID of the node', node);
    return this.#alone(identity, async () => {
      const isElsewhere = () => this.state.lookup(identity)?.nodes.some((other) => other !== node);
      // The news that it has left may be late, and a refusal is for what is so now.
      if (isElsewhere()) await this.#around.store.refreshBinding?.(this.#key, identity);
      this.#check();
      const binding = this.state.lookup(identity);
      const live: LiveChange = { op: 'live', identity, node, sole: true };
      if (binding === undefined) return this.#bind(live, ticket);
      if (isElsewhere()) throw this.#liveElsewhere(binding);
      return this.#revive(binding, live);
    });
  }

  /**
   * The identity no longer runs on the node. When it runs on no other, its binding becomes reserved. Answers whether it
   * was live there: a late release from a node that it has left changes nothing.
   * @throws LimpetError UNKNOWN, UNAVAILABLE, CONTENDED
   */
  async release(identity: string, node: string): Promise<boolean> {
    checkText('ID of the node', node);
    return this.#alone(identity, async () => {
      const binding = this.state.lookup(identity);
      if (binding === undefined) throw this.#unknown(identity);
      if (!binding.nodes.includes(node)) return false;
      const gone: Change = { op: 'gone', identity, node, time: this.#around.clock.now() };
      if (!(await this.#commit([gone]))) return undefined;
      this.state.apply(gone);
      this.#log({
        event: 'release',
        identity,
        address: binding.address,
        node,
        why: `no longer runs on ${this.#around.nameOf(node)}`,
      });
      this.#reclaimer.plan();
      return true;
    });
  }

  /**
   * Holds a free address without an identity; without an argument the next free one. One that is held already stays so.
   * @throws LimpetError OCCUPIED, EXCLUDED, OUT_OF_RANGE, FULL, UNAVAILABLE, CONTENDED
   */
  async hold(address?: string): Promise<string> {
    return this.#retry('', async () => {
      if (address !== undefined && this.state.net.inspect(address).state === 'held') {
        // Another call's proposal counts when the store has decided about it.
        return this.state.isProposedHold(address) ? undefined : address;
      }
      const held = await this.#choose(() => {
        const { net } = this.state;
        return address === undefined ? net.holdNext() : net.hold(address);
      });
      this.state.proposeHold(held);
      if (!(await this.#decide([{ op: 'hold', address: held }], () => this.state.takeBackHold(held)))) return undefined;
      this.state.settleHold(held);
      this.#log({ event: 'hold', address: held, why: address === undefined ? 'next free' : 'asked for' });
      return held;
    });
  }

  /**
   * Ends a hold; a binding on the same address stays. False when it was not held.
   * @throws LimpetError BAD_INPUT (the gateway stays held), OUT_OF_RANGE, UNAVAILABLE, CONTENDED
   */
  async unhold(address: string): Promise<boolean> {
    return this.#alone(`\0${address}`, async () => {
      if (address === this.spec.gateway) {
        throw new LimpetError('BAD_INPUT', `${address} is the gateway of ${this.cidr}, which stays held`, { address });
      }
      // Asked before: a shared store may tell of the change before it answers.
      const was = this.state.isHeld(address);
      if (!(await this.#commit([{ op: 'unhold', address }]))) return undefined;
      this.state.apply({ op: 'unhold', address });
      if (was) this.#log({ event: 'unhold', address, why: 'asked to' });
      return was;
    });
  }

  /**
   * Reserved → free; answers the address.
   * @throws LimpetError LIVE, UNKNOWN, UNAVAILABLE, CONTENDED
   */
  async reclaim(identity: string): Promise<string> {
    return this.#alone(identity, async () => {
      const binding = this.state.lookup(identity);
      if (binding === undefined) throw this.#unknown(identity);
      if (binding.state === 'live') return this.state.net.reclaim(identity); // throws LIVE, with all its details
      return (await this.#reclaimNow(binding, 'asked')) ? binding.address : undefined;
    });
  }

  /**
   * Somebody has networks on the subnet: it is his, by a name of his choice, until he says otherwise, and outlives him. False
   * when it was already.
   * @throws LimpetError ENDED, UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async use(user: string): Promise<boolean> {
    checkText('name of the user', user);
    return this.#setUse({ op: 'use', user }, `${user} has networks on it`);
  }

  /**
   * His last network is gone. False when he had none. Bindings stay as they are.
   * @throws LimpetError ENDED, UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async disuse(user: string): Promise<boolean> {
    checkText('name of the user', user);
    return this.#setUse({ op: 'disuse', user }, `${user} has no network on it any more`);
  }

  /** Who has networks on the subnet, sorted. */
  get users(): readonly string[] {
    return this.state.users;
  }

  get isUsed(): boolean {
    return this.users.length > 0;
  }

  /** Whether it has users, or something in it is live or held, its own gateway aside: else `removeUnused` would end it. */
  get isNeeded(): boolean {
    return this.state.isNeeded;
  }

  lookup(identity: string): LiveBinding | undefined {
    return this.state.lookup(identity);
  }

  inspect(address: string): Inspection {
    return this.state.inspect(address);
  }

  /** All bindings in ascending order of address. */
  list(): IterableIterator<Binding> {
    return this.state.list();
  }

  /** All addresses held without a binding, ascending. */
  held(): IterableIterator<string> {
    return this.state.held();
  }

  get stats(): ServiceStats {
    return { ...this.state.net.stats, reclaimed: { ...this.#reclaimed }, conflicts: this.#conflicts };
  }

  /** @internal While no call is at work: what it proposed by settings that end meanwhile would be lost. One at a time. */
  async alone<T>(action: () => Promise<T>): Promise<T> {
    let open = () => {};
    this.#changing = new Promise((resolve) => {
      open = resolve;
    });
    try {
      if (this.#atWork > 0) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
      }
      return await action();
    } finally {
      this.#changing = undefined;
      open();
    }
  }

  /** @internal Other settings; asked for when the core subnet is to be made. */
  change(spec: SubnetSpec, make: () => CoreSubnet): void {
    const others = differences(this.spec, spec);
    if (others.length === 0) return;
    this.state.change(spec, make());
    this.#reclaimer.change(spec.reclaim);
    this.#log({ event: 'settings', why: others.map(({ name, has, wants }) => `${name} ${has} → ${wants}`).join(', ') });
  }

  /** @internal The state is about to be told, of a subnet of these settings. */
  beginReading(spec: SubnetSpec, net: CoreSubnet): void {
    this.state.beginReading(net, spec);
    this.#reclaimer.change(spec.reclaim);
  }

  /** @internal The whole state has been read. */
  ready(): void {
    this.state.endReading(this.#around.clock.now());
    this.#reclaimer.plan();
  }

  /** @internal */
  end(): void {
    this.#ended = true;
    this.#reclaimer.end();
    this.state.destroy();
  }

  /**
   * A binding that is there: the live mark is all there is to write, and not even that when it is known. Whether it is,
   * a shared store says itself: the mark may be that of a process that is gone.
   */
  async #revive({ identity, address, nodes }: LiveBinding, live: LiveChange): Promise<string | undefined> {
    const { node } = live;
    const known = nodes.includes(node);
    if (known && !this.#around.store.shared) return address;
    if (!(await this.#commit([live]))) return undefined;
    if (this.state.lookup(identity)?.address !== address) return undefined; // somebody reclaimed it since
    this.state.apply(live);
    if (known) return address;
    this.#log({ event: 'allocate', identity, address, node, why: 'its own' });
    return address;
  }

  async #bind(live: LiveChange, ticket: string | undefined): Promise<string | undefined> {
    const { identity, node } = live;
    const { net } = this.state;
    const traded = ticket !== undefined && net.inspect(ticket).state === 'held';
    const address = await this.#choose(() => {
      if (ticket === undefined) return this.state.net.allocate(identity);
      return traded ? this.state.net.trade(identity, ticket) : this.state.net.bind(identity, ticket);
    });
    this.state.propose(identity, address);
    const bind: Change = traded ? { op: 'bind', identity, address, ticket: true } : { op: 'bind', identity, address };
    if (!(await this.#decide([bind, live], () => this.state.takeBack(identity, address)))) return undefined;
    this.state.settle(identity);
    this.state.apply(live);
    this.#log({ event: 'allocate', identity, address, node, why: traded ? 'bound to its ticket' : 'new' });
    return address;
  }

  /** Asked of the store each time where it is shared: the news that another process has ended the use may be late. */
  #setUse(change: UseChange, why: string): Promise<boolean> {
    const { op, user } = change;
    return this.#alone(`\0\0${user}`, async () => {
      const isNews = this.users.includes(user) !== (op === 'use');
      if (!isNews && !this.#around.store.shared) return false;
      if (!(await this.#commit([change]))) return undefined;
      this.state.apply(change);
      if (isNews) this.#log({ event: op, user, why });
      return isNews;
    });
  }

  /** Chooses in the core; when that is full, makes room by the policy and chooses again. */
  async #choose(choose: () => string): Promise<string> {
    for (let n = 0; ; n++) {
      try {
        return choose();
      } catch (error) {
        const full = error instanceof LimpetError && error.code === 'FULL';
        if (!full || n === MOST_ATTEMPTS || !(await this.#reclaimer.makeRoom())) throw error;
      }
      this.#check();
    }
  }

  async #reclaimDue(identity: string, isDue: (binding: Binding) => boolean, reason: Reason): Promise<void> {
    await this.#mutex.run(identity, async () => {
      this.#check();
      const binding = this.state.lookup(identity);
      if (binding !== undefined && isDue(binding)) await this.#reclaimNow(binding, reason);
    });
  }

  async #reclaimNow({ identity, address }: Binding, reason: Reason): Promise<boolean> {
    const reclaim: Change = { op: 'reclaim', identity, address };
    if (!(await this.#commit([reclaim]))) return false;
    this.state.apply(reclaim);
    this.#reclaimed[reason]++;
    this.#log({ event: 'reclaim', identity, address, why: WHY[reason] });
    return true;
  }

  /** One action at a time for each identity, tried until there is an answer. */
  #alone<T>(key: string, attempt: () => Promise<T | undefined>): Promise<T> {
    return this.#mutex.run(key, () => this.#retry(key, attempt));
  }

  #retry<T>(identity: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const checked = async () => {
      while (this.#changing !== undefined) await this.#changing;
      this.#check();
      this.#atWork++;
      try {
        return await attempt();
      } finally {
        this.#atWork--;
        if (this.#atWork === 0) this.#idle();
      }
    };
    return untilAnswered(checked, () => {
      const message = `other processes were faster ${MOST_ATTEMPTS} times in ${this.cidr}: try again`;
      return new LimpetError('CONTENDED', message, { subnet: this.cidr, identity });
    });
  }

  /** Commits what has been proposed in the core, and takes it back there unless it is done. */
  async #decide(changes: readonly Change[], takeBack: () => void): Promise<boolean> {
    let done = false;
    try {
      done = await this.#commit(changes);
    } catch (error) {
      // Of an unknown outcome the core's copy stays, so that nobody else gets the address before the truth is read.
      if (outcomeOf(error) !== 'unknown') takeBack();
      throw error;
    }
    if (!done) takeBack();
    return done;
  }

  /** True when done, false on a conflict. */
  async #commit(changes: readonly Change[]): Promise<boolean> {
    try {
      if ((await this.#around.store.commit(this.#key, changes)) === 'done') return true;
    } catch (error) {
      if (outcomeOf(error) === 'unknown') this.#around.unsure();
      throw error;
    }
    this.#conflicts++;
    this.#log({ event: 'conflict', why: `another process was faster (${changes[0]?.op})` });
    return false;
  }

  #check(): void {
    if (this.#ended) throw new LimpetError('ENDED', `the subnet ${this.cidr} has been removed`, { subnet: this.cidr });
    this.#around.check();
  }

  #liveElsewhere({ identity, address, nodes }: LiveBinding): LimpetError {
    const where = nodes.map((node) => this.#around.nameOf(node)).join(' and ');
    const message = `${JSON.stringify(identity)} is live on ${where} with ${address} of ${this.cidr}`;
    return new LimpetError('LIVE', message, { subnet: this.cidr, identity, address, nodes });
  }

  #unknown(identity: string): LimpetError {
    const details = { subnet: this.cidr, identity };
    return new LimpetError('UNKNOWN', `${JSON.stringify(identity)} has no address in ${this.cidr}`, details);
  }

  #log(decision: Omit<Decision, 'subnet'>): void {
    this.#around.log({ subnet: this.cidr, ...decision });
  }
}

/** @throws TypeError, LimpetError BAD_INPUT */
export function checkText(what: string, text: string): void {
  if (typeof text !== 'string') throw new TypeError(`the ${what} is a string, not ${typeof text}`);
  if (text === '') throw new LimpetError('BAD_INPUT', `the ${what} is empty`, { value: text });
}

/** `none` or `unknown` for an error of the store, else undefined. */
function outcomeOf(error: unknown): unknown {
  return error instanceof LimpetError && error.code === 'UNAVAILABLE' ? error.details.outcome : undefined;
}
