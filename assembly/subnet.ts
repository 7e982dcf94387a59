// One subnet: the calls that change what an ordinal is. Policy and the order of checks live here; the structures that it
// has (bitmap.ts, bindings.ts) choose nothing and refuse nothing. shape.ts makes and destroys subnets.

import { Bindings, HELD, LIVE, ownerAt, STATE_EXCLUDED, STATE_FREE, STATE_HELD, stateOfBinding } from './bindings';
import { Bitmap } from './bitmap';
import { Exclusions, Range } from './exclusions';
import { above, Ordinal } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';
import { Binding, NONE } from './records';
import { hasRoomToBind, hasRoomToHold } from './room';
import * as status from './status';
import { Nodes } from './vector';

export const SERIAL: u32 = 0;
export const LOWEST: u32 = 1;

@unmanaged
export class Subnet {
  /** All its memory but the records of bindings. */
  nodes: Nodes;
  bitmap: Bitmap;
  bindings: Bindings;
  exclusions: Exclusions;
  /** Ordinals held without a binding. */
  held: u32;
  /** Network address as a number; an IPv4 one stands in the low 32 bits. */
  baseLo: u64;
  baseHi: u64;
  /** Where the serial policy looks next. */
  cursorLo: u64;
  cursorHi: u64;
  /** 4 or 6. */
  version: u8;
  prefix: u8;
  policy: u8;
  /** The rebuild under way (rebuild.ts), or 0. */
  rebuild: usize;

  /** Whether an ordinal is beyond the last one. */
  @inline
  isOutside(lo: u64, hi: u64): bool {
    const bitmap = this.bitmap;
    return Ordinal.above(lo, hi, bitmap.lastLo, bitmap.lastHi);
  }

  /** What an ordinal is, whose page this is, or null. */
  stateIn(page: Page, lo: u64, hi: u64): u32 {
    const taken = exists(page) && page.has(Ordinal.offset(lo));
    if (exists(page)) {
      if (!taken) return STATE_FREE;
      const binding = ownerAt(page, Ordinal.offset(lo));
      if (exists(binding)) return stateOfBinding(binding);
    }
    // Without a page all below a higher level's bit may be excluded: only the ranges tell.
    if (this.exclusions.covers(lo, hi)) return STATE_EXCLUDED;
    return taken ? STATE_HELD : STATE_FREE;
  }

  stateOf(lo: u64, hi: u64): u32 {
    return this.stateIn(this.bitmap.pages.of(lo, hi), lo, hi);
  }

  /** The binding on an ordinal, if it has one. */
  bindingAt(lo: u64, hi: u64): Binding {
    const page = this.bitmap.pages.of(lo, hi);
    return exists(page) ? ownerAt(page, Ordinal.offset(lo)) : NONE;
  }

  allocate(identity: usize, length: u32): i32 {
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    return this.choose() ? this.bindChosen(identity, length) : status.FULL;
  }

  /** As allocate; a new binding goes to the preferred ordinal when that is free. */
  allocatePreferred(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    const page = this.bitmap.pages.of(lo, hi);
    if (this.stateIn(page, lo, hi) != STATE_FREE) return this.allocate(identity, length);
    return this.bindTo(identity, length, page, lo, hi);
  }

  /** As allocate; a new binding goes to a free ordinal of the range, which the caller has checked. */
  allocateIn(identity: usize, length: u32, range: Range): i32 {
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    return this.chooseIn(range) ? this.bindChosen(identity, length) : status.FULL;
  }

  /** Binds the identity to this ordinal and no other. */
  bind(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    return this.bindExactly(identity, length, lo, hi, STATE_FREE);
  }

  /** The identity's own ordinal; without a binding it is bound to the ticket, which stays held as well. */
  trade(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    return this.bindExactly(identity, length, lo, hi, STATE_HELD);
  }

  release(identity: usize, length: u32, time: u64): i32 {
    const binding = this.bindings.of(identity, length);
    if (!exists(binding)) return status.UNKNOWN;
    this.bitmap.pages.toOrdinal(binding.place);
    if (!(binding.flags & LIVE)) return status.OK;
    this.bindings.retire(binding, time);
    return status.CHANGED;
  }

  /** Holds a free ordinal; one that is held already stays so. */
  hold(lo: u64, hi: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const page = this.bitmap.pages.of(lo, hi);
    const state = this.stateIn(page, lo, hi);
    if (state == STATE_HELD) return status.OK;
    if (state == STATE_EXCLUDED) return status.EXCLUDED;
    return state == STATE_FREE ? this.holdFree(page, lo, hi) : status.OCCUPIED;
  }

  /** Holds the next free ordinal, chosen by the policy. */
  holdNext(): i32 {
    if (this.holdBeside()) return status.CHANGED;
    return this.choose() ? this.holdChosen() : status.FULL;
  }

  /**
   * Nearly all of holdNext: the next free ordinal lies in the word where the last one was taken, and leaves it with a
   * free one. So nothing is made, no level above changes, and the policy goes on in the same word.
   */
  @inline
  private holdBeside(): bool {
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
    this.held++;
    this.cursorLo = lo + 1;
    Ordinal.lo = lo;
    Ordinal.hi = this.cursorHi;
    return true;
  }

  /** As holdNext, within a range that the caller has checked. */
  holdNextIn(range: Range): i32 {
    return this.chooseIn(range) ? this.holdChosen() : status.FULL;
  }

  /** Whether an ordinal is held, alone or beside a binding: OK or NOT_HELD. */
  isHeld(lo: u64, hi: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const binding = this.bindingAt(lo, hi);
    const held = exists(binding) ? (binding.flags & HELD) != 0 : this.stateOf(lo, hi) == STATE_HELD;
    return held ? status.OK : status.NOT_HELD;
  }

  /** Holds what was held before: as hold, but a bound ordinal is held beside its binding. */
  rehold(lo: u64, hi: u64): i32 {
    const answered = this.hold(lo, hi);
    if (answered != status.OCCUPIED) return answered;
    const binding = this.bindingAt(lo, hi);
    if (binding.flags & HELD) return status.OK;
    binding.flags |= HELD;
    return status.CHANGED;
  }

  unhold(lo: u64, hi: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const page = this.bitmap.pages.of(lo, hi);
    if (!exists(page) || !page.has(Ordinal.offset(lo))) return status.NOT_HELD;
    const binding = ownerAt(page, Ordinal.offset(lo));
    if (exists(binding)) {
      if (!(binding.flags & HELD)) return status.NOT_HELD;
      binding.flags &= ~HELD;
      return status.CHANGED;
    }
    if (this.exclusions.covers(lo, hi)) return status.NOT_HELD;
    this.bitmap.clear(page, Ordinal.offset(lo));
    this.held--;
    return status.CHANGED;
  }

  /** Holds an ordinal that is free. */
  holdFree(known: Page, lo: u64, hi: u64): i32 {
    if (!hasRoomToHold(this.bitmap, known, lo, hi)) return status.NO_MEMORY;
    const page = this.bitmap.pages.orNew(known, lo, hi);
    this.bitmap.set(page, Ordinal.offset(lo));
    this.held++;
    return answer(lo, hi);
  }

  /** Makes a live binding for an identity that was just not found. */
  private bindTo(identity: usize, length: u32, known: Page, lo: u64, hi: u64): i32 {
    if (!hasRoomToBind(this.bitmap, this.bindings, known, lo, hi, length)) return status.NO_MEMORY;
    const pages = this.bitmap.pages;
    const page = pages.orNew(known, lo, hi);
    this.settle(this.bindings.add(identity, length, LIVE), page, pages.place(page, lo));
    return answer(lo, hi);
  }

  /** Puts a binding on its place and counts it; the ordinal is free, or held, which the binding then remembers. */
  settle(binding: Binding, page: Page, place: u32): void {
    if (page.has(Ordinal.offset(place))) {
      binding.flags |= HELD;
      this.held--;
    } else {
      this.bitmap.set(page, Ordinal.offset(place));
    }
    binding.place = place;
    this.bindings.own(binding, page);
  }

  /** Ends a reserved binding: its ordinal becomes free, or held when it was held as well. */
  unbind(binding: Binding): void {
    const page = this.bitmap.pages.at(binding.place);
    const bindings = this.bindings;
    bindings.unchain(binding);
    bindings.disown(binding, page);
    bindings.remove(binding);
    if (binding.flags & HELD) this.held++;
    else this.bitmap.clear(page, Ordinal.offset(binding.place));
    bindings.records.free(binding);
  }

  /** Marks an existing binding live. */
  private occupy(binding: Binding): i32 {
    if (!(binding.flags & LIVE)) this.bindings.revive(binding);
    this.bitmap.pages.toOrdinal(binding.place);
    return status.OK;
  }

  private bindExactly(identity: usize, length: u32, lo: u64, hi: u64, expected: u32): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) {
      this.bitmap.pages.toOrdinal(binding.place);
      if (Ordinal.lo != lo || Ordinal.hi != hi) return status.BOUND_ELSEWHERE;
      return this.occupy(binding);
    }
    const page = this.bitmap.pages.of(lo, hi);
    const state = this.stateIn(page, lo, hi);
    if (state == expected) return this.bindTo(identity, length, page, lo, hi);
    if (state == STATE_EXCLUDED) return status.EXCLUDED;
    return state == STATE_FREE ? status.NOT_HELD : status.OCCUPIED;
  }

  /** Binds an identity to the ordinal that was just chosen. */
  private bindChosen(identity: usize, length: u32): i32 {
    const lo = Ordinal.lo;
    const hi = Ordinal.hi;
    const answered = this.bindTo(identity, length, this.bitmap.pages.of(lo, hi), lo, hi);
    if (answered == status.CHANGED) this.advance(lo, hi);
    return answered;
  }

  /** Holds the ordinal that was just chosen. */
  private holdChosen(): i32 {
    const lo = Ordinal.lo;
    const hi = Ordinal.hi;
    const answered = this.holdFree(this.bitmap.pages.of(lo, hi), lo, hi);
    if (answered == status.CHANGED) this.advance(lo, hi);
    return answered;
  }

  /** Chooses a free ordinal by the policy, into Ordinal; false when the subnet is full. */
  private choose(): bool {
    if (this.policy == LOWEST) return this.bitmap.nextFree(0, 0);
    if (this.bitmap.nextFree(this.cursorLo, this.cursorHi)) return true;
    return (this.cursorLo | this.cursorHi) != 0 && this.bitmap.nextFree(0, 0);
  }

  /**
   * As choose, among the ordinals of a range. The serial policy goes on after the last one given when that is in the
   * range, and wraps around within it; else it begins with the first.
   */
  private chooseIn(range: Range): bool {
    if (this.policy == LOWEST) return this.nextFreeUpTo(range.firstLo, range.firstHi, range);
    const lo = this.cursorLo;
    const hi = this.cursorHi;
    const ahead = above(lo, hi, range.firstLo, range.firstHi) && !above(lo, hi, range.lastLo, range.lastHi);
    return (ahead && this.nextFreeUpTo(lo, hi, range)) || this.nextFreeUpTo(range.firstLo, range.firstHi, range);
  }

  private nextFreeUpTo(lo: u64, hi: u64, range: Range): bool {
    return this.bitmap.nextFree(lo, hi) && !above(Ordinal.lo, Ordinal.hi, range.lastLo, range.lastHi);
  }

  /** The serial policy goes on after the ordinal that was given now. */
  private advance(lo: u64, hi: u64): void {
    if (this.policy == LOWEST) return;
    const bitmap = this.bitmap;
    const last = lo == bitmap.lastLo && hi == bitmap.lastHi;
    this.cursorLo = last ? 0 : lo + 1;
    this.cursorHi = last ? 0 : hi + <u64>(lo + 1 == 0);
    bitmap.latest = bitmap.pages.of(this.cursorLo, this.cursorHi);
  }
}

function answer(lo: u64, hi: u64): i32 {
  Ordinal.lo = lo;
  Ordinal.hi = hi;
  return status.CHANGED;
}
