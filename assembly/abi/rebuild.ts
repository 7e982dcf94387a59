// The calls of a rebuild.

import { ownerAt, stateOfBinding, TIME_LIMIT } from '../bindings';
import { areWhole, feed } from '../feed';
import { Ordinal } from '../ordinal';
import { exists } from '../pointer';
import {
  abortRebuild,
  beginRebuild,
  commitRebuild,
  expectClaims,
  FAILED,
  nextLoser,
  OPEN,
  RESOLVED,
  rebuildOf,
  resolveRebuild,
} from '../rebuild';
import { ARRAY, LINES, Scan, scan, scanComplete } from '../scan';
import { endSnapshot } from '../snapshot';
import * as status from '../status';
import { replaceSubnet } from '../subnets';
import { GLOBAL, NETWORK, REPLICATED } from '../words';
import {
  answer,
  Call,
  copyIdentity,
  END,
  forget,
  IDENTITY,
  IO,
  LENGTH,
  OTHER,
  POSITION,
  STATE,
  subnet,
  TIME,
  WINDOW,
  WINDOW_SIZE,
} from './area';

export function rebuild_begin(id: u32): i32 {
  const refusal = Call.enter(id);
  return refusal ? refusal : beginRebuild(subnet);
}

/** Enters a call that belongs to one stage of a rebuild. */
function enterRebuild(id: u32, stage: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  return subnet.rebuild && rebuildOf(subnet).stage == stage ? status.OK : status.BAD_STATE;
}

/** About so many identities more will be claimed. */
export function rebuild_expect(id: u32, count: u32): i32 {
  const refusal = enterRebuild(id, OPEN);
  return refusal ? refusal : expectClaims(subnet, count);
}

/** Takes the packed records in the window. Each learns its status in place; the answer counts those refused. */
export function rebuild_feed(id: u32, length: u32): i32 {
  const refusal = enterRebuild(id, OPEN);
  if (refusal) return refusal;
  if (length > WINDOW_SIZE || !areWhole(WINDOW, WINDOW + length)) return status.BAD_INPUT;
  return feed(subnet, WINDOW, WINDOW + length);
}

/** Teaches the scanner a word of `length` bytes in the window and, for a service, its name behind it. */
export function rebuild_word(id: u32, kind: u32, length: u32, nameLength: u32): i32 {
  const refusal = enterRebuild(id, OPEN);
  if (refusal) return refusal;
  const named = kind == REPLICATED || kind == GLOBAL;
  if (kind - 1 >= NETWORK || length - 1 >= 255 || nameLength > 255 || named != (nameLength != 0))
    return status.BAD_INPUT;
  return rebuildOf(subnet).words.add(kind, WINDOW, length, nameLength) ? status.OK : status.NO_MEMORY;
}

/** Scans JSON in the window from `from` to `end`: an array, or one record a line. */
export function rebuild_scan_array(id: u32, from: u32, end: u32): i32 {
  return scanWindow(id, from, end, ARRAY);
}

export function rebuild_scan_lines(id: u32, from: u32, end: u32): i32 {
  return scanWindow(id, from, end, LINES);
}

function scanWindow(id: u32, from: u32, end: u32, form: u32): i32 {
  const refusal = enterRebuild(id, OPEN);
  if (refusal) return refusal;
  if (end > WINDOW_SIZE || from > end) return status.BAD_INPUT;
  Scan.end = 0;
  Scan.count = 0;
  const result = scan(subnet, WINDOW + from, WINDOW + end, form);
  store<u32>(IO, <u32>(Scan.at - WINDOW), POSITION);
  store<u32>(IO, Scan.end ? <u32>(Scan.end - WINDOW) : 0, END);
  store<u32>(IO, Scan.count, LENGTH);
  store<u32>(IO, scanComplete(rebuildOf(subnet)) ? 1 : 0, STATE);
  return result;
}

/** Decides between the claims. The window then counts: superseded, of other networks. */
export function rebuild_resolve(id: u32): i32 {
  const refusal = Call.enter(id);
  if (refusal) return refusal;
  if (!subnet.rebuild || rebuildOf(subnet).stage == FAILED) return status.BAD_STATE;
  const rebuild = rebuildOf(subnet);
  const result = resolveRebuild(subnet);
  store<u32>(WINDOW, rebuild.superseded);
  store<u32>(WINDOW, rebuild.elsewhere, 4);
  store<u32>(WINDOW, rebuild.staging.bindings.live, 8);
  store<u32>(WINDOW, rebuild.staging.bindings.reserved, 12);
  return result;
}

/** Takes one identity off the list of those that lost their ordinal: it in io.identity, the winner's in io.other. */
export function rebuild_conflict(id: u32): i32 {
  const refusal = enterRebuild(id, RESOLVED);
  if (refusal) return refusal;
  const staging = rebuildOf(subnet).staging;
  const loser = nextLoser(rebuildOf(subnet));
  if (!exists(loser)) return status.UNKNOWN;
  const page = staging.bitmap.pages.at(loser.place);
  page.toOrdinal(Ordinal.offset(loser.place));
  const lo = Ordinal.lo;
  const hi = Ordinal.hi;
  const winner = ownerAt(page, Ordinal.offset(loser.place));
  store<u32>(IO, exists(winner) ? stateOfBinding(winner) : staging.stateOf(lo, hi), STATE);
  store<u32>(IO, 0, END);
  if (exists(winner)) {
    copyIdentity(winner, IO + OTHER);
    store<u32>(IO, winner.length, END);
  }
  copyIdentity(loser, IO + IDENTITY);
  return answer(status.OK);
}

/** Puts the new bindings in the place of the old; reserved ones count as released at io.time. */
export function rebuild_commit(id: u32): i32 {
  const refusal = enterRebuild(id, RESOLVED);
  if (refusal) return refusal;
  const time = load<u64>(IO, TIME);
  if (time >= TIME_LIMIT) return status.BAD_INPUT;
  endSnapshot(subnet);
  const rebuilt = commitRebuild(subnet, time);
  if (!changetype<usize>(rebuilt)) return status.NO_MEMORY;
  replaceSubnet(id, rebuilt);
  forget();
  return status.CHANGED;
}

export function rebuild_abort(id: u32): i32 {
  const refusal = Call.enter(id);
  return refusal ? refusal : abortRebuild(subnet);
}
