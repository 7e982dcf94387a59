// One subnet as the host's users see it: addresses and identities as strings in and out, statuses turned into errors.
// What is bound, held or free, only the core knows; what is kept here (boundary/recall.ts) its memory must confirm.

import { Addresses, asNumber } from './addresses.js';
import { checkOptions, checkTime, describe, TIME_LIMIT } from './arguments.js';
import type { Ordinal } from './boundary/memory.js';
import { Status } from './boundary/status.js';
import type { CoreSubnet } from './boundary/subnet.js';
import type { RecordReading } from './claims.js';
import { LimpetError } from './errors.js';
import { badIdentity, Identity, notAnIdentity } from './identity.js';
import { Rebuild, type RebuildInput, type RebuildOptions, rebuildFrom } from './rebuild.js';
import { type Asked, refusal } from './refusal.js';
import { statsOf } from './stats.js';
import type { AddressState, AllocateOptions, Binding, HoldOptions, Stats } from './types.js';

/** What an address is and, when it is bound, whose. */
export interface Inspection {
  readonly address: string;
  readonly state: AddressState;
  readonly identity?: string;
}

/** One answer of {@link Subnet.allocateMany}: an address, or why there is none. */
export type Allocation = { readonly address: string; readonly created: boolean } | { readonly error: LimpetError };

const ALLOCATE_OPTIONS = ['preferred', 'range'] as const satisfies readonly (keyof AllocateOptions)[];
const HOLD_OPTIONS = ['range'] as const satisfies readonly (keyof HoldOptions)[];

export class Subnet {
  /** The CIDR in canonical form. */
  readonly cidr: string;
  readonly version: 4 | 6;
  readonly prefix: number;
  /** Addresses in the subnet, whatever their state. */
  readonly size: bigint;
  readonly #core: CoreSubnet;
  readonly #addresses: Addresses;
  readonly #reading: RecordReading;

  /** @internal Made by Limpet. */
  constructor(core: CoreSubnet, reading: RecordReading) {
    this.#core = core;
    this.#addresses = new Addresses(core.cidr);
    this.#reading = reading;
    this.cidr = core.cidr.text;
    this.version = core.cidr.version;
    this.prefix = core.cidr.prefix;
    this.size = core.cidr.size;
  }

  /**
   * The identity's own address: the one it has, wherever that is, else the preferred one if that is free, else the next
   * free one, of the range if one is named. The binding is live from now on. Asking again answers the same.
   * @throws LimpetError FULL (`details.range` when it is the range that is full), BAD_INPUT, OUT_OF_RANGE, NO_MEMORY;
   * nothing has changed then
   * @example net.allocate('web.3') // '10.0.0.2'
   * @example net.allocate('db.1', { range: '10.0.0.128-10.0.0.159' }) // '10.0.0.128'
   */
  allocate(identity: string | Identity, options?: AllocateOptions): string {
    if (options !== undefined) return this.#allocate(identity, options);
    const known = this.#core.recall(identity);
    if (known === undefined) return this.#addresses.at(this.#ask(identity));
    known.address ??= this.#addresses.at(known.ordinal);
    return known.address;
  }

  /**
   * As {@link allocate}, but answers the ordinal (the address's index in the subnet) and makes no string: a number
   * while it is a safe integer, else a bigint.
   */
  allocateOrdinal(identity: string | Identity): number | bigint {
    return asNumber(this.#core.recall(identity)?.ordinal ?? this.#ask(identity));
  }

  /**
   * Allocates for many identities, in order, with one call into the core for about a thousand. Each stands for
   * itself: one that fails, or is malformed, has an error for its answer, and the others are served.
   * @throws TypeError when one of them is neither a string nor an Identity; nothing has changed then
   */
  allocateMany(identities: Iterable<string | Identity>): Allocation[] {
    if (typeof identities !== 'object' || identities === null || !(Symbol.iterator in identities))
      throw new TypeError(`identities are a list, not ${describe(identities)}`);
    const all = Array.from(identities);
    for (const identity of all)
      if (typeof identity !== 'string' && !(identity instanceof Identity)) throw notAnIdentity(identity);
    const answers: Allocation[] = [];
    while (answers.length < all.length) {
      for (const { status, ordinal } of this.#core.allocateMany({ identities: all, from: answers.length })) {
        const identity = all[answers.length] as string | Identity;
        if (status === Status.BAD_INPUT) answers.push({ error: badIdentity(String(identity)) });
        else if (status < 0) answers.push({ error: this.#refusal(status, { identity }) });
        else answers.push({ address: this.#addresses.at(ordinal), created: status === Status.CHANGED });
      }
    }
    return answers;
  }

  /**
   * Binds the identity to this very address.
   * @throws LimpetError OCCUPIED (`details.owner` has it), EXCLUDED, OUT_OF_RANGE, BOUND_ELSEWHERE, NO_MEMORY
   */
  bind(identity: string | Identity, address: string): string {
    const status = this.#core.bind(identity, this.#addresses.ordinalOf(address));
    return this.#addressOr(status, { identity, address });
  }

  /**
   * Trades a ticket (a held address) for the identity's own address; an identity without one is bound to the ticket,
   * which stays held until {@link unhold}.
   * @throws LimpetError NOT_HELD when the ticket is none, OCCUPIED, EXCLUDED, OUT_OF_RANGE, NO_MEMORY
   */
  trade(identity: string | Identity, ticket: string): string {
    const status = this.#core.trade(identity, this.#addresses.ordinalOf(ticket));
    return this.#addressOr(status, { identity, address: ticket });
  }

  /**
   * Live → reserved: nobody else gets the address. True when it was live, false when it was reserved already.
   * @param time milliseconds since the epoch; one before the last release counts as the same moment
   * @throws LimpetError UNKNOWN when the identity has no binding
   */
  release(identity: string | Identity, time: number = Date.now()): boolean {
    const status = this.#core.release(identity, checkTime(time));
    if (status < 0) throw this.#refusal(status, { identity });
    return status === Status.CHANGED;
  }

  /**
   * Chooses the identity's address: no policy and no `reclaim` ends that binding, only {@link unpin} makes it one like
   * others. An identity without a binding is bound, reserved, until it is allocated.
   * @param time milliseconds since the epoch: since when a new binding counts as reserved
   * @throws LimpetError OCCUPIED (`details.owner` has it), EXCLUDED, OUT_OF_RANGE, BOUND_ELSEWHERE (its address is
   * another one: `reclaim` that first), NO_MEMORY, BAD_INPUT; nothing has changed then
   * @example net.pin('db.1', '10.0.0.10') // '10.0.0.10'
   */
  pin(identity: string | Identity, address: string, time: number = Date.now()): string {
    const ordinal = this.#addresses.ordinalOf(address);
    const status = this.#core.pin(identity, { ordinal, time: checkTime(time) });
    if (status === Status.BAD_STATE) throw rebuilding(this.cidr);
    return this.#addressOr(status, { identity, address });
  }

  /**
   * Ends a pin; the binding stays, and a reserved one counts as released at `time`. False when it was not pinned.
   * @throws LimpetError UNKNOWN when the identity has no binding
   */
  unpin(identity: string | Identity, time: number = Date.now()): boolean {
    const status = this.#core.unpin(identity, checkTime(time));
    if (status === Status.BAD_STATE) throw rebuilding(this.cidr);
    if (status < 0) throw this.#refusal(status, { identity });
    return status === Status.CHANGED;
  }

  /**
   * Reserved → free. Answers the address.
   * @throws LimpetError LIVE, PINNED, UNKNOWN
   */
  reclaim(identity: string | Identity): string {
    return this.#addressOr(this.#core.reclaim(identity), { identity });
  }

  /**
   * Reclaims up to `count` reserved bindings, oldest release first; answers them as they were.
   * @throws LimpetError BAD_INPUT when the count is no whole number from 0, nor Infinity
   */
  reclaimOldest(count = 1): Binding[] {
    if (typeof count !== 'number') throw new TypeError(`a count is a number, not ${describe(count)}`);
    if (count < 0 || (!Number.isInteger(count) && count !== Number.POSITIVE_INFINITY)) {
      throw new LimpetError('BAD_INPUT', `${count} is not a valid count: a whole number from 0, or Infinity`, {
        value: count,
      });
    }
    return this.#reclaim(count, TIME_LIMIT);
  }

  /** The binding that {@link reclaimOldest} would take next; undefined when none is reserved. */
  oldest(): Binding | undefined {
    return this.#core.oldest() < 0 ? undefined : this.#binding();
  }

  /** Reclaims every binding released before `time` (milliseconds since the epoch), oldest first. */
  reclaimReleasedBefore(time: number): Binding[] {
    return this.#reclaim(Number.POSITIVE_INFINITY, checkTime(time));
  }

  /**
   * Holds a free address without an identity, and answers it. One that is held already stays so.
   * @throws LimpetError OCCUPIED, EXCLUDED, OUT_OF_RANGE, NO_MEMORY
   */
  hold(address: string): string {
    return this.#addressOr(this.#core.hold(this.#addresses.ordinalOf(address)), { address });
  }

  /**
   * Holds the next free address without an identity, of the range if one is named, and answers it.
   * @throws LimpetError FULL (`details.range` when it is the range that is full), BAD_INPUT, OUT_OF_RANGE, NO_MEMORY
   * @example net.holdNext({ range: '10.0.0.128/27' }) // '10.0.0.128'
   */
  holdNext(options: HoldOptions = {}): string {
    checkOptions(options, 'holdNext', HOLD_OPTIONS);
    const { range } = options;
    if (range === undefined) return this.#addressOr(this.#core.holdNext(), {});
    return this.#addressOr(this.#core.holdNextIn(this.#addresses.rangeOf(range)), { range });
  }

  /**
   * Whether the address is held, alone or beside a binding; {@link inspect} tells of such a one only the binding.
   * @throws LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  isHeld(address: string): boolean {
    const status = this.#core.isHeld(this.#addresses.ordinalOf(address));
    if (status === Status.NOT_HELD) return false;
    if (status < 0) throw this.#refusal(status, { address });
    return true;
  }

  /**
   * Holds what a record says was held before: as {@link hold}, but an address that is bound is held beside its binding.
   */
  rehold(address: string): string {
    return this.#addressOr(this.#core.rehold(this.#addresses.ordinalOf(address)), { address });
  }

  /**
   * Ends a hold; a binding on the same address stays.
   * @throws LimpetError NOT_HELD, OUT_OF_RANGE
   */
  unhold(address: string): void {
    const status = this.#core.unhold(this.#addresses.ordinalOf(address));
    if (status < 0) throw this.#refusal(status, { address });
  }

  /** The identity's binding, if it has one. */
  lookup(identity: string | Identity): Binding | undefined {
    const status = this.#core.lookup(identity);
    if (status === Status.UNKNOWN) return undefined;
    if (status < 0) throw this.#refusal(status, { identity });
    return this.#binding();
  }

  /** As {@link lookup}, but the ordinal only, without making strings; undefined when the identity has no binding. */
  lookupOrdinal(identity: string | Identity): number | bigint | undefined {
    return this.#core.lookup(identity) < 0 ? undefined : this.#addresses.ordinalIn(this.#core.answer);
  }

  /**
   * The address at an ordinal.
   * @throws TypeError; LimpetError OUT_OF_RANGE
   */
  addressOf(ordinal: number | bigint): string {
    if (typeof ordinal !== 'bigint' && !Number.isSafeInteger(ordinal))
      throw new TypeError(`an ordinal is a whole number or a bigint, not ${describe(ordinal)}`);
    const at = BigInt(ordinal);
    if (at >= 0n && at < this.size) return this.#addresses.at(at);
    throw new LimpetError('OUT_OF_RANGE', `${this.cidr} has the ordinals 0 to ${this.size - 1n}, not ${ordinal}`, {
      subnet: this.cidr,
      value: ordinal,
    });
  }

  /**
   * The index of an address in the subnet, whatever the address's state: a number while it is a safe integer, else a
   * bigint.
   * @throws TypeError; LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  ordinalOf(address: string): number | bigint {
    this.#core.mustExist();
    return asNumber(this.#addresses.ordinalOf(address));
  }

  /** Whose address it is; undefined when nobody's. */
  owner(address: string): string | undefined {
    return this.inspect(address).identity;
  }

  /**
   * Whether it is somebody's, live or reserved: as {@link owner}, but makes no string.
   * @throws LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  isOwned(address: string): boolean {
    const status = this.#core.inspect(this.#addresses.ordinalOf(address));
    if (status < 0) throw this.#refusal(status, { address });
    return this.#core.answer.bound;
  }

  /**
   * What an address is.
   * @throws LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  inspect(address: string): Inspection {
    const status = this.#core.inspect(this.#addresses.ordinalOf(address));
    if (status < 0) throw this.#refusal(status, { address });
    const { answer } = this.#core;
    const found = { address: this.#addresses.of(answer), state: answer.state };
    return answer.bound ? { ...found, identity: answer.identity } : found;
  }

  /** All bindings in ascending order of address. Changes made meanwhile show if they lie ahead. */
  *bindings(): IterableIterator<Binding> {
    for (const _ of this.#used()) {
      if (this.#core.answer.bound) yield this.#binding();
    }
  }

  /** All addresses held without a binding, ascending. */
  *held(): IterableIterator<string> {
    for (const _ of this.#used()) {
      if (!this.#core.answer.bound) yield this.#addresses.of(this.#core.answer);
    }
  }

  /**
   * Makes the bindings anew from Docker's tasks or compact records (`{ identity, address, state }`): JSON text (an
   * array, or one record a line) as string or bytes, or objects. Of several claims of one identity stands that of the
   * task which is meant to run, then the newest; an address goes to the identity that is live on it. The order of the
   * records never matters. Held addresses stay held. All or nothing.
   * @throws LimpetError BAD_INPUT, NO_MEMORY; the subnet is then as it was
   */
  rebuild(input: RebuildInput, options: RebuildOptions = {}): ReturnType<Rebuild['commit']> {
    return rebuildFrom(this.rebuilder(options), input);
  }

  /** A rebuild in steps, for input that comes in pieces. One at a time; the subnet serves on until its commit. */
  rebuilder(options: RebuildOptions = {}): Rebuild {
    return new Rebuild(this.#core, options, this.#reading);
  }

  /** The whole state as bytes, the same in every host; `limpet.restore` takes them. */
  snapshot(): Uint8Array {
    return this.#core.snapshot();
  }

  get stats(): Stats {
    return statsOf(this.#core);
  }

  /** Gives the subnet's memory back. Every later call is refused. */
  destroy(): void {
    this.#core.destroy();
  }

  /** Asks the core for the identity's ordinal, and keeps it when it was its own already. */
  #ask(identity: string | Identity): Ordinal {
    const status = this.#core.allocate(identity);
    if (status < 0) throw this.#refusal(status, { identity });
    const ordinal = this.#addresses.given(this.#core.answer);
    if (status === Status.OK) this.#core.keep(identity, ordinal);
    return ordinal;
  }

  #allocate(identity: string | Identity, options: AllocateOptions): string {
    checkOptions(options, 'allocate', ALLOCATE_OPTIONS);
    const { preferred: address, range } = options;
    if (address !== undefined && range !== undefined)
      throw new TypeError('name a preferred address or a range, not both');
    if (range !== undefined) {
      return this.#addressOr(this.#core.allocateIn(identity, this.#addresses.rangeOf(range)), { identity, range });
    }
    if (address === undefined) return this.#addressOr(this.#core.allocate(identity), { identity });
    const status = this.#core.allocatePreferred(identity, this.#addresses.ordinalOf(address));
    return this.#addressOr(status, { identity, address });
  }

  #reclaim(count: number, time: number): Binding[] {
    const reclaimed: Binding[] = [];
    while (reclaimed.length < count && this.#core.reclaimOldest({ time }) >= 0) reclaimed.push(this.#binding());
    return reclaimed;
  }

  /** Walks over all that is bound or held: each step leaves it described. */
  *#used(): Generator<void> {
    for (let next = 0n; next < this.size; ) {
      if (this.#core.next(next) < 0) return;
      next = this.#core.answer.ordinal + 1n;
      yield;
    }
  }

  /** The binding that the last call described. */
  #binding(): Binding {
    const { answer } = this.#core;
    const { identity, live } = answer;
    const address = this.#addresses.of(answer);
    const how: Pick<Binding, 'pinned'> = answer.pinned ? { pinned: true } : {};
    return live
      ? { identity, address, state: 'live', ...how }
      : { identity, address, state: 'reserved', releasedAt: answer.time, ...how };
  }

  /** The address that a call has answered, unless it refused. */
  #addressOr(status: Status, asked: Asked): string {
    if (status < 0) throw this.#refusal(status, asked);
    return this.#addresses.of(this.#core.answer);
  }

  #refusal(status: Status, asked: Asked): LimpetError {
    return refusal(status, this.#core, this.#addresses, asked);
  }
}

/** A rebuild rests on the pins that there were when it began. */
function rebuilding(subnet: string): LimpetError {
  return new LimpetError('BAD_INPUT', `${subnet} is being rebuilt: pin or unpin after that`, { subnet });
}
