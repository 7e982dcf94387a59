// Who owns which ordinal: bindings found by identity and by place, and the reserved ones in order of release.
// Unlike bitmap.ts it knows why an ordinal is taken; unlike subnet.ts it chooses none.

import { Bitmap } from './bitmap';
import { Exclusions } from './exclusions';
import { equalBytes, hashBytes } from './hash';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { Binding, beginWalk, exists, NONE, nextRecord, Records } from './records';
import { firstCandidate, nextCandidate, Table } from './table';

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

export function stateOfBinding(binding: Binding): u32 {
  return binding.flags & LIVE ? STATE_LIVE : STATE_RESERVED;
}

/** The hash of the identity searched for last. */
abstract class Searched {
  static hash: u32 = 0;
}

@unmanaged
export class Bindings extends Bitmap {
  records: Records;
  identities: Table;
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
    const hash = hashBytes(identity, length);
    Searched.hash = hash;
    let entry = firstCandidate(this.identities, hash);
    while (entry) {
      const binding = changetype<Binding>(entry);
      if (binding.length == <u8>length && equalBytes(binding.identity, identity, length)) return binding;
      entry = nextCandidate();
    }
    return NONE;
  }

  /** The binding on a place whose page exists. */
  byPlace(place: u32): Binding {
    return changetype<Binding>(this.owner(this.pages.get(place >> 12), place & 4095));
  }

  /** The binding on an ordinal, if it has one. */
  byOrdinal(lo: u64, hi: u64): Binding {
    const page = this.pageOf(lo, hi);
    return page ? changetype<Binding>(this.owner(page, <u32>lo & 4095)) : NONE;
  }

  stateOf(lo: u64, hi: u64): u32 {
    const page = this.pageOf(lo, hi);
    const taken = this.isTaken(page, lo);
    if (page) {
      if (!taken) return STATE_FREE;
      const binding = changetype<Binding>(this.owner(page, <u32>lo & 4095));
      if (exists(binding)) return stateOfBinding(binding);
    }
    // Without a page all below a higher level's bit may be excluded: only the ranges tell.
    if (this.exclusions.covers(lo, hi)) return STATE_EXCLUDED;
    return taken ? STATE_HELD : STATE_FREE;
  }

  /** Whether there is memory for one more binding or hold, and all that may grow with it. */
  canBind(): bool {
    return this.canTake(this.identities.isTight() ? this.identities.growth() : 0);
  }

  /** Whether there is memory for one more ordinal taken, and so many blocks besides. */
  canTake(besides: u32): bool {
    let blocks = CALL_BLOCKS + besides;
    if (this.pageTable.isTight()) blocks += this.pageTable.growth();
    return this.canAddPage() && reserveBlocks(blocks);
  }

  /** A binding known by its identity only, which byIdentity has just not found. Memory has been reserved. */
  addIdentity(identity: usize, length: u32, flags: u8): Binding {
    const binding = this.records.make(identity, length, flags);
    const table = this.identities;
    if (table.isTight()) {
      table.makeRoom(this);
      beginWalk(this.records);
      // The new one is among them.
      for (let each = nextRecord(); exists(each); each = nextRecord()) {
        table.insert(changetype<usize>(each), hashBytes(each.identity, each.length));
      }
    } else {
      table.insert(changetype<usize>(binding), Searched.hash);
    }
    return binding;
  }

  removeIdentity(binding: Binding): void {
    this.identities.remove(changetype<usize>(binding), hashBytes(binding.identity, binding.length));
  }

  /** Puts a binding on its place and counts it; the ordinal is free, or held, which the binding then remembers. */
  settle(binding: Binding, page: usize, place: u32): void {
    if (this.isTaken(page, place)) {
      binding.flags |= HELD;
      this.held--;
    } else {
      this.set(page, place & 4095);
    }
    binding.place = place;
    this.own(binding, page);
  }

  /** Makes a binding the owner of its place, which is marked as taken already, and counts it. */
  own(binding: Binding, page: usize): void {
    this.setOwner(page, binding.place & 4095, changetype<usize>(binding));
    if (binding.flags & LIVE) this.live++;
    else this.reserved++;
  }

  /** Takes a binding off its ordinal, which stays marked as taken. */
  disown(binding: Binding): void {
    this.setOwner(this.pages.get(binding.place >> 12), binding.place & 4095, 0);
    if (binding.flags & LIVE) this.live--;
    else this.reserved--;
  }

  /** Makes a live binding for an identity that byIdentity has just not found. Memory has been reserved. */
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
    else this.clear(this.pages.get(binding.place >> 12), binding.place & 4095);
    this.records.free(binding);
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
