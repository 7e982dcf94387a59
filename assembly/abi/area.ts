// The fixed areas of the memory through which everything passes that is wider than 32 bits, and how every call begins
// and ends.

import { PINNED, STATE_RESERVED, stateOfBinding } from '../bindings';
import { copyBytes } from '../bytes';
import { Range } from '../exclusions';
import { above, Ordinal } from '../ordinal';
import { exists, none } from '../pointer';
import { Binding } from '../records';
import * as status from '../status';
import { Hit, Subnet } from '../subnet';
import { subnetAt } from '../subnets';

//   io  ┌─────────┬──────┬───────┬────────┬──────────┬─────┬──────┬────────┬────────┬──────────┬───────┐
//       │ ordinal │ time │ state │ length │ position │ end │ last │ handle │ pinned │ identity │ other │
//       │ 0       │ 16   │ 24    │ 28     │ 32       │ 36  │ 40   │ 56     │ 60     │ 64       │ 320   │
//       └─────────┴──────┴───────┴────────┴──────────┴─────┴──────┴────────┴────────┴──────────┴───────┘
//   window: 64 KiB
export const IO: usize = memory.data(576, 16);
export const TIME: usize = 16;
export const STATE: usize = 24;
export const LENGTH: usize = 28;
export const POSITION: usize = 32;
export const END: usize = 36;
export const LAST: usize = 40;
export const HANDLE: usize = 56;
export const IS_PINNED: usize = 60;
export const IDENTITY: usize = 64;
export const OTHER: usize = 320;

export const WINDOW_SIZE: u32 = 65536;
/** Eight bytes more than a host may fill: the scanner ends its text with zeros. */
export const WINDOW: usize = memory.data(65536 + 8, 16);

/**
 * The subnet of the call under way, and its number: most calls are for the same one as the call before. Null when it
 * is gone.
 */
export let subnet: Subnet = none<Subnet>();
let entered: u32 = 0;

/** Every call begins here: finds its subnet. Inline: nearly always it is the one of the call before. */
export abstract class Call {
  @inline
  static enter(id: u32): i32 {
    return id == entered && exists(subnet) ? status.OK : find(id);
  }

  /** As `enter`, inline: for the calls that are made most. */
  @inline
  static enterFor(id: u32, length: u32): i32 {
    const refusal = Call.enter(id);
    return refusal || length - 1 < 255 ? refusal : status.BAD_INPUT;
  }

  /** As `answer`, inline: for the calls that are made most. */
  @inline
  static answer(result: i32): i32 {
    if (result >= 0 || result == status.BOUND_ELSEWHERE) {
      store<u64>(IO, Ordinal.lo);
      store<u64>(IO, Ordinal.hi, 8);
    }
    return result;
  }
}

function find(id: u32): i32 {
  subnet = subnetAt(id);
  if (!exists(subnet)) return status.NO_SUBNET;
  entered = id;
  return status.OK;
}

/** As Call.enter, for a call about an identity, whose length is checked. */
export function enter(id: u32, length: u32): i32 {
  return Call.enterFor(id, length);
}

export function lo(): u64 {
  return load<u64>(IO);
}

export function hi(): u64 {
  return load<u64>(IO, 8);
}

/** The range of the call under way, io.ordinal to io.last, once checkRange has checked it. */
export const RANGE: usize = memory.data(offsetof<Range>(), 8);

/** The second check of a call about a range of ordinals, once it has entered. */
export function checkRange(): i32 {
  const range = changetype<Range>(RANGE);
  range.firstLo = lo();
  range.firstHi = hi();
  range.lastLo = load<u64>(IO, LAST);
  range.lastHi = load<u64>(IO, LAST + 8);
  if (subnet.isOutside(range.lastLo, range.lastHi)) return status.OUT_OF_RANGE;
  return above(range.firstLo, range.firstHi, range.lastLo, range.lastHi) ? status.BAD_INPUT : status.OK;
}

/** As `answer`, for a call that gives an identity its ordinal: with OK also the handle of its binding. */
export function answerHit(result: i32): i32 {
  if (result == status.OK) store<usize>(IO, Hit.handle, HANDLE);
  return Call.answer(result);
}

/** Hands a status on, and with one that comes with an ordinal writes that into the io area. */
export function answer(result: i32): i32 {
  return Call.answer(result);
}

export function copyIdentity(binding: Binding, to: usize): void {
  store<u32>(IO, binding.length, LENGTH);
  copyBytes(to, binding.identity, binding.length);
}

/** Writes all that is known of a binding into the io area. */
export function describe(binding: Binding): i32 {
  subnet.bitmap.pages.toOrdinal(binding.place);
  store<u64>(IO, stateOfBinding(binding) == STATE_RESERVED ? binding.time : 0, TIME);
  store<u32>(IO, stateOfBinding(binding), STATE);
  store<u32>(IO, <u32>((binding.flags & PINNED) != 0), IS_PINNED);
  copyIdentity(binding, IO + IDENTITY);
  return answer(status.OK);
}

/** The subnet is gone, or another one stands in its place. */
export function forget(): void {
  subnet = none<Subnet>();
}
