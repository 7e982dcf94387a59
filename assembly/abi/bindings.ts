// The calls about an identity's binding.

import { PINNED, STATE_LIVE, stateOfBinding, TIME_LIMIT } from '../bindings';
import { Range } from '../exclusions';
import { Ordinal } from '../ordinal';
import { exists } from '../pointer';
import * as status from '../status';
import { Hit } from '../subnet';
import {
  answer,
  answerHit,
  Call,
  checkRange,
  describe,
  enter,
  HANDLE,
  hi,
  IDENTITY,
  IO,
  lo,
  RANGE,
  subnet,
  TIME,
  WINDOW,
  WINDOW_SIZE,
} from './area';

export function allocate(id: u32, length: u32): i32 {
  const refusal = Call.enterFor(id, length);
  if (refusal) return refusal;
  const given = subnet.allocate(IO + IDENTITY, length);
  if (given == status.OK) store<usize>(IO, Hit.handle, HANDLE);
  return Call.answer(given);
}

export function allocate_preferred(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  return answerHit(subnet.allocatePreferred(IO + IDENTITY, length, lo(), hi()));
}

/** As allocate; a new binding goes to a free ordinal from io.ordinal to io.last. */
export function allocate_in(id: u32, length: u32): i32 {
  let refusal = enter(id, length);
  if (!refusal) refusal = checkRange();
  if (refusal) return refusal;
  return answerHit(subnet.allocateIn(IO + IDENTITY, length, changetype<Range>(RANGE)));
}

/** Allocates for `count` identities in the window, one after another; answers of 24 bytes each follow at `results`. */
export function allocate_many(id: u32, count: u32, results: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  if (results > WINDOW_SIZE || count > (WINDOW_SIZE - results) / 24) return status.BAD_INPUT;
  if (!endsBefore(WINDOW + results, count)) return status.BAD_INPUT;
  let at = WINDOW;
  for (let result = WINDOW + results; count; count--, result += 24) {
    const length = <u32>load<u8>(at);
    const given = length ? subnet.allocate(at + 1, length) : status.BAD_INPUT;
    if (given >= 0) {
      store<u64>(result, Ordinal.lo);
      store<u64>(result, Ordinal.hi, 8);
    }
    store<i32>(result, given, 16);
    at += 1 + length;
  }
  return status.OK;
}

/** Whether so many identities in the window end before `end`. */
function endsBefore(end: usize, count: u32): bool {
  let at = WINDOW;
  while (count && at < end) {
    at += 1 + <usize>load<u8>(at);
    count--;
  }
  return !count && at <= end;
}

export function bind(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  return answerHit(subnet.bind(IO + IDENTITY, length, lo(), hi()));
}

export function trade(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  return answerHit(subnet.trade(IO + IDENTITY, length, lo(), hi()));
}

export function release(id: u32, length: u32): i32 {
  const refusal = Call.enterFor(id, length);
  if (refusal) return refusal;
  const time = load<u64>(IO, TIME);
  if (time >= TIME_LIMIT) return status.BAD_INPUT;
  return Call.answer(subnet.release(IO + IDENTITY, length, time));
}

/** Pins the identity to io.ordinal: a binding that is made for it counts as released at io.time. */
export function pin(id: u32, length: u32): i32 {
  const refusal = enterToPin(id, length);
  return refusal ? refusal : answer(subnet.pin(IO + IDENTITY, length, lo(), hi(), load<u64>(IO, TIME)));
}

/** Ends a pin: the binding stays, and when it is reserved it counts as released at io.time. */
export function unpin(id: u32, length: u32): i32 {
  const refusal = enterToPin(id, length);
  return refusal ? refusal : answer(subnet.unpin(IO + IDENTITY, length, load<u64>(IO, TIME)));
}

/** A rebuild rests on the pins that there were when it began. */
function enterToPin(id: u32, length: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  if (subnet.rebuild) return status.BAD_STATE;
  return length - 1 >= 255 || load<u64>(IO, TIME) >= TIME_LIMIT ? status.BAD_INPUT : status.OK;
}

export function reclaim(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  const binding = subnet.bindings.of(IO + IDENTITY, length);
  if (!exists(binding)) return status.UNKNOWN;
  describe(binding);
  if (stateOfBinding(binding) == STATE_LIVE) return status.IS_LIVE;
  if (binding.flags & PINNED) return status.IS_PINNED;
  subnet.unbind(binding);
  return status.CHANGED;
}

/** Reclaims the binding that was released first, if that was before io.time; the io area then describes it. */
export function reclaim_oldest(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  const binding = subnet.bindings.oldest;
  if (!exists(binding) || binding.time >= load<u64>(IO, TIME)) return status.UNKNOWN;
  describe(binding);
  subnet.unbind(binding);
  return status.CHANGED;
}

/** Describes the binding that was released first: the one that reclaim_oldest would take. */
export function oldest(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  return exists(subnet.bindings.oldest) ? describe(subnet.bindings.oldest) : status.UNKNOWN;
}

export function lookup(id: u32, length: u32): i32 {
  const refusal = Call.enterFor(id, length);
  if (refusal) return refusal;
  const binding = subnet.bindings.of(IO + IDENTITY, length);
  return exists(binding) ? describe(binding) : status.UNKNOWN;
}
