// One subnet: the calls that change what an ordinal is. Policy and the order of checks live here; the structures that
// it stands on (bitmap.ts, bindings.ts) choose nothing and refuse nothing.

import { EXTENT_HEADER } from './arena';
import { Bindings, HELD, LIVE, STATE_EXCLUDED, STATE_FREE, STATE_HELD } from './bindings';
import { nextSet, ordinalAt } from './bitmap';
import { Exclusions, Range } from './exclusions';
import { BLOCK, CALL_BLOCKS, reserveBlocks, takeBlock } from './memory';
import { Order } from './order';
import { above, Ordinal } from './ordinal';
import { Binding, exists, Records } from './records';
import * as status from './status';
import { Table } from './table';
import { Slots, Vector } from './vector';

export const SERIAL: u32 = 0;
export const LOWEST: u32 = 1;

@unmanaged
export class Subnet extends Bindings {
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

  allocate(identity: usize, length: u32): i32 {
    const binding = this.byIdentity(identity, length);
    if (exists(binding)) return this.occupy(binding);
    if (!this.canBind()) return status.NO_MEMORY;
    if (!this.choose()) return status.FULL;
    this.bindTo(identity, length, Ordinal.lo, Ordinal.hi);
    return status.CHANGED;
  }

  /** As allocate; a new binding goes to the preferred ordinal when that is free. */
  allocatePreferred(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    if (above(lo, hi, this.lastLo, this.lastHi)) return status.OUT_OF_RANGE;
    const binding = this.byIdentity(identity, length);
    if (exists(binding)) return this.occupy(binding);
    if (this.stateOf(lo, hi) != STATE_FREE) return this.allocate(identity, length);
    if (!this.canBind()) return status.NO_MEMORY;
    this.bindTo(identity, length, lo, hi);
    return answer(lo, hi);
  }

  /** As allocate; a new binding goes to a free ordinal of the range, which the caller has checked. */
  allocateIn(identity: usize, length: u32, range: Range): i32 {
    const binding = this.byIdentity(identity, length);
    if (exists(binding)) return this.occupy(binding);
    if (!this.canBind()) return status.NO_MEMORY;
    if (!this.chooseIn(range)) return status.FULL;
    this.bindTo(identity, length, Ordinal.lo, Ordinal.hi);
    return status.CHANGED;
  }

  /** Binds the identity to this ordinal and no other. */
  bind(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    return this.bindExactly(identity, length, lo, hi, STATE_FREE);
  }

  /** The identity's own ordinal; without a binding it is bound to the ticket, which stays held as well. */
  trade(identity: usize, length: u32, lo: u64, hi: u64): i32 {
    const binding = this.byIdentity(identity, length);
    if (exists(binding)) return this.occupy(binding);
    return this.bindExactly(identity, length, lo, hi, STATE_HELD);
  }

  release(identity: usize, length: u32, time: u64): i32 {
    const binding = this.byIdentity(identity, length);
    if (!exists(binding)) return status.UNKNOWN;
    this.ordinalOf(binding.place);
    if (!(binding.flags & LIVE)) return status.OK;
    this.retire(binding, time);
    return status.CHANGED;
  }

  /** Holds a free ordinal; one that is held already stays so. */
  hold(lo: u64, hi: u64): i32 {
    if (above(lo, hi, this.lastLo, this.lastHi)) return status.OUT_OF_RANGE;
    const state = this.stateOf(lo, hi);
    if (state == STATE_HELD) return status.OK;
    if (state == STATE_EXCLUDED) return status.EXCLUDED;
    if (state != STATE_FREE) return status.OCCUPIED;
    if (!this.canTake(0)) return status.NO_MEMORY;
    this.holdFree(lo, hi);
    return status.CHANGED;
  }

  /** Holds the next free ordinal, chosen by the policy. */
  holdNext(): i32 {
    if (!this.canTake(0)) return status.NO_MEMORY;
    if (!this.choose()) return status.FULL;
    this.holdFree(Ordinal.lo, Ordinal.hi);
    return status.CHANGED;
  }

  /** As holdNext, within a range that the caller has checked. */
  holdNextIn(range: Range): i32 {
    if (!this.canTake(0)) return status.NO_MEMORY;
    if (!this.chooseIn(range)) return status.FULL;
    this.holdFree(Ordinal.lo, Ordinal.hi);
    return status.CHANGED;
  }

  /** Whether an ordinal is held, alone or beside a binding: OK or NOT_HELD. */
  isHeld(lo: u64, hi: u64): i32 {
    if (above(lo, hi, this.lastLo, this.lastHi)) return status.OUT_OF_RANGE;
    const binding = this.byOrdinal(lo, hi);
    const held = exists(binding) ? (binding.flags & HELD) != 0 : this.stateOf(lo, hi) == STATE_HELD;
    return held ? status.OK : status.NOT_HELD;
  }

  /** Holds what was held before: as hold, but a bound ordinal is held beside its binding. */
  rehold(lo: u64, hi: u64): i32 {
    const answered = this.hold(lo, hi);
    if (answered != status.OCCUPIED) return answered;
    const binding = this.byOrdinal(lo, hi);
    if (binding.flags & HELD) return status.OK;
    binding.flags |= HELD;
    return status.CHANGED;
  }

  unhold(lo: u64, hi: u64): i32 {
    if (Ordinal.above(lo, hi, this.lastLo, this.lastHi)) return status.OUT_OF_RANGE;
    const page = this.pageOf(lo, hi);
    if (!this.isTaken(page, lo)) return status.NOT_HELD;
    const binding = changetype<Binding>(this.owner(page, <u32>lo & 4095));
    if (exists(binding)) {
      if (!(binding.flags & HELD)) return status.NOT_HELD;
      binding.flags &= ~HELD;
      return status.CHANGED;
    }
    if (this.exclusions.covers(lo, hi)) return status.NOT_HELD;
    this.clearBit(page, <u32>lo & 4095);
    this.held--;
    return status.CHANGED;
  }

  /**
   * The lowest ordinal at or above (hi, lo) that is bound or held, put into Ordinal; false when there is none.
   * Ascending order makes lists and snapshots the same on every host, whatever its hash key.
   */
  nextUsed(lo: u64, hi: u64): bool {
    this.order.update(this.pages);
    const numberLo = (lo >> 12) | (hi << 52);
    let offset = <u32>lo & 4095;
    for (let i = this.order.search(numberLo, hi >> 12); i < this.order.length; i++) {
      const page: usize = this.order.get(i);
      ordinalAt(page, 0);
      if (above(Ordinal.lo, Ordinal.hi, lo, hi)) offset = 0;
      for (offset = nextSet(page, offset); offset < 4096; offset = nextSet(page, offset + 1)) {
        ordinalAt(page, offset);
        if (this.owner(page, offset)) return true;
        const range = this.exclusions.find(Ordinal.lo, Ordinal.hi);
        if (!changetype<usize>(range)) return true;
        // On to the end of the range, or of the page.
        const rest = range.lastLo - Ordinal.lo;
        const restHi = range.lastHi - Ordinal.hi - <u64>(range.lastLo < Ordinal.lo);
        offset = restHi || rest > 4095 ? 4095 : min(offset + <u32>rest, 4095);
      }
      offset = 0;
    }
    return false;
  }

  /** Takes an ordinal that is known to be free. Memory has been reserved. */
  holdFree(lo: u64, hi: u64): void {
    const page = this.findPage((lo >> 12) | (hi << 52), hi >> 12) || this.makePageOf(lo, hi);
    this.setBit(page, <u32>lo & 4095);
    this.held++;
  }

  /** Marks an existing binding live. */
  private occupy(binding: Binding): i32 {
    if (!(binding.flags & LIVE)) this.revive(binding);
    this.ordinalOf(binding.place);
    return status.OK;
  }

  private bindExactly(identity: usize, length: u32, lo: u64, hi: u64, expected: u32): i32 {
    if (above(lo, hi, this.lastLo, this.lastHi)) return status.OUT_OF_RANGE;
    const binding = this.byIdentity(identity, length);
    if (exists(binding)) {
      this.ordinalOf(binding.place);
      if (Ordinal.lo != lo || Ordinal.hi != hi) return status.BOUND_ELSEWHERE;
      return this.occupy(binding);
    }
    const state = this.stateOf(lo, hi);
    if (state != expected) {
      if (state == STATE_EXCLUDED) return status.EXCLUDED;
      return state == STATE_FREE ? status.NOT_HELD : status.OCCUPIED;
    }
    if (!this.canBind()) return status.NO_MEMORY;
    this.bindTo(identity, length, lo, hi);
    return answer(lo, hi);
  }

  /** Chooses a free ordinal by the policy, into Ordinal; false when the subnet is full. */
  private choose(): bool {
    if (this.policy == LOWEST) return this.nextFree(0, 0);
    if (!this.nextFree(this.cursorLo, this.cursorHi)) {
      if (!(this.cursorLo | this.cursorHi) || !this.nextFree(0, 0)) return false;
    }
    this.advance();
    return true;
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
    if (!ahead || !this.nextFreeUpTo(lo, hi, range)) {
      if (!this.nextFreeUpTo(range.firstLo, range.firstHi, range)) return false;
    }
    this.advance();
    return true;
  }

  private nextFreeUpTo(lo: u64, hi: u64, range: Range): bool {
    return this.nextFree(lo, hi) && !above(Ordinal.lo, Ordinal.hi, range.lastLo, range.lastHi);
  }

  /** The serial policy goes on after the ordinal just given. */
  @inline
  private advance(): void {
    if (Ordinal.lo == this.lastLo && Ordinal.hi == this.lastHi) {
      this.cursorLo = 0;
      this.cursorHi = 0;
    } else {
      this.cursorLo = Ordinal.lo + 1;
      this.cursorHi = Ordinal.hi + <u64>(this.cursorLo == 0);
    }
  }
}

function answer(lo: u64, hi: u64): i32 {
  Ordinal.lo = lo;
  Ordinal.hi = hi;
  return status.CHANGED;
}

/** Whether a subnet of this kind can exist. */
export function validShape(version: u32, prefix: u32, policy: u32): bool {
  return ((version == 4 && prefix <= 32) || (version == 6 && prefix <= 128)) && policy <= LOWEST;
}

/** A piece of zeros. */
function zeros(subnet: Subnet, bytes: u32): usize {
  const size = (bytes + 7) & ~7;
  const piece = subnet.cut(size);
  memory.fill(piece, 0, size);
  return piece;
}

/** A subnet without exclusions; the caller has reserved memory and checked the arguments. */
export function createSubnet(version: u8, prefix: u8, policy: u8, baseLo: u64, baseHi: u64): Subnet {
  const block = takeBlock();
  memory.fill(block, 0, BLOCK);
  store<u32>(block, 1, 4);
  // The subnet is the first piece of its own arena.
  const subnet = changetype<Subnet>(block + EXTENT_HEADER);
  subnet.extent = block;
  subnet.end = block + BLOCK;
  subnet.at = changetype<usize>(subnet) + ((offsetof<Subnet>() + 7) & ~7);
  subnet.recent = subnet.node();
  subnet.pages = changetype<Slots>(zeros(subnet, offsetof<Slots>()));
  subnet.order = changetype<Order>(zeros(subnet, offsetof<Order>()));
  subnet.pageTable = changetype<Table>(zeros(subnet, offsetof<Table>()));
  subnet.identities = changetype<Table>(zeros(subnet, offsetof<Table>()));
  subnet.exclusions = changetype<Exclusions>(zeros(subnet, offsetof<Exclusions>()));
  subnet.records = changetype<Records>(zeros(subnet, offsetof<Records>()));
  subnet.records.lists = changetype<Vector>(zeros(subnet, offsetof<Vector>()));
  subnet.records.lists.extend(0, subnet);
  subnet.version = version;
  subnet.prefix = prefix;
  subnet.policy = policy;
  subnet.baseLo = baseLo;
  subnet.baseHi = baseHi;
  const bits: u32 = (version == 4 ? 32 : 128) - prefix;
  subnet.lastLo = bits >= 64 ? u64.MAX_VALUE : ((<u64>1) << bits) - 1;
  subnet.lastHi = bits >= 128 ? u64.MAX_VALUE : bits > 64 ? ((<u64>1) << (bits - 64)) - 1 : 0;
  return subnet;
}

/** Gives all memory of a subnet back. */
export function destroySubnet(subnet: Subnet): void {
  subnet.records.destroy();
  subnet.destroy();
}

/** Excludes ranges, in ascending order and apart; a status, after an error of which the subnet is useless. */
export function excludeRanges(subnet: Subnet, ranges: usize, count: u32): i32 {
  for (let end = ranges + count * offsetof<Range>(); ranges < end; ranges += offsetof<Range>()) {
    const range = changetype<Range>(ranges);
    if (above(range.lastLo, range.lastHi, subnet.lastLo, subnet.lastHi)) return status.OUT_OF_RANGE;
    // Two pages a level at the most, of which there are eleven.
    if (!reserveBlocks(3 * CALL_BLOCKS + subnet.pageTable.growth())) return status.NO_MEMORY;
    if (!subnet.exclusions.append(range, subnet)) return status.BAD_INPUT;
    subnet.fill(range.firstLo, range.firstHi, range.lastLo, range.lastHi);
  }
  return status.OK;
}
