// Who owns which ordinal: bindings found by identity and by place, and the reserved ones in order of release.
// Unlike bitmap.ts it knows why an ordinal is taken; unlike subnet.ts it chooses none.

import { Bitmap } from './bitmap';
import { Exclusions } from './exclusions';
import { equalBytes, hashBytes, hashInteger } from './hash';
import { Order } from './order';
import { BY_IDENTITY, BY_PLACE, createTable, KEY, Table } from './table';
import { Slots } from './vector';

/** The identity runs somewhere now. */
export const LIVE: u8 = 1;
/** The ordinal is held as well: it stays taken when the binding goes. */
export const HELD: u8 = 2;
/** Only while rebuilding: the task is meant to run. */
export const WANTED: u8 = 4;

export const TIME_LIMIT: u64 = 1 << 48;

/** What an ordinal is; the numbers are part of the ABI. */
export const STATE_FREE: u32 = 0;
export const STATE_LIVE: u32 = 1;
export const STATE_RESERVED: u32 = 2;
export const STATE_HELD: u32 = 3;
export const STATE_EXCLUDED: u32 = 4;

//   binding  ┌──────────────┬────────────┬───────┬───────┬───────┬──────┬───────┬────────┬───────────┐
//            │ identityLink │ placeLink  │ older │ newer │ place │ time │ flags │ length │ identity… │
//            │ 0            │ 4          │ 8     │ 12    │ 16    │ 20   │ 26    │ 27     │ 28        │
//            └──────────────┴────────────┴───────┴───────┴───────┴──────┴───────┴────────┴───────────┘
// `older` and `newer` chain reserved bindings; `time` is when they were released, in 48 bits.
@unmanaged
export class Binding {
  identityLink: usize;
  placeLink: usize;
  older: Binding;
  newer: Binding;
  place: u32;
  private timeLow: u32;
  private timeHigh: u16;
  flags: u8;
  length: u8;

  get time(): u64 {
    return <u64>this.timeLow | ((<u64>this.timeHigh) << 32);
  }

  set time(time: u64) {
    this.timeLow = <u32>time;
    this.timeHigh = <u16>(time >> 32);
  }

  get identity(): usize {
    return changetype<usize>(this) + KEY;
  }

  get state(): u32 {
    return this.flags & LIVE ? STATE_LIVE : STATE_RESERVED;
  }
}

export const NONE: Binding = changetype<Binding>(0);

export function exists(binding: Binding): bool {
  return changetype<usize>(binding) != 0;
}

@unmanaged
export class Bindings extends Bitmap {
  identities: Table;
  places: Table;
  exclusions: Exclusions;
  live: u32;
  reserved: u32;
  /** Ordinals held without a binding. */
  held: u32;
  /** Ends of the chain of reserved bindings. */
  oldest: Binding;
  newest: Binding;
  /** The latest release: a clock that steps back is taken to stand still, so that the chain stays sorted. */
  lastTime: u64;

  byIdentity(identity: usize, length: u32): Binding {
    let entry = this.identities.first(hashBytes(identity, length));
    while (entry) {
      const binding = changetype<Binding>(entry);
      if (binding.length == <u8>length && equalBytes(binding.identity, identity, length)) return binding;
      entry = binding.identityLink;
    }
    return NONE;
  }

  byPlace(place: u32): Binding {
    let entry = this.places.first(hashInteger(place));
    while (entry) {
      const binding = changetype<Binding>(entry);
      if (binding.place == place) return binding;
      entry = binding.placeLink;
    }
    return NONE;
  }

  /** The binding on an ordinal, if it has one. */
  byOrdinal(lo: u64, hi: u64): Binding {
    const page = this.pageOf(lo, hi);
    return page ? this.byPlace(this.placeIn(page, lo)) : NONE;
  }

  stateOf(lo: u64, hi: u64): u32 {
    if (this.exclusions.covers(lo, hi)) return STATE_EXCLUDED;
    const page = this.pageOf(lo, hi);
    if (!this.isTaken(page, lo)) return STATE_FREE;
    const binding = this.byPlace(this.placeIn(page, lo));
    return exists(binding) ? binding.state : STATE_HELD;
  }

  /** A new binding known by its identity only: neither on its ordinal nor in a chain. */
  addIdentity(identity: usize, length: u32, flags: u8): Binding {
    const binding = changetype<Binding>(this.take(KEY + length));
    binding.flags = flags;
    binding.length = <u8>length;
    memory.copy(binding.identity, identity, length);
    this.identities.add(changetype<usize>(binding), hashBytes(identity, length), this);
    return binding;
  }

  removeIdentity(binding: Binding): void {
    this.identities.remove(changetype<usize>(binding), hashBytes(binding.identity, binding.length));
  }

  /** Gives the memory of a binding back that is in no table any more. */
  free(binding: Binding): void {
    this.give(changetype<usize>(binding), KEY + binding.length);
  }

  /** Puts a binding on its place and counts it; the ordinal is free, or held, which the binding then remembers. */
  settle(binding: Binding, page: usize, place: u32): void {
    binding.place = place;
    if (this.isTaken(page, place)) {
      binding.flags |= HELD;
      this.held--;
    } else {
      this.set(page, place & 4095);
    }
    this.own(binding, place);
  }

  /** Makes a binding the owner of an ordinal that is marked as taken already, and counts it. */
  own(binding: Binding, place: u32): void {
    this.places.add(changetype<usize>(binding), hashInteger(place), this);
    if (binding.flags & LIVE) this.live++;
    else this.reserved++;
  }

  /** Takes a binding off its ordinal, which stays marked as taken. */
  disown(binding: Binding): void {
    this.places.remove(changetype<usize>(binding), hashInteger(binding.place));
    if (binding.flags & LIVE) this.live--;
    else this.reserved--;
  }

  /** Makes a live binding; its ordinal's page is made when missing. Memory has been reserved. */
  bindTo(identity: usize, length: u32, lo: u64, hi: u64): void {
    const page = this.makePageOf(lo, hi);
    this.settle(this.addIdentity(identity, length, LIVE), page, this.placeIn(page, lo));
  }

  /** Ends a reserved binding: its ordinal becomes free, or held when it was held as well. */
  unbind(binding: Binding): void {
    this.unchain(binding);
    this.disown(binding);
    this.removeIdentity(binding);
    if (binding.flags & HELD) this.held++;
    else this.clear(binding.place);
    this.free(binding);
  }

  /** Reserved → live. */
  revive(binding: Binding): void {
    this.unchain(binding);
    binding.flags |= LIVE;
    this.reserved--;
    this.live++;
  }

  /** Live → reserved. */
  retire(binding: Binding, time: u64): void {
    binding.flags &= ~LIVE;
    this.live--;
    this.reserved++;
    this.chain(binding, time);
  }

  /** Appends a reserved binding to the chain. */
  chain(binding: Binding, time: u64): void {
    this.lastTime = max(this.lastTime, time);
    binding.time = this.lastTime;
    const newest = this.newest;
    binding.older = newest;
    binding.newer = NONE;
    if (exists(newest)) newest.newer = binding;
    else this.oldest = binding;
    this.newest = binding;
  }

  private unchain(binding: Binding): void {
    const older = binding.older;
    const newer = binding.newer;
    if (exists(older)) older.newer = newer;
    else this.oldest = newer;
    if (exists(newer)) newer.older = older;
    else this.newest = older;
  }
}

/** Makes the parts that every Bindings has. */
export function initBindings(bindings: Bindings): void {
  bindings.pages = changetype<Slots>(bindings.takeZeroed(offsetof<Slots>()));
  bindings.pageTable = createTable(2, bindings);
  bindings.identities = createTable(BY_IDENTITY, bindings);
  bindings.places = createTable(BY_PLACE, bindings);
  bindings.exclusions = changetype<Exclusions>(bindings.takeZeroed(offsetof<Exclusions>()));
  bindings.order = changetype<Order>(bindings.takeZeroed(offsetof<Order>()));
}
