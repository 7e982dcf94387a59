// Bindings and live marks, as far as they are known. An identity's own key is what counts. The index by address only
// says whom to ask: when two identities have one address, or the index says something else than is known, that is a
// doubt, and all that it is about is looked at in one go before anything is believed (doubts.ts).

import type { Change, SubnetKey } from '../../service/store.js';
import { readIdentity, readOwner } from '../values.js';
import type { Findings } from './findings.js';
import type { Key, Keys } from './keys.js';
import type { Item, KnownBinding, KnownSubnet } from './known.js';
import { LiveMarks } from './live-marks.js';
import type { Teller } from './teller.js';

/** What the store wants to hear of, beside the listener. */
export interface BindingHooks {
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
  /** Whose the address is has to be looked at, with all who may have it. */
  readonly doubted: (subnet: SubnetKey, address: string, identities: readonly string[]) => void;
}

/** A binding that etcd has, and the item that says so. */
interface Claim {
  readonly identity: string;
  readonly address: string;
  readonly released: number | undefined;
  readonly pinned: boolean;
  readonly item: Item;
}

/** The index of an address, and the keys of those who may have it, at one revision. */
export interface Found {
  readonly address: string;
  readonly index: Item | undefined;
  readonly claims: ReadonlyMap<string, Item | undefined>;
  readonly at: number;
}

export class Bindings {
  /** While what is learnt is all of one revision, in no order. */
  isReading = true;
  readonly #keys: Keys;
  readonly #teller: Teller;
  readonly #findings: Findings;
  readonly #hooks: BindingHooks;
  /** Whose mark and time of release nobody has told yet. */
  readonly #unseen: (readonly [subnet: KnownSubnet, identity: string])[] = [];

  constructor(keys: Keys, teller: Teller, findings: Findings, hooks: BindingHooks) {
    this.#keys = keys;
    this.#teller = teller;
    this.#findings = findings;
    this.#hooks = hooks;
  }

  learnIdentity(subnet: KnownSubnet, identity: string, item: Item | undefined, at: number): void {
    const known = subnet.bindings.get(identity);
    const spoilt = subnet.spoilt.get(identity) ?? 0;
    if (item === undefined) {
      if (spoilt <= at) subnet.spoilt.delete(identity);
      if (known !== undefined && known.mod <= at) this.#end(subnet, identity, known);
      return;
    }
    if (Math.max(known?.mod ?? 0, spoilt) >= item.mod) return;
    const read = readIdentity(item.value, subnet.room);
    if ('wrong' in read) {
      this.#spoil(subnet, identity, item.mod, read.wrong);
      return;
    }
    subnet.spoilt.delete(identity);
    const { address, released } = read.value;
    const claim: Claim = { identity, address, released, pinned: read.value.pinned === 1, item };
    if (known?.created === item.created && known.address === address) {
      this.#renew(subnet, known, claim);
      return;
    }
    const owner = subnet.owners.get(address);
    const other = owner === undefined || owner === identity ? undefined : subnet.bindings.get(owner);
    if (owner !== undefined && other !== undefined) {
      // Of news the older is nothing: since then the other has got the address. A reading is all of one moment.
      if (this.isReading || item.mod >= other.created) this.#hooks.doubted(subnet.key, address, [identity, owner]);
      return;
    }
    this.#begin(subnet, claim);
  }

  /** @param text of the key: it is a live one of that subnet */
  learnLive(
    subnet: KnownSubnet,
    { identity, node }: Pick<Extract<Key, { kind: 'live' }>, 'identity' | 'node'>,
    text: string,
    item: Item | undefined,
    at: number,
  ): void {
    const binding = subnet.bindings.get(identity);
    if (binding === undefined) return;
    const known = binding.live.get(node);
    if (item !== undefined) {
      if (item.mod < binding.created || (known !== undefined && known.mod >= item.mod)) return;
      if (this.#hooks.isOwn(text) && !this.#hooks.isOwnLease(item.lease)) this.#hooks.takenOver(text);
      binding.live.set(node, { mod: item.mod, lease: item.lease });
      if (known === undefined) this.#teller.tell(subnet.key, { op: 'live', identity, node });
      return;
    }
    if (known === undefined || known.mod > at || known.mod === 0) return;
    if (this.#hooks.isOwn(text)) {
      known.mod = 0;
      known.lease = '';
      this.#hooks.lost(subnet.key, identity, node);
    } else {
      binding.live.delete(node);
      this.tellGone(subnet, identity, node, binding);
    }
  }

  /** From the index by address, which is never watched: it says whom to ask when a commit finds the address taken. */
  learnOwner(subnet: KnownSubnet, address: string, item: Item | undefined, at: number): void {
    const owner = subnet.owners.get(address);
    const known = owner === undefined ? undefined : subnet.bindings.get(owner);
    const named = item === undefined ? undefined : readOwner(item.value);
    if (item === undefined ? known === undefined || known.mod > at : named !== undefined && named === owner) return;
    const all = [owner, named].filter((each) => each !== undefined);
    this.#hooks.doubted(subnet.key, address, all);
  }

  /**
   * Whose an address is, from the index and from the keys of all who may have it, as they were at one revision. Of
   * several it is his whom the index names; else who has it here already, else the oldest. An address of the index that
   * nobody has is held here: nobody can be given it.
   */
  settle(subnet: KnownSubnet, { address, index, claims, at }: Found): void {
    const claimants: Claim[] = [];
    for (const [identity, item] of claims) {
      const read = item && readIdentity(item.value, subnet.room);
      const value = read !== undefined && 'value' in read ? read.value : undefined;
      if (item === undefined || value?.address !== address) this.learnIdentity(subnet, identity, item, at);
      else claimants.push({ identity, address, released: value.released, pinned: value.pinned === 1, item });
    }
    claimants.sort((a, b) => a.item.created - b.item.created);
    const named = index && readOwner(index.value);
    const holder = subnet.owners.get(address);
    const rightful =
      claimants.find(({ identity }) => identity === named) ??
      claimants.find(({ identity }) => identity === holder) ??
      claimants[0];
    for (const { identity, item } of claimants) {
      if (identity === rightful?.identity) continue;
      const known = subnet.bindings.get(identity);
      if (known !== undefined) this.#end(subnet, identity, known);
      this.#spoil(subnet, identity, item.mod, `${address} is ${JSON.stringify(rightful?.identity)}'s`);
    }
    if (rightful !== undefined) this.#install(subnet, rightful);
    if (index === undefined || (rightful !== undefined && rightful.identity === named)) return;
    const whose = named === undefined ? 'it names no identity' : `${JSON.stringify(named)} does not have ${address}`;
    this.#findings.wrong(this.#keys.address(subnet.key, address), whose, { ...subnet.key, address });
    if (subnet.owners.has(address)) return;
    this.#teller.tell(subnet.key, { op: 'hold', address });
  }

  /** By other settings: whoever has an address that they leave out has none. */
  leaveOut(subnet: KnownSubnet): void {
    for (const [identity, binding] of [...subnet.bindings]) {
      const why = subnet.room(binding.address);
      if (why === undefined) continue;
      this.#end(subnet, identity, binding);
      this.#spoil(subnet, identity, binding.mod, `its address ${binding.address} ${why}`);
    }
  }

  /** A mark of this process that a reading did not find, though the binding is the same: it will be put again. */
  expect(subnet: KnownSubnet, identity: string, node: string): void {
    subnet.bindings.get(identity)?.live.set(node, { mod: 0, lease: '' });
    this.#teller.tell(subnet.key, { op: 'live', identity, node });
  }

  /** Nobody releases for a process that has died: then the time of seeing counts. */
  tellGone(subnet: KnownSubnet, identity: string, node: string, binding: KnownBinding): void {
    const last = binding.live.size === 0;
    const time = (last ? binding.released : undefined) ?? this.#hooks.now();
    this.#teller.tell(subnet.key, { op: 'gone', identity, node, time });
    if (last && subnet.spoilt.has(identity)) this.#end(subnet, identity, binding);
    else if (last && binding.released === undefined) this.#hooks.unmarked(subnet.key, identity);
  }

  endMarks(subnet: KnownSubnet, identity: string, binding: KnownBinding): void {
    for (const node of binding.live.keys()) {
      const key = this.#keys.live(subnet.key, identity, node);
      if (this.#hooks.isOwn(key)) this.#hooks.bindingEnded(key);
      this.#teller.tell(subnet.key, { op: 'gone', identity, node, time: this.#hooks.now() });
    }
    binding.live.clear();
  }

  /** The claim that has been found right. */
  #install(subnet: KnownSubnet, claim: Claim): void {
    const { identity, address, item } = claim;
    const known = subnet.bindings.get(identity);
    const holder = subnet.owners.get(address);
    const other = holder === undefined || holder === identity ? undefined : subnet.bindings.get(holder);
    if (holder !== undefined && other !== undefined) this.#end(subnet, holder, other);
    if (known?.address === address && known.created === item.created) {
      if (known.mod < item.mod) this.#renew(subnet, known, claim);
    } else if ((known?.mod ?? 0) < item.mod) this.#begin(subnet, claim);
  }

  /** Newer news of a binding that is known. */
  #renew(subnet: KnownSubnet, known: KnownBinding, { identity, address, released, pinned, item }: Claim): void {
    const isAnew = released !== known.released;
    [known.mod, known.released] = [item.mod, released];
    // He was live and left again without this process seeing either: his time begins anew.
    if (isAnew && known.live.size === 0) this.#idles(subnet, identity, released);
    if (known.pinned === pinned) return;
    known.pinned = pinned;
    const time = released ?? this.#hooks.now();
    this.#teller.tell(subnet.key, pinned ? { op: 'pin', identity, address, time } : { op: 'unpin', identity, time });
  }

  #begin(subnet: KnownSubnet, { identity, address, released, pinned, item }: Claim): void {
    const known = subnet.bindings.get(identity);
    if (known !== undefined) this.#end(subnet, identity, known);
    const bind: Change = { op: 'bind', identity, address };
    const refused = this.#teller.tell(subnet.key, subnet.held.has(address) ? { ...bind, ticket: true } : bind);
    if (refused !== undefined) {
      this.#spoil(subnet, identity, item.mod, refused);
      return;
    }
    const live = new LiveMarks();
    subnet.bindings.set(identity, { address, created: item.created, mod: item.mod, released, pinned, live });
    subnet.owners.set(address, identity);
    if (pinned) this.#teller.tell(subnet.key, { op: 'pin', identity, address, time: released ?? 0 });
    if (!this.isReading) this.#idles(subnet, identity, released);
  }

  /**
   * Its age counts from its release. Without a time of release its mark comes with the same answer, or its process has
   * died: then it was live until now, for all that is known.
   */
  #idles(subnet: KnownSubnet, identity: string, released: number | undefined): void {
    if (released !== undefined) {
      this.#tellReleased(subnet, identity, released);
      return;
    }
    if (this.#unseen.length === 0) queueMicrotask(() => this.#tellUnseen()); // once all of the answer is known
    this.#unseen.push([subnet, identity]);
  }

  #tellUnseen(): void {
    for (const [subnet, identity] of this.#unseen.splice(0)) {
      const known = subnet.bindings.get(identity);
      if (known === undefined || known.live.size > 0 || known.released !== undefined) continue;
      this.#tellReleased(subnet, identity, this.#hooks.now());
      this.#hooks.unmarked(subnet.key, identity);
    }
  }

  /** As if it had been live until that moment. */
  #tellReleased({ key }: KnownSubnet, identity: string, time: number): void {
    this.#teller.tell(key, { op: 'live', identity, node: '' });
    this.#teller.tell(key, { op: 'gone', identity, node: '', time });
  }

  /**
   * Its key says nothing that can be believed. Who is live keeps what is known of him, for as long as he is; else it is
   * as if he had no address, and nobody else gets it.
   */
  #spoil(subnet: KnownSubnet, identity: string, mod: number, why: string): void {
    subnet.spoilt.set(identity, mod);
    this.#findings.wrong(this.#keys.identity(subnet.key, identity), why, { ...subnet.key, identity });
    const known = subnet.bindings.get(identity);
    if (known !== undefined && known.live.size === 0) this.#end(subnet, identity, known);
  }

  #end(subnet: KnownSubnet, identity: string, binding: KnownBinding): void {
    this.endMarks(subnet, identity, binding);
    subnet.bindings.delete(identity);
    if (subnet.owners.get(binding.address) === identity) subnet.owners.delete(binding.address);
    this.#teller.tell(subnet.key, { op: 'reclaim', identity, address: binding.address });
  }
}
