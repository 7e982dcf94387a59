// What one subnet's core knows, and what it knows beside: on which nodes a binding is live, and what has only been
// proposed. Everything here is synchronous and asks no store: it is what the store's facts are applied to.

import { checkTime } from '../host/arguments.js';
import { LimpetError } from '../host/errors.js';
import type { Subnet as CoreSubnet, Inspection } from '../host/subnet.js';
import type { Binding } from '../host/types.js';
import { LiveNodes } from './live-nodes.js';
import type { Change, SubnetDump, SubnetSpec } from './store.js';

/** A binding, and the nodes it is live on. */
export type LiveBinding = Binding & { readonly nodes: readonly string[] };

export class SubnetState {
  #spec: SubnetSpec;
  #net: CoreSubnet;
  #liveNodes = new LiveNodes();
  readonly #users = new Set<string>();
  /** Bindings and holds that the store has not decided about. They stand in the core, and do not show. */
  readonly #proposed = new Map<string, string>();
  readonly #proposedHolds = new Set<string>();
  /** While the state is being read: when each binding that is live nowhere was released. */
  #releases: Map<string, number> | undefined;
  #facts = 0;

  constructor(spec: SubnetSpec, net: CoreSubnet) {
    this.#spec = spec;
    this.#net = net;
  }

  get spec(): SubnetSpec {
    return this.#spec;
  }

  /** The core itself, proposals included: what they take is taken. */
  get net(): CoreSubnet {
    return this.#net;
  }

  /** A number that is another one whenever the store has decided something since. */
  get facts(): number {
    return this.#facts;
  }

  /** Who has networks on the subnet, sorted. */
  get users(): readonly string[] {
    return [...this.#users].sort();
  }

  /** Why the subnet is still needed: it has a user, or something in it is live, pinned, held or being asked for. */
  get isNeeded(): boolean {
    const { live, pinned } = this.#net.stats;
    if (this.#users.size > 0 || live > 0 || pinned > 0 || this.#proposedHolds.size > 0) return true;
    for (const address of this.held()) if (address !== this.#spec.gateway) return true;
    for (const { address } of this.list()) if (this.#net.isHeld(address)) return true;
    return false;
  }

  lookup(identity: string): LiveBinding | undefined {
    if (this.#proposed.has(identity)) return undefined;
    const binding = this.#net.lookup(identity);
    return binding === undefined ? undefined : { ...binding, nodes: this.nodesOf(identity) };
  }

  inspect(address: string): Inspection {
    const found = this.#net.inspect(address);
    const { identity } = found;
    const pending = identity === undefined ? this.#proposedHolds.has(found.address) : this.#proposed.has(identity);
    if (!pending) return found;
    // A binding that is proposed at a ticket leaves it held until it is decided.
    return { address: found.address, state: this.isHeld(found.address) ? 'held' : 'free' };
  }

  /** Whether an identity has the address, by what the store has decided. */
  isOwned(address: string): boolean {
    return this.#net.isOwned(address) && (this.#proposed.size === 0 || this.inspect(address).identity !== undefined);
  }

  *list(): IterableIterator<Binding> {
    for (const binding of this.#net.bindings()) if (!this.#proposed.has(binding.identity)) yield binding;
  }

  *held(): IterableIterator<string> {
    for (const address of this.#net.held()) if (!this.#proposedHolds.has(address)) yield address;
  }

  /** Whether an address is held, alone or beside a binding. */
  isHeld(address: string): boolean {
    return this.#net.isHeld(address) && !this.#proposedHolds.has(address);
  }

  nodesOf(identity: string): readonly string[] {
    const ordinal = this.#net.lookupOrdinal(identity);
    return ordinal === undefined ? [] : this.#liveNodes.on(ordinal);
  }

  /** Who is live on the node, in ascending order of address. */
  liveOn(node: string): string[] {
    const on = [...this.#liveNodes.of(node)].map((ordinal) => this.#net.owner(this.#net.addressOf(ordinal)));
    return on.filter((identity) => identity !== undefined && !this.#proposed.has(identity)) as string[];
  }

  /** The binding that was released first and is not pinned. */
  oldest(): Binding | undefined {
    return this.#net.oldest();
  }

  // Proposals: made in the core by the caller, then either taken in as facts or taken back.

  propose(identity: string, address: string): void {
    this.#proposed.set(identity, address);
  }

  proposeHold(address: string): void {
    this.#proposedHolds.add(address);
  }

  isProposedHold(address: string): boolean {
    return this.#proposedHolds.has(address);
  }

  /** Takes a proposal back, unless a fact from the store has replaced it meanwhile. */
  takeBack(identity: string, address: string): void {
    if (this.#proposed.get(identity) === address) this.#withdraw(identity);
    this.#proposed.delete(identity);
  }

  takeBackHold(address: string): void {
    if (this.#proposedHolds.delete(address)) this.#net.unhold(address);
  }

  /**
   * A fact that the store has decided. Told twice, it changes nothing the second time; one that cannot be changes
   * nothing at all.
   * @throws LimpetError EXCLUDED, OCCUPIED (the gateway), OUT_OF_RANGE, BAD_INPUT, NO_MEMORY
   */
  apply(change: Change): void {
    this.#facts++;
    switch (change.op) {
      case 'bind':
        this.#bind(change.identity, change.address);
        break;
      case 'pin':
        this.#pin(change);
        break;
      case 'unpin':
        this.#unpin(change.identity, checkTime(change.time));
        break;
      case 'reclaim':
        if (this.#net.lookup(change.identity)?.address === change.address) this.#withdraw(change.identity);
        break;
      case 'live':
        this.#live(change.identity, change.node);
        break;
      case 'gone':
        this.#gone(change.identity, change.node, checkTime(change.time));
        break;
      case 'hold':
        this.#proposedHolds.delete(change.address);
        this.#net.rehold(change.address);
        break;
      case 'unhold':
        this.#unhold(change.address);
        break;
      case 'use':
        this.#users.add(change.user);
        break;
      case 'disuse':
        this.#users.delete(change.user);
        break;
    }
  }

  /**
   * Other settings: everything goes over into a core subnet that is made of them. Only a proposal can be in their way,
   * and that is void: the store will not have it.
   */
  change(spec: SubnetSpec, net: CoreSubnet): void {
    this.#facts++;
    const free = (address: string) => net.inspect(address).state === 'free';
    for (const address of [...this.#net.held()]) {
      if (free(address) && address !== this.#spec.gateway) net.hold(address);
      else this.#proposedHolds.delete(address);
    }
    const reserved: Binding[] = [];
    for (const binding of [...this.#net.bindings()]) {
      const { identity, address, state } = binding;
      if (!free(address)) {
        this.#proposed.delete(identity);
        this.#withdraw(identity);
        continue;
      }
      if (this.#net.isHeld(address)) net.hold(address);
      bindIn(net, identity, address);
      if (binding.pinned) net.pin(identity, address);
      if (state === 'reserved') reserved.push(binding);
    }
    reserved.sort((a, b) => (a.releasedAt as number) - (b.releasedAt as number));
    for (const { identity, releasedAt } of reserved) net.release(identity, releasedAt);
    this.#net.destroy();
    this.#net = net;
    this.#spec = spec;
  }

  /**
   * The state is being told, into a core subnet that knows nothing yet (or what a dump says). Releases come in no
   * order, and the core wants them in order of time: they wait for the end.
   */
  beginReading(net: CoreSubnet, spec = this.#spec): void {
    this.#facts++;
    if (net !== this.#net) this.#net.destroy();
    this.#net = net;
    this.#spec = spec;
    this.#liveNodes = new LiveNodes();
    this.#users.clear();
    this.#proposed.clear();
    this.#proposedHolds.clear();
    this.#releases = new Map();
  }

  /** What a dump says beside the core's snapshot, which has those bindings as live already. */
  restore({ users, live }: Pick<SubnetDump, 'users' | 'live'>): void {
    for (const user of users) this.#users.add(user);
    for (const [identity, node] of live) {
      const ordinal = this.#net.lookupOrdinal(identity);
      if (ordinal !== undefined) this.#liveNodes.add(ordinal, node);
    }
  }

  /** The whole state has been told: what is live nowhere is reserved, since `now` where nobody knows better. */
  endReading(now: number): void {
    const releases = this.#releases;
    if (releases === undefined) return;
    this.#releases = undefined;
    // Whatever has nodes is live in the core, and what has a release has none: as many of both as are live are all.
    const { live } = this.#net.stats;
    const isTold = this.#liveNodes.size + releases.size === live;
    const silent = isTold ? [...releases] : this.#silent(releases, now);
    const places = new Map<string, number | bigint>();
    silent.sort((a, b) => a[1] - b[1] || (this.#placeOf(a[0], places) < this.#placeOf(b[0], places) ? -1 : 1));
    for (const [identity, time] of silent) this.#net.release(identity, time);
  }

  /** Its ordinal, looked up once: of those released at one moment the lower address comes first. */
  #placeOf(identity: string, places: Map<string, number | bigint>): number | bigint {
    let place = places.get(identity);
    if (place === undefined) {
      place = this.#net.lookupOrdinal(identity) ?? 0;
      places.set(identity, place);
    }
    return place;
  }

  /** What is live in the core and nowhere else, with its release where that is known. Looks at every binding. */
  #silent(releases: ReadonlyMap<string, number>, now: number): [identity: string, released: number][] {
    const silent: [string, number][] = [];
    for (const { identity, state } of this.#net.bindings()) {
      if (state === 'live' && this.nodesOf(identity).length === 0)
        silent.push([identity, releases.get(identity) ?? now]);
    }
    return silent;
  }

  /** Everything that has been decided, and nothing else. */
  dump(): SubnetDump {
    for (const identity of this.#proposed.keys()) this.#withdraw(identity);
    for (const address of this.#proposedHolds) this.#net.unhold(address);
    const snapshot = this.#net.snapshot();
    for (const [identity, address] of this.#proposed) bindIn(this.#net, identity, address);
    for (const address of this.#proposedHolds) this.#net.hold(address);
    return { spec: this.spec, users: this.users, snapshot, live: this.#livePairs() };
  }

  destroy(): void {
    this.#net.destroy();
  }

  #bind(identity: string, address: string): void {
    // Whatever was proposed here against it has lost: the call that proposed it finds nothing left to take back.
    this.#proposed.delete(identity);
    const own = this.#net.lookup(identity);
    if (own?.address === address) return;
    const { identity: owner, state } = this.#net.inspect(address);
    if (state === 'excluded') throw this.#notForIt('EXCLUDED', identity, address, 'is excluded');
    if (address === this.#spec.gateway) throw this.#notForIt('OCCUPIED', identity, address, 'is the gateway');
    if (own !== undefined) this.#withdraw(identity);
    if (owner !== undefined) {
      this.#proposed.delete(owner);
      this.#withdraw(owner);
    }
    bindIn(this.#net, identity, address);
    if (this.#releases === undefined) this.#net.release(identity, 0); // live only once somebody says so
  }

  #pin({ identity, address, time }: Extract<Change, { readonly op: 'pin' }>): void {
    checkTime(time);
    const isNew = this.#net.lookup(identity)?.address !== address;
    if (isNew) this.#bind(identity, address);
    this.#net.pin(identity, address, time);
    if (!isNew) return;
    if (this.#releases !== undefined) this.#releases.set(identity, time);
    else {
      this.#net.allocate(identity); // reserved since then, and not since the last release
      this.#net.release(identity, time);
    }
  }

  #unpin(identity: string, time: number): void {
    const binding = this.#net.lookup(identity);
    if (binding === undefined) return;
    this.#net.unpin(identity, time);
    if (binding.pinned && this.nodesOf(identity).length === 0) this.#releases?.set(identity, time);
  }

  #notForIt(code: 'EXCLUDED' | 'OCCUPIED', identity: string, address: string, why: string): LimpetError {
    const { cidr } = this.#spec;
    const message = `${JSON.stringify(identity)} cannot have ${address} of ${cidr}: it ${why}`;
    return new LimpetError(code, message, { subnet: cidr, identity, address });
  }

  /** The gateway stays held, whoever says what, and about what is proposed the store has not decided. */
  #unhold(address: string): void {
    if (this.#proposedHolds.has(address)) return;
    if (address !== this.#spec.gateway && this.#net.isHeld(address)) this.#net.unhold(address);
  }

  #live(identity: string, node: string): void {
    const ordinal = this.#net.lookupOrdinal(identity);
    if (ordinal === undefined) return;
    this.#net.allocate(identity);
    this.#liveNodes.add(ordinal, node);
    this.#releases?.delete(identity);
  }

  #gone(identity: string, node: string, time: number): void {
    const ordinal = this.#net.lookupOrdinal(identity);
    if (ordinal === undefined) return;
    this.#liveNodes.remove(ordinal, node);
    if (this.#liveNodes.on(ordinal).length > 0) return;
    if (this.#releases === undefined) this.#net.release(identity, time);
    else this.#releases.set(identity, time);
  }

  /** Ends a binding in the core, whatever its state. */
  #withdraw(identity: string): void {
    const ordinal = this.#net.lookupOrdinal(identity);
    if (ordinal === undefined) return;
    for (const node of this.#liveNodes.on(ordinal)) this.#liveNodes.remove(ordinal, node);
    this.#releases?.delete(identity);
    this.#net.release(identity, 0); // no release: the time of the last one counts on
    this.#net.unpin(identity, 0);
    this.#net.reclaim(identity);
  }

  *#livePairs(): IterableIterator<readonly [string, string]> {
    for (const { identity, state } of this.list()) {
      if (state !== 'live') continue;
      for (const node of this.nodesOf(identity)) yield [identity, node];
    }
  }
}

/** Binds to a free address, or to one that is held: a ticket, which stays held. */
function bindIn(net: CoreSubnet, identity: string, address: string): void {
  if (net.inspect(address).state === 'held') net.trade(identity, address);
  else net.bind(identity, address);
}
