// Which free ordinal is given next: the lowest one, or the one after the last one given. Nothing else in the core
// chooses.

import { Bitmap } from './bitmap';
import { Range } from './exclusions';
import { above, Ordinal, PAGE_BITS } from './ordinal';
import { exists } from './pointer';
import { Nodes } from './vector';

/** After the last one given, wrapping around. */
export const SERIAL: u32 = 0;
export const LOWEST: u32 = 1;

@unmanaged
export class Policy {
  bitmap: Bitmap;
  kind: u32;
  /** Where the serial policy looks next. */
  cursorLo: u64;
  cursorHi: u64;

  /** Chooses a free ordinal by the policy, into Ordinal; false when the subnet is full. */
  choose(): bool {
    const bitmap = this.bitmap;
    if (this.kind == LOWEST) return bitmap.nextFree(0, 0);
    const lo = this.cursorLo;
    const hi = this.cursorHi;
    const page = exists(bitmap.latest) ? bitmap.latest : bitmap.pages.of(lo, hi);
    return bitmap.nextFreeIn(page, lo, hi) || ((lo | hi) != 0 && bitmap.nextFree(0, 0));
  }

  /**
   * As choose, among the ordinals of a range. The serial policy goes on after the last one given when that is in the
   * range, and wraps around within it; else it begins with the first.
   */
  chooseIn(range: Range): bool {
    if (this.kind == LOWEST) return this.nextFreeUpTo(range.firstLo, range.firstHi, range);
    const lo = this.cursorLo;
    const hi = this.cursorHi;
    const ahead = above(lo, hi, range.firstLo, range.firstHi) && !above(lo, hi, range.lastLo, range.lastHi);
    return (ahead && this.nextFreeUpTo(lo, hi, range)) || this.nextFreeUpTo(range.firstLo, range.firstHi, range);
  }

  private nextFreeUpTo(lo: u64, hi: u64, range: Range): bool {
    return this.bitmap.nextFree(lo, hi) && !above(Ordinal.lo, Ordinal.hi, range.lastLo, range.lastHi);
  }

  /** The serial policy goes on after the ordinal that was given now. */
  advance(lo: u64, hi: u64): void {
    if (this.kind != SERIAL) return;
    const bitmap = this.bitmap;
    const last = lo == bitmap.lastLo && hi == bitmap.lastHi;
    this.cursorLo = last ? 0 : lo + 1;
    this.cursorHi = last ? 0 : hi + <u64>(lo + 1 == 0);
    const same = Ordinal.offset(this.cursorLo) != 0 && exists(bitmap.found);
    const page = same ? bitmap.found : bitmap.pages.of(this.cursorLo, this.cursorHi);
    bitmap.goOnIn(page, Ordinal.offset(this.cursorLo));
  }

  /**
   * Nearly all that holding the next one takes: it lies in the word where the last one was taken, and leaves that
   * with a free one. So nothing is made, no level above changes, and the policy goes on in the same word.
   */
  @inline
  takeBeside(): bool {
    const bitmap = this.bitmap;
    const at = bitmap.latestWord;
    if (!at) return false;
    const cursor = this.cursorLo;
    const word = load<u64>(at);
    const free = ~word >> (cursor & 63);
    // Two free ones: this one, and one that the policy goes on to.
    if (!(free & (free - 1))) return false;
    const lo = cursor + ctz(free);
    const hi = this.cursorHi;
    if (lo >= bitmap.lastLo && hi == bitmap.lastHi) return false;
    store<u64>(at, word | ((<u64>1) << (lo & 63)));
    this.cursorLo = lo + 1;
    Ordinal.lo = lo;
    Ordinal.hi = hi;
    return true;
  }

  /**
   * The same where that page is full: the next free one lies in another page below the same page of level 1, which
   * was looked at last.
   */
  @inline
  takeBehind(): bool {
    const bitmap = this.bitmap;
    const full = bitmap.latest;
    if (!exists(full) || ~full.summary) return false;
    const page = bitmap.nextWithFree(full);
    if (!exists(page)) return false;
    const offset = page.firstClear();
    const lo = (page.numberLo << PAGE_BITS) | offset;
    const hi = (page.numberHi << PAGE_BITS) | (page.numberLo >> (64 - PAGE_BITS));
    if (lo >= bitmap.lastLo && hi == bitmap.lastHi) return false;
    // The last free one of its word may fill the page, and that can make one above.
    const free = ~page.word(offset);
    if (!(free & (free - 1))) return false;
    bitmap.set(page, offset);
    this.cursorLo = lo + 1;
    this.cursorHi = hi;
    bitmap.goOnIn(page, offset + 1);
    Ordinal.lo = lo;
    Ordinal.hi = hi;
    return true;
  }
}

export function createPolicy(kind: u32, bitmap: Bitmap, nodes: Nodes): Policy {
  const policy = changetype<Policy>(nodes.zeros(offsetof<Policy>()));
  policy.kind = kind;
  policy.bitmap = bitmap;
  return policy;
}
