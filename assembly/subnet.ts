// One subnet: the calls that change what an ordinal is. Policy and the order of checks live here; the structures that
// it has (bitmap.ts, bindings.ts) choose nothing and refuse nothing. shape.ts makes and destroys subnets.

import {
  Bindings,
  HELD,
  LIVE,
  ownerAt,
  PINNED,
  STATE_EXCLUDED,
  STATE_FREE,
  STATE_HELD,
  stateOfBinding,
} from './bindings';
import { Bitmap } from './bitmap';
import { Exclusions, Range } from './exclusions';
import { Ordinal } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';
import { Policy } from './policy';
import { Binding, NONE } from './records';
import { hasRoomToBind, hasRoomToHold } from './room';
import * as status from './status';
import { Nodes } from './vector';

/** What was found last. */
export abstract class Hit {
  /** Of the binding of the last identity that had one: see docs/ABI.md, handles. */
  static handle: usize = 0;
}

@unmanaged
export class Subnet {
  /** All its memory but the records of bindings. */
  nodes: Nodes;
  bitmap: Bitmap;
  bindings: Bindings;
  exclusions: Exclusions;
  policy: Policy;
  /** Ordinals held without a binding. */
  held: u32;
  /** Network address as a number; an IPv4 one stands in the low 32 bits. */
  baseLo: u64;
  baseHi: u64;
  /** 4 or 6. */
  version: u8;
  prefix: u8;
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
    return this.policy.choose() ? this.bindChosen(identity, length) : status.FULL;
  }

  /** As allocate; a new binding goes to the preferred ordinal when that is free. */
  allocatePreferred(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    const page = this.bitmap.pages.of(lo, hi);
    if (this.stateIn(page, lo, hi) == STATE_FREE) return this.bindTo(identity, length, page, lo, hi);
    return this.policy.choose() ? this.bindChosen(identity, length) : status.FULL;
  }

  /** As allocate; a new binding goes to a free ordinal of the range, which the caller has checked. */
  allocateIn(identity: usize, length: u32, range: Range): i32 {
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    return this.policy.chooseIn(range) ? this.bindChosen(identity, length) : status.FULL;
  }

  /** Binds the identity to this ordinal and no other. */
  bind(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const binding = this.bindings.of(identity, length);
    if (!exists(binding)) return this.bindNew(identity, length, lo, hi, STATE_FREE);
    this.bitmap.pages.toOrdinal(binding.place);
    return Ordinal.lo == lo && Ordinal.hi == hi ? this.occupy(binding) : status.BOUND_ELSEWHERE;
  }

  /**
   * The binding is a person's choice from now on. Without one the identity is bound to this ordinal, reserved since
   * `time`; nothing but unpin makes it one that can be reclaimed.
   */
  pin(identity: usize, length: u32, lo: u64, hi: u64, time: u64): i32 {
    if (this.isOutside(lo, hi)) return status.OUT_OF_RANGE;
    const binding = this.bindings.of(identity, length);
    if (!exists(binding)) return this.pinNew(identity, length, lo, hi, time);
    this.bitmap.pages.toOrdinal(binding.place);
    if (Ordinal.lo != lo || Ordinal.hi != hi) return status.BOUND_ELSEWHERE;
    if (binding.flags & PINNED) return status.OK;
    this.bindings.pin(binding);
    return status.CHANGED;
  }

  /** The binding can be reclaimed again; a reserved one counts as released at `time`. */
  unpin(identity: usize, length: u32, time: u64): i32 {
    const binding = this.bindings.of(identity, length);
    if (!exists(binding)) return status.UNKNOWN;
    this.bitmap.pages.toOrdinal(binding.place);
    if (!(binding.flags & PINNED)) return status.OK;
    this.bindings.unpin(binding, time);
    return status.CHANGED;
  }

  /** The identity's own ordinal; without a binding it is bound to the ticket, which stays held as well. */
  trade(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    const binding = this.bindings.of(identity, length);
    if (exists(binding)) return this.occupy(binding);
    return this.isOutside(lo, hi) ? status.OUT_OF_RANGE : this.bindNew(identity, length, lo, hi, STATE_HELD);
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
    if (this.policy.takeBeside() || this.policy.takeBehind()) {
      this.held++;
      return status.CHANGED;
    }
    return this.policy.choose() ? this.holdChosen() : status.FULL;
  }

  /** As holdNext, within a range that the caller has checked. */
  holdNextIn(range: Range): i32 {
    return this.policy.chooseIn(range) ? this.holdChosen() : status.FULL;
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
    Hit.handle = this.bindings.handleOf(binding);
    this.bitmap.pages.toOrdinal(binding.place);
    return status.OK;
  }

  /** Binds an identity that has no binding to an ordinal that is as expected. */
  private bindNew(identity: usize, length: u32, lo: u64, hi: u64, expected: u32): i32 {
    const page = this.bitmap.pages.of(lo, hi);
    const state = this.stateIn(page, lo, hi);
    if (state == expected) return this.bindTo(identity, length, page, lo, hi);
    if (state == STATE_EXCLUDED) return status.EXCLUDED;
    return state == STATE_FREE ? status.NOT_HELD : status.OCCUPIED;
  }

  private pinNew(identity: usize, length: u32, lo: u64, hi: u64, time: u64): i32 {
    const answered = this.bindNew(identity, length, lo, hi, STATE_FREE);
    if (answered != status.CHANGED) return answered;
    const binding = this.bindingAt(lo, hi);
    this.bindings.pin(binding);
    this.bindings.retire(binding, time);
    return answer(lo, hi);
  }

  /** Binds an identity to the ordinal that was just chosen. */
  private bindChosen(identity: usize, length: u32): i32 {
    const lo = Ordinal.lo;
    const hi = Ordinal.hi;
    const answered = this.bindTo(identity, length, this.bitmap.found, lo, hi);
    if (answered == status.CHANGED) this.policy.advance(lo, hi);
    return answered;
  }

  /** Holds the ordinal that was just chosen. */
  private holdChosen(): i32 {
    const lo = Ordinal.lo;
    const hi = Ordinal.hi;
    const answered = this.holdFree(this.bitmap.found, lo, hi);
    if (answered == status.CHANGED) this.policy.advance(lo, hi);
    return answered;
  }
}

function answer(lo: u64, hi: u64): i32 {
  Ordinal.lo = lo;
  Ordinal.hi = hi;
  return status.CHANGED;
}
