// The ABI: every function a host can call. Arguments and results are 32-bit integers; ordinals, times, identities and
// bulk data pass through fixed areas of the memory, below. docs/ABI.md describes each for hosts in other languages.

import { ownerAt, STATE_HELD, STATE_LIVE, STATE_RESERVED, stateOfBinding, TIME_LIMIT } from './bindings';
import { Range } from './exclusions';
import { setKey } from './hash';
import { BLOCK, blocksInUse, CALL_BLOCKS, limitPages, reserveBlocks } from './memory';
import { above, Ordinal } from './ordinal';
import { exists } from './pointer';
import {
  abortRebuild,
  beginRebuild,
  claim,
  commitRebuild,
  FAILED,
  nextLoser,
  OPEN,
  RESOLVED,
  rebuildOf,
  resolveRebuild,
  unholdStaged,
} from './rebuild';
import { Binding } from './records';
import { ARRAY, LINES, Scan, scan, scanComplete } from './scan';
import { createSubnet, destroySubnet, excludeRanges, validShape } from './shape';
import {
  abortRestore,
  beginRestore,
  beginSnapshot,
  endSnapshot,
  readSnapshot,
  restorePosition,
  takeRestored,
  writeSnapshot,
} from './snapshot';
import * as status from './status';
import { Subnet } from './subnet';
import { insertSubnet, removeSubnet, replaceSubnet, subnetAt } from './subnets';
import { nextUsed } from './used';
import { GLOBAL, NETWORK, REPLICATED } from './words';

//   io  ┌─────────┬──────┬───────┬────────┬──────────┬─────┬──────┬──────────┬───────┐
//       │ ordinal │ time │ state │ length │ position │ end │ last │ identity │ other │
//       │ 0       │ 16   │ 24    │ 28     │ 32       │ 36  │ 40   │ 64       │ 320   │   window: 64 KiB
//       └─────────┴──────┴───────┴────────┴──────────┴─────┴──────┴──────────┴───────┘
const IO: usize = memory.data(576, 16);
const TIME: usize = 16;
const STATE: usize = 24;
const LENGTH: usize = 28;
const POSITION: usize = 32;
const END: usize = 36;
const LAST: usize = 40;
const IDENTITY: usize = 64;
const OTHER: usize = 320;

const WINDOW_SIZE: u32 = 65536;
/** Eight bytes more than a host may fill: the scanner ends its text with zeros. */
const WINDOW: usize = memory.data(65536 + 8, 16);

const ABI_VERSION: i32 = 1;

export function abi_version(): i32 {
  return ABI_VERSION;
}

/** Address of the io area. */
export function io(): usize {
  return IO;
}

/** Address of the window. */
export function window(): usize {
  return WINDOW;
}

/** Keys the hash tables with the 16 bytes in the io area; before the first subnet is made or restored. */
export function set_seed(): i32 {
  if (blocksInUse()) return status.BAD_STATE;
  setKey(load<u64>(IO), load<u64>(IO, 8));
  return status.OK;
}

/** Bounds the memory of the instance, in pages of 64 KiB. */
export function set_memory_limit(pages: u32): void {
  limitPages(pages);
}

/** Bytes that subnets occupy now. */
export function memory_used(): u32 {
  return blocksInUse() * BLOCK;
}

/** The subnet of the call under way, and its number: most calls are for the same one as the call before. Null when it is gone. */
let subnet: Subnet = changetype<Subnet>(0);
let entered: u32 = 0;

/** Every call begins here: finds its subnet and checks the length of its identity (1 where it has none). */
function enter(id: u32, length: u32): i32 {
  if (id != entered || !changetype<usize>(subnet)) {
    subnet = subnetAt(id);
    if (!changetype<usize>(subnet)) return status.NO_SUBNET;
    entered = id;
  }
  return length - 1 < 255 ? status.OK : status.BAD_INPUT;
}

function lo(): u64 {
  return load<u64>(IO);
}

function hi(): u64 {
  return load<u64>(IO, 8);
}

/** The range of the call under way, io.ordinal to io.last, once enterRange has checked it. */
const RANGE: usize = memory.data(offsetof<Range>(), 8);

/** As enter, for a call about a range of ordinals. */
function enterRange(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  const range = changetype<Range>(RANGE);
  range.firstLo = lo();
  range.firstHi = hi();
  range.lastLo = load<u64>(IO, LAST);
  range.lastHi = load<u64>(IO, LAST + 8);
  if (subnet.isOutside(range.lastLo, range.lastHi)) return status.OUT_OF_RANGE;
  return above(range.firstLo, range.firstHi, range.lastLo, range.lastHi) ? status.BAD_INPUT : status.OK;
}

/** Hands a status on, and with one that comes with an ordinal writes that into the io area. */
function answer(result: i32): i32 {
  if (result < 0 && result != status.BOUND_ELSEWHERE) return result;
  store<u64>(IO, Ordinal.lo);
  store<u64>(IO, Ordinal.hi, 8);
  return result;
}

function copyIdentity(binding: Binding, to: usize): void {
  store<u32>(IO, binding.length, LENGTH);
  memory.copy(to, binding.identity, binding.length);
}

/** Writes all that is known of a binding into the io area. */
function describe(binding: Binding): i32 {
  subnet.bitmap.pages.toOrdinal(binding.place);
  store<u64>(IO, stateOfBinding(binding) == STATE_RESERVED ? binding.time : 0, TIME);
  store<u32>(IO, stateOfBinding(binding), STATE);
  copyIdentity(binding, IO + IDENTITY);
  return answer(status.OK);
}

/** Makes a subnet: base address in io.ordinal, excluded ranges in the window. Its number, or an error. */
export function subnet_create(version: u32, prefix: u32, policy: u32, ranges: u32): i32 {
  if (!validShape(version, prefix, policy) || ranges > WINDOW_SIZE / 32) return status.BAD_INPUT;
  if (version == 4 && (hi() || lo() >> 32)) return status.BAD_INPUT;
  if (!reserveBlocks(2 * CALL_BLOCKS)) return status.NO_MEMORY;
  const made = createSubnet(<u8>version, <u8>prefix, <u8>policy, lo(), hi());
  let result =
    (lo() & made.bitmap.lastLo) | (hi() & made.bitmap.lastHi) ? status.BAD_INPUT : excludeRanges(made, WINDOW, ranges);
  if (result == status.OK && !reserveBlocks(CALL_BLOCKS)) result = status.NO_MEMORY;
  if (result == status.OK) return <i32>insertSubnet(made);
  destroySubnet(made);
  return result;
}

export function subnet_destroy(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  abortRebuild(subnet);
  endSnapshot(subnet);
  destroySubnet(subnet);
  removeSubnet(id);
  subnet = changetype<Subnet>(0);
  return status.OK;
}

/** Writes the counts of a subnet into the window: see docs/ABI.md. */
export function subnet_stats(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  store<u32>(WINDOW, subnet.version, 0);
  store<u32>(WINDOW, subnet.prefix, 4);
  store<u32>(WINDOW, subnet.policy, 8);
  store<u32>(WINDOW, subnet.bindings.live, 12);
  store<u32>(WINDOW, subnet.bindings.reserved, 16);
  store<u32>(WINDOW, subnet.held, 20);
  store<u32>(WINDOW, subnet.exclusions.length, 24);
  store<u32>(WINDOW, subnet.exclusions.isEverything ? 1 : 0, 28);
  store<u64>(WINDOW, subnet.exclusions.sizeLo, 32);
  store<u64>(WINDOW, subnet.exclusions.sizeHi, 40);
  store<u64>(WINDOW, subnet.baseLo, 48);
  store<u64>(WINDOW, subnet.baseHi, 56);
  return status.OK;
}

export function allocate(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  return answer(subnet.allocate(IO + IDENTITY, length));
}

export function allocate_preferred(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  return answer(subnet.allocatePreferred(IO + IDENTITY, length, lo(), hi()));
}

/** As allocate; a new binding goes to a free ordinal from io.ordinal to io.last. */
export function allocate_in(id: u32, length: u32): i32 {
  const refusal = enterRange(id, length);
  if (refusal) return refusal;
  return answer(subnet.allocateIn(IO + IDENTITY, length, changetype<Range>(RANGE)));
}

/** Allocates for `count` identities in the window, one after another; answers of 24 bytes each follow at `results`. */
export function allocate_many(id: u32, count: u32, results: u32): i32 {
  const refusal = enter(id, 1);
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
  return answer(subnet.bind(IO + IDENTITY, length, lo(), hi()));
}

export function trade(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  return answer(subnet.trade(IO + IDENTITY, length, lo(), hi()));
}

export function release(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  const time = load<u64>(IO, TIME);
  if (time >= TIME_LIMIT) return status.BAD_INPUT;
  return answer(subnet.release(IO + IDENTITY, length, time));
}

export function reclaim(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  const binding = subnet.bindings.of(IO + IDENTITY, length);
  if (!exists(binding)) return status.UNKNOWN;
  describe(binding);
  if (stateOfBinding(binding) == STATE_LIVE) return status.IS_LIVE;
  subnet.unbind(binding);
  return status.CHANGED;
}

/** Reclaims the binding that was released first, if that was before io.time; the io area then describes it. */
export function reclaim_oldest(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  const binding = subnet.bindings.oldest;
  if (!exists(binding) || binding.time >= load<u64>(IO, TIME)) return status.UNKNOWN;
  describe(binding);
  subnet.unbind(binding);
  return status.CHANGED;
}

/** Describes the binding that was released first: the one that reclaim_oldest would take. */
export function oldest(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  return exists(subnet.bindings.oldest) ? describe(subnet.bindings.oldest) : status.UNKNOWN;
}

export function hold(id: u32): i32 {
  const refusal = enter(id, 1);
  return refusal ? refusal : subnet.hold(lo(), hi());
}

export function hold_next(id: u32): i32 {
  const refusal = enter(id, 1);
  return refusal ? refusal : answer(subnet.holdNext());
}

/** As hold_next, from io.ordinal to io.last. */
export function hold_next_in(id: u32): i32 {
  const refusal = enterRange(id, 1);
  return refusal ? refusal : answer(subnet.holdNextIn(changetype<Range>(RANGE)));
}

/** Whether io.ordinal is held, alone or beside a binding. */
export function is_held(id: u32): i32 {
  const refusal = enter(id, 1);
  return refusal ? refusal : subnet.isHeld(lo(), hi());
}

export function rehold(id: u32): i32 {
  const refusal = enter(id, 1);
  return refusal ? refusal : subnet.rehold(lo(), hi());
}

export function unhold(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  const result = subnet.unhold(lo(), hi());
  if (result == status.CHANGED) unholdStaged(subnet, lo(), hi());
  return result;
}

export function lookup(id: u32, length: u32): i32 {
  const refusal = enter(id, length);
  if (refusal) return refusal;
  const binding = subnet.bindings.of(IO + IDENTITY, length);
  return exists(binding) ? describe(binding) : status.UNKNOWN;
}

/** What the ordinal is; for a bound one also whose. */
export function inspect(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  if (subnet.isOutside(lo(), hi())) return status.OUT_OF_RANGE;
  const state = subnet.stateOf(lo(), hi());
  if (state == STATE_LIVE || state == STATE_RESERVED) return describe(subnet.bindingAt(lo(), hi()));
  store<u32>(IO, state, STATE);
  store<u32>(IO, 0, LENGTH);
  return status.OK;
}

/** As inspect, for the lowest ordinal at or above the given one that is bound or held. */
export function next(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  if (!nextUsed(subnet, lo(), hi())) return status.UNKNOWN;
  answer(status.OK);
  return inspect(id);
}

export function rebuild_begin(id: u32): i32 {
  const refusal = enter(id, 1);
  return refusal ? refusal : beginRebuild(subnet);
}

/** Enters a call that belongs to one stage of a rebuild. */
function enterRebuild(id: u32, stage: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  return subnet.rebuild && rebuildOf(subnet).stage == stage ? status.OK : status.BAD_STATE;
}

/** Takes the packed records in the window. Each learns its status in place; the answer counts those refused. */
export function rebuild_feed(id: u32, length: u32): i32 {
  const refusal = enterRebuild(id, OPEN);
  if (refusal) return refusal;
  if (length > WINDOW_SIZE || !areWhole(WINDOW, WINDOW + length)) return status.BAD_INPUT;
  const end = WINDOW + length;
  let refused = 0;
  for (let at = WINDOW; at < end; at += recordSize(at)) {
    const result = claimRecord(at);
    if (result == status.NO_MEMORY) {
      rebuildOf(subnet).stage = FAILED;
      return result;
    }
    store<i8>(at, <i8>result, 24);
    if (result < 0) refused++;
  }
  return refused;
}

function recordSize(at: usize): usize {
  return 28 + <usize>load<u8>(at, 27);
}

/** Whether the last record ends where the bytes do: looked at first, so that nothing is claimed when it does not. */
function areWhole(at: usize, end: usize): bool {
  while (at + 28 <= end) at += recordSize(at);
  return at == end;
}

function claimRecord(at: usize): i32 {
  if (load<u8>(at, 26)) return status.BAD_INPUT;
  const rank = load<u64>(at, 16);
  return claim(subnet, at + 28, load<u8>(at, 27), load<u64>(at), load<u64>(at, 8), rank, load<u8>(at, 25));
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
  const refusal = enter(id, 1);
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
  const winner = ownerAt(page, Ordinal.offset(loser.place));
  store<u32>(IO, exists(winner) ? stateOfBinding(winner) : STATE_HELD, STATE);
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
  subnet = changetype<Subnet>(0);
  return status.CHANGED;
}

export function rebuild_abort(id: u32): i32 {
  const refusal = enter(id, 1);
  return refusal ? refusal : abortRebuild(subnet);
}

export function snapshot_begin(id: u32): i32 {
  const refusal = enter(id, 1);
  if (refusal) return refusal;
  beginSnapshot(subnet);
  return status.OK;
}

/** Writes the next piece of the snapshot into the window: its length, 0 at the end. */
export function snapshot_next(): u32 {
  return <u32>(writeSnapshot(WINDOW, WINDOW + WINDOW_SIZE) - WINDOW);
}

export function restore_begin(): void {
  beginRestore();
}

/**
 * Reads the next piece of a snapshot, `length` bytes in the window: OK when more must follow, from io.position on;
 * CHANGED when it is whole, with the number of the new subnet in io.end.
 */
export function restore_feed(length: u32): i32 {
  if (length > WINDOW_SIZE) return status.BAD_INPUT;
  const result = readSnapshot(WINDOW, WINDOW + length);
  store<u32>(IO, <u32>(restorePosition() - WINDOW), POSITION);
  if (result == status.CHANGED) {
    if (!reserveBlocks(CALL_BLOCKS)) {
      abortRestore();
      return status.NO_MEMORY;
    }
    store<u32>(IO, insertSubnet(takeRestored()), END);
  }
  return result;
}

export function restore_abort(): void {
  abortRestore();
}
