// A subnet from the bytes of a snapshot (snapshot.ts), in pieces of any size. It checks everything it reads and ends
// in a whole subnet or none.

import { HELD, LIVE, PINNED, TIME_LIMIT } from './bindings';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { above } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';
import { LOWEST } from './policy';
import { hasRoomToBind } from './room';
import { createSubnet, destroySubnet, excludeRanges, validShape } from './shape';
import {
  CHECKSUM,
  ENTRY,
  FORMAT,
  FORMAT_WITH_PINS,
  HEAD,
  HEADER,
  Header,
  MAGIC,
  RANGE,
  RANGES,
  RESERVED,
  SUM,
  sum,
  USED,
} from './snapshot-format';
import * as status from './status';
import { Subnet } from './subnet';

/** The one snapshot being read. */
abstract class Reader {
  static subnet: usize = 0;
  static stage: u32 = 0;
  static format: u8 = 0;
  static at: usize = 0;
  static ranges: u32 = 0;
  static used: u32 = 0;
  static reserved: u32 = 0;
  static lo: u64 = 0;
  static hi: u64 = 0;
  static sum: u64 = 0;
}

export function beginRestore(): void {
  abortRestore();
  Reader.stage = HEAD;
  Reader.sum = 0;
}

export function abortRestore(): void {
  if (Reader.subnet) destroySubnet(changetype<Subnet>(Reader.subnet));
  Reader.subnet = 0;
  Reader.stage = 0;
}

export function isRestoring(): bool {
  return Reader.stage != 0;
}

/** Where reading stopped: the start of a part that `end` cuts off. */
export function restorePosition(): usize {
  return Reader.at;
}

/** The restored subnet, once readSnapshot has answered CHANGED; it is the caller's from then on. */
export function takeRestored(): Subnet {
  const subnet = changetype<Subnet>(Reader.subnet);
  Reader.subnet = 0;
  return subnet;
}

/** Reads whole parts: OK when more must follow, CHANGED when the snapshot is whole; after an error nothing is left. */
export function readSnapshot(at: usize, end: usize): i32 {
  let result = status.OK;
  Reader.at = at;
  while (result == status.OK) {
    at = Reader.at;
    const length = partLength(at, <u32>(end - at));
    if (at + length > end) return status.OK;
    result = readPart(at);
    Reader.sum = sum(Reader.sum, at, length);
    Reader.at = at + length;
  }
  if (result == status.CHANGED && Reader.at != end) result = status.BAD_SNAPSHOT;
  if (result == status.CHANGED) Reader.stage = 0;
  else abortRestore();
  return result;
}

/** Ends the stages that have nothing left, then tells how long the next part is. */
function partLength(at: usize, available: u32): u32 {
  if (Reader.stage == RANGES && !Reader.ranges) Reader.stage++;
  if (Reader.stage == USED && !Reader.used) Reader.stage++;
  if (Reader.stage == RESERVED && !Reader.reserved) Reader.stage++;
  const stage = Reader.stage;
  if (stage == HEAD) return HEADER;
  if (stage == RANGES) return RANGE;
  if (stage == SUM) return CHECKSUM;
  return available < ENTRY ? ENTRY : ENTRY + load<u8>(at, 23);
}

function readPart(at: usize): i32 {
  const stage = Reader.stage;
  if (stage == HEAD) return readHeader(changetype<Header>(at));
  const subnet = changetype<Subnet>(Reader.subnet);
  if (stage == SUM) return isSound(subnet, load<u64>(at)) ? status.CHANGED : status.BAD_SNAPSHOT;
  if (stage == RANGES) {
    Reader.ranges--;
    const result = excludeRanges(subnet, at, 1);
    return result == status.OK || result == status.NO_MEMORY ? result : status.BAD_SNAPSHOT;
  }
  return readEntry(subnet, at);
}

/** One state has one snapshot: only that of a subnet with a pin is of the version with pins. */
function isSound(subnet: Subnet, checksum: u64): bool {
  return checksum == Reader.sum && (Reader.format == FORMAT_WITH_PINS) == (subnet.bindings.pinned != 0);
}

function readHeader(header: Header): i32 {
  if (header.magic != MAGIC) return status.BAD_SNAPSHOT;
  if (header.format != FORMAT && header.format != FORMAT_WITH_PINS) return status.BAD_VERSION;
  Reader.format = header.format;
  if (!validShape(header.version, header.prefix, header.policy) || header.zero) return status.BAD_SNAPSHOT;
  if (!reserveBlocks(CALL_BLOCKS)) return status.NO_MEMORY;
  const subnet = createSubnet(header.version, header.prefix, header.policy, header.baseLo, header.baseHi);
  Reader.subnet = changetype<usize>(subnet);
  subnet.policy.cursorLo = header.cursorLo;
  subnet.policy.cursorHi = header.cursorHi;
  subnet.bindings.lastTime = header.lastTime;
  Reader.stage = RANGES;
  Reader.ranges = header.ranges;
  Reader.used = header.used;
  Reader.reserved = header.reserved;
  const last = subnet.bitmap;
  const beyond =
    subnet.isOutside(header.cursorLo, header.cursorHi) ||
    (header.policy == LOWEST && (header.cursorLo | header.cursorHi) != 0);
  const misplaced =
    (header.baseLo & last.lastLo) |
    (header.baseHi & last.lastHi) |
    (header.version == 4 ? header.baseHi | (header.baseLo >> 32) : 0);
  return beyond || misplaced || header.lastTime >= TIME_LIMIT ? status.BAD_SNAPSHOT : status.OK;
}

function readEntry(subnet: Subnet, at: usize): i32 {
  const lo = load<u64>(at);
  const hi = load<u64>(at, 8);
  const flags = load<u8>(at, 22);
  const length = load<u8>(at, 23);
  if (subnet.isOutside(lo, hi) || flags & ~(LIVE | HELD | PINNED)) return status.BAD_SNAPSHOT;
  const page = subnet.bitmap.pages.of(lo, hi);
  if (subnet.stateIn(page, lo, hi)) return status.BAD_SNAPSHOT;
  const time = load<u64>(at, 16) & (TIME_LIMIT - 1);
  if (!isInTurn(subnet, lo, hi, time)) return status.BAD_SNAPSHOT;
  if (length) {
    const isUsed = (flags & (LIVE | PINNED)) != 0;
    if (isUsed != (Reader.stage == USED) || (flags & LIVE && time)) return status.BAD_SNAPSHOT;
    return readBinding(subnet, page, at, time);
  }
  if (Reader.stage != USED || flags != HELD || time) return status.BAD_SNAPSHOT;
  return min(subnet.holdFree(page, lo, hi), status.OK);
}

/**
 * Counts an entry, and whether it follows the one before: used ones by ordinal, so that one state has one snapshot, and
 * reserved ones by time.
 */
function isInTurn(subnet: Subnet, lo: u64, hi: u64, time: u64): bool {
  const bindings = subnet.bindings;
  if (Reader.stage == RESERVED) {
    Reader.reserved--;
    return time <= bindings.lastTime && !(exists(bindings.newest) && time < bindings.newest.time);
  }
  Reader.used--;
  const first = !(bindings.live + bindings.apart + subnet.held);
  const follows = above(lo, hi, Reader.lo, Reader.hi);
  Reader.lo = lo;
  Reader.hi = hi;
  return time <= bindings.lastTime && (first || follows);
}

function readBinding(subnet: Subnet, known: Page, at: usize, time: u64): i32 {
  const bindings = subnet.bindings;
  const pages = subnet.bitmap.pages;
  const lo = load<u64>(at);
  const hi = load<u64>(at, 8);
  const length = load<u8>(at, 23);
  if (exists(bindings.of(at + ENTRY, length))) return status.BAD_SNAPSHOT;
  if (!hasRoomToBind(subnet.bitmap, bindings, known, lo, hi, length)) return status.NO_MEMORY;
  const page = pages.orNew(known, lo, hi);
  const binding = bindings.add(at + ENTRY, length, load<u8>(at, 22));
  subnet.settle(binding, page, pages.place(page, lo));
  binding.time = time;
  if (Reader.stage == USED) return status.OK;
  const latest = bindings.lastTime;
  bindings.lastTime = 0;
  bindings.chain(binding, time);
  bindings.lastTime = latest;
  return status.OK;
}
