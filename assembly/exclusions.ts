// The excluded ranges of a subnet: few, fixed when it is made, sorted and apart from one another. The bitmap marks
// them too, which is what the search sees; this list tells an excluded ordinal from one that is held.

import { above, Ordinal } from './ordinal';
import { Nodes, Vector } from './vector';

/** A range, both ends included; in the same layout as the host passes it. */
@unmanaged
export class Range {
  firstLo: u64;
  firstHi: u64;
  lastLo: u64;
  lastHi: u64;
}

const SLOTS: u32 = offsetof<Range>() / 4;

@unmanaged
export class Exclusions extends Vector {
  length: u32;
  /**
   * Two ordinals that none lies between which is excluded, where `covers` last found one; equal at first. The greatest
   * number there is stands for the end.
   */
  gapLo: u64;
  gapHi: u64;
  gapEndLo: u64;
  gapEndHi: u64;
  /** How many ordinals the ranges have in all. */
  sizeLo: u64;
  sizeHi: u64;

  /** Eight slots each: they lie side by side, since a node has room for a multiple of eight. */
  range(i: u32): Range {
    return changetype<Range>(this.at(i * SLOTS));
  }

  /** Adds a range above all others; false when it is not, or when it touches the last one, or is upside down. */
  append(range: Range, nodes: Nodes): bool {
    if (above(range.firstLo, range.firstHi, range.lastLo, range.lastHi)) return false;
    if (this.length) {
      const before = this.range(this.length - 1);
      const nextLo = before.lastLo + 1;
      const nextHi = before.lastHi + <u64>(nextLo == 0);
      // Nothing follows a range that ends with the last number there is.
      if (!(nextLo | nextHi) || !above(range.firstLo, range.firstHi, nextLo, nextHi)) return false;
    }
    memory.copy(this.extend(this.length++ * SLOTS, nodes), changetype<usize>(range), offsetof<Range>());
    const spanLo = range.lastLo - range.firstLo;
    const spanHi = range.lastHi - range.firstHi - <u64>(range.lastLo < range.firstLo);
    const lo = this.sizeLo + spanLo;
    this.sizeHi += spanHi + <u64>(lo < spanLo);
    this.sizeLo = lo + 1;
    this.sizeHi += <u64>(this.sizeLo == 0);
    return true;
  }

  /** Whether 2^128 ordinals are excluded, all of ::/0, which is 0 in the two halves of the size. */
  get isEverything(): bool {
    return this.length != 0 && !(this.sizeLo | this.sizeHi);
  }

  /** Whether an ordinal is excluded. Nearly all that are not lie in one gap, which is looked at first. */
  covers(lo: u64, hi: u64): bool {
    if (Ordinal.above(this.gapEndLo, this.gapEndHi, lo, hi) && Ordinal.above(lo, hi, this.gapLo, this.gapHi))
      return false;
    return changetype<usize>(this.find(lo, hi)) != 0;
  }

  /** The range that has an ordinal, or null. */
  find(lo: u64, hi: u64): Range {
    // The first range that does not end below the ordinal is the only one that can hold it.
    let from: u32 = 0;
    let to = this.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const range = this.range(middle);
      if (above(lo, hi, range.lastLo, range.lastHi)) from = middle + 1;
      else to = middle;
    }
    if (from < this.length) {
      const range = this.range(from);
      if (!above(range.firstLo, range.firstHi, lo, hi)) return range;
      this.gapEndLo = range.firstLo;
      this.gapEndHi = range.firstHi;
    } else {
      this.gapEndLo = -1;
      this.gapEndHi = -1;
    }
    this.gapLo = from ? this.range(from - 1).lastLo : 0;
    this.gapHi = from ? this.range(from - 1).lastHi : 0;
    return changetype<Range>(0);
  }
}
