// Changes of a subnet → one etcd transaction: what must still be so, what is written then, and what is read when it is not.
// Decides nothing by itself: when what is known already speaks against a change, the answer is a conflict without asking.

import type { ICompare, IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { LimpetError } from '../../host/errors.js';
import type { Change, SubnetKey } from '../../service/store.js';
import type { KeyRange, Keys } from './keys.js';
import { type Item, itemOf, type KnownBinding, type KnownSubnet, type View } from './view.js';

/** Beside the changes that the service knows: writes down when a process that died was last seen live. */
export type DraftChange = Change | { readonly op: 'mark'; readonly identity: string; readonly time: number };

/** Whose transaction it is. */
export interface Writer {
  readonly lease: string;
  readonly processKey: string;
  /** The revision of the process's key: none of its transactions from before is applied after (lease.ts). */
  readonly fence: number;
}

interface Write {
  readonly value: Buffer;
  readonly lease?: string;
  /** When the key was made, if it is there already. */
  readonly created?: number;
}

/** etcd's default is 128 operations in a transaction. */
const MOST_OPERATIONS = 128;

export class Draft {
  readonly #keys: Keys;
  readonly #view: View;
  readonly #key: SubnetKey;
  readonly writer: Writer;
  readonly #compares = new Map<string, ICompare>();
  /** In order; `undefined` deletes. The order is that of the events, and a release is told before the end of its mark. */
  readonly #writes = new Map<string, Write | undefined>();
  readonly #deletedRanges: KeyRange[] = [];
  readonly #reads = new Map<string, KeyRange | undefined>();
  /** What this draft itself has changed so far. */
  readonly #ended = new Set<string>();
  readonly #begun = new Map<string, string>();
  readonly #holds = new Map<string, boolean>();

  constructor(keys: Keys, view: View, key: SubnetKey, writer: Writer) {
    this.#keys = keys;
    this.#view = view;
    this.#key = key;
    this.writer = writer;
  }

  /**
   * False when what is known already speaks against it.
   * @throws LimpetError DAMAGED for a subnet that is there and cannot be read
   */
  add(change: DraftChange): boolean {
    if (change.op === 'create') return this.#create(Buffer.from(JSON.stringify(change.spec)));
    const subnet = this.#view.subnet(this.#key);
    // Nothing is live, held or left to end in a subnet that is not there.
    if (subnet === undefined) return ['remove', 'gone', 'unhold', 'mark', 'disuse'].includes(change.op);
    switch (change.op) {
      case 'remove':
        return change.unused === true ? this.#removeUnused(subnet) : this.#remove();
      case 'settings':
        return this.#settings(subnet, Buffer.from(JSON.stringify(change.spec)));
      case 'bind':
        return this.#bind(subnet, change.identity, change.address, change.ticket === true);
      case 'reclaim':
        return this.#reclaim(subnet, change.identity, change.address);
      case 'live':
        return this.#live(subnet, change.identity, change.node, change.sole === true);
      case 'gone':
        return this.#gone(subnet, change.identity, change.node, change.time);
      case 'mark':
        return this.#mark(subnet, change.identity, change.time);
      case 'hold':
        return this.#hold(subnet, change.address);
      case 'unhold':
        return this.#unhold(subnet, change.address);
      case 'use':
        return this.#use(subnet, change.user);
      case 'disuse':
        return this.#disuse(change.user);
    }
  }

  /** Whether everything is as it should be without a write. */
  get isEmpty(): boolean {
    return this.#writes.size === 0 && this.#deletedRanges.length === 0;
  }

  /** @throws LimpetError BAD_INPUT when it is more than one transaction takes */
  request(): ITxnRequest {
    const { processKey, fence } = this.writer;
    this.#compare(processKey, 'Mod', fence);
    this.#reads.set(processKey, undefined);
    const success: IRequestOp[] = this.#deletedRanges.map((range) => ({ request_delete_range: asRange(range) }));
    for (const [key, write] of this.#writes) success.push(asRequest(key, write));
    const compare = [...this.#compares.values()];
    const failure = this.#readRequests();
    if (Math.max(success.length, compare.length, failure.length) > MOST_OPERATIONS) {
      throw new LimpetError('BAD_INPUT', `too many changes for one transaction in ${this.#key.cidr}`, { ...this.#key });
    }
    return { compare, success, failure };
  }

  /** A request that writes nothing, and only asks for what a failure would show of the identity: see {@link learnFailure}. */
  look(identity: string): ITxnRequest {
    this.#reads.set(this.#keys.identity(this.#key, identity), undefined);
    this.#readMarks(identity);
    return { success: this.#readRequests() };
  }

  /** The transaction has been applied at that revision. */
  learnSuccess(at: number): void {
    if (at <= this.#view.revision) return; // the watch was faster
    for (const [key, write] of this.#writes) {
      const { value, lease = '0', created = at } = write ?? {};
      this.#view.learnOwn(key, value === undefined ? undefined : { value, lease, created, mod: at }, at);
    }
    if (this.#writes.has(this.#keys.subnet(this.#key))) this.#view.knowSpace(this.#key.space, at);
  }

  /** It has not, and this is why. Answers the revision of the process's key, 0 when it is gone. */
  learnFailure(response: ITxnResponse): number {
    const at = Number(response.header.revision);
    const isNews = at > this.#view.revision;
    let fence = 0;
    [...this.#reads].forEach(([key, range], index) => {
      const items = new Map<string, Item>();
      for (const kv of response.responses[index]?.response_range.kvs ?? []) {
        items.set(kv.key.toString(), itemOf(kv));
      }
      if (key === this.writer.processKey) fence = items.get(key)?.mod ?? 0;
      else if (isNews) this.#learnRead(key, range, items, at);
    });
    return fence;
  }

  #readRequests(): IRequestOp[] {
    return [...this.#reads].map(([key, range]) => ({
      request_range: range === undefined ? { key: Buffer.from(key) } : asRange(range),
    }));
  }

  #learnRead(key: string, range: KeyRange | undefined, items: Map<string, Item>, at: number): void {
    for (const [each, item] of items) this.#view.learn(each, item, at);
    const missing = range === undefined ? [key] : this.#knownIn(range);
    for (const each of missing) if (!items.has(each)) this.#view.learn(each, undefined, at);
    if (range?.from === this.#keys.space(this.#key.space).from) this.#view.knowSpace(this.#key.space, at);
  }

  /** Keys that are known in one of the ranges that failures read: the subnets of the space, the marks of an identity. */
  #knownIn(range: KeyRange): string[] {
    const keys: string[] = [];
    for (const subnet of this.#view.subnets()) keys.push(this.#keys.subnet(subnet.key));
    const subnet = this.#view.subnet(this.#key);
    for (const identity of subnet === undefined ? [] : this.#identitiesOf(range)) {
      for (const node of subnet?.bindings.get(identity)?.live.keys() ?? [])
        keys.push(this.#keys.live(this.#key, identity, node));
    }
    return keys.filter((key) => key >= range.from && key < range.to);
  }

  #identitiesOf(range: KeyRange): string[] {
    const parsed = this.#keys.parse(range.from);
    return parsed?.kind === 'live' ? [parsed.identity] : [];
  }

  #create(value: Buffer): boolean {
    const key = this.#keys.subnet(this.#key);
    const known = this.#view.subnet(this.#key);
    const space = this.#keys.space(this.#key.space);
    if (this.#view.isUnreadable(this.#key)) {
      const message = `etcd has settings that cannot be read at ${key}: remove that key, or run the version that wrote it`;
      throw new LimpetError('DAMAGED', message, { space: this.#key.space, subnet: this.#key.cidr, key });
    }
    if (known !== undefined) return JSON.stringify(known.spec) === value.toString();
    this.#compare(key, 'Create', 0);
    // No subnet of the space that is unknown here, and so could overlap.
    this.#compares.set(space.from, {
      ...asRange(space),
      target: 'Mod',
      result: 'Less',
      mod_revision: this.#view.spaceKnownAt(this.#key.space) + 1,
    });
    this.#reads.set(space.from, space);
    this.#writes.set(key, { value });
    return true;
  }

  #remove(): boolean {
    this.#writes.set(this.#keys.subnet(this.#key), undefined);
    this.#deletedRanges.push(...this.#keys.within(this.#key));
    return true;
  }

  /** Nothing that says that the subnet is needed may be there, whether it is known here or not. */
  #removeUnused(subnet: KnownSubnet): boolean {
    const isLive = [...subnet.bindings.values()].some(({ live }) => live.size > 0);
    if (subnet.users.size > 0 || subnet.held.size > 0 || isLive) return false;
    this.#subnetIsThere(subnet);
    for (const range of this.#keys.needs(this.#key)) {
      this.#absent(range);
      this.#reads.set(range.from, range);
    }
    return this.#remove();
  }

  /** Put anew when it is there already: whoever found it absent before, and so not in use, must not remove the subnet. */
  #use(subnet: KnownSubnet, user: string): boolean {
    this.#subnetIsThere(subnet);
    this.#writes.set(this.#keys.user(this.#key, user), { value: Buffer.alloc(0) });
    return true;
  }

  #disuse(user: string): boolean {
    this.#writes.set(this.#keys.user(this.#key, user), undefined);
    return true;
  }

  /** Whatever others bind or hold meanwhile could be on an address that the settings exclude: then it is a conflict. */
  #settings(subnet: KnownSubnet, value: Buffer): boolean {
    if (JSON.stringify(subnet.spec) === value.toString()) return true;
    this.#sameSubnet(subnet);
    for (const range of this.#keys.taken(this.#key)) {
      const known = { target: 'Mod', result: 'Less', mod_revision: this.#view.revision + 1 } as const;
      this.#compares.set(range.from, { ...asRange(range), ...known });
    }
    this.#writes.set(this.#keys.subnet(this.#key), { value, created: subnet.created });
    return true;
  }

  #bind(subnet: KnownSubnet, identity: string, address: string, onTicket: boolean): boolean {
    this.#sameSubnet(subnet);
    const own = this.#bindingOf(subnet, identity);
    if (own?.address === address) return this.#sameBinding(identity, own);
    const owner = subnet.owners.get(address);
    const ownerEnds = owner !== undefined && this.#ended.has(owner);
    if (own !== undefined || (owner !== undefined && !ownerEnds)) return false;
    if ([...this.#begun.values()].includes(address)) return false;
    if (!this.#heldAs(subnet, address, onTicket)) return false;
    const [identityKey, addressKey] = [
      this.#keys.identity(this.#key, identity),
      this.#keys.address(this.#key, address),
    ];
    if (!this.#ended.has(identity)) this.#compare(identityKey, 'Create', 0);
    if (!ownerEnds) this.#compare(addressKey, 'Create', 0);
    this.#reads.set(identityKey, undefined);
    this.#reads.set(addressKey, undefined);
    this.#readMarks(identity);
    this.#write(identityKey, { value: Buffer.from(JSON.stringify({ address })) });
    this.#write(addressKey, { value: Buffer.from(identity) });
    this.#begun.set(identity, address);
    return true;
  }

  #reclaim(subnet: KnownSubnet, identity: string, address: string): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined) return true;
    if (own.address !== address || own.live.size > 0) return false;
    this.#sameBinding(identity, own);
    this.#nobodyLive(identity);
    this.#reads.set(this.#keys.address(this.#key, address), undefined);
    this.#write(this.#keys.identity(this.#key, identity), undefined);
    this.#write(this.#keys.address(this.#key, address), undefined);
    this.#ended.add(identity);
    return true;
  }

  #live(subnet: KnownSubnet, identity: string, node: string, sole: boolean): boolean {
    const { lease } = this.writer;
    const key = this.#keys.live(this.#key, identity, node);
    if (!this.#begun.has(identity)) {
      const own = this.#bindingOf(subnet, identity);
      if (own === undefined) return false;
      if (sole && [...own.live.keys()].some((other) => other !== node)) return false;
      if (own.live.get(node)?.lease === lease) return true;
      if (sole) this.#nobodyLive(identity, node);
      this.#sameBinding(identity, own);
      this.#readMarks(identity);
      // Whoever finds neither a mark nor a time of release knows that a process died (docs/STORES.md).
      if (own.released !== undefined) this.#writeIdentity(identity, own, undefined);
    }
    this.#writes.set(key, { value: Buffer.alloc(0), lease });
    return true;
  }

  #gone(subnet: KnownSubnet, identity: string, node: string, time: number): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined) return true;
    const mark = own.live.get(node);
    const others = [...own.live.keys()].some((other) => other !== node);
    const key = this.#keys.live(this.#key, identity, node);
    if (mark === undefined && (others || own.released !== undefined)) return true;
    this.#sameBinding(identity, own);
    this.#readMarks(identity);
    if (mark !== undefined) this.#compare(key, 'Mod', mark.mod);
    if (others) {
      const other = [...own.live].find(([each]) => each !== node) as [string, { mod: number }];
      this.#compare(this.#keys.live(this.#key, identity, other[0]), 'Mod', other[1].mod);
    } else {
      this.#nobodyLive(identity, node);
      this.#writeIdentity(identity, own, time);
    }
    if (mark !== undefined && mark.mod > 0) this.#writes.set(key, undefined);
    return true;
  }

  #mark(subnet: KnownSubnet, identity: string, time: number): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined || own.live.size > 0 || own.released !== undefined) return true;
    this.#sameBinding(identity, own);
    this.#nobodyLive(identity);
    this.#writeIdentity(identity, own, time);
    return true;
  }

  #hold(subnet: KnownSubnet, address: string): boolean {
    this.#sameSubnet(subnet);
    // Another's hold is not this one, though the address is the same: each ticket is given once.
    if (this.#holds.get(address) ?? subnet.held.has(address)) return false;
    const owner = subnet.owners.get(address);
    if ((owner !== undefined && !this.#ended.has(owner)) || [...this.#begun.values()].includes(address)) return false;
    const [heldKey, addressKey] = [this.#keys.held(this.#key, address), this.#keys.address(this.#key, address)];
    if (!this.#holds.has(address)) this.#compare(heldKey, 'Create', 0);
    if (owner === undefined) this.#compare(addressKey, 'Create', 0);
    this.#reads.set(heldKey, undefined);
    this.#reads.set(addressKey, undefined);
    this.#writes.set(heldKey, { value: Buffer.alloc(0) });
    this.#holds.set(address, true);
    return true;
  }

  #unhold(subnet: KnownSubnet, address: string): boolean {
    const key = this.#keys.held(this.#key, address);
    const mod = subnet.held.get(address);
    if (!(this.#holds.get(address) ?? mod !== undefined)) return true;
    if (mod !== undefined) this.#compare(key, 'Mod', mod);
    this.#reads.set(key, undefined);
    this.#writes.set(key, undefined);
    this.#holds.set(address, false);
    return true;
  }

  #bindingOf(subnet: KnownSubnet, identity: string): KnownBinding | undefined {
    return this.#ended.has(identity) ? undefined : subnet.bindings.get(identity);
  }

  /** That very subnet, by whatever settings. */
  #subnetIsThere(subnet: KnownSubnet): void {
    const key = this.#keys.subnet(this.#key);
    this.#compare(key, 'Create', subnet.created);
    this.#reads.set(key, undefined);
  }

  /** With the settings that are known here: an address that was free by them can be excluded by others. */
  #sameSubnet(subnet: KnownSubnet): void {
    const key = this.#keys.subnet(this.#key);
    this.#compare(key, 'Mod', subnet.mod);
    this.#reads.set(key, undefined);
  }

  #sameBinding(identity: string, binding: KnownBinding): true {
    const key = this.#keys.identity(this.#key, identity);
    this.#compare(key, 'Mod', binding.mod);
    this.#reads.set(key, undefined);
    return true;
  }

  /** The address is held when it is bound as a ticket, and is not when it is bound as any other. */
  #heldAs(subnet: KnownSubnet, address: string, held: boolean): boolean {
    const key = this.#keys.held(this.#key, address);
    const mod = subnet.held.get(address);
    if ((this.#holds.get(address) ?? mod !== undefined) !== held) return false;
    if (this.#holds.has(address)) return true;
    if (mod === undefined) this.#compare(key, 'Create', 0);
    else this.#compare(key, 'Mod', mod);
    this.#reads.set(key, undefined);
    return true;
  }

  #nobodyLive(identity: string, except?: string): void {
    const range = this.#keys.liveOf(this.#key, identity);
    const own = except === undefined ? undefined : this.#keys.live(this.#key, identity, except);
    const ranges =
      own === undefined
        ? [range]
        : [
            { from: range.from, to: own },
            { from: `${own}\0`, to: range.to },
          ];
    for (const each of ranges) this.#absent(each);
    this.#readMarks(identity);
  }

  /** No key of the range is there. */
  #absent(range: KeyRange): void {
    const absent = { target: 'Create', result: 'Equal', create_revision: 0 } as const;
    this.#compares.set(`${range.from} ${range.to}`, { ...asRange(range), ...absent });
  }

  #readMarks(identity: string): void {
    const range = this.#keys.liveOf(this.#key, identity);
    this.#reads.set(range.from, range);
  }

  #writeIdentity(identity: string, { address, created }: KnownBinding, released: number | undefined): void {
    const value = Buffer.from(JSON.stringify({ address, released }));
    this.#write(this.#keys.identity(this.#key, identity), { value, created });
  }

  /** The last write of a key is the one that counts, and where it stands in the order. */
  #write(key: string, write: Write | undefined): void {
    this.#writes.delete(key);
    this.#writes.set(key, write);
  }

  #compare(key: string, target: 'Create' | 'Mod', revision: number): void {
    const compare = { key: Buffer.from(key), target, result: 'Equal' } as const;
    const full =
      target === 'Create' ? { ...compare, create_revision: revision } : { ...compare, mod_revision: revision };
    this.#compares.set(`${target} ${key}`, full);
  }
}

/** A range as etcd's requests have it. */
export function asRange({ from, to }: KeyRange): { key: Buffer; range_end: Buffer } {
  return { key: Buffer.from(from), range_end: Buffer.from(to) };
}

function asRequest(key: string, write: Write | undefined): IRequestOp {
  if (write === undefined) return { request_delete_range: { key: Buffer.from(key) } };
  const put = { key: Buffer.from(key), value: write.value };
  return { request_put: write.lease === undefined ? put : { ...put, lease: write.lease } };
}
