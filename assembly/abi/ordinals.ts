// The calls about an ordinal: holding it, and what it is.

import { STATE_LIVE, STATE_RESERVED } from '../bindings';
import { Range } from '../exclusions';
import { unholdStaged } from '../rebuild';
import * as status from '../status';
import { nextUsed } from '../used';
import { answer, Call, checkRange, describe, hi, IO, IS_PINNED, LENGTH, lo, RANGE, STATE, subnet } from './area';

export function hold(id: u32): i32 {
  const refusal = Call.enter(id);
  return refusal ? refusal : subnet.hold(lo(), hi());
}

export function hold_next(id: u32): i32 {
  const refusal = Call.enter(id);
  return refusal ? refusal : Call.answer(subnet.holdNext());
}

/** As hold_next, from io.ordinal to io.last. */
export function hold_next_in(id: u32): i32 {
  let refusal = Call.enter(id);
  if (!refusal) refusal = checkRange();
  return refusal ? refusal : answer(subnet.holdNextIn(changetype<Range>(RANGE)));
}

/** Whether io.ordinal is held, alone or beside a binding. */
export function is_held(id: u32): i32 {
  const refusal = Call.enter(id);
  return refusal ? refusal : subnet.isHeld(lo(), hi());
}

export function rehold(id: u32): i32 {
  const refusal = Call.enter(id);
  return refusal ? refusal : subnet.rehold(lo(), hi());
}

export function unhold(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  const result = subnet.unhold(lo(), hi());
  if (result == status.CHANGED) unholdStaged(subnet, lo(), hi());
  return result;
}

/** What the ordinal is; for a bound one also whose. */
export function inspect(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  if (subnet.isOutside(lo(), hi())) return status.OUT_OF_RANGE;
  const state = subnet.stateOf(lo(), hi());
  if (state == STATE_LIVE || state == STATE_RESERVED) return describe(subnet.bindingAt(lo(), hi()));
  store<u32>(IO, state, STATE);
  store<u32>(IO, 0, LENGTH);
  store<u32>(IO, 0, IS_PINNED);
  return status.OK;
}

/** As inspect, for the lowest ordinal at or above the given one that is bound or held. */
export function next(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  if (!nextUsed(subnet, lo(), hi())) return status.UNKNOWN;
  answer(status.OK);
  return inspect(id);
}
