// One subnet of the service: what is asked of it is proposed in the core, decided by the store, and only then answered
// (proposals.ts, commits.ts).
// What the core and the store's facts amount to, subnet-state.ts knows; when to reclaim, reclaimer.ts; whose turn it
// is, turns.ts.

import { checkOptions } from '../host/arguments.js';
import { LimpetError } from '../host/errors.js';
import { withJson } from '../host/stats.js';
import type { Subnet as CoreSubnet, Inspection } from '../host/subnet.js';
import type { Binding, Stats } from '../host/types.js';
import type { Clock } from './clock.js';
import { Commits, type Deciding } from './commits.js';
import type { CallOptions, Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import { GivingWay } from './giving-way.js';
import { Holds, type UnholdOptions } from './holds.js';
import { type Pinned, type PinOptions, Pins } from './pins.js';
import { Places } from './places.js';
import { type AllocateOptions, type HoldOptions, type LiveChange, notDue, Proposals } from './proposals.js';
import { type Reason, Reclaimer, type Reclaiming, WHY } from './reclaimer.js';
import { besideOf } from './second-homes.js';
import { Spares } from './spares.js';
import { differences } from './spec.js';
import type { Change, SubnetSpec } from './store.js';
import { type LiveBinding, SubnetState } from './subnet-state.js';
import { Turns } from './turns.js';
import { unknown } from './unknown.js';

/** @internal What the parts of one service share. */
export interface Surroundings extends Deciding {
  readonly clock: Clock;
  /** @throws LimpetError when the service cannot answer now */
  readonly check: () => void;
  /** The node's name, for people. */
  readonly nameOf: (node: string) => string;
}

type UseChange = Extract<Change, { readonly user: string }>;

export interface RenameOptions extends CallOptions {
  /** Where it runs. */
  readonly node: string;
}

export interface ServiceStats extends Stats {
  /** Bindings reclaimed since the start, by why. */
  readonly reclaimed: Readonly<Record<Reason, number>>;
  /** Proposals that another process was faster with. */
  readonly conflicts: number;
}

const ALLOCATING = [
  'node',
  'ticket',
  'range',
  'gone',
  'isDue',
  'deadline',
] as const satisfies (keyof AllocateOptions)[];
const HOLDING = ['deadline'] as const satisfies (keyof CallOptions)[];
const HOLDING_NEXT = ['range', 'gone', 'deadline'] as const satisfies (keyof HoldOptions)[];

export class SubnetService {
  /** @internal */
  readonly state: SubnetState;
  readonly #around: Surroundings;
  readonly #commits: Commits;
  readonly #turns: Turns;
  readonly #reclaimer: Reclaimer;
  readonly #proposals: Proposals;
  readonly #spares: Spares;
  readonly #places: Places;
  readonly #pins: Pins;
  readonly #holds: Holds;
  readonly #reclaimed = { asked: 0, age: 0, full: 0, gone: 0 };
  #ended = false;

  /** @internal Made by the service. */
  constructor(spec: SubnetSpec, net: CoreSubnet, around: Surroundings) {
    this.state = new SubnetState(spec, net);
    this.#around = around;
    this.#commits = new Commits(spec, around, (change) => this.state.apply(change));
    this.#turns = new Turns(spec.cidr, around.clock, around.store, () => this.#check());
    this.#reclaimer = new Reclaimer(spec.reclaim, around.clock, {
      givingWay: new GivingWay(this.state),
      reclaim: (reclaiming) => this.#reclaimDue(reclaiming),
      failed: (error) => this.#log({ event: 'sweep-failed', why: error.message }),
    });
    this.#spares = new Spares({
      clock: around.clock,
      most: around.store.block ?? 1,
      free: () => Number(this.state.net.stats.free),
      isHeld: (address) => this.isHeld(address),
      letGo: (address) => void this.unhold(address).catch(() => {}), // the sweep does it
    });
    this.#places = new Places({ state: this.state, clock: around.clock, rank: () => around.store.rank });
    this.#pins = new Pins({
      state: this.state,
      commits: this.#commits,
      turns: this.#turns,
      clock: around.clock,
      log: (decision) => this.#log(decision),
      changed: () => this.#reclaimer.plan(),
    });
    this.#proposals = new Proposals({
      spares: this.#spares,
      places: this.#places,
      state: this.state,
      commits: this.#commits,
      reclaimer: this.#reclaimer,
      isShared: around.store.shared,
      check: () => this.#check(),
      log: (decision) => this.#log(decision),
    });
    this.#holds = new Holds({
      state: this.state,
      commits: this.#commits,
      turns: this.#turns,
      proposals: this.#proposals,
      spares: this.#spares,
      clock: around.clock,
      log: (decision) => this.#log(decision),
    });
  }

  get spec(): SubnetSpec {
    return this.state.spec;
  }

  get cidr(): string {
    return this.spec.cidr;
  }

  /**
   * The identity's own address, live on the node from now on; durable once answered. Asking again, or from another
   * node, answers the same.
   * @throws LimpetError FULL (names the range if there is one), OCCUPIED (the ticket), OUT_OF_RANGE (the ticket or the
   * range), UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async allocate(identity: string, options: AllocateOptions): Promise<string> {
    checkOptions(options, 'allocate', ALLOCATING);
    const { node, deadline } = options;
    checkText('ID of the node', node);
    return this.#turns.take({ what: 'allocate', key: identity, deadline }, async () => {
      const binding = this.state.lookup(identity);
      const live: LiveChange = { op: 'live', identity, node };
      return binding === undefined
        ? this.#proposals.bind(live, options)
        : this.#proposals.revive(binding, live, deadline);
    });
  }

  /**
   * As `allocate`, for an identity that may run on one node only: while it is live on another, it is refused. Of two
   * nodes that claim at the same moment one is.
   * @throws LimpetError LIVE (`details.nodes` says where), CONTENDED once it is not due any more, and all that
   * `allocate` throws
   */
  async claim(identity: string, options: AllocateOptions): Promise<string> {
    checkOptions(options, 'claim', ALLOCATING);
    const { node, deadline, isDue } = options;
    checkText('ID of the node', node);
    return this.#turns.take({ what: 'claim', key: identity, deadline }, async () => {
      const isElsewhere = () => this.state.lookup(identity)?.nodes.some((other) => other !== node);
      // The news that it has left may be late, and a refusal is for what is so now.
      if (isElsewhere()) await this.#around.store.refreshBinding?.(this.spec, identity, deadline);
      this.#check();
      if (isDue?.() === false) throw notDue(identity);
      const binding = this.state.lookup(identity);
      const live: LiveChange = { op: 'live', identity, node, sole: true };
      if (binding === undefined) return this.#proposals.bind(live, options);
      if (isElsewhere()) throw this.#liveElsewhere(binding);
      return this.#proposals.revive(binding, live, deadline);
    });
  }

  /**
   * Whoever runs on the node under the name `from` is this identity: the binding of `from` ends, and the identity has
   * its address, live there. False when the identity has a home already, or `from` is not live on that node alone; and
   * in a store that others share, whose commits rest on what was so before them.
   * @throws LimpetError UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async rename(from: string, identity: string, { node, deadline }: RenameOptions): Promise<boolean> {
    return this.#turns.take({ what: 'rename', key: from, deadline }, async () => {
      const there = this.state.lookup(from);
      const isAlone = there?.nodes.length === 1 && there.nodes[0] === node;
      if (this.#around.store.shared || !isAlone || there.pinned || this.state.lookup(identity) !== undefined)
        return false;
      const { address } = there;
      const changes: Change[] = [
        { op: 'gone', identity: from, node, time: this.#around.clock.now() },
        { op: 'reclaim', identity: from, address },
        { op: 'bind', identity, address },
        { op: 'live', identity, node },
      ];
      if (!(await this.#commits.commit(changes, deadline))) return undefined;
      this.#log({ event: 'allocate', identity, address, node, why: `ran there as ${from}` });
      return true;
    });
  }

  /**
   * The identity no longer runs on the node. When it runs on no other, its binding becomes reserved. Answers whether it
   * was live there: a late release from a node that it has left changes nothing.
   * @throws LimpetError UNKNOWN, UNAVAILABLE, CONTENDED
   */
  async release(identity: string, node: string, { deadline }: CallOptions = {}): Promise<boolean> {
    checkText('ID of the node', node);
    return this.#turns.take({ what: 'release', key: identity, deadline }, async () => {
      const binding = this.state.lookup(identity);
      if (binding === undefined) throw unknown(this.spec, identity);
      if (!binding.nodes.includes(node)) return false;
      const gone: Change = { op: 'gone', identity, node, time: this.#around.clock.now() };
      if (!(await this.#commits.commit([gone], deadline))) return undefined;
      this.#log({
        event: 'release',
        identity,
        address: binding.address,
        node,
        why: `no longer runs on ${this.#around.nameOf(node)}`,
      });
      this.#reclaimer.released();
      return true;
    });
  }

  /**
   * Holds a free address without an identity. One that is held already stays so.
   * @throws LimpetError OCCUPIED, EXCLUDED, OUT_OF_RANGE, UNAVAILABLE, CONTENDED
   */
  async hold(address: string, options: CallOptions = {}): Promise<string> {
    checkOptions(options, 'hold', HOLDING);
    this.#refuseEnded();
    return this.#holds.hold(address, options);
  }

  /**
   * Holds the next free address, of the range if one is named, without an identity.
   * @throws LimpetError FULL (names the range), OUT_OF_RANGE or BAD_INPUT (the range), UNAVAILABLE, CONTENDED
   */
  async holdNext(options: HoldOptions = {}): Promise<string> {
    checkOptions(options, 'holdNext', HOLDING_NEXT);
    return this.#holds.next(options);
  }

  /**
   * Holds the address of a binding beside it: the ticket of whoever has that home. Undefined when it is held already:
   * then it is another one's ticket. @throws LimpetError UNKNOWN, UNAVAILABLE, CONTENDED
   */
  holdHome(identity: string, options: CallOptions = {}): Promise<string | undefined> {
    return this.#holds.home(identity, options);
  }

  /**
   * Ends a hold; a binding on the same address stays. False when it was not held, or not to be ended.
   * @throws LimpetError OCCUPIED (the gateway stays held), BAD_INPUT, OUT_OF_RANGE, UNAVAILABLE, CONTENDED
   */
  async unhold(address: string, options: UnholdOptions = {}): Promise<boolean> {
    this.#refuseEnded();
    return this.#holds.unhold(address, options);
  }

  /**
   * Chooses the identity's address: no policy ends that binding, and no `reclaim`, until it is unpinned. An identity
   * without a binding has it from now on; one that is reserved at another address moves; one that runs at another has
   * that until it stops, and this one once it comes home. Nothing that somebody else has is taken.
   * @throws LimpetError OCCUPIED (`details.owner`; also the gateway's, and what is held), EXCLUDED, OUT_OF_RANGE,
   * BAD_INPUT, UNAVAILABLE, CONTENDED; nothing has changed then
   */
  async pin(identity: string, address: string, options: PinOptions = {}): Promise<Pinned> {
    this.#refuseEnded();
    return this.#pins.pin(identity, address, options);
  }

  /**
   * Whether {@link pin} could be, by what is known now.
   * @throws LimpetError OCCUPIED, EXCLUDED, OUT_OF_RANGE, BAD_INPUT
   */
  mayPin(identity: string, address: string): void {
    this.#pins.check(identity, address);
  }

  /**
   * Ends the identity's pin. It keeps the address, which can be reclaimed again; one that it was to have from its next
   * start on is free. False when it had no pin.
   * @throws LimpetError UNKNOWN, UNAVAILABLE, CONTENDED
   */
  async unpin(identity: string, options: CallOptions = {}): Promise<boolean> {
    return this.#pins.unpin(identity, options);
  }

  /**
   * To be called before an identity starts: the address that waits for it is its own from now on, and the one that it
   * had is free. False when none waits, or while the identity is live anywhere.
   * @throws LimpetError UNAVAILABLE, CONTENDED
   */
  async comeHome(identity: string, options: CallOptions = {}): Promise<boolean> {
    return this.#pins.comeHome(identity, options);
  }

  /** The address that was chosen for the identity, and whether it waits for its next start; undefined without a pin. */
  pinOf(identity: string): Pinned | undefined {
    return this.#pins.find(identity);
  }

  /**
   * Reserved → free; answers the address.
   * @throws LimpetError LIVE, PINNED, UNKNOWN, UNAVAILABLE, CONTENDED
   */
  async reclaim(identity: string, { deadline }: CallOptions = {}): Promise<string> {
    return this.#turns.take({ what: 'reclaim', key: identity, deadline }, async () => {
      const binding = this.#reclaimable(identity);
      return (await this.#reclaimNow(binding, 'asked', deadline)) ? binding.address : undefined;
    });
  }

  /**
   * Whether {@link reclaim} could be, by what is known now.
   * @throws LimpetError LIVE, PINNED, UNKNOWN
   */
  mayReclaim(identity: string): void {
    this.#reclaimable(identity);
  }

  /**
   * Somebody has networks on the subnet: it is his, by a name of his choice, until he says otherwise, and outlives him.
   * False when it was already.
   * @throws LimpetError ENDED, UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async use(user: string, { deadline }: CallOptions = {}): Promise<boolean> {
    checkText('name of the user', user);
    return this.#setUse({ op: 'use', user }, `${user} has networks on it`, deadline);
  }

  /**
   * His last network is gone. False when he had none. Bindings stay as they are.
   * @throws LimpetError ENDED, UNAVAILABLE, CONTENDED, BAD_INPUT
   */
  async disuse(user: string, { deadline }: CallOptions = {}): Promise<boolean> {
    checkText('name of the user', user);
    return this.#setUse({ op: 'disuse', user }, `${user} has no network on it any more`, deadline);
  }

  /** Who has networks on the subnet, sorted. */
  get users(): readonly string[] {
    return this.state.users;
  }

  get isUsed(): boolean {
    return this.users.length > 0;
  }

  /**
   * Whether it has users, or something in it is live, pinned or held, its own gateway aside: else `removeUnused` would
   * end it.
   */
  get isNeeded(): boolean {
    return this.state.isNeeded;
  }

  /** A number that is another one whenever the store has decided something since. */
  get facts(): number {
    return this.state.facts;
  }

  lookup(identity: string): LiveBinding | undefined {
    return this.state.lookup(identity);
  }

  inspect(address: string): Inspection {
    return this.state.inspect(address);
  }

  /** Whether an identity has the address: `inspect` for who asks of many. @throws LimpetError as `inspect` */
  isOwned(address: string): boolean {
    return this.state.isOwned(address);
  }

  /**
   * Whether an address is held, alone or beside a binding; `inspect` tells of such a one only the binding.
   * @throws LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  isHeld(address: string): boolean {
    return this.state.isHeld(address);
  }

  /** All bindings in ascending order of address. */
  list(): IterableIterator<Binding> {
    return this.state.list();
  }

  /** Who is live on the node, in ascending order of address. Costs far less than to look at all bindings. */
  liveOn(node: string): string[] {
    return this.state.liveOn(node);
  }

  /** All addresses held without a binding, ascending. */
  held(): IterableIterator<string> {
    return this.state.held();
  }

  get stats(): ServiceStats {
    const { conflicts } = this.#commits;
    return withJson({ ...this.state.net.stats, reclaimed: { ...this.#reclaimed }, conflicts });
  }

  /** @internal While no call is at work; see {@link Turns.exclusive}. */
  exclusive<T>(action: () => Promise<T>): Promise<T> {
    return this.#turns.exclusive(action);
  }

  /** @internal Other settings; asked for when the core subnet is to be made. */
  change(spec: SubnetSpec, make: () => CoreSubnet): void {
    const others = differences(this.spec, spec);
    if (others.length === 0) return;
    this.state.change(spec, make());
    this.#reclaimer.change(spec.reclaim);
    const why = others.map(({ name, has, wants }) => `${name} ${has} → ${wants}`).join(', ');
    this.#log({ event: 'settings', why });
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

  /** @internal The store has told it. */
  learn(change: Change): void {
    if (change.op === 'bind') this.#places.told();
    if (change.op === 'unhold') this.#spares.drop(change.address);
    this.state.apply(change);
  }

  /** @internal */
  end(): void {
    this.#ended = true;
    this.#reclaimer.end();
    this.#spares.end();
    this.state.destroy();
  }

  /** Asked of the store each time where it is shared: the news that another process has ended the use may be late. */
  #setUse(change: UseChange, why: string, deadline: Deadline | undefined): Promise<boolean> {
    const { op, user } = change;
    return this.#turns.take({ what: op, key: `\0\0${user}`, deadline }, async () => {
      const isNews = this.users.includes(user) !== (op === 'use');
      if (!isNews && !this.#around.store.shared) return false;
      if (!(await this.#commits.commit([change], deadline))) return undefined;
      if (isNews) this.#log({ event: op, user, why });
      return isNews;
    });
  }

  #reclaimable(identity: string): LiveBinding {
    const binding = this.state.lookup(identity);
    if (binding === undefined) throw unknown(this.spec, identity);
    // The core refuses it as LIVE or PINNED, with all details, and changes nothing.
    if (binding.state === 'live' || binding.pinned) this.state.net.reclaim(identity);
    return binding;
  }

  async #reclaimDue({ identity, isDue, reason, deadline }: Reclaiming): Promise<void> {
    const reclaim = async () => {
      const binding = this.state.lookup(identity);
      if (binding !== undefined && !binding.pinned && isDue(binding)) await this.#reclaimNow(binding, reason, deadline);
    };
    await this.#turns.once(identity, reclaim, deadline);
  }

  async #reclaimNow(binding: Binding, reason: Reason, deadline: Deadline | undefined): Promise<boolean> {
    const { identity, address } = binding;
    const beside = this.#around.store.shared ? besideOf(identity) : undefined; // others may have made it since
    const end: Change = { op: 'reclaim', identity, address, ...(beside === undefined ? {} : { beside }) };
    if (!(await this.#commits.commit([end], deadline))) return false;
    this.#reclaimed[reason]++;
    this.#log({ event: 'reclaim', identity, address, why: WHY[reason] });
    return true;
  }

  /** Before the core reads an address, which would say in its own words that it is gone. */
  #refuseEnded(): void {
    if (this.#ended) this.#check();
  }

  #check(): void {
    this.#around.check(); // first: the end of the service ends its subnets too, and is why then
    if (this.#ended) throw new LimpetError('ENDED', `the subnet ${this.cidr} has been removed`, { subnet: this.cidr });
  }

  #liveElsewhere({ identity, address, nodes }: LiveBinding): LimpetError {
    const where = nodes.map((node) => this.#around.nameOf(node)).join(' and ');
    const message = `${JSON.stringify(identity)} is live on ${where} with ${address} of ${this.cidr}`;
    return new LimpetError('LIVE', message, { subnet: this.cidr, identity, address, nodes });
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
