// One subnet as the host's users see it: addresses and identities as strings in and out, statuses turned into errors.
// It keeps no state of its own: what is bound, held or free, only the core knows.

import { type Cidr, formatAddress, formatIPv4, parseAddress, parseIPv4, quote } from './address.js';
import { type Core, STATES, Status, WINDOW_SIZE } from './core.js';
import { LimpetError, type LimpetErrorCode } from './errors.js';
import { badIdentity, describe, Identity } from './identity.js';
import { Rebuild, type RebuildInput, type RebuildOptions, rebuildFrom } from './rebuild.js';
import type { AddressState, Binding, Stats } from './types.js';

/** What an address is and, when it is bound, whose. */
export interface Inspection {
  readonly address: string;
  readonly state: AddressState;
  readonly identity?: string;
}

/** One answer of {@link Subnet.allocateMany}: an address, or why there is none. */
export type Allocation = { readonly address: string; readonly created: boolean } | { readonly error: LimpetError };

const RESULT_SIZE = 24;
/** Behind the last moment that the core can hold: 48 bits of milliseconds. */
const TIME_LIMIT = 2 ** 48;

export class Subnet {
  /** The CIDR in canonical form. */
  readonly cidr: string;
  readonly version: 4 | 6;
  readonly prefix: number;
  /** Addresses in the subnet, whatever their state. */
  readonly size: bigint;
  readonly #core: Core;
  readonly #base: bigint;
  /** Base and size of an IPv4 subnet as numbers, for the hot path. */
  readonly #base32: number;
  readonly #size32: number;
  #id: number;

  /** @internal Made by Limpet. */
  constructor(core: Core, id: number, cidr: Cidr) {
    this.#core = core;
    this.#id = id;
    this.cidr = cidr.text;
    this.version = cidr.version;
    this.prefix = cidr.prefix;
    this.size = cidr.size;
    this.#base = cidr.base;
    this.#base32 = cidr.version === 4 ? Number(cidr.base) : 0;
    this.#size32 = cidr.version === 4 ? Number(cidr.size) : 0;
  }

  /**
   * The identity's own address: the one it has, else the preferred one if that is free, else the next free one.
   * The binding is live from now on. Asking again answers the same.
   * @throws LimpetError FULL, BAD_INPUT, OUT_OF_RANGE, NO_MEMORY; nothing has changed then
   * @example net.allocate('web.3') // '10.0.0.2'
   */
  allocate(identity: string | Identity, options: { readonly preferred?: string } = {}): string {
    if (options.preferred === undefined) {
      const status = this.#core.calls.allocate(this.#live(), this.#put(identity));
      if (status < 0) throw this.#error(status, identity);
    } else {
      this.#exactly('allocate_preferred', identity, options.preferred);
    }
    return this.#address();
  }

  /**
   * As {@link allocate}, but answers the ordinal (the address's index in the subnet) and makes no string: a number while
   * it is a safe integer, else a bigint.
   */
  allocateOrdinal(identity: string | Identity): number | bigint {
    const status = this.#core.calls.allocate(this.#live(), this.#put(identity));
    if (status < 0) throw this.#error(status, identity);
    return this.#ordinal();
  }

  /**
   * Allocates for many identities, in order, with one call into the core for about a thousand. Each stands for
   * itself: one that fails does not undo the others.
   */
  allocateMany(identities: Iterable<string | Identity>): Allocation[] {
    if (typeof identities !== 'object' || identities === null || !(Symbol.iterator in identities))
      throw new TypeError(`identities are a list, not ${describe(identities)}`);
    const checked = Array.from(identities, (identity) =>
      identity instanceof Identity ? identity : new Identity(identity),
    );
    const answers: Allocation[] = [];
    for (let from = 0; from < checked.length; ) from = this.#allocateBatch(checked, from, answers);
    return answers;
  }

  /**
   * Binds the identity to this very address.
   * @throws LimpetError OCCUPIED (`details.owner` has it), EXCLUDED, OUT_OF_RANGE, BOUND_ELSEWHERE, NO_MEMORY
   */
  bind(identity: string | Identity, address: string): string {
    this.#exactly('bind', identity, address);
    return this.#address();
  }

  /**
   * Trades a ticket (a held address) for the identity's own address; an identity without one is bound to the ticket,
   * which stays held until {@link unhold}.
   * @throws LimpetError NOT_HELD when the ticket is none, OCCUPIED, EXCLUDED, OUT_OF_RANGE, NO_MEMORY
   */
  trade(identity: string | Identity, ticket: string): string {
    this.#exactly('trade', identity, ticket);
    return this.#address();
  }

  /**
   * Live → reserved: nobody else gets the address. True when it was live, false when it was reserved already.
   * @param time milliseconds since the epoch; one before the last release counts as the same moment
   * @throws LimpetError UNKNOWN when the identity has no binding
   */
  release(identity: string | Identity, time: number = Date.now()): boolean {
    const length = this.#put(identity);
    this.#core.time = checkTime(time);
    const status = this.#core.calls.release(this.#live(), length);
    if (status < 0) throw this.#error(status, identity);
    return status === Status.CHANGED;
  }

  /**
   * Reserved → free. Answers the address.
   * @throws LimpetError LIVE, UNKNOWN
   */
  reclaim(identity: string | Identity): string {
    const status = this.#core.calls.reclaim(this.#live(), this.#put(identity));
    if (status < 0) throw this.#error(status, identity);
    return this.#address();
  }

  /**
   * Reclaims up to `count` reserved bindings, oldest release first; answers them as they were.
   * @throws LimpetError BAD_INPUT when the count is no whole number from 0, nor Infinity
   */
  reclaimOldest(count = 1): Binding[] {
    if (typeof count !== 'number') throw new TypeError(`a count is a number, not ${describe(count)}`);
    if (count < 0 || (!Number.isInteger(count) && count !== Number.POSITIVE_INFINITY)) {
      throw new LimpetError('BAD_INPUT', `${count} is no count: a whole number from 0, or Infinity`, { value: count });
    }
    return this.#reclaim(count, TIME_LIMIT);
  }

  /** The binding that {@link reclaimOldest} would take next; undefined when none is reserved. */
  oldest(): Binding | undefined {
    return this.#core.calls.oldest(this.#live()) < 0 ? undefined : this.#binding();
  }

  /** Reclaims every binding released before `time` (milliseconds since the epoch), oldest first. */
  reclaimReleasedBefore(time: number): Binding[] {
    return this.#reclaim(Number.POSITIVE_INFINITY, checkTime(time));
  }

  /**
   * Holds a free address without an identity (without an argument the next free one) and answers it. One that is held
   * already stays so.
   * @throws LimpetError OCCUPIED, EXCLUDED, OUT_OF_RANGE, FULL, NO_MEMORY
   */
  hold(address?: string): string {
    if (address === undefined) {
      const status = this.#core.calls.hold_next(this.#live());
      if (status < 0) throw this.#error(status);
      return this.#address();
    }
    this.#putAddress(address);
    const status = this.#core.calls.hold(this.#live());
    if (status < 0) throw this.#error(status, undefined, address);
    return this.#address();
  }

  /** Holds what a record says was held before: as {@link hold}, but an address that is bound is held beside its binding. */
  rehold(address: string): string {
    this.#putAddress(address);
    const status = this.#core.calls.rehold(this.#live());
    if (status < 0) throw this.#error(status, undefined, address);
    return this.#address();
  }

  /**
   * Ends a hold; a binding on the same address stays.
   * @throws LimpetError NOT_HELD, OUT_OF_RANGE
   */
  unhold(address: string): void {
    this.#putAddress(address);
    const status = this.#core.calls.unhold(this.#live());
    if (status < 0) throw this.#error(status, undefined, address);
  }

  /** The identity's binding, if it has one. */
  lookup(identity: string | Identity): Binding | undefined {
    const status = this.#core.calls.lookup(this.#live(), this.#put(identity));
    if (status === Status.UNKNOWN) return undefined;
    if (status < 0) throw this.#error(status, identity);
    return this.#binding();
  }

  /** As {@link lookup}, but the ordinal only, without making strings; undefined when the identity has no binding. */
  lookupOrdinal(identity: string | Identity): number | bigint | undefined {
    return this.#core.calls.lookup(this.#live(), this.#put(identity)) < 0 ? undefined : this.#ordinal();
  }

  /**
   * The address at an ordinal.
   * @throws TypeError; LimpetError OUT_OF_RANGE
   */
  addressOf(ordinal: number | bigint): string {
    if (typeof ordinal !== 'bigint' && !Number.isSafeInteger(ordinal))
      throw new TypeError(`an ordinal is a whole number or a bigint, not ${describe(ordinal)}`);
    const at = BigInt(ordinal);
    if (at >= 0n && at < this.size) return formatAddress(this.#base + at, this.version);
    throw new LimpetError('OUT_OF_RANGE', `${this.cidr} has the ordinals 0 to ${this.size - 1n}, not ${ordinal}`, {
      subnet: this.cidr,
      value: ordinal,
    });
  }

  /**
   * The index of an address in the subnet, whatever the address's state: a number while it is a safe integer, else a bigint.
   * @throws TypeError; LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  ordinalOf(address: string): number | bigint {
    this.#live();
    this.#putAddress(address);
    return this.#ordinal();
  }

  /** Whose address it is; undefined when nobody's. */
  owner(address: string): string | undefined {
    return this.inspect(address).identity;
  }

  /**
   * What an address is.
   * @throws LimpetError OUT_OF_RANGE, BAD_INPUT
   */
  inspect(address: string): Inspection {
    this.#putAddress(address);
    const status = this.#core.calls.inspect(this.#live());
    if (status < 0) throw this.#error(status, undefined, address);
    const state = STATES[this.#core.state] as AddressState;
    const found = { address: this.#address(), state };
    return this.#core.length > 0 ? { ...found, identity: this.#core.identity } : found;
  }

  /** All bindings in ascending order of address. Changes made meanwhile show if they lie ahead. */
  *bindings(): IterableIterator<Binding> {
    for (const _ of this.#used()) {
      if (this.#core.length > 0) yield this.#binding();
    }
  }

  /** All addresses held without a binding, ascending. */
  *held(): IterableIterator<string> {
    for (const _ of this.#used()) {
      if (this.#core.length === 0) yield this.#address();
    }
  }

  /**
   * Makes the bindings anew from Docker tasks or compact records (DESIGN.md section 5): JSON text (an array, or one
   * record a line) as string or bytes, or objects. Held addresses stay held. All or nothing.
   * @throws LimpetError BAD_INPUT, NO_MEMORY; the subnet is then as it was
   */
  rebuild(input: RebuildInput, options: RebuildOptions = {}): ReturnType<Rebuild['commit']> {
    return rebuildFrom(this.rebuilder(options), input);
  }

  /** A rebuild in steps, for input that comes in pieces. One at a time; the subnet serves on until its commit. */
  rebuilder(options: RebuildOptions = {}): Rebuild {
    return new Rebuild(
      this.#core,
      this.#live(),
      {
        cidr: this.cidr,
        version: this.version,
        base: this.#base,
        size: this.size,
        destroyed: () => this.#id < 0,
      },
      options,
    );
  }

  /** The whole state as bytes, the same in every host; `limpet.restore` takes them. */
  snapshot(): Uint8Array {
    this.#core.calls.snapshot_begin(this.#live());
    const parts: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const length = this.#core.calls.snapshot_next();
      if (length === 0) break;
      parts.push(this.#core.takeWindow(length));
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

  get stats(): Stats {
    this.#core.calls.subnet_stats(this.#live());
    const counts = this.#core.window();
    const live = counts.getUint32(12, true);
    const reserved = counts.getUint32(16, true);
    const held = counts.getUint32(20, true);
    const whole = BigInt(counts.getUint32(28, true)) << 128n;
    const excluded = counts.getBigUint64(32, true) | (counts.getBigUint64(40, true) << 64n) | whole;
    const free = this.size - excluded - BigInt(live) - BigInt(reserved) - BigInt(held);
    return { size: this.size, live, reserved, held, excluded, free };
  }

  /** Gives the subnet's memory back. Every later call is refused. */
  destroy(): void {
    this.#core.calls.subnet_destroy(this.#live());
    this.#id = -1;
  }

  #live(): number {
    if (this.#id < 0)
      throw new LimpetError('ENDED', `the subnet ${this.cidr} has been destroyed`, { subnet: this.cidr });
    return this.#id;
  }

  #put(identity: string | Identity): number {
    if (typeof identity === 'string') {
      const length = this.#core.putIdentity(identity);
      if (length < 0) throw badIdentity(identity);
      return length;
    }
    if (identity instanceof Identity) return this.#core.putBytes(identity.bytes);
    throw new TypeError(`an identity is a string or an Identity, not ${describe(identity)}`);
  }

  #putAddress(address: string): void {
    if (typeof address !== 'string') throw new TypeError(`an address is a string, not ${describe(address)}`);
    if (this.version === 4) {
      const ordinal = parseIPv4(address) - this.#base32;
      if (ordinal >= 0 && ordinal < this.#size32) {
        this.#core.ordinal32 = ordinal;
        return;
      }
    }
    const number = parseAddress(address, this.version);
    if (number === undefined) {
      throw new LimpetError('BAD_INPUT', `${quote(address)} is no IPv${this.version} address`, { value: address });
    }
    const ordinal = number - this.#base;
    if (ordinal < 0n || ordinal >= this.size) throw this.#error(Status.OUT_OF_RANGE, undefined, address);
    this.#core.ordinal = ordinal;
  }

  /** The address of the ordinal that the last call answered. */
  #address(): string {
    if (this.version === 4) return formatIPv4(this.#base32 + this.#core.ordinal32);
    return formatAddress(this.#base + this.#core.ordinal, 6);
  }

  #ordinal(): number | bigint {
    if (this.version === 4) return this.#core.ordinal32;
    const ordinal = this.#core.ordinal;
    return ordinal <= Number.MAX_SAFE_INTEGER ? Number(ordinal) : ordinal;
  }

  #binding(): Binding {
    const { identity, state } = this.#core;
    const address = this.#address();
    return state === 1
      ? { identity, address, state: 'live' }
      : { identity, address, state: 'reserved', releasedAt: this.#core.time };
  }

  /** Walks over all that is bound or held: each step leaves it described in the io area. */
  *#used(): Generator<void> {
    for (let next = 0n; next < this.size; ) {
      this.#core.ordinal = next;
      if (this.#core.calls.next(this.#live()) < 0) return;
      next = this.#core.ordinal + 1n;
      yield;
    }
  }

  #exactly(call: 'allocate_preferred' | 'bind' | 'trade', identity: string | Identity, address: string): void {
    this.#putAddress(address);
    const status = this.#core.calls[call](this.#live(), this.#put(identity));
    if (status < 0) throw this.#error(status, identity, address);
  }

  #reclaim(count: number, before: number): Binding[] {
    const reclaimed: Binding[] = [];
    while (reclaimed.length < count) {
      this.#core.time = before;
      if (this.#core.calls.reclaim_oldest(this.#live()) < 0) break;
      reclaimed.push(this.#binding());
    }
    return reclaimed;
  }

  /** Sends as many identities as fit into the window with their answers; answers how far it came. */
  #allocateBatch(identities: readonly Identity[], from: number, answers: Allocation[]): number {
    const window = this.#core.window();
    const bytes = new Uint8Array(window.buffer, window.byteOffset, WINDOW_SIZE);
    let size = 0;
    let to = from;
    for (; to < identities.length; to++) {
      const identity = (identities[to] as Identity).bytes;
      if (size + 1 + identity.length + (to - from + 1) * RESULT_SIZE > WINDOW_SIZE) break;
      bytes[size] = identity.length;
      bytes.set(identity, size + 1);
      size += 1 + identity.length;
    }
    const status = this.#core.calls.allocate_many(this.#live(), to - from, size);
    if (status < 0) throw this.#error(status);
    // A copy: an error that counts the subnet's addresses has the core write into the window.
    const results = new DataView(this.#core.takeWindow(size + (to - from) * RESULT_SIZE).buffer);
    for (let i = from; i < to; i++) {
      const at = size + (i - from) * RESULT_SIZE;
      const result = results.getInt32(at + 16, true);
      if (result < 0) {
        answers.push({ error: this.#error(result, identities[i]) });
      } else {
        const ordinal = results.getBigUint64(at, true) | (results.getBigUint64(at + 8, true) << 64n);
        answers.push({
          address: formatAddress(this.#base + ordinal, this.version),
          created: result === Status.CHANGED,
        });
      }
    }
    return to;
  }

  /** The error that a status stands for, with all that is known of the case. */
  #error(status: number, identity?: string | Identity, address?: string): LimpetError {
    const who = identity === undefined ? 'the caller' : quote(String(identity));
    const known: Record<string, unknown> = { subnet: this.cidr };
    if (identity !== undefined) known.identity = String(identity);
    if (address !== undefined) known.address = address;
    const make = (code: LimpetErrorCode, message: string, more = {}) =>
      new LimpetError(code, message, { ...known, ...more });
    switch (status) {
      case Status.FULL: {
        const { size, live, reserved, held, excluded } = this.stats;
        return make(
          'FULL',
          `${this.cidr} is full: no address for ${who}; of ${size} addresses ${live} are live, ${reserved} reserved, ${held} held, ` +
            `${excluded} excluded; reclaiming can free ${reserved}`,
          { size, live, reserved, held, excluded, reclaimable: reserved },
        );
      }
      case Status.OCCUPIED: {
        const { owner, state } = this.#occupant(address as string);
        const whose = owner === undefined ? 'is held' : `belongs to ${quote(owner)} (${state})`;
        return make('OCCUPIED', `${address} in ${this.cidr} ${whose}; ${who} cannot have it`, { owner, state });
      }
      case Status.OUT_OF_RANGE:
        return make('OUT_OF_RANGE', `${address} is outside ${this.cidr}`);
      case Status.EXCLUDED:
        return make('EXCLUDED', `${address} is excluded from ${this.cidr}: it is never allocated or held`);
      case Status.UNKNOWN:
        return make('UNKNOWN', `${who} has no address in ${this.cidr}`);
      case Status.IS_LIVE: {
        const own = this.#address();
        return make('LIVE', `${who} is live on ${own} in ${this.cidr}: release it before reclaiming`, { address: own });
      }
      case Status.NOT_HELD:
        return make('NOT_HELD', `${address} in ${this.cidr} is not held`);
      case Status.BOUND_ELSEWHERE: {
        const own = this.#address();
        return make(
          'BOUND_ELSEWHERE',
          `${who} already has ${own} in ${this.cidr}, so it cannot be bound to ${address}`,
          { bound: own },
        );
      }
      case Status.NO_MEMORY:
        return make(
          'NO_MEMORY',
          `the core may use no more memory (${this.#core.memorySize} bytes); nothing has changed in ${this.cidr}`,
        );
      default:
        return make('BAD_INPUT', `the core refused a call on ${this.cidr} with status ${status}`);
    }
  }

  #occupant(address: string): { owner?: string; state: string } {
    const { identity, state } = this.inspect(address);
    return identity === undefined ? { state } : { owner: identity, state };
  }
}

/** @throws TypeError or LimpetError BAD_INPUT */
export function checkTime(time: number): number {
  if (typeof time !== 'number') throw new TypeError(`a time is a number of milliseconds, not ${describe(time)}`);
  const whole = Math.floor(time);
  if (whole >= 0 && whole < TIME_LIMIT) return whole;
  throw new LimpetError('BAD_INPUT', `${time} is no time: milliseconds since the epoch, from 0 to 2^48 − 1`, {
    value: time,
  });
}
