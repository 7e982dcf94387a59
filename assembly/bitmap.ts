// Which ordinals are taken: a sparse bitmap of pages, each 4096 bits with a summary word, stacked in levels. Unlike
// bindings.ts it does not know why an ordinal is taken. Finding the next free one costs a few words at any size.
//
//   level 2                     page: one bit for each level-1 page that is full
//   level 1        page: one bit for each level-0 page that is full
//   level 0   page  page  page …  one bit for each ordinal
//
// Only pages with a bit set exist. A set bit without a page below it means that all below is excluded.

import { pop, push } from './arena';
import { hashNumber } from './hash';
import { Order } from './order';
import { above, Ordinal } from './ordinal';
import { firstCandidate, nextCandidate, Table } from './table';
import { FAN, Nodes, Slots } from './vector';

//   page  ┌───────────┬───────────────────┬─────────┬────┬────────┬──────────┐
//         │ number lo │ number hi | level │ summary │ id │ owners │ words    │   544 bytes
//         │ 0         │ 8                 │ 16      │ 24 │ 28     │ 32       │
//         └───────────┴───────────────────┴─────────┴────┴────────┴──────────┘
export const NUMBER_LO: usize = 0;
export const NUMBER_HI: usize = 8;
const SUMMARY: usize = 16;
const ID: usize = 24;
/** Of a level-0 page: a node of 32 nodes of 128 bindings each, made when the first binding comes. */
const OWNERS: usize = 28;
const WORDS: usize = 32;
const PAGE: u32 = 544;
/** The level stands in the top byte of the number's high half, which a number of at most 116 bits leaves free. */
const LEVEL_SHIFT: u64 = 56;

/** Bits of an ordinal that are its offset in a page. */
export const PAGE_BITS: u32 = 12;
const PAGE_SIZE: u32 = 1 << PAGE_BITS;
const OFFSET: u32 = PAGE_SIZE - 1;

/** A place is (page id << 12 | offset): 32 bits that name an ordinal of any width, so pages are limited to 2^20. */
const MOST_PAGES: u32 = 1 << (32 - PAGE_BITS);

/** First offset at or after `offset` whose bit is clear, or PAGE_SIZE. */
function nextClear(page: usize, offset: u32): u32 {
  let word = offset >> 6;
  let clear = ~load<u64>(page + (word << 3), WORDS) >> (offset & 63);
  if (clear) return offset + <u32>ctz(clear);
  // Two shifts: one by 64 would shift by 0.
  const partly = (~load<u64>(page, SUMMARY) >> word) >> 1;
  if (!partly) return PAGE_SIZE;
  word += 1 + <u32>ctz(partly);
  clear = ~load<u64>(page + (word << 3), WORDS);
  return (word << 6) + <u32>ctz(clear);
}

/** First offset at or after `offset` (PAGE_SIZE at the most) whose bit is set, or PAGE_SIZE. */
export function nextSet(page: usize, offset: u32): u32 {
  let below: u64 = offset & 63;
  for (let word = offset >> 6; word < PAGE_SIZE >> 6; word++) {
    const bits = (load<u64>(page + (word << 3), WORDS) >> below) << below;
    if (bits) return (word << 6) + <u32>ctz(bits);
    below = 0;
  }
  return PAGE_SIZE;
}

export function pageId(page: usize): u32 {
  return load<u32>(page, ID);
}

/** Puts the ordinal at `offset` of a level-0 page into Ordinal. */
export function ordinalAt(page: usize, offset: u32): void {
  const lo = load<u64>(page, NUMBER_LO);
  Ordinal.lo = (lo << PAGE_BITS) | offset;
  Ordinal.hi = (load<u64>(page, NUMBER_HI) << PAGE_BITS) | (lo >> (64 - PAGE_BITS));
}

@unmanaged
export class Bitmap extends Nodes {
  freePages: usize;
  /** Pages of all levels by id. */
  pages: Slots;
  /** Those of level 0 in ascending order, when asked for. */
  order: Order;
  /** All pages by number and level. */
  pageTable: Table;
  /** A node of the level-0 pages found last, each at the low bits of its number: nearly all of them in a /13 or less. */
  recent: usize;
  /** The highest level that has a page. */
  top: u32;
  /** The last ordinal of the subnet. */
  lastLo: u64;
  lastHi: u64;

  /** The level-0 page of an ordinal, or 0. */
  pageOf(lo: u64, hi: u64): usize {
    return this.findPage((lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS)), hi >> PAGE_BITS);
  }

  /** Place of an ordinal whose page exists. */
  placeIn(page: usize, lo: u64): u32 {
    return (load<u32>(page, ID) << PAGE_BITS) | (<u32>lo & OFFSET);
  }

  /** Puts the ordinal of a place into Ordinal. */
  ordinalOf(place: u32): void {
    ordinalAt(load<usize>(this.pages.slot(place >> PAGE_BITS)), place & OFFSET);
  }

  /** Whether the ordinal's bit in its level-0 page is set; excluded ordinals may have no such page. */
  isTaken(page: usize, lo: u64): bool {
    return page != 0 && <bool>((load<u64>(page + (((<usize>lo & OFFSET) >> 6) << 3), WORDS) >> (lo & 63)) & 1);
  }

  /** What owns the ordinal at `offset` of a page: an address that setOwner was given, or 0. */
  owner(page: usize, offset: u32): usize {
    const owners = load<usize>(page, OWNERS);
    if (!owners) return 0;
    const node = load<usize>(owners + ((offset / FAN) << 2));
    return node ? load<usize>(node + ((offset % FAN) << 2)) : 0;
  }

  setOwner(page: usize, offset: u32, owner: usize): void {
    let owners = load<usize>(page, OWNERS);
    if (!owners) {
      owners = this.node();
      store<usize>(page, owners, OWNERS);
    }
    const slot = owners + ((offset / FAN) << 2);
    let node = load<usize>(slot);
    if (!node) {
      node = this.node();
      store<usize>(slot, node);
    }
    store<usize>(node + ((offset % FAN) << 2), owner);
  }

  /** Whether one more page may be made. */
  canAddPage(): bool {
    return this.pages.length < MOST_PAGES || this.pages.freed != 0;
  }

  /** The level-0 page of an ordinal, made when it is missing. */
  makePageOf(lo: u64, hi: u64): usize {
    return this.pageOf(lo, hi) || this.makePage((lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS)), hi >> PAGE_BITS);
  }

  /** As set, inline: for the path that nearly always leaves the word with a clear bit. */
  @inline
  setBit(page: usize, offset: u32): void {
    const at = page + ((offset >> 6) << 3);
    const word = load<u64>(at, WORDS) | ((<u64>1) << (offset & 63));
    if (~word) store<u64>(at, word, WORDS);
    else this.set(page, offset);
  }

  /** Sets the bit of `offset` in a page, and in the levels above where a page has become full. */
  set(page: usize, offset: u32): void {
    while (true) {
      const at = page + ((offset >> 6) << 3);
      const word = load<u64>(at, WORDS) | ((<u64>1) << (offset & 63));
      store<u64>(at, word, WORDS);
      if (~word) return;
      const summary = load<u64>(page, SUMMARY) | ((<u64>1) << (offset >> 6));
      store<u64>(page, summary, SUMMARY);
      if (~summary) return;
      const lo = load<u64>(page, NUMBER_LO);
      const tagged = load<u64>(page, NUMBER_HI);
      const hi = tagged & (((<u64>1) << LEVEL_SHIFT) - 1);
      const level = (tagged >> LEVEL_SHIFT) + 1;
      this.top = max(this.top, <u32>level);
      offset = <u32>lo & OFFSET;
      page = this.makePage((lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS)), (hi >> PAGE_BITS) | (level << LEVEL_SHIFT));
    }
  }

  /** As clear, inline: for the path that nearly always finds a clear bit in the word, and leaves a set one. */
  @inline
  clearBit(page: usize, offset: u32): void {
    const at = page + ((offset >> 6) << 3);
    const word = load<u64>(at, WORDS);
    const rest = word & ~((<u64>1) << (offset & 63));
    if (~word && rest) store<u64>(at, rest, WORDS);
    else this.clear(page, offset);
  }

  /** Clears the bit of `offset` in a page, and in the levels above where it is no longer full; drops pages left empty. */
  clear(page: usize, offset: u32): void {
    while (true) {
      const at = page + ((offset >> 6) << 3);
      const word = load<u64>(at, WORDS);
      const rest = word & ~((<u64>1) << (offset & 63));
      store<u64>(at, rest, WORDS);
      const summary = load<u64>(page, SUMMARY);
      if (!~word) store<u64>(page, summary & ~((<u64>1) << (offset >> 6)), SUMMARY);
      const lo = load<u64>(page, NUMBER_LO);
      const tagged = load<u64>(page, NUMBER_HI);
      if (!rest) this.dropIfEmpty(page);
      if (~summary) return;
      const hi = tagged & (((<u64>1) << LEVEL_SHIFT) - 1);
      const level = (tagged >> LEVEL_SHIFT) + 1;
      offset = <u32>lo & OFFSET;
      page = this.searchPage((lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS)), (hi >> PAGE_BITS) | (level << LEVEL_SHIFT));
    }
  }

  /** Gives a page without a set bit back. */
  dropIfEmpty(page: usize): void {
    if (nextSet(page, 0) < PAGE_SIZE) return;
    const lo = load<u64>(page, NUMBER_LO);
    const hi = load<u64>(page, NUMBER_HI);
    this.pageTable.remove(page, hashNumber(lo, hi));
    this.pages.remove(load<u32>(page, ID));
    this.order.stale = true;
    const recent = this.recentSlot(lo);
    if (load<usize>(recent) == page) store<usize>(recent, 0);
    const owners = load<usize>(page, OWNERS);
    if (owners) {
      for (let slot = owners; slot < owners + (PAGE_SIZE / FAN) * 4; slot += 4) {
        const node = load<usize>(slot);
        if (node) this.giveNode(node);
      }
      this.giveNode(owners);
    }
    push(changetype<usize>(this) + offsetof<Bitmap>('freePages'), page);
  }

  /**
   * Puts the lowest free ordinal at or above (hi, lo) into Ordinal; false when there is none up to the last one.
   * Climbs while what lies ahead is full, then goes down to the first gap: at most two page look-ups a level.
   */
  nextFree(lo: u64, hi: u64): bool {
    let level: u64 = 0;
    let lastLo = this.lastLo;
    let lastHi = this.lastHi;
    while (!Ordinal.above(lo, hi, lastLo, lastHi)) {
      const page = this.findPage(
        (lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS)),
        (hi >> PAGE_BITS) | (level << LEVEL_SHIFT),
      );
      if (page) {
        const offset = nextClear(page, <u32>lo & OFFSET);
        if (offset < PAGE_SIZE) {
          lo = (lo & ~(<u64>OFFSET)) | offset;
          // Not left to descend: a unit past the end of ::/0 would wrap around to 0 there.
          if (Ordinal.above(lo, hi, lastLo, lastHi)) return false;
          if (level) return this.descend(lo, hi, <u32>level);
          Ordinal.lo = lo;
          Ordinal.hi = hi;
          return true;
        }
      } else if (level >= this.top || !this.skipExcluded(lo, hi, <u32>level)) {
        return this.descend(lo, hi, <u32>level);
      } else {
        // Everything below a unit of a higher level is excluded: go on after that unit, there.
        level = Skipped.level;
        lo = Skipped.lo;
        hi = Skipped.hi;
        lastLo = this.lastLo;
        lastHi = this.lastHi;
        for (let l = level; l; l--) {
          lastLo = (lastLo >> PAGE_BITS) | (lastHi << (64 - PAGE_BITS));
          lastHi >>= PAGE_BITS;
        }
        if (!(lo | hi)) return false;
        continue;
      }
      lo = (lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS));
      hi >>= PAGE_BITS;
      hi += <u64>(++lo == 0);
      lastLo = (lastLo >> PAGE_BITS) | (lastHi << (64 - PAGE_BITS));
      lastHi >>= PAGE_BITS;
      level++;
    }
    return false;
  }

  /** Marks the units from (aHi, aLo) to (bHi, bLo) of level 0 as taken for ever, whole pages of them in a level above. */
  fill(aLo: u64, aHi: u64, bLo: u64, bHi: u64): void {
    for (let level: u64 = 0; ; level++) {
      const first = <u32>aLo & OFFSET;
      const last = <u32>bLo & OFFSET;
      aLo = (aLo >> PAGE_BITS) | (aHi << (64 - PAGE_BITS));
      aHi >>= PAGE_BITS;
      bLo = (bLo >> PAGE_BITS) | (bHi << (64 - PAGE_BITS));
      bHi >>= PAGE_BITS;
      const tag = level << LEVEL_SHIFT;
      if (aLo == bLo && aHi == bHi) {
        // One page holds both ends; a whole one at level 0 is left to the page above only when there is more than it.
        this.fillPage(aLo, aHi | tag, first, last);
        return;
      }
      if (first) {
        this.fillPage(aLo, aHi | tag, first, OFFSET);
        aHi += <u64>(++aLo == 0);
      }
      if (last != OFFSET) {
        this.fillPage(bLo, bHi | tag, 0, last);
        bHi -= <u64>(bLo-- == 0);
      }
      if (above(aLo, aHi, bLo, bHi)) return;
    }
  }

  private fillPage(lo: u64, taggedHi: u64, first: u32, last: u32): void {
    const page = this.makePage(lo, taggedHi);
    for (let offset = first; offset <= last; offset++) this.set(page, offset);
    this.top = max(this.top, <u32>(taggedHi >> LEVEL_SHIFT));
  }

  /** From a free unit of `level` down to its first free ordinal; false when that lies past the end. */
  private descend(lo: u64, hi: u64, level: u32): bool {
    while (level--) {
      const page = this.searchPage(lo, hi | ((<u64>level) << LEVEL_SHIFT));
      hi = (hi << PAGE_BITS) | (lo >> (64 - PAGE_BITS));
      lo <<= PAGE_BITS;
      if (page) lo |= nextClear(page, 0);
    }
    Ordinal.lo = lo;
    Ordinal.hi = hi;
    return !above(lo, hi, this.lastLo, this.lastHi);
  }

  /** Looks above a unit that has no page of its own; when an excluded range covers it, Skipped is the unit after. */
  private skipExcluded(lo: u64, hi: u64, level: u32): bool {
    while (level++ < this.top) {
      lo = (lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS));
      hi >>= PAGE_BITS;
      const tag = (<u64>level) << LEVEL_SHIFT;
      const page = this.searchPage((lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS)), (hi >> PAGE_BITS) | tag);
      if (!this.isTaken(page, lo)) continue;
      Skipped.level = level;
      Skipped.lo = lo + 1;
      Skipped.hi = hi + <u64>(Skipped.lo == 0);
      return true;
    }
    return false;
  }

  /** The page of this number and level, or 0. Inline, since nearly always it is one found lately. */
  @inline
  findPage(lo: u64, taggedHi: u64): usize {
    const page = load<usize>(this.recentSlot(lo));
    if (page && load<u64>(page, NUMBER_LO) == lo && load<u64>(page, NUMBER_HI) == taggedHi) return page;
    return this.searchPage(lo, taggedHi);
  }

  /** As findPage, for a page that is not one of those found lately, or is of a higher level. */
  private searchPage(lo: u64, taggedHi: u64): usize {
    let page = firstCandidate(this.pageTable, hashNumber(lo, taggedHi));
    while (page && (load<u64>(page, NUMBER_LO) != lo || load<u64>(page, NUMBER_HI) != taggedHi)) page = nextCandidate();
    if (page) this.remember(page, lo, taggedHi);
    return page;
  }

  private remember(page: usize, lo: u64, taggedHi: u64): void {
    if (!(taggedHi >> LEVEL_SHIFT)) store<usize>(this.recentSlot(lo), page);
  }

  @inline
  private recentSlot(lo: u64): usize {
    return this.recent + ((<usize>lo & (FAN - 1)) << 2);
  }

  private makePage(lo: u64, taggedHi: u64): usize {
    let page = this.searchPage(lo, taggedHi);
    if (page) return page;
    page = pop(changetype<usize>(this) + offsetof<Bitmap>('freePages')) || this.cut(PAGE);
    memory.fill(page, 0, PAGE);
    store<u64>(page, lo, NUMBER_LO);
    store<u64>(page, taggedHi, NUMBER_HI);
    store<u32>(page, this.pages.add(page, this), ID);
    this.order.extend(this.pages.length - 1, this);
    this.order.stale = true;
    const table = this.pageTable;
    if (table.isTight()) {
      table.makeRoom(this);
      for (let i: u32 = 0; i < this.pages.length; i++) {
        const each = this.pages.find(i);
        if (each) insertPage(table, each);
      }
    } else {
      insertPage(table, page);
    }
    this.remember(page, lo, taggedHi);
    return page;
  }
}

function insertPage(table: Table, page: usize): void {
  table.insert(page, hashNumber(load<u64>(page, NUMBER_LO), load<u64>(page, NUMBER_HI)));
}

/** Whether a page is of the level of ordinals. */
export function isLeaf(page: usize): bool {
  return load<u64>(page, NUMBER_HI) >> LEVEL_SHIFT == 0;
}

abstract class Skipped {
  static level: u64 = 0;
  static lo: u64 = 0;
  static hi: u64 = 0;
}
