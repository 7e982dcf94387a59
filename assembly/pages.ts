// The pages of a bitmap, found by number and level, by place, and in ascending order. Unlike bitmap.ts it does not know
// what their bits mean. Only pages with a bit set exist.
//
// A place is 32 bits that name an ordinal of any width: the page's id, and the offset in the page. In a narrow
// subnet, of at most 32 bits, a page's number is its id, so that a place is an ordinal and a vector finds the page.
// In a wide one a tree does (page-tree.ts), and ids are handed out.

import { pop, push } from './arena';
import { Ordinal, PAGE_BITS, PAGE_SIZE } from './ordinal';
import { PAGE_BYTES, Page } from './page';
import { createPageTree, PageTree } from './page-tree';
import { exists, none } from './pointer';
import { FAN, Nodes, Slots, Vector } from './vector';

/** As many ids as a place has room for. */
const MOST_PAGES: u32 = 1 << (32 - PAGE_BITS);
/** Pages of level 1 in a narrow subnet; its one page of level 2 stands behind them. */
const NARROW_UPPER: u32 = 1 << (32 - 2 * PAGE_BITS);
/** Nodes for those slots: one above two, one of which is there before the other, or a root comes between. */
const NARROW_NODES: u32 = 3;

@unmanaged
export class Pages {
  nodes: Nodes;
  /** Pages that may be used again, and how many. */
  free: usize;
  freeCount: u32;
  /** Level-0 pages by id. */
  private byId: Slots;
  /** Of a narrow subnet: the pages of higher levels. */
  private upper: Vector;
  /** Of a wide subnet: all pages; null in a narrow one. */
  private tree: PageTree;
  /** The page of a higher level that was found last, or null. */
  lastAbove: Page;
  /** Of a wide subnet: a node of the level-0 pages found last, each at the low bits of its number. */
  private recent: usize;

  get isWide(): bool {
    return exists(this.tree);
  }

  /** The level-0 page of an ordinal, or null. */
  @inline
  of(lo: u64, hi: u64): Page {
    return this.base(Ordinal.pageLo(lo, hi), Ordinal.pageHi(hi));
  }

  /** `page`, which is what `of` answers for the ordinal, or a new one when that is null. */
  @inline
  orNew(page: Page, lo: u64, hi: u64): Page {
    return exists(page) ? page : this.add(Ordinal.pageLo(lo, hi), Ordinal.pageHi(hi));
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
    if (this.isWide) {
      this.at(place).toOrdinal(Ordinal.offset(place));
    } else {
      Ordinal.lo = place;
      Ordinal.hi = 0;
    }
  }

  /** The level-0 page of this number, or null. Inline: in a wide subnet it is nearly always one found lately. */
  @inline
  base(lo: u64, hi: u64): Page {
    if (!this.isWide) return changetype<Page>(this.byId.peek(<u32>lo));
    const page = changetype<Page>(load<usize>(this.recentSlot(lo)));
    return exists(page) && page.is(lo, hi) ? page : this.search(lo, hi);
  }

  private search(lo: u64, hi: u64): Page {
    const page = this.tree.find(lo, hi);
    if (exists(page)) this.remember(page);
    return page;
  }

  /** The page of this number and level, which is not 0, or null. Nearly always it is the one that was found last. */
  above(lo: u64, taggedHi: u64): Page {
    const upper = this.lastAbove;
    if (exists(upper) && upper.is(lo, taggedHi)) return upper;
    const page = this.isWide
      ? this.tree.find(lo, taggedHi)
      : changetype<Page>(this.upper.peek(upperSlot(lo, taggedHi)));
    if (exists(page)) this.lastAbove = page;
    return page;
  }

  /** The first level-0 page whose number is not below this one, or null. */
  firstFrom(lo: u64, hi: u64): Page {
    if (!this.isWide) return changetype<Page>(this.byId.firstFrom(<u32>lo));
    const page = this.tree.firstFrom(lo, hi);
    return exists(page) && page.level ? none<Page>() : page;
  }

  /** The next level-0 page, or null. */
  after(page: Page): Page {
    const lo = page.numberLo + 1;
    return this.firstFrom(lo, page.numberHi + <u64>(lo == 0));
  }

  /** Ids of a wide subnet that have been in use at once; of a narrow one, none that has to be looked up. */
  get mostIds(): u32 {
    return this.isWide ? this.byId.length : 0;
  }

  /** Whether there is an id left for one more level-0 page. */
  canAdd(): bool {
    return !this.isWide || this.byId.length < MOST_PAGES || this.byId.freed != 0;
  }

  /** How many nodes a new level-0 page of this number takes at the most. */
  nodesFor(lo: u64): u32 {
    if (!this.isWide) return this.byId.nodesFor(<u32>lo);
    return this.tree.nodesForNext + this.byId.nodesFor(this.byId.length);
  }

  /** How many nodes a new page of a higher level takes at the most. */
  get nodesAbove(): u32 {
    return this.isWide ? this.tree.nodesForNext : NARROW_NODES;
  }

  /** The page of this number and level, made when it is missing. */
  make(lo: u64, taggedHi: u64): Page {
    const page = Page.levelOf(taggedHi) ? this.above(lo, taggedHi) : this.base(lo, taggedHi);
    return exists(page) ? page : this.add(lo, taggedHi);
  }

  /** A page of this number and level, of which there is none. */
  private add(lo: u64, taggedHi: u64): Page {
    let page = changetype<Page>(pop(this.freeList));
    if (exists(page)) this.freeCount--;
    else page = changetype<Page>(this.nodes.cut(PAGE_BYTES));
    memory.fill(changetype<usize>(page), 0, PAGE_BYTES);
    page.numberLo = lo;
    page.taggedHi = taggedHi;
    this.enter(page);
    return page;
  }

  /** Gives a page without a set bit back; one that has one stays. */
  dropIfEmpty(page: Page): void {
    if (page.nextSet(0) < PAGE_SIZE) return;
    this.leave(page);
    page.dropOwners(this.nodes);
    push(this.freeList, changetype<usize>(page));
    this.freeCount++;
  }

  private enter(page: Page): void {
    if (!this.isWide) {
      page.id = <u32>page.numberLo;
      store<usize>(this.slotOf(page), changetype<usize>(page));
      return;
    }
    if (!page.level) page.id = this.byId.add(changetype<usize>(page), this.nodes);
    this.tree.insert(page);
    this.remember(page);
  }

  private leave(page: Page): void {
    if (page == this.lastAbove) this.lastAbove = none<Page>();
    if (!this.isWide) {
      if (page.level) this.upper.erase(upperSlot(page.numberLo, page.taggedHi), this.nodes);
      else this.byId.erase(page.id, this.nodes);
      return;
    }
    const recent = this.recentSlot(page.numberLo);
    if (load<usize>(recent) == changetype<usize>(page)) store<usize>(recent, 0);
    if (!page.level) this.byId.remove(page.id);
    this.tree.remove(page);
  }

  /** Where a narrow subnet has a page; made. */
  private slotOf(page: Page): usize {
    if (!page.level) return this.byId.extend(page.id, this.nodes);
    return this.upper.extend(upperSlot(page.numberLo, page.taggedHi), this.nodes);
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

/** Slot of a narrow subnet's page of level 1 or 2. */
function upperSlot(lo: u64, taggedHi: u64): u32 {
  return Page.levelOf(taggedHi) == 1 ? <u32>lo : NARROW_UPPER;
}

/** No pages yet, of ordinals with up to so many bits. */
export function createPages(bits: u32, nodes: Nodes): Pages {
  const pages = changetype<Pages>(nodes.zeros(offsetof<Pages>()));
  pages.nodes = nodes;
  pages.byId = changetype<Slots>(nodes.zeros(offsetof<Slots>()));
  if (bits <= 32) {
    pages.upper = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  } else {
    pages.tree = createPageTree(nodes);
    pages.recent = nodes.node();
  }
  return pages;
}
