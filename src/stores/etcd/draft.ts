// Changes of a subnet → what one transaction demands and writes (docs/STORES.md has the table). Decides nothing by
// itself: when what is known already speaks against a change, the answer is a conflict without asking.

import { LimpetError } from '../../host/errors.js';
import type { Change, SubnetKey } from '../../service/store.js';
import type { IdentityValue } from '../values.js';
import type { Keys } from './keys.js';
import type { KnownBinding, KnownSubnet } from './known.js';
import type { LiveMark } from './live-marks.js';
import { Transaction, type Writer } from './transaction.js';
import type { View } from './view.js';

/**
 * Beside the changes that the service knows: writes down when a process that died was last seen live, and puts a mark
 * again, if the identity still has the address that it was live at.
 */
export type DraftChange =
  | Change
  | { readonly op: 'mark'; readonly identity: string; readonly time: number }
  | (Extract<Change, { readonly op: 'live' }> & { readonly address?: string });

type Op<Name extends DraftChange['op']> = Extract<DraftChange, { readonly op: Name }>;

export class Draft {
  readonly transaction: Transaction;
  readonly #keys: Keys;
  readonly #view: View;
  readonly #key: SubnetKey;
  /** What this draft itself has changed so far. */
  readonly #ended = new Set<string>();
  readonly #begun = new Map<string, string>();
  /** Those that it has bound and pinned at once. */
  readonly #pinned = new Map<string, string>();
  readonly #holds = new Map<string, 'held' | 'free'>();

  constructor(keys: Keys, view: View, key: SubnetKey, writer: Writer) {
    this.transaction = new Transaction(keys, view, writer);
    this.#keys = keys;
    this.#view = view;
    this.#key = key;
  }

  /**
   * False when what is known already speaks against it.
   * @throws LimpetError DAMAGED, naming the key, for what rests on a value that is there and cannot be believed
   */
  add(change: DraftChange): boolean {
    if (change.op === 'create') return this.#create(change);
    const subnet = this.#view.subnet(this.#key);
    // Nothing is live, held or left to end in a subnet that is not there.
    if (subnet === undefined) return ['remove', 'gone', 'unhold', 'mark', 'disuse'].includes(change.op);
    switch (change.op) {
      case 'remove':
        return change.unused === true ? this.#removeUnused(subnet) : this.#remove();
      case 'settings':
        return this.#settings(subnet, change);
      case 'bind':
        return this.#bind(subnet, change);
      case 'pin':
        return this.#pin(subnet, change);
      case 'unpin':
        return this.#unpin(subnet, change);
      case 'reclaim':
        return this.#reclaim(subnet, change);
      case 'live':
        return this.#live(subnet, change);
      case 'gone':
        return this.#gone(subnet, change);
      case 'mark':
        return this.#mark(subnet, change);
      case 'hold':
        return this.#hold(subnet, change);
      case 'unhold':
        return this.#unhold(subnet, change);
      case 'use':
        return this.#use(subnet, change);
      case 'disuse':
        return this.#disuse(subnet, change);
    }
  }

  /** Only asks what became of the identity. */
  look(identity: string): void {
    this.transaction.read(this.#keys.identity(this.#key, identity));
    this.#readMarks(identity);
  }

  #create({ spec }: Op<'create'>): boolean {
    const key = this.#keys.subnet(this.#key);
    const known = this.#view.subnet(this.#key);
    const space = this.#keys.space(this.#key.space);
    this.#settingsAreReadable();
    const value = JSON.stringify(spec);
    if (known !== undefined) return JSON.stringify(known.spec) === value;
    this.transaction.demandAbsent(key);
    // No subnet of the space that is unknown here, and so could overlap.
    this.transaction.demandNoNews(space, this.#view.spaceKnownAt(this.#key.space));
    this.transaction.readSpace(this.#key.space);
    this.transaction.write(key, { value: Buffer.from(value) });
    return true;
  }

  #remove(): boolean {
    this.transaction.removeRanges(this.#keys.within(this.#key));
    this.transaction.remove(this.#keys.subnet(this.#key));
    return true;
  }

  /** Nothing that says that the subnet is needed may be there, whether it is known here or not. */
  #removeUnused(subnet: KnownSubnet): boolean {
    const isLive = [...subnet.bindings.values()].some(({ live }) => live.size > 0);
    const isPinned = [...subnet.bindings.values()].some(({ pinned }) => pinned);
    if (subnet.users.size > 0 || subnet.held.size > 0 || isLive || isPinned) return false;
    this.#subnetIsThere(subnet);
    for (const range of this.#keys.needs(this.#key)) {
      this.transaction.demandEmpty(range);
      this.transaction.readRange(range);
    }
    return this.#remove();
  }

  /**
   * Put anew when it is there already: whoever has ended the use meanwhile, and not been heard of, does not end this
   * one.
   */
  #use(subnet: KnownSubnet, { user }: Op<'use'>): boolean {
    this.#subnetIsThere(subnet);
    this.transaction.write(this.#userAsKnown(subnet, user), { value: Buffer.alloc(0) });
    return true;
  }

  #disuse(subnet: KnownSubnet, { user }: Op<'disuse'>): boolean {
    this.transaction.remove(this.#userAsKnown(subnet, user));
    return true;
  }

  /** The key of a user, which is as it is known: what comes twice must not undo what was said in between. */
  #userAsKnown(subnet: KnownSubnet, user: string): string {
    const key = this.#keys.user(this.#key, user);
    const mod = subnet.users.get(user);
    if (mod !== undefined) this.transaction.demandUnchanged(key, mod);
    else this.transaction.demandAbsent(key);
    this.transaction.read(key);
    return key;
  }

  /** Whatever others bind or hold meanwhile could be on an address that the settings exclude: then it is a conflict. */
  #settings(subnet: KnownSubnet, { spec }: Op<'settings'>): boolean {
    this.#settingsAreReadable();
    const value = JSON.stringify(spec);
    if (JSON.stringify(subnet.spec) === value) return true;
    this.#sameSubnet(subnet);
    for (const range of this.#keys.taken(this.#key)) this.transaction.demandNoNews(range, this.#view.revision);
    this.transaction.write(this.#keys.subnet(this.#key), { value: Buffer.from(value), created: subnet.created });
    return true;
  }

  #bind(subnet: KnownSubnet, { identity, address, ticket }: Op<'bind'>): boolean {
    this.#sameSubnet(subnet);
    this.#isBelieved(subnet, identity);
    const own = this.#bindingOf(subnet, identity);
    if (own?.address === address) return this.#sameBinding(identity, own);
    const owner = subnet.owners.get(address);
    const ownerEnds = owner !== undefined && this.#ended.has(owner);
    if (own !== undefined || (owner !== undefined && !ownerEnds)) return false;
    if ([...this.#begun.values()].includes(address)) return false;
    if (!this.#isStill(subnet, address, ticket === true ? 'held' : 'free')) return false;
    const identityKey = this.#keys.identity(this.#key, identity);
    const addressKey = this.#keys.address(this.#key, address);
    if (!this.#ended.has(identity)) this.transaction.demandAbsent(identityKey);
    if (!ownerEnds) this.transaction.demandAbsent(addressKey);
    this.transaction.read(identityKey);
    this.transaction.read(addressKey);
    this.#readMarks(identity);
    this.#writeAnew(subnet, identity, { address });
    this.transaction.write(addressKey, { value: Buffer.from(identity) });
    this.#begun.set(identity, address);
    return true;
  }

  /** The address is looked at as for any binding; who has it already keeps all else that his key says. */
  #pin(subnet: KnownSubnet, { identity, address, time, ticket }: Op<'pin'>): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own?.address === address && own.pinned) return true;
    if (!this.#bind(subnet, { op: 'bind', identity, address, ...(ticket ? { ticket } : {}) })) return false;
    this.#subnetIsThere(subnet);
    this.transaction.write(this.#keys.pin(this.#key, identity), { value: Buffer.alloc(0) });
    if (own !== undefined) {
      this.#writeIdentity(identity, { ...own, pinned: true }, own.released);
      return true;
    }
    this.#writeAnew(subnet, identity, { address, released: time, pinned: 1 });
    this.#pinned.set(identity, address);
    return true;
  }

  #unpin(subnet: KnownSubnet, { identity, time }: Op<'unpin'>): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined || !own.pinned) return true;
    this.#isBelieved(subnet, identity);
    this.#sameBinding(identity, own);
    const isLive = own.live.size > 0;
    if (!isLive) this.#nobodyLive(identity);
    this.transaction.remove(this.#keys.pin(this.#key, identity));
    this.#writeIdentity(identity, { ...own, pinned: false }, isLive ? own.released : time);
    return true;
  }

  #reclaim(subnet: KnownSubnet, { identity, address, pinned, beside }: Op<'reclaim'>): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined) return true;
    if (own.address !== address || own.live.size > 0) return false;
    if (own.pinned !== (pinned === true)) return false;
    this.#isBelieved(subnet, identity);
    this.#sameBinding(identity, own);
    this.#nobodyLive(identity);
    if (beside !== undefined) this.#isStillAway(subnet, beside);
    this.transaction.read(this.#keys.address(this.#key, address));
    if (pinned) this.transaction.remove(this.#keys.pin(this.#key, identity));
    this.transaction.remove(this.#keys.identity(this.#key, identity));
    this.transaction.remove(this.#keys.address(this.#key, address));
    this.#ended.add(identity);
    return true;
  }

  /**
   * The owner may have come to run at this other home since, and may have left it again: then the one that is to be
   * reclaimed waits for him. Where he is known to run there, the policy does not count it.
   */
  #isStillAway(subnet: KnownSubnet, other: string): void {
    const known = this.#bindingOf(subnet, other);
    if (known?.live.size === 0) {
      this.#sameBinding(other, known);
      this.#nobodyLive(other);
    } else if (known === undefined && !subnet.spoilt.has(other)) {
      const key = this.#keys.identity(this.#key, other);
      this.transaction.demandAbsent(key);
      this.transaction.read(key);
    }
  }

  #live(subnet: KnownSubnet, { identity, node, sole, ...was }: Op<'live'> & { readonly address?: string }): boolean {
    const { lease } = this.transaction.writer;
    const pinned = this.#pinned.get(identity);
    if (pinned !== undefined) this.#writeAnew(subnet, identity, { address: pinned, pinned: 1 });
    if (!this.#begun.has(identity)) {
      const own = this.#bindingOf(subnet, identity);
      if (own === undefined) this.#isBelieved(subnet, identity);
      if (own === undefined || (was.address ?? own.address) !== own.address) return false;
      if (sole && [...own.live.keys()].some((other) => other !== node)) return false;
      if (own.live.get(node)?.lease === lease) return true;
      this.#isBelieved(subnet, identity);
      if (sole) this.#nobodyLive(identity, node);
      this.#sameBinding(identity, own);
      this.#readMarks(identity);
      // Whoever finds neither a mark nor a time of release knows that a process died (docs/STORES.md).
      if (own.released !== undefined) this.#writeIdentity(identity, own, undefined);
    }
    this.transaction.write(this.#keys.live(this.#key, identity, node), { value: Buffer.alloc(0), lease });
    return true;
  }

  #gone(subnet: KnownSubnet, { identity, node, time }: Op<'gone'>): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined) return true;
    const mark = own.live.get(node);
    const other = [...own.live].find(([each]) => each !== node);
    const key = this.#keys.live(this.#key, identity, node);
    if (mark === undefined && (other !== undefined || own.released !== undefined)) return true;
    if (subnet.spoilt.has(identity)) return this.#endMark(key, mark);
    this.#sameBinding(identity, own);
    this.#readMarks(identity);
    if (mark !== undefined) this.transaction.demandUnchanged(key, mark.mod);
    if (other !== undefined) {
      this.transaction.demandUnchanged(this.#keys.live(this.#key, identity, other[0]), other[1].mod);
    } else {
      this.#nobodyLive(identity, node);
      this.#writeIdentity(identity, own, time);
    }
    if (mark !== undefined && mark.mod > 0) this.transaction.remove(key);
    return true;
  }

  #mark(subnet: KnownSubnet, { identity, time }: Op<'mark'>): boolean {
    const own = this.#bindingOf(subnet, identity);
    if (own === undefined || own.live.size > 0 || own.released !== undefined || subnet.spoilt.has(identity))
      return true;
    this.#sameBinding(identity, own);
    this.#nobodyLive(identity);
    this.#writeIdentity(identity, own, time);
    return true;
  }

  #hold(subnet: KnownSubnet, { address, owner: wanted }: Op<'hold'>): boolean {
    this.#sameSubnet(subnet);
    if (wanted !== undefined) return this.#holdBeside(subnet, address, wanted);
    const owner = subnet.owners.get(address);
    if ((owner !== undefined && !this.#ended.has(owner)) || [...this.#begun.values()].includes(address)) return false;
    // Another's hold is not this one, though the address is the same: each ticket is given once.
    if (!this.#isStill(subnet, address, 'free')) return false;
    const addressKey = this.#keys.address(this.#key, address);
    if (owner === undefined) this.transaction.demandAbsent(addressKey);
    this.transaction.read(addressKey);
    this.transaction.write(this.#keys.held(this.#key, address), { value: heldBy(this.transaction.writer) });
    this.#holds.set(address, 'held');
    return true;
  }

  #holdBeside(subnet: KnownSubnet, address: string, owner: string): boolean {
    const own = this.#bindingOf(subnet, owner);
    if (own?.address !== address || !this.#isStill(subnet, address, 'free')) return false;
    this.#sameBinding(owner, own);
    this.transaction.read(this.#keys.address(this.#key, address));
    this.transaction.write(this.#keys.held(this.#key, address), { value: Buffer.alloc(0) });
    this.#holds.set(address, 'held');
    return true;
  }

  #unhold(subnet: KnownSubnet, { address }: Op<'unhold'>): boolean {
    const mod = subnet.held.get(address);
    if ((this.#holds.get(address) ?? (mod === undefined ? 'free' : 'held')) === 'free') return true;
    const key = this.#keys.held(this.#key, address);
    if (mod !== undefined) this.transaction.demandUnchanged(key, mod);
    this.transaction.read(key);
    this.transaction.remove(key);
    this.#holds.set(address, 'free');
    return true;
  }

  #bindingOf(subnet: KnownSubnet, identity: string): KnownBinding | undefined {
    return this.#ended.has(identity) ? undefined : subnet.bindings.get(identity);
  }

  /** That very subnet, by whatever settings. */
  #subnetIsThere(subnet: KnownSubnet): void {
    const key = this.#keys.subnet(this.#key);
    this.transaction.demandCreated(key, subnet.created);
    this.transaction.read(key);
  }

  /** Of a binding that cannot be believed only the mark itself ends: whatever its key says stays. */
  #endMark(key: string, mark: LiveMark | undefined): true {
    if (mark === undefined || mark.mod === 0) return true;
    this.transaction.demandUnchanged(key, mark.mod);
    this.transaction.remove(key);
    return true;
  }

  /** @throws LimpetError DAMAGED when the subnet is there and its settings cannot be read */
  #settingsAreReadable(): void {
    const why = this.#view.whyUnreadable(this.#key);
    if (why !== undefined) throw this.#damaged(this.#keys.subnet(this.#key), why, {});
  }

  /** @throws LimpetError DAMAGED when the identity's key is there and cannot be believed */
  #isBelieved(subnet: KnownSubnet, identity: string): void {
    if (!subnet.spoilt.has(identity)) return;
    throw this.#damaged(this.#keys.identity(this.#key, identity), 'it says no address that can be', { identity });
  }

  #damaged(key: string, why: string, more: { readonly identity?: string }): LimpetError {
    const { space, cidr } = this.#key;
    const what = 'remove that key, or run the version that wrote it';
    const message = `etcd has a value that cannot be believed at ${key}: ${why}; ${what}`;
    return new LimpetError('DAMAGED', message, { space, subnet: cidr, key, ...more });
  }

  /** With the settings that are known here: an address that was free by them can be excluded by others. */
  #sameSubnet(subnet: KnownSubnet): void {
    this.#settingsAreReadable();
    const key = this.#keys.subnet(this.#key);
    this.transaction.demandUnchanged(key, subnet.mod);
    this.transaction.read(key);
  }

  #sameBinding(identity: string, binding: KnownBinding): true {
    const key = this.#keys.identity(this.#key, identity);
    this.transaction.demandUnchanged(key, binding.mod);
    this.transaction.read(key);
    return true;
  }

  /** The address is held, or is not, and stays so until the transaction is applied. */
  #isStill(subnet: KnownSubnet, address: string, wanted: 'held' | 'free'): boolean {
    const key = this.#keys.held(this.#key, address);
    const mod = subnet.held.get(address);
    if ((this.#holds.get(address) ?? (mod === undefined ? 'free' : 'held')) !== wanted) return false;
    if (this.#holds.has(address)) return true;
    if (mod === undefined) this.transaction.demandAbsent(key);
    else this.transaction.demandUnchanged(key, mod);
    this.transaction.read(key);
    return true;
  }

  #nobodyLive(identity: string, except?: string): void {
    const range = this.#keys.liveOf(this.#key, identity);
    this.#readMarks(identity);
    if (except === undefined) {
      this.transaction.demandEmpty(range);
      return;
    }
    const own = this.#keys.live(this.#key, identity, except);
    this.transaction.demandEmpty({ from: range.from, to: own });
    this.transaction.demandEmpty({ from: `${own}\0`, to: range.to });
  }

  #readMarks(identity: string): void {
    this.transaction.readRange(this.#keys.liveOf(this.#key, identity));
  }

  /** Of a new binding. A key whose binding ends in the same transaction is written over, and stays as old as it is. */
  #writeAnew(subnet: KnownSubnet, identity: string, value: IdentityValue): void {
    const before = this.#ended.has(identity) ? subnet.bindings.get(identity) : undefined;
    const write = { value: jsonOf(value), ...(before === undefined ? {} : { created: before.created }) };
    this.transaction.write(this.#keys.identity(this.#key, identity), write);
  }

  #writeIdentity(identity: string, { address, created, pinned }: KnownBinding, released: number | undefined): void {
    const value = jsonOf({ address, released, ...(pinned ? { pinned: 1 } : {}) });
    this.transaction.write(this.#keys.identity(this.#key, identity), { value, created });
  }
}

/** What a hold's key says: whose it is, for who has lost the answer. Each process has a fence of its own. */
export function heldBy({ fence }: Writer): Buffer {
  return Buffer.from(fence.toString(36));
}

function jsonOf(value: IdentityValue): Buffer {
  return Buffer.from(JSON.stringify(value));
}
