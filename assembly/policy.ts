// Which free ordinal is given next: the lowest one, or the one after the last one given. Nothing else in the core
// chooses.

import { Bitmap } from './bitmap';
import { Range } from './exclusions';
import { above, Ordinal } from './ordinal';
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
    if (this.kind == LOWEST) return this.bitmap.nextFree(0, 0);
    if (this.bitmap.nextFree(this.cursorLo, this.cursorHi)) return true;
    return (this.cursorLo | this.cursorHi) != 0 && this.bitmap.nextFree(0, 0);
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
    bitmap.latest = same ? bitmap.found : bitmap.pages.of(this.cursorLo, this.cursorHi);
  }

  /**
   * Nearly all that holding the next one takes: it lies in the word where the last one was taken, and leaves that
   * with a free one. So nothing is made, no level above changes, and the policy goes on in the same word.
   */
  @inline
  takeBeside(): bool {
    const bitmap = this.bitmap;
    const page = bitmap.latest;
    if (!exists(page)) return false;
    const cursor = this.cursorLo;
    const word = page.word(Ordinal.offset(cursor));
    const free = ~word >> (cursor & 63);
    const lo = cursor + ctz(free);
    const taken = word | ((<u64>1) << (lo & 63));
    if (!free || !~taken || (lo & 63) == 63) return false;
    if (!Ordinal.above(bitmap.lastLo, bitmap.lastHi, lo, this.cursorHi)) return false;
    page.setWord(Ordinal.offset(cursor), taken);
    this.cursorLo = lo + 1;
    Ordinal.lo = lo;
    Ordinal.hi = this.cursorHi;
    return true;
  }
}

export function createPolicy(kind: u32, bitmap: Bitmap, nodes: Nodes): Policy {
  const policy = changetype<Policy>(nodes.zeros(offsetof<Policy>()));
  policy.kind = kind;
  policy.bitmap = bitmap;
  return policy;
}
