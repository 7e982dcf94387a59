// Which ordinals are taken: a sparse bitmap of pages (page.ts), stacked in levels. Unlike bindings.ts it does not know
// why an ordinal is taken. Finding the next free one costs a few words at any size.
//
//   level 2                     page: one bit for each level-1 page that is full
//   level 1        page: one bit for each level-0 page that is full
//   level 0   page  page  page …  one bit for each ordinal
//
// A set bit of a higher level without a page below it means that all below is excluded.

import { above, Ordinal, PAGE_BITS, PAGE_SIZE } from './ordinal';
import { Page } from './page';
import { createPages, Pages } from './pages';
import { exists, none } from './pointer';
import { Nodes } from './vector';

@unmanaged
export class Bitmap {
  pages: Pages;
  /** The page that the serial policy goes on in, or null; and where the word stands that it goes on in, or 0. */
  latest: Page;
  latestWord: usize;
  /** The page of the ordinal that nextFree found last, or null when it has none. */
  found: Page;
  /** Pages stay when they are left empty: something else knows them by their places. */
  keepsPages: bool;
  /** The highest level that has a page. */
  top: u32;
  /** The last ordinal of the subnet. */
  lastLo: u64;
  lastHi: u64;

  /** Sets the bit of `offset` in a page. Inline: nearly always it leaves the word with a clear bit. */
  @inline
  set(page: Page, offset: u32): void {
    const word = page.word(offset) | ((<u64>1) << (offset & 63));
    page.setWord(offset, word);
    if (!~word) this.setAbove(page, offset);
  }

  /**
   * Clears the bit of `offset` in a page. Inline: nearly always it finds a clear bit in the word, and leaves a set
   * one.
   */
  @inline
  clear(page: Page, offset: u32): void {
    const word = page.word(offset);
    const rest = word & ~((<u64>1) << (offset & 63));
    if (~word && rest) page.setWord(offset, rest);
    else this.clearAbove(page, offset);
  }

  /** A word has become full: goes up through the levels while pages become full too. */
  private setAbove(page: Page, offset: u32): void {
    while (true) {
      page.summary |= (<u64>1) << (offset >> 6);
      if (~page.summary) return;
      const lo = page.numberLo;
      const hi = page.numberHi;
      const level = page.level + 1;
      this.top = max(this.top, level);
      offset = Ordinal.offset(lo);
      page = this.pages.make(Ordinal.pageLo(lo, hi), Page.tagged(Ordinal.pageHi(hi), level));
      const word = page.word(offset) | ((<u64>1) << (offset & 63));
      page.setWord(offset, word);
      if (~word) return;
    }
  }

  /**
   * Clears the bit of `offset` in a page, and in the levels above where it is no longer full; drops pages left empty.
   */
  private clearAbove(page: Page, offset: u32): void {
    while (true) {
      const word = page.word(offset);
      const rest = word & ~((<u64>1) << (offset & 63));
      page.setWord(offset, rest);
      const summary = page.summary;
      if (!~word) page.summary = summary & ~((<u64>1) << (offset >> 6));
      const lo = page.numberLo;
      const hi = page.numberHi;
      const level = page.level + 1;
      if (!rest) this.drop(page);
      if (~summary) return;
      offset = Ordinal.offset(lo);
      page = this.pages.above(Ordinal.pageLo(lo, hi), Page.tagged(Ordinal.pageHi(hi), level));
    }
  }

  /** The serial policy goes on at `offset` of a page, or in no page that is known. */
  @inline
  goOnIn(page: Page, offset: u32): void {
    this.latest = page;
    this.latestWord = exists(page) ? page.wordAt(offset) : 0;
  }

  private drop(page: Page): void {
    if (page == this.latest) this.goOnIn(none<Page>(), 0);
    if (!this.keepsPages) this.pages.dropIfEmpty(page);
  }

  /**
   * Puts the lowest free ordinal at or above (hi, lo) into Ordinal; false when there is none up to the last one.
   * Climbs while what lies ahead is full, then goes down to the first gap: at most two page look-ups a level.
   */
  nextFree(lo: u64, hi: u64): bool {
    return this.nextFreeIn(this.pages.of(lo, hi), lo, hi);
  }

  /** As nextFree, from an ordinal whose page this is, or null. */
  nextFreeIn(page: Page, lo: u64, hi: u64): bool {
    let level: u32 = 0;
    let lastLo = this.lastLo;
    let lastHi = this.lastHi;
    while (!Ordinal.above(lo, hi, lastLo, lastHi)) {
      if (exists(page)) {
        const offset = page.nextClear(Ordinal.offset(lo));
        if (offset < PAGE_SIZE) {
          lo = (lo & ~(<u64>(PAGE_SIZE - 1))) | offset;
          // Not left to descend: a unit past the end of ::/0 would wrap around to 0 there.
          if (Ordinal.above(lo, hi, lastLo, lastHi)) return false;
          if (level) return this.descend(lo, hi, level);
          this.found = page;
          Ordinal.lo = lo;
          Ordinal.hi = hi;
          return true;
        }
      } else if (level >= this.top || !this.skipExcluded(lo, hi, level)) {
        return this.descend(lo, hi, level);
      } else {
        // Everything below a unit of a higher level is excluded: go on after that unit, there.
        lo = Skipped.lo;
        hi = Skipped.hi;
        if (!(lo | hi)) return false;
        for (; level < Skipped.level; level++) {
          lastLo = Ordinal.pageLo(lastLo, lastHi);
          lastHi = Ordinal.pageHi(lastHi);
        }
        page = this.pages.above(Ordinal.pageLo(lo, hi), Page.tagged(Ordinal.pageHi(hi), level));
        continue;
      }
      // The page's own number, not one made from the ordinal: this waits for no bits of the page before.
      lo = page.numberLo + 1;
      hi = page.numberHi + <u64>(lo == 0);
      lastLo = Ordinal.pageLo(lastLo, lastHi);
      lastHi = Ordinal.pageHi(lastHi);
      level++;
      page = this.pages.above(Ordinal.pageLo(lo, hi), Page.tagged(Ordinal.pageHi(hi), level));
    }
    return false;
  }

  /** The next page with a free one behind a full page, if both are below the page of level 1 that was found last. */
  @inline
  nextWithFree(full: Page): Page {
    const number = full.numberLo;
    const upper = this.pages.lastAbove;
    if (
      !exists(upper) ||
      !upper.is(Ordinal.pageLo(number, full.numberHi), Page.tagged(Ordinal.pageHi(full.numberHi), 1))
    )
      return none<Page>();
    const offset = upper.nextClear(Ordinal.offset(number));
    if (offset == PAGE_SIZE) return none<Page>();
    return this.pages.base((number & ~(<u64>(PAGE_SIZE - 1))) | offset, full.numberHi);
  }

  /** From a free unit of `level` down to its first free ordinal; false when that lies past the end. */
  private descend(lo: u64, hi: u64, level: u32): bool {
    let page = none<Page>();
    while (level--) {
      page = level ? this.pages.above(lo, Page.tagged(hi, level)) : this.pages.base(lo, hi);
      hi = (hi << PAGE_BITS) | (lo >> (64 - PAGE_BITS));
      lo <<= PAGE_BITS;
      if (exists(page)) lo |= page.firstClear();
    }
    this.found = page;
    Ordinal.lo = lo;
    Ordinal.hi = hi;
    return !above(lo, hi, this.lastLo, this.lastHi);
  }

  /** Looks above a unit that has no page of its own; when an excluded range covers it, Skipped is the unit after. */
  private skipExcluded(lo: u64, hi: u64, level: u32): bool {
    while (level++ < this.top) {
      lo = Ordinal.pageLo(lo, hi);
      hi = Ordinal.pageHi(hi);
      const page = this.pages.above(Ordinal.pageLo(lo, hi), Page.tagged(Ordinal.pageHi(hi), level));
      if (!exists(page) || !page.has(Ordinal.offset(lo))) continue;
      Skipped.level = level;
      Skipped.lo = lo + 1;
      Skipped.hi = hi + <u64>(Skipped.lo == 0);
      return true;
    }
    return false;
  }

  /**
   * Marks the units from (aHi, aLo) to (bHi, bLo) of level 0 as taken for ever, whole pages of them in a level above.
   */
  fill(aLo: u64, aHi: u64, bLo: u64, bHi: u64): void {
    for (let level: u32 = 0; ; level++) {
      const first = Ordinal.offset(aLo);
      const last = Ordinal.offset(bLo);
      aLo = Ordinal.pageLo(aLo, aHi);
      aHi = Ordinal.pageHi(aHi);
      bLo = Ordinal.pageLo(bLo, bHi);
      bHi = Ordinal.pageHi(bHi);
      if (aLo == bLo && aHi == bHi) {
        // One page holds both ends; a whole one at level 0 is left to the page above only when there is more than it.
        this.fillPage(aLo, Page.tagged(aHi, level), first, last);
        return;
      }
      if (first) {
        this.fillPage(aLo, Page.tagged(aHi, level), first, PAGE_SIZE - 1);
        aHi += <u64>(++aLo == 0);
      }
      if (last != PAGE_SIZE - 1) {
        this.fillPage(bLo, Page.tagged(bHi, level), 0, last);
        bHi -= <u64>(bLo-- == 0);
      }
      if (above(aLo, aHi, bLo, bHi)) return;
    }
  }

  private fillPage(lo: u64, taggedHi: u64, first: u32, last: u32): void {
    const page = this.pages.make(lo, taggedHi);
    for (let offset = first; offset <= last; offset++) this.set(page, offset);
    this.top = max(this.top, page.level);
  }
}

/** The unit after the excluded range that skipExcluded found. */
abstract class Skipped {
  static level: u32 = 0;
  static lo: u64 = 0;
  static hi: u64 = 0;
}

/** A bitmap of which no bit is set. */
export function createBitmap(lastLo: u64, lastHi: u64, nodes: Nodes): Bitmap {
  const bitmap = changetype<Bitmap>(nodes.zeros(offsetof<Bitmap>()));
  bitmap.pages = createPages(lastHi || lastLo >> 32 ? 128 : 32, nodes);
  bitmap.lastLo = lastLo;
  bitmap.lastHi = lastHi;
  return bitmap;
}
