// What etcd holds, as far as this process knows it, with the revisions that transactions compare. Everything that is
// learnt is told to the listener at once, so that whoever finds a conflict here finds it in the core as well. Facts
// come from the watch, in order, and from answers that run ahead of it: revisions decide which is newer, never the
// order of arrival.

import type { Change, StoreListener, SubnetKey } from '../../service/store.js';
import { type Key, type Keys, readIdentity, readSpec } from './keys.js';
import { emptySubnet, type Item, type KnownBinding, type KnownSubnet, type LiveMark } from './known.js';

/** What the store wants to hear of, beside the listener. */
export interface ViewHooks {
  readonly now: () => number;
  /** Whether this process answered for the mark and so puts it again when etcd loses it. */
  readonly isOwn: (liveKey: string) => boolean;
  /** Whether this process has, or had, that lease. */
  readonly isOwnLease: (lease: string) => boolean;
  /** etcd has lost such a mark; the binding is still there. */
  readonly lost: (subnet: SubnetKey, identity: string, node: string) => void;
  /** Another process has taken such a mark over. */
  readonly takenOver: (liveKey: string) => void;
  /** The binding of such a mark has ended. */
  readonly bindingEnded: (liveKey: string) => void;
  /** Nobody is live on the binding and no time of release is recorded. */
  readonly unmarked: (subnet: SubnetKey, identity: string) => void;
}

export class View {
  /** Everything up to this revision has been told by the reading or by the watch. */
  revision: number;
  readonly #subnets = new Map<string, KnownSubnet>();
  /** What nodes are called, by ID. */
  readonly #nodes = new Map<string, { readonly name: string; readonly mod: number }>();
  /** For each space: every subnet made up to this revision is known. */
  readonly #spaces = new Map<string, number>();
  /** Keys that were seen to be absent ahead of the watch, and when. */
  readonly #absent = new Map<string, number>();
  readonly #keys: Keys;
  readonly #listener: StoreListener;
  readonly #hooks: ViewHooks;
  /** Subnets whose settings make no sense, by key. */
  readonly #unreadable = new Set<string>();
  #telling = true;

  constructor(revision: number, keys: Keys, listener: StoreListener, hooks: ViewHooks) {
    this.revision = revision;
    this.#keys = keys;
    this.#listener = listener;
    this.#hooks = hooks;
  }

  subnet(key: SubnetKey): KnownSubnet | undefined {
    return this.#subnets.get(this.#keys.subnet(key));
  }

  subnets(): IterableIterator<KnownSubnet> {
    return this.#subnets.values();
  }

  /** What people call the node. */
  nameOf(node: string): string {
    return this.#nodes.get(node)?.name ?? node;
  }

  /** Whether etcd has the subnet in a form that this version cannot read. */
  isUnreadable(key: SubnetKey): boolean {
    return this.#unreadable.has(this.#keys.subnet(key));
  }

  /** The revision up to which all subnets of the space are known. */
  spaceKnownAt(space: string): number {
    return Math.max(this.revision, this.#spaces.get(space) ?? 0);
  }

  knowSpace(space: string, at: number): void {
    this.#spaces.set(space, Math.max(at, this.#spaces.get(space) ?? 0));
  }

  /** The watch has told everything up to here. */
  reached(revision: number): void {
    if (revision <= this.revision) return;
    this.revision = revision;
    for (const [key, at] of this.#absent) {
      if (at > revision) break;
      this.#absent.delete(key);
    }
  }

  /** A mark of this process that a reading did not find, though the binding is the same: it will be put again. */
  expect(subnet: KnownSubnet, identity: string, node: string): void {
    subnet.bindings.get(identity)?.live.set(node, { mod: 0, lease: '' });
    this.#tell(subnet.key, { op: 'live', identity, node });
  }

  /**
   * A mark that is expected no longer, since it has been released: etcd has lost it already, so that nothing tells of its
   * end.
   */
  expectNoLonger(subnet: SubnetKey, identity: string, node: string): void {
    const live = this.subnet(subnet)?.bindings.get(identity)?.live;
    if (live?.get(node)?.mod === 0) live.delete(node);
  }

  /** After a reading: bindings that nobody is live on, with the time of their release. */
  tellReleases(): void {
    for (const subnet of this.#subnets.values()) {
      for (const [identity, binding] of subnet.bindings) {
        if (binding.live.size === 0) this.#tellGone(subnet, identity, '', binding);
      }
    }
  }

  /** As {@link learn}, but of a change that this process has made itself: the service knows. */
  learnOwn(key: string, item: Item | undefined, at: number): void {
    this.#telling = false;
    try {
      this.learn(key, item, at);
    } finally {
      this.#telling = true;
    }
  }

  /**
   * The key was so at that revision; `undefined` when it was not there. Older news than what is known changes nothing.
   */
  learn(key: string, item: Item | undefined, at: number): void {
    const parsed = this.#keys.parse(key);
    if (parsed === undefined) {
      this.#report('warn', `etcd has a key that Limpet did not write: ${key}`, { key });
      return;
    }
    if (parsed.kind === 'process') return;
    if (parsed.kind === 'node') {
      this.#learnNode(parsed.id, item);
      return;
    }
    const absentAt = this.#absent.get(key);
    if (item !== undefined && absentAt !== undefined && item.mod <= absentAt) return;
    if (item === undefined && at > this.revision && at > (absentAt ?? 0)) {
      this.#absent.delete(key);
      this.#absent.set(key, at); // in the order of the revisions, nearly: the oldest are dropped first
    }
    if (parsed.kind === 'subnet') this.#learnSubnet(parsed.subnet, item, at);
    else this.#learnWithin(parsed, key, item, at);
  }

  #learnWithin(
    parsed: Exclude<Key, { kind: 'process' | 'node' | 'subnet' }>,
    key: string,
    item: Item | undefined,
    at: number,
  ) {
    const subnet = this.subnet(parsed.subnet);
    if (subnet === undefined || at < subnet.created) return;
    if (parsed.kind === 'identity') this.#learnIdentity(subnet, parsed.identity, item, at, key);
    else if (parsed.kind === 'live') this.#learnLive(subnet, parsed.identity, parsed.node, item, at, key);
    else if (parsed.kind === 'held') this.#learnHeld(subnet, parsed.address, item, at);
    else if (parsed.kind === 'user') this.#learnUser(subnet, parsed.user, item, at);
    else this.#learnOwner(subnet, parsed.address, item, at);
  }

  #learnSubnet(key: SubnetKey, item: Item | undefined, at: number): void {
    const known = this.subnet(key);
    if (known !== undefined && (item === undefined ? at < known.created : item.mod <= known.mod)) return;
    const spec = item === undefined ? undefined : readSpec(item.value, key);
    if (known !== undefined && spec !== undefined && known.created === item?.created) {
      known.mod = item.mod;
      known.spec = spec;
      this.#tell(key, { op: 'settings', spec });
      return;
    }
    if (known !== undefined) {
      for (const [identity, binding] of known.bindings) this.#endMarks(known, identity, binding);
      this.#subnets.delete(this.#keys.subnet(key));
      this.#tell(key, { op: 'remove' });
    }
    this.#unreadable.delete(this.#keys.subnet(key));
    if (item === undefined) return;
    if (spec === undefined) {
      this.#unreadable.add(this.#keys.subnet(key));
      this.#report('error', `etcd has no settings that can be read for ${key.cidr} in ${key.space}`, { ...key });
      return;
    }
    this.#subnets.set(this.#keys.subnet(key), emptySubnet(key, spec, item));
    this.#tell(key, { op: 'create', spec });
  }

  #learnIdentity(subnet: KnownSubnet, identity: string, item: Item | undefined, at: number, key: string): void {
    const known = subnet.bindings.get(identity);
    if (item === undefined) {
      if (known !== undefined && known.mod <= at) this.#endBinding(subnet, identity, known);
      return;
    }
    if (known !== undefined && known.mod >= item.mod) return;
    const value = readIdentity(item.value);
    if (value === undefined) {
      this.#report('error', `etcd has no address that can be read at ${key}`, { key });
      return;
    }
    if (known?.created === item.created) {
      known.mod = item.mod;
      known.released = value.released;
      return;
    }
    if (known !== undefined) this.#endBinding(subnet, identity, known);
    this.#begin(subnet, identity, value.address, value.released, item);
  }

  #begin(subnet: KnownSubnet, identity: string, address: string, released: number | undefined, item: Item): void {
    const owner = subnet.owners.get(address);
    const other = owner === undefined ? undefined : subnet.bindings.get(owner);
    if (owner !== undefined && other !== undefined) {
      // Of two bindings of one address the older has ended, though its end may not have been told yet.
      if (other.created > item.created) return;
      this.#endBinding(subnet, owner, other);
    }
    const live = new Map<string, LiveMark>();
    subnet.bindings.set(identity, { address, created: item.created, mod: item.mod, released, live });
    subnet.owners.set(address, identity);
    const bind: Change = { op: 'bind', identity, address };
    this.#tell(subnet.key, subnet.held.has(address) ? { ...bind, ticket: true } : bind);
  }

  #learnLive(
    subnet: KnownSubnet,
    identity: string,
    node: string,
    item: Item | undefined,
    at: number,
    key: string,
  ): void {
    const binding = subnet.bindings.get(identity);
    const known = binding?.live.get(node);
    if (binding === undefined) return;
    if (item !== undefined) {
      if (item.mod < binding.created || (known !== undefined && known.mod >= item.mod)) return;
      if (this.#hooks.isOwn(key) && !this.#hooks.isOwnLease(item.lease)) this.#hooks.takenOver(key);
      binding.live.set(node, { mod: item.mod, lease: item.lease });
      if (known === undefined) this.#tell(subnet.key, { op: 'live', identity, node });
      return;
    }
    if (known === undefined || known.mod > at || known.mod === 0) return;
    if (this.#hooks.isOwn(key)) {
      known.mod = 0;
      known.lease = '';
      this.#hooks.lost(subnet.key, identity, node);
    } else {
      binding.live.delete(node);
      this.#tellGone(subnet, identity, node, binding);
    }
  }

  /** Nobody releases for a process that has died: then the time of seeing counts. */
  #tellGone(subnet: KnownSubnet, identity: string, node: string, binding: KnownBinding): void {
    const last = binding.live.size === 0;
    this.#tell(subnet.key, {
      op: 'gone',
      identity,
      node,
      time: (last ? binding.released : undefined) ?? this.#hooks.now(),
    });
    if (last && binding.released === undefined) this.#hooks.unmarked(subnet.key, identity);
  }

  #learnHeld(subnet: KnownSubnet, address: string, item: Item | undefined, at: number): void {
    const known = subnet.held.get(address);
    if (item === undefined) {
      if (known === undefined || known > at) return;
      subnet.held.delete(address);
      this.#tell(subnet.key, { op: 'unhold', address });
    } else if (known === undefined || known < item.mod) {
      subnet.held.set(address, item.mod);
      if (known === undefined) this.#tell(subnet.key, { op: 'hold', address });
    }
  }

  /** A name that somebody deletes is known on until the next start: it does no harm. */
  #learnNode(id: string, item: Item | undefined): void {
    if (item === undefined || item.mod <= (this.#nodes.get(id)?.mod ?? 0)) return;
    const name = item.value.toString();
    this.#nodes.set(id, { name, mod: item.mod });
    this.#listener.introduced({ id, name });
  }

  #learnUser(subnet: KnownSubnet, user: string, item: Item | undefined, at: number): void {
    const known = subnet.users.get(user);
    if (item === undefined) {
      if (known === undefined || known > at) return;
      subnet.users.delete(user);
      this.#tell(subnet.key, { op: 'disuse', user });
    } else if (known === undefined || known < item.mod) {
      subnet.users.set(user, item.mod);
      if (known === undefined) this.#tell(subnet.key, { op: 'use', user });
    }
  }

  /** From the index by address, which is never watched: it says who has the address when a commit finds it taken. */
  #learnOwner(subnet: KnownSubnet, address: string, item: Item | undefined, at: number): void {
    const owner = subnet.owners.get(address);
    const known = owner === undefined ? undefined : subnet.bindings.get(owner);
    if (item === undefined) {
      if (owner !== undefined && known !== undefined && known.mod <= at) this.#endBinding(subnet, owner, known);
      return;
    }
    const identity = item.value.toString();
    if (identity === owner && known?.created === item.created) return;
    // Put together with the identity's own key, so that one was made at the same revision.
    const value = Buffer.from(JSON.stringify({ address }));
    this.learn(this.#keys.identity(subnet.key, identity), { ...item, value, mod: item.created }, item.created);
  }

  #endBinding(subnet: KnownSubnet, identity: string, binding: KnownBinding): void {
    this.#endMarks(subnet, identity, binding);
    subnet.bindings.delete(identity);
    if (subnet.owners.get(binding.address) === identity) subnet.owners.delete(binding.address);
    this.#tell(subnet.key, { op: 'reclaim', identity, address: binding.address });
  }

  #endMarks(subnet: KnownSubnet, identity: string, binding: KnownBinding): void {
    for (const node of binding.live.keys()) {
      const key = this.#keys.live(subnet.key, identity, node);
      if (this.#hooks.isOwn(key)) this.#hooks.bindingEnded(key);
      this.#tell(subnet.key, { op: 'gone', identity, node, time: this.#hooks.now() });
    }
    binding.live.clear();
  }

  #tell(subnet: SubnetKey, change: Change): void {
    if (!this.#telling) return;
    try {
      this.#listener.apply(subnet, change);
    } catch (error) {
      const message = `what etcd says of ${subnet.cidr} cannot be: ${(error as Error).message}`;
      this.#report('error', message, { ...subnet, change });
    }
  }

  #report(level: 'warn' | 'error', message: string, details: Record<string, unknown>): void {
    this.#listener.report({ level, message, details });
  }
}
