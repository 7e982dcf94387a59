// One subnet of the core: named values in, a status out. What a call says besides its status is in `answer` until the
// next call. Addresses are ordinals here; what an address is as text, host/subnet.ts knows.

import type { Cidr } from '../address.js';
import { LimpetError } from '../errors.js';
import type { Identity } from '../identity.js';
import type { Recalled } from '../recalled.js';
import { allocateBatch, type Batch, type BatchAnswer } from './batch.js';
import type { Calls, SubnetId } from './calls.js';
import { type Answer, type Memory, type Ordinal, wideAt } from './memory.js';
import { CoreRebuild } from './rebuild.js';
import { Recall } from './recall.js';
import type { Status } from './status.js';

/** What `subnet_stats` writes into the window. */
const STATS = { LIVE: 12, RESERVED: 16, HELD: 20, ALL_EXCLUDED: 28, EXCLUDED: 32, PINNED: 64, PINNED_RESERVED: 68 };

export type Who = string | Identity;

/** Both ends included. */
export interface OrdinalRange {
  readonly first: Ordinal;
  readonly last: Ordinal;
}

export interface Counts {
  readonly live: number;
  readonly reserved: number;
  readonly held: number;
  readonly excluded: bigint;
  readonly pinned: number;
  /** Reserved bindings that can be reclaimed: those that are not pinned. */
  readonly reclaimable: number;
}

export class CoreSubnet {
  readonly cidr: Cidr;
  readonly answer: Answer;
  readonly #memory: Memory;
  readonly #calls: Calls;
  readonly #id: SubnetId;
  #recall: Recall;
  #destroyed = false;

  constructor(memory: Memory, calls: Calls, id: SubnetId, cidr: Cidr) {
    this.#memory = memory;
    this.answer = memory;
    this.#calls = calls;
    this.#id = id;
    this.cidr = cidr;
    this.#recall = new Recall(memory);
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** @throws LimpetError ENDED when it has been destroyed */
  mustExist(): void {
    this.id;
  }

  /** The subnet's number for a call. @throws LimpetError ENDED when it has been destroyed */
  get id(): SubnetId {
    if (!this.#destroyed) return this.#id;
    const { text } = this.cidr;
    throw new LimpetError('ENDED', `the subnet ${text} has been destroyed`, { subnet: text });
  }

  /** Bytes of the whole memory. */
  get memorySize(): number {
    return this.#memory.size;
  }

  /** What `allocate` would answer, when that is known without asking the core. */
  recall(who: Who): Recalled | undefined {
    return this.#recall.find(who);
  }

  /** Keeps for `recall` that `allocate` has just answered OK, with this ordinal. */
  keep(who: Who, ordinal: number | bigint): void {
    this.#recall.keep(who, ordinal);
  }

  /** The bindings are others now. */
  forget(): void {
    this.#recall = new Recall(this.#memory);
  }

  allocate(who: Who): Status {
    return this.#calls.allocate(this.id, this.#memory.putIdentity(who));
  }

  allocatePreferred(who: Who, ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.allocate_preferred(this.id, this.#memory.putIdentity(who));
  }

  allocateIn(who: Who, { first, last }: OrdinalRange): Status {
    this.#memory.putRange(first, last);
    return this.#calls.allocate_in(this.id, this.#memory.putIdentity(who));
  }

  /** Allocates for as many identities as fit into the window, in one call; answers for each of these. */
  allocateMany(batch: Batch): BatchAnswer[] {
    return allocateBatch(this.#memory, this.#calls, this, batch);
  }

  bind(who: Who, ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.bind(this.id, this.#memory.putIdentity(who));
  }

  trade(who: Who, ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.trade(this.id, this.#memory.putIdentity(who));
  }

  release(who: Who, time: number): Status {
    this.#memory.putTime(time);
    return this.#calls.release(this.id, this.#memory.putIdentity(who));
  }

  pin(who: Who, { ordinal, time }: { readonly ordinal: Ordinal; readonly time: number }): Status {
    this.#memory.putOrdinal(ordinal);
    this.#memory.putTime(time);
    return this.#calls.pin(this.id, this.#memory.putIdentity(who));
  }

  unpin(who: Who, time: number): Status {
    this.#memory.putTime(time);
    return this.#calls.unpin(this.id, this.#memory.putIdentity(who));
  }

  reclaim(who: Who): Status {
    return this.#calls.reclaim(this.id, this.#memory.putIdentity(who));
  }

  reclaimOldest(before: { readonly time: number }): Status {
    this.#memory.putTime(before.time);
    return this.#calls.reclaim_oldest(this.id);
  }

  oldest(): Status {
    return this.#calls.oldest(this.id);
  }

  hold(ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.hold(this.id);
  }

  holdNext(): Status {
    return this.#calls.hold_next(this.id);
  }

  holdNextIn({ first, last }: OrdinalRange): Status {
    this.#memory.putRange(first, last);
    return this.#calls.hold_next_in(this.id);
  }

  rehold(ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.rehold(this.id);
  }

  unhold(ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.unhold(this.id);
  }

  isHeld(ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.is_held(this.id);
  }

  lookup(who: Who): Status {
    return this.#calls.lookup(this.id, this.#memory.putIdentity(who));
  }

  inspect(ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.inspect(this.id);
  }

  /** Describes the lowest ordinal at or above this one that is bound or held. */
  next(ordinal: Ordinal): Status {
    this.#memory.putOrdinal(ordinal);
    return this.#calls.next(this.id);
  }

  counts(): Counts {
    this.#calls.subnet_stats(this.id);
    const stats = this.#memory.window();
    const reserved = stats.getUint32(STATS.RESERVED, true);
    return {
      live: stats.getUint32(STATS.LIVE, true),
      reserved,
      held: stats.getUint32(STATS.HELD, true),
      pinned: stats.getUint32(STATS.PINNED, true),
      reclaimable: reserved - stats.getUint32(STATS.PINNED_RESERVED, true),
      // Of ::/0 wholly excluded the count has a 129th bit.
      excluded: wideAt(stats, STATS.EXCLUDED) | (BigInt(stats.getUint32(STATS.ALL_EXCLUDED, true)) << 128n),
    };
  }

  rebuild(): CoreRebuild {
    return new CoreRebuild(this.#memory, this.#calls, this);
  }

  snapshot(): Uint8Array {
    this.#calls.snapshot_begin(this.id);
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let length = this.#calls.snapshot_next(); length > 0; length = this.#calls.snapshot_next()) {
      parts.push(this.#memory.takeWindow(length));
      size += length;
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  destroy(): void {
    this.#calls.subnet_destroy(this.id);
    this.forget();
    this.#destroyed = true;
  }
}
