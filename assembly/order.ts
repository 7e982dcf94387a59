// The level-0 pages of a bitmap in ascending order, so that bindings can be listed in one. Sorted on demand: pages
// come and go seldom, and the hot path wants nothing but the hash table of bitmap.ts.

import { isLeaf, NUMBER_HI, NUMBER_LO } from './bitmap';
import { above } from './ordinal';
import { Slots, Vector } from './vector';

function pageAbove(a: usize, b: usize): bool {
  return above(load<u64>(a, NUMBER_LO), load<u64>(a, NUMBER_HI), load<u64>(b, NUMBER_LO), load<u64>(b, NUMBER_HI));
}

@unmanaged
export class Order extends Vector {
  length: u32;
  /** A page has come or gone since the order was made. */
  stale: bool;

  /** Brings the order up to date. The bitmap has made room for as many pages as it lists. */
  update(pages: Slots): void {
    if (!this.stale) return;
    this.stale = false;
    this.length = 0;
    let sorted = true;
    for (let i: u32 = 0; i < pages.length; i++) {
      const page = pages.find(i);
      if (!page || !isLeaf(page)) continue;
      if (this.length && pageAbove(this.get(this.length - 1), page)) sorted = false;
      store<usize>(this.at(this.length++), page);
    }
    if (!sorted) this.heapSort();
  }

  /** Index of the first page that is not below page number (hi, lo). */
  search(lo: u64, hi: u64): u32 {
    let from: u32 = 0;
    let to = this.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const page = this.get(middle);
      if (above(lo, hi, load<u64>(page, NUMBER_LO), load<u64>(page, NUMBER_HI))) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private heapSort(): void {
    for (let i = this.length >> 1; i; ) this.sink(--i, this.length);
    for (let end = this.length - 1; end; end--) {
      const top = this.get(0);
      store<usize>(this.at(0), this.get(end));
      store<usize>(this.at(end), top);
      this.sink(0, end);
    }
  }

  private sink(i: u32, end: u32): void {
    const page = this.get(i);
    while (true) {
      let child: u32 = 2 * i + 1;
      if (child >= end) break;
      if (child + 1 < end && pageAbove(this.get(child + 1), this.get(child))) child++;
      if (!pageAbove(this.get(child), page)) break;
      store<usize>(this.at(i), this.get(child));
      i = child;
    }
    store<usize>(this.at(i), page);
  }
}
