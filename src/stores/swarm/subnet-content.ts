// One subnet as its config has it. A copy is changed and written back whole: what is known is never changed in place.

import { isIdentity } from '../../host/identity.js';
import { type Room, roomOf } from '../../service/spec.js';
import type { SubnetKey, SubnetSpec } from '../../service/store.js';
import { type Read, readSpec } from '../values.js';
import type { Content } from './content.js';
import { type Entry, printEntry, readEntry } from './labels.js';
import { Recent } from './recent.js';

export const SETTINGS = 'limpet.settings';
export const RECENT = 'limpet.recent';
/** The subnet has ended: whoever still finds it by an old index knows. */
const REMOVED = 'limpet.removed';
const USER = 'limpet.user.';

type Labels = Readonly<Record<string, string>>;

export class SubnetContent implements Content {
  spec: SubnetSpec;
  isRemoved = false;
  readonly users: Set<string>;
  readonly recent: Recent;
  readonly #entries: Map<string, Entry>;
  /** Identity → address. */
  readonly #addresses: Map<string, string>;
  readonly #strange: Record<string, string>;
  #undo: (() => void)[] = [];
  #bytes = 0;

  private constructor(spec: SubnetSpec, recent: Recent, of?: SubnetContent) {
    this.spec = spec;
    this.recent = recent;
    this.users = new Set(of?.users);
    this.#entries = new Map(of === undefined ? [] : of.#entries);
    this.#addresses = new Map(of === undefined ? [] : of.#addresses);
    this.#strange = of === undefined ? {} : { ...of.#strange };
    this.#bytes = of === undefined ? 0 : of.#bytes;
  }

  /** A new subnet, with nothing in it. */
  static of(spec: SubnetSpec): SubnetContent {
    return new SubnetContent(spec, new Recent());
  }

  /** @param strange is called with each label that cannot be believed; it stays as it is */
  static read(key: SubnetKey, labels: Labels, strange: (name: string) => void): Read<SubnetContent> {
    const spec = readSpec(Buffer.from(labels[SETTINGS] ?? ''), key);
    if ('wrong' in spec) return spec;
    const room = roomOf(spec.value);
    const content = new SubnetContent(spec.value, Recent.read(labels[RECENT]));
    content.isRemoved = hasEnded(labels);
    const leave = (name: string) => {
      content.#strange[name] = labels[name] as string;
      strange(name);
    };
    const entries: Entry[] = [];
    for (const [name, text] of Object.entries(labels)) {
      if (name === SETTINGS || name === RECENT || name === REMOVED) continue;
      const entry = name.startsWith(USER) ? undefined : readEntry(name, text);
      if (name.startsWith(USER)) content.users.add(name.slice(USER.length));
      else if (entry === undefined) leave(name);
      else entries.push(entry);
    }
    // Of two addresses that one identity cannot have, everybody believes the same, whatever the order of the labels.
    for (const entry of entries.sort(byStrength)) if (!content.#take(entry, room)) leave(entry.address);
    return { value: content };
  }

  clone(): this {
    return new SubnetContent(this.spec, this.recent.clone(), this) as this;
  }

  print(): Record<string, string> {
    const labels: Record<string, string> = { ...this.#strange };
    labels[SETTINGS] = JSON.stringify(this.spec);
    labels[RECENT] = this.recent.print();
    if (this.isRemoved) labels[REMOVED] = 'yes';
    for (const user of this.users) labels[USER + user] = '';
    for (const entry of this.#entries.values()) labels[entry.address] = printEntry(entry);
    return labels;
  }

  /** About as many as the labels take, what is strange aside. */
  get bytes(): number {
    return this.#bytes;
  }

  entry(address: string): Entry | undefined {
    return this.#entries.get(address);
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  binding(identity: string): Entry | undefined {
    const address = this.#addresses.get(identity);
    return address === undefined ? undefined : this.#entries.get(address);
  }

  /** What the address is taken by from now on; one that is neither held nor bound is free. */
  put(entry: Entry): void {
    const before = this.#entries.get(entry.address);
    this.#undo.push(() => this.#set(entry.address, before));
    const isFree = entry.held === undefined && entry.identity === undefined;
    this.#set(entry.address, isFree ? undefined : entry);
  }

  /** Does all of the work, or nothing when it answers false. */
  wholly(work: () => boolean): boolean {
    const [spec, users, isRemoved] = [this.spec, [...this.users], this.isRemoved];
    this.#undo = [];
    if (work()) return true;
    for (const undo of this.#undo.reverse()) undo();
    this.spec = spec;
    this.isRemoved = isRemoved;
    this.users.clear();
    for (const user of users) this.users.add(user);
    return false;
  }

  #set(address: string, entry: Entry | undefined): void {
    const there = this.#entries.get(address);
    const before = there?.identity;
    if (before !== undefined && this.#addresses.get(before) === address) this.#addresses.delete(before);
    this.#bytes += bytesOf(entry) - bytesOf(there);
    if (entry === undefined) this.#entries.delete(address);
    else this.#entries.set(address, entry);
    if (entry?.identity !== undefined) this.#addresses.set(entry.identity, address);
  }

  /** False for what cannot be: an identity has one address. */
  #take(entry: Entry, room: Room): boolean {
    const { address, identity } = entry;
    if (room(address) !== undefined) return false;
    if (identity !== undefined && (!isIdentity(identity) || this.#addresses.has(identity))) return false;
    this.#set(address, entry);
    return true;
  }
}

/** Who is live comes first, then the address by its text. */
function byStrength(one: Entry, other: Entry): number {
  const isLive = ({ nodes }: Entry) => Number(nodes.length > 0);
  return isLive(other) - isLive(one) || (one.address < other.address ? -1 : 1);
}

function bytesOf(entry: Entry | undefined): number {
  if (entry === undefined) return 0;
  const { address, identity, nodes, held, pinned } = entry;
  const state = nodes.length > 0 ? 7 : 36; // `live : `, or `reserved …: ` with a time
  const who = identity === undefined ? 0 : Buffer.byteLength(identity) + state;
  const where = nodes.reduce((sum, node) => sum + node.length + 1, 0);
  return address.length + 6 + (held === undefined ? 0 : 31) + (pinned ? 7 : 0) + who + where;
}

/** Whether a label is of an address, or of what nobody knows. */
export function isAddressLabel(name: string): boolean {
  return !name.startsWith('limpet.');
}

export function isUserLabel(name: string): boolean {
  return name.startsWith(USER);
}

/** Whether the subnet whose labels these are has ended. */
export function hasEnded(labels: Labels): boolean {
  return labels[REMOVED] !== undefined;
}
