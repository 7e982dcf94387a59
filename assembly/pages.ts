// The pages of a bitmap, found by number and level, by id, and in ascending order. Unlike bitmap.ts it does not know
// what their bits mean. Only pages with a bit set exist.

import { pop, push } from './arena';
import { hashNumber } from './hash';
import { Order } from './order';
import { Ordinal, PAGE_BITS, PAGE_SIZE } from './ordinal';
import { PAGE_BYTES, Page } from './page';
import { exists } from './pointer';
import { firstCandidate, nextCandidate, Table } from './table';
import { FAN, Nodes, Slots } from './vector';

/** A place is (page id << 12 | offset): 32 bits that name an ordinal of any width, so pages are limited to 2^20. */
const MOST_PAGES: u32 = 1 << (32 - PAGE_BITS);

@unmanaged
export class Pages {
  nodes: Nodes;
  /** Pages that may be used again. */
  free: usize;
  /** Pages of all levels by id. */
  byId: Slots;
  /** Those of level 0 in ascending order, when asked for. */
  order: Order;
  /** All pages by number and level. */
  table: Table;
  /** A node of the level-0 pages found last, each at the low bits of its number: nearly all of them in a /13 or less. */
  recent: usize;

  /** The level-0 page of an ordinal, or null. */
  of(lo: u64, hi: u64): Page {
    return this.find(Ordinal.pageLo(lo, hi), Ordinal.pageHi(hi));
  }

  /** The level-0 page of an ordinal, made when it is missing. */
  makeOf(lo: u64, hi: u64): Page {
    const page = this.of(lo, hi);
    return exists(page) ? page : this.make(Ordinal.pageLo(lo, hi), Ordinal.pageHi(hi));
  }

  /** Place of an ordinal, whose page this is. */
  @inline
  place(page: Page, lo: u64): u32 {
    return (page.id << PAGE_BITS) | Ordinal.offset(lo);
  }

  /** The page of a place. */
  @inline
  at(place: u32): Page {
    return changetype<Page>(load<usize>(this.byId.slot(place >> PAGE_BITS)));
  }

  /** Puts the ordinal of a place into Ordinal. */
  toOrdinal(place: u32): void {
    this.at(place).toOrdinal(Ordinal.offset(place));
  }

  /** Whether one more page may be made. */
  canAdd(): bool {
    return this.byId.length < MOST_PAGES || this.byId.freed != 0;
  }

  /** Blocks that one more page can take beyond those that every call may. */
  growth(): u32 {
    return this.table.isTight() ? this.table.growth() : 0;
  }

  /** The page of this number and level, or null. Inline, since nearly always it is one found lately. */
  @inline
  find(lo: u64, taggedHi: u64): Page {
    const page = changetype<Page>(load<usize>(this.recentSlot(lo)));
    return exists(page) && page.is(lo, taggedHi) ? page : this.search(lo, taggedHi);
  }

  /** As find, for a page that is not one of those found lately, or is of a higher level. */
  search(lo: u64, taggedHi: u64): Page {
    let page = changetype<Page>(firstCandidate(this.table, hashNumber(lo, taggedHi)));
    while (exists(page) && !page.is(lo, taggedHi)) page = changetype<Page>(nextCandidate());
    if (exists(page)) this.remember(page);
    return page;
  }

  /** The page of this number and level, made when it is missing. */
  make(lo: u64, taggedHi: u64): Page {
    let page = this.search(lo, taggedHi);
    if (exists(page)) return page;
    page = changetype<Page>(pop(this.freeList) || this.nodes.cut(PAGE_BYTES));
    memory.fill(changetype<usize>(page), 0, PAGE_BYTES);
    page.numberLo = lo;
    page.taggedHi = taggedHi;
    page.id = this.byId.add(changetype<usize>(page), this.nodes);
    this.order.extend(this.byId.length - 1, this.nodes);
    this.order.stale = true;
    this.enter(page);
    this.remember(page);
    return page;
  }

  /** Gives a page without a set bit back; one that has one stays. */
  dropIfEmpty(page: Page): void {
    if (page.nextSet(0) < PAGE_SIZE) return;
    this.table.remove(changetype<usize>(page), hashNumber(page.numberLo, page.taggedHi));
    this.byId.remove(page.id);
    this.order.stale = true;
    const recent = this.recentSlot(page.numberLo);
    if (load<usize>(recent) == changetype<usize>(page)) store<usize>(recent, 0);
    page.dropOwners(this.nodes);
    push(this.freeList, changetype<usize>(page));
  }

  private enter(page: Page): void {
    const table = this.table;
    if (!table.isTight()) {
      insertPage(table, page);
      return;
    }
    table.makeRoom(this.nodes);
    for (let i: u32 = 0; i < this.byId.length; i++) {
      const each = changetype<Page>(this.byId.find(i));
      if (exists(each)) insertPage(table, each);
    }
  }

  private remember(page: Page): void {
    if (!page.level) store<usize>(this.recentSlot(page.numberLo), changetype<usize>(page));
  }

  private get freeList(): usize {
    return changetype<usize>(this) + offsetof<Pages>('free');
  }

  @inline
  private recentSlot(lo: u64): usize {
    return this.recent + ((<usize>lo & (FAN - 1)) << 2);
  }
}

function insertPage(table: Table, page: Page): void {
  table.insert(changetype<usize>(page), hashNumber(page.numberLo, page.taggedHi));
}

/** No pages yet. */
export function createPages(nodes: Nodes): Pages {
  const pages = changetype<Pages>(nodes.zeros(offsetof<Pages>()));
  pages.nodes = nodes;
  pages.recent = nodes.node();
  pages.byId = changetype<Slots>(nodes.zeros(offsetof<Slots>()));
  pages.order = changetype<Order>(nodes.zeros(offsetof<Order>()));
  pages.table = changetype<Table>(nodes.zeros(offsetof<Table>()));
  return pages;
}
