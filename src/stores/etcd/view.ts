// What etcd holds, as far as this process knows it, with the revisions that transactions compare. Everything that is
// learnt is told to the listener at once, so that whoever finds a conflict here finds it in the core as well. Facts
// come from the watch, in order, and from answers that run ahead of it: revisions decide which is newer, never the
// order of arrival.

import type { IKeyValue } from 'etcd3';
import { roomOf } from '../../service/spec.js';
import type { NodeName, StoreListener, SubnetKey, SubnetSpec } from '../../service/store.js';
import { readNodeName, readOwner, readSpec } from '../values.js';
import { type BindingHooks, Bindings, type Found } from './bindings.js';
import type { Findings } from './findings.js';
import type { Key, Keys } from './keys.js';
import { emptySubnet, type Item, itemOf, type KnownSubnet } from './known.js';
import { Processes } from './processes.js';
import { Teller } from './teller.js';

/** What the store wants to hear of, beside the listener. */
export interface ViewHooks extends BindingHooks {
  /** A subnet can be read again, whose bindings were passed over: they have to be read as well. */
  readonly repaired: () => void;
}

/** A subnet that etcd has and whose settings make no sense. One that was known before goes on by the old ones. */
interface Unreadable {
  readonly subnet: SubnetKey;
  readonly key: string;
  readonly why: string;
  readonly mod: number;
}

export class View {
  /** Everything up to this revision has been told by the reading or by the watch. */
  revision: number;
  /** The latest revision of which anything has been told. */
  latest: number;
  readonly #subnets = new Map<string, KnownSubnet>();
  /** What nodes are called, by ID. */
  readonly #nodes = new Map<string, { readonly name: string; readonly mod: number }>();
  /** For each space: every subnet made up to this revision is known. */
  readonly #spaces = new Map<string, number>();
  /** Keys that were seen to be absent ahead of the watch, and when. */
  readonly #absent = new Map<string, number>();
  readonly #keys: Keys;
  readonly #introduced: (node: NodeName) => void;
  readonly #teller: Teller;
  readonly #findings: Findings;
  readonly #hooks: ViewHooks;
  readonly #bindings: Bindings;
  /** Those that run, as far as is known. */
  readonly processes = new Processes();
  /** By key. */
  readonly #unreadable = new Map<string, Unreadable>();

  constructor(revision: number, keys: Keys, listener: StoreListener, findings: Findings, hooks: ViewHooks) {
    this.revision = revision;
    this.latest = revision;
    this.#keys = keys;
    this.#introduced = (node) => listener.introduced(node);
    this.#teller = new Teller(listener);
    this.#findings = findings;
    this.#hooks = hooks;
    this.#bindings = new Bindings(keys, this.#teller, findings, hooks);
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

  /** Why the settings that etcd has of the subnet cannot be read; undefined when they can. */
  whyUnreadable(key: SubnetKey): string | undefined {
    return this.#unreadable.get(this.#keys.subnet(key))?.why;
  }

  unreadable(): Iterable<Unreadable> {
    return this.#unreadable.values();
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
    this.latest = Math.max(this.latest, revision);
    for (const [key, at] of this.#absent) {
      if (at > revision) break;
      this.#absent.delete(key);
    }
  }

  /** A mark of this process that a reading did not find, though the binding is the same: it will be put again. */
  expect(subnet: KnownSubnet, identity: string, node: string): void {
    this.#bindings.expect(subnet, identity, node);
  }

  /**
   * A mark that is expected no longer, since it has been released: etcd has lost it already, so that nothing tells of
   * its end.
   */
  expectNoLonger(subnet: SubnetKey, identity: string, node: string): void {
    const live = this.subnet(subnet)?.bindings.get(identity)?.live;
    if (live?.get(node)?.mod === 0) live.delete(node);
  }

  /**
   * A reading has told all: what comes now is news. Tells of bindings that nobody is live on, with their release, step
   * by step.
   */
  *endReading(): Generator<void> {
    this.#bindings.isReading = false;
    for (const subnet of this.#subnets.values()) {
      for (const [identity, binding] of subnet.bindings) {
        if (binding.live.size === 0) this.#bindings.tellGone(subnet, identity, '', binding);
        yield;
      }
    }
  }

  /** As {@link learn}, but of a change that this process has made itself: the service knows. */
  learnOwn(key: string, item: Item | undefined, at: number): void {
    this.#teller.silently(() => this.learn(key, item, at));
  }

  /** What an answer of etcd holds, by key; keys that Limpet did not write are told, and left out. */
  itemsOf(kvs: readonly IKeyValue[]): Map<string, Item> {
    const items = new Map<string, Item>();
    for (const kv of kvs) {
      const own = this.#keys.read(kv.key);
      if (own === undefined) this.#findings.strange(kv.key);
      else items.set(own.text, itemOf(kv));
    }
    return items;
  }

  /** As {@link learn}, of a key as etcd has it: bytes that anybody may have written. */
  learnBytes(bytes: Buffer, item: Item | undefined, at: number): void {
    const own = this.#keys.read(bytes);
    if (own === undefined) this.#findings.strange(bytes);
    else this.learnKey(own.key, own.text, item, at);
  }

  /**
   * The key was so at that revision; `undefined` when it was not there. Older news than what is known changes nothing.
   */
  learn(text: string, item: Item | undefined, at: number): void {
    const key = this.#keys.parse(text);
    if (key === undefined) this.#findings.strange(text);
    else this.learnKey(key, text, item, at);
  }

  /** As {@link learn}, of a key that has been taken apart. */
  learnKey(key: Key, text: string, item: Item | undefined, at: number): void {
    this.latest = Math.max(this.latest, at);
    if (key.kind === 'pin') return; // whether it is pinned, the identity's own key says
    if (key.kind === 'process') {
      if (item === undefined) this.processes.end(key.lease);
      else this.processes.begin(key.lease);
      return;
    }
    if (key.kind === 'node') {
      this.#learnNode(key.id, text, item);
      return;
    }
    const absentAt = this.#absent.get(text);
    if (item !== undefined && absentAt !== undefined && item.mod <= absentAt) return;
    if (item === undefined && at > this.revision && at > (absentAt ?? 0)) {
      this.#absent.delete(text);
      this.#absent.set(text, at); // in the order of the revisions, nearly: the oldest are dropped first
    }
    if (key.kind === 'subnet') this.#learnSubnet(key.subnet, text, item, at);
    else this.#learnWithin(key, text, item, at);
  }

  /** Whether the key belongs to something that is there, or may be. */
  isAtHome(key: Key): boolean {
    if (key.kind === 'process' || key.kind === 'node' || key.kind === 'subnet') return true;
    const subnet = this.subnet(key.subnet);
    if (subnet === undefined) return this.whyUnreadable(key.subnet) !== undefined;
    return key.kind !== 'live' || subnet.bindings.has(key.identity) || subnet.spoilt.has(key.identity);
  }

  /** Whom it takes to know whose the address is, when that is not yet known; undefined when it is. */
  settle(key: SubnetKey, found: Found): string[] | undefined {
    const { index, claims, at } = found;
    const subnet = this.subnet(key);
    if (subnet === undefined || at < subnet.created) return undefined;
    const named = index && readOwner(index.value);
    const missing = named !== undefined && !claims.has(named) ? [named] : [];
    const all = [...claims.keys(), ...missing];
    // What the watch has told meanwhile is newer, and so is what was answered to this process.
    if (missing.length > 0 || at < this.revision || this.#knowsLater(subnet, found, all)) return all;
    this.#bindings.settle(subnet, found);
    return undefined;
  }

  /** Whether anything is known of the address, or of one of these identities, that is newer than what was found. */
  #knowsLater(subnet: KnownSubnet, { address, at }: Found, identities: readonly string[]): boolean {
    const holder = subnet.owners.get(address);
    return [...identities, ...(holder === undefined ? [] : [holder])].some((identity) => {
      const known = subnet.bindings.get(identity)?.mod ?? 0;
      const ended = this.#absent.get(this.#keys.identity(subnet.key, identity)) ?? 0;
      return Math.max(known, ended) > at;
    });
  }

  #learnWithin(
    key: Exclude<Key, { kind: 'process' | 'node' | 'subnet' | 'pin' }>,
    text: string,
    item: Item | undefined,
    at: number,
  ): void {
    const subnet = this.subnet(key.subnet);
    if (subnet === undefined || at < subnet.created) return;
    if (key.kind === 'identity') this.#bindings.learnIdentity(subnet, key.identity, item, at);
    else if (key.kind === 'live') this.#bindings.learnLive(subnet, key, text, item, at);
    else if (key.kind === 'held') this.#learnHeld(subnet, key.address, text, item, at);
    else if (key.kind === 'user') this.#learnUser(subnet, key.user, item, at);
    else this.#bindings.learnOwner(subnet, key.address, item, at);
  }

  #learnSubnet(key: SubnetKey, text: string, item: Item | undefined, at: number): void {
    const before = this.#subnets.get(text);
    const bad = this.#unreadable.get(text);
    if (item === undefined) {
      if (bad !== undefined && bad.mod <= at) this.#unreadable.delete(text);
      if (before !== undefined && at >= before.created) this.#end(before, text);
      return;
    }
    if (Math.max(before?.mod ?? 0, bad?.mod ?? 0) >= item.mod) return;
    if (before !== undefined && before.created !== item.created) this.#end(before, text);
    const known = this.#subnets.get(text);
    const read = readSpec(item.value, key);
    const why = 'wrong' in read ? read.wrong : this.#take(key, read.value, item, known, bad);
    if (why === undefined) return;
    this.#unreadable.set(text, { subnet: key, key: text, why, mod: item.mod });
    this.#findings.wrong(text, why, { ...key });
  }

  /** Settings that can be read. Why the service refuses them, if it does. */
  #take(
    key: SubnetKey,
    spec: SubnetSpec,
    item: Item,
    known: KnownSubnet | undefined,
    bad: Unreadable | undefined,
  ): string | undefined {
    const text = this.#keys.subnet(key);
    this.#unreadable.delete(text);
    if (known !== undefined) {
      [known.spec, known.room, known.mod] = [spec, roomOf(spec), item.mod];
      this.#bindings.leaveOut(known);
      return this.#teller.tell(key, { op: 'settings', spec });
    }
    if (bad !== undefined) {
      this.#hooks.repaired();
      return undefined;
    }
    const refused = this.#teller.tell(key, { op: 'create', spec });
    if (refused === undefined) this.#subnets.set(text, emptySubnet(key, spec, item));
    return refused;
  }

  #end(subnet: KnownSubnet, text: string): void {
    for (const [identity, binding] of subnet.bindings) this.#bindings.endMarks(subnet, identity, binding);
    this.#subnets.delete(text);
    this.#teller.tell(subnet.key, { op: 'remove' });
  }

  #learnHeld(subnet: KnownSubnet, address: string, text: string, item: Item | undefined, at: number): void {
    const known = subnet.held.get(address);
    if (item === undefined) {
      if (known === undefined || known > at) return;
      subnet.held.delete(address);
      this.#teller.tell(subnet.key, { op: 'unhold', address });
    } else if (known === undefined || known < item.mod) {
      const isGateway = address === subnet.spec.gateway; // which is held whatever is told of it
      const tell = () => (known === undefined ? this.#teller.tell(subnet.key, { op: 'hold', address }) : undefined);
      const why = (isGateway ? undefined : subnet.room(address)) ?? tell();
      if (why === undefined) subnet.held.set(address, item.mod);
      else this.#findings.wrong(text, `${address} ${why}`, { ...subnet.key });
    }
  }

  /** A name that somebody deletes is known on until the next start: it does no harm. */
  #learnNode(id: string, text: string, item: Item | undefined): void {
    if (item === undefined || item.mod <= (this.#nodes.get(id)?.mod ?? 0)) return;
    const name = readNodeName(item.value);
    if (name === undefined) {
      this.#findings.wrong(text, 'it is not the name of a node');
      return;
    }
    this.#nodes.set(id, { name, mod: item.mod });
    this.#introduced({ id, name });
  }

  #learnUser(subnet: KnownSubnet, user: string, item: Item | undefined, at: number): void {
    const known = subnet.users.get(user);
    if (item === undefined) {
      if (known === undefined || known > at) return;
      subnet.users.delete(user);
      this.#teller.tell(subnet.key, { op: 'disuse', user });
    } else if (known === undefined || known < item.mod) {
      subnet.users.set(user, item.mod);
      if (known === undefined) this.#teller.tell(subnet.key, { op: 'use', user });
    }
  }
}
