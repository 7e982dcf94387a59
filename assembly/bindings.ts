// Who owns which ordinal: bindings found by identity and by place, and the reserved ones in order of release.
// Unlike bitmap.ts it knows why an ordinal is taken; unlike subnet.ts it chooses none.

import { hashBytes } from './hash';
import { Ordinal } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';
import { Binding, createRecords, NONE, Records } from './records';
import { createTable, Table } from './table';
import { Nodes } from './vector';

/** The identity runs somewhere now. */
export const LIVE: u8 = 1;
/** The ordinal is held as well: it stays taken when the binding goes. */
export const HELD: u8 = 2;
/** Only while rebuilding: the task is meant to run. */
export const WANTED: u8 = 4;
/** Only while rebuilding: another identity has the ordinal. */
export const LOST: u8 = 8;
/** A person chose the ordinal: nothing reclaims it until it is unpinned. */
export const PINNED: u8 = 16;

export const TIME_LIMIT: u64 = 1 << 48;

/** How many stamps this instance has given: 48 bits, one for each time a binding becomes live and is found so. */
let stamps: u64 = 0;

/** What an ordinal is; the numbers are part of the ABI. */
export const STATE_FREE: u32 = 0;
export const STATE_LIVE: u32 = 1;
export const STATE_RESERVED: u32 = 2;
export const STATE_HELD: u32 = 3;
export const STATE_EXCLUDED: u32 = 4;

export function stateOfBinding(binding: Binding): u32 {
  return binding.flags & LIVE ? STATE_LIVE : STATE_RESERVED;
}

/** The owner of the ordinal at `offset` of a page, if it has one. */
export function ownerAt(page: Page, offset: u32): Binding {
  return changetype<Binding>(page.owner(offset));
}

@unmanaged
export class Bindings {
  nodes: Nodes;
  records: Records;
  /** Bindings by identity. */
  table: Table;
  /** The hash of the identity that was looked for last. */
  private sought: u32;
  live: u32;
  reserved: u32;
  /** Pinned ones, and those of them that are reserved. */
  pinned: u32;
  apart: u32;
  /** Ends of the chain of reserved bindings, in which no pinned one is. */
  oldest: Binding;
  newest: Binding;
  /** The latest release: a clock that steps back is taken to stand still, so that the chain stays sorted. */
  lastTime: u64;

  of(identity: usize, length: u32): Binding {
    return this.ofHashed(identity, length, hashBytes(identity, length));
  }

  /** As `of`, for an identity whose hash is known. */
  ofHashed(identity: usize, length: u32, hash: u32): Binding {
    this.sought = hash;
    return changetype<Binding>(this.table.find(identity, length, hash));
  }

  /** A binding known by its identity only, which `of` has just not found. Memory has been reserved. */
  add(identity: usize, length: u32, flags: u8): Binding {
    const binding = this.records.make(identity, length, flags);
    this.table.insert(changetype<usize>(binding), this.sought);
    return binding;
  }

  /** Forgets the identity of a binding, which keeps its memory. */
  remove(binding: Binding): void {
    this.table.remove(changetype<usize>(binding), hashBytes(binding.identity, binding.length));
  }

  /** Makes a binding the owner of its place in a page, and counts it. */
  own(binding: Binding, page: Page): void {
    page.setOwner(Ordinal.offset(binding.place), changetype<usize>(binding), this.nodes);
    if (binding.flags & LIVE) this.live++;
    else this.reserved++;
    if (binding.flags & PINNED) this.countPinned(binding, 1);
  }

  /** The opposite of own. */
  disown(binding: Binding, page: Page): void {
    page.setOwner(Ordinal.offset(binding.place), 0, this.nodes);
    if (binding.flags & LIVE) this.live--;
    else this.reserved--;
    if (binding.flags & PINNED) this.countPinned(binding, -1);
  }

  /** Reserved → live. */
  revive(binding: Binding): void {
    if (binding.flags & PINNED) this.apart--;
    else this.unchain(binding);
    binding.time = 0;
    binding.flags |= LIVE;
    this.reserved--;
    this.live++;
  }

  /** The handle of a live binding, which gets a stamp if it has none yet. */
  handleOf(binding: Binding): usize {
    if (!binding.time) binding.time = ++stamps;
    return binding.handle;
  }

  /** Live → reserved. */
  retire(binding: Binding, time: u64): void {
    binding.flags &= ~LIVE;
    this.live--;
    this.reserved++;
    if (!(binding.flags & PINNED)) this.chain(binding, time);
    else this.setApart(binding, time);
  }

  /** Nothing reclaims it from now on: a reserved one leaves the chain. */
  pin(binding: Binding): void {
    if (!(binding.flags & LIVE)) this.unchain(binding);
    binding.flags |= PINNED;
    this.countPinned(binding, 1);
  }

  /** The opposite of pin; a reserved one queues as if it had been released at `time`. */
  unpin(binding: Binding, time: u64): void {
    this.countPinned(binding, -1);
    binding.flags &= ~PINNED;
    if (!(binding.flags & LIVE)) this.chain(binding, time);
  }

  /** A pinned binding is reserved now: it has a time of release, and no place in the chain. */
  private setApart(binding: Binding, time: u64): void {
    this.apart++;
    this.stampRelease(binding, time);
  }

  stampRelease(binding: Binding, time: u64): void {
    this.lastTime = max(this.lastTime, time);
    binding.time = this.lastTime;
  }

  private countPinned(binding: Binding, by: i32): void {
    this.pinned += by;
    if (!(binding.flags & LIVE)) this.apart += by;
  }

  /** Appends a reserved binding to the chain. */
  chain(binding: Binding, time: u64): void {
    this.stampRelease(binding, time);
    const newest = this.newest;
    binding.older = newest;
    binding.newer = NONE;
    if (exists(newest)) newest.newer = binding;
    else this.oldest = binding;
    this.newest = binding;
  }

  unchain(binding: Binding): void {
    const older = binding.older;
    const newer = binding.newer;
    if (exists(older)) older.newer = newer;
    else this.oldest = newer;
    if (exists(newer)) newer.older = older;
    else this.newest = older;
  }
}

/** No bindings yet. */
export function createBindings(nodes: Nodes): Bindings {
  const bindings = changetype<Bindings>(nodes.zeros(offsetof<Bindings>()));
  bindings.nodes = nodes;
  bindings.records = createRecords(nodes);
  bindings.table = createTable(nodes);
  return bindings;
}
