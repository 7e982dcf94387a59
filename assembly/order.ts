// The level-0 pages of a bitmap in ascending order, so that bindings can be listed in one. Sorted on demand: pages
// come and go seldom, and the hot path wants nothing but the hash table of pages.ts.

import { above } from './ordinal';
import { Page } from './page';
import { Slots, Vector } from './vector';

@unmanaged
export class Order extends Vector {
  length: u32;
  /** A page has come or gone since the order was made. */
  stale: bool;

  page(i: u32): Page {
    return changetype<Page>(this.get(i));
  }

  /** Brings the order up to date. Whoever makes pages has made room for as many as there are. */
  update(pages: Slots): void {
    if (!this.stale) return;
    this.stale = false;
    this.length = 0;
    let sorted = true;
    for (let i: u32 = 0; i < pages.length; i++) {
      const at = pages.find(i);
      if (!at || changetype<Page>(at).level) continue;
      if (this.length && this.page(this.length - 1).follows(changetype<Page>(at))) sorted = false;
      store<usize>(this.at(this.length++), at);
    }
    if (!sorted) this.heapSort();
  }

  /** Index of the first page that is not below page number (hi, lo). */
  search(lo: u64, hi: u64): u32 {
    let from: u32 = 0;
    let to = this.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const page = this.page(middle);
      if (above(lo, hi, page.numberLo, page.taggedHi)) from = middle + 1;
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
    const page = this.page(i);
    while (true) {
      let child: u32 = 2 * i + 1;
      if (child >= end) break;
      if (child + 1 < end && this.page(child + 1).follows(this.page(child))) child++;
      if (!this.page(child).follows(page)) break;
      store<usize>(this.at(i), this.get(child));
      i = child;
    }
    store<usize>(this.at(i), changetype<usize>(page));
  }
}
