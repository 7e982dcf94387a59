// A subnet as bytes and back, in pieces of any size. The bytes depend on the state alone, not on its history, the hash
// key or the host; docs/ABI.md has the format. A restore checks everything it reads and ends in a whole subnet or none.
//
//   header (64) │ excluded ranges │ live and held, ascending │ reserved, oldest first │ checksum (8)

import { HELD, LIVE, TIME_LIMIT, WANTED } from './bindings';
import { sipHash } from './hash';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { above, Ordinal } from './ordinal';
import { exists } from './pointer';
import { Binding } from './records';
import { hasRoomToBind } from './room';
import { createSubnet, destroySubnet, excludeRanges, validShape } from './shape';
import * as status from './status';
import { LOWEST, Subnet } from './subnet';
import { KEY } from './table';
import { nextUsed } from './used';

const MAGIC: u32 = 0x54504d4c; // "LMPT"
export const FORMAT: u8 = 1;

@unmanaged
class Header {
  magic: u32;
  format: u8;
  version: u8;
  prefix: u8;
  policy: u8;
  baseLo: u64;
  baseHi: u64;
  cursorLo: u64;
  cursorHi: u64;
  lastTime: u64;
  ranges: u32;
  /** Live bindings, and ordinals held without a binding. */
  used: u32;
  reserved: u32;
  zero: u32;
}

const HEADER: u32 = 64;
const RANGE: u32 = 32;
const CHECKSUM: u32 = 8;
//   entry  ┌───────────────┬──────┬───────┬────────┬───────────┐   of a binding: from `time` on just as bindings.ts
//          │ ordinal lo hi │ time │ flags │ length │ identity… │   keeps it; of a held ordinal: time 0, length 0
//          │ 0             │ 16   │ 22    │ 23     │ 24        │
//          └───────────────┴──────┴───────┴────────┴───────────┘
const ENTRY: u32 = 24;
/** Where in a binding the bytes of its entry begin, after the ordinal. */
const BODY: u32 = KEY - 8;

/** The one snapshot being written. */
abstract class Writer {
  static subnet: usize = 0;
  static range: u32 = 0;
  static lo: u64 = 0;
  static hi: u64 = 0;
  static reserved: usize = 0;
  static sum: u64 = 0;
  static stage: u32 = 0;
}

const HEAD: u32 = 1;
const RANGES: u32 = 2;
const USED: u32 = 3;
const RESERVED: u32 = 4;
const SUM: u32 = 5;

/** The checksum: SipHash-1-3 of each part under the sum so far. */
function sum(before: u64, at: usize, length: u32): u64 {
  return sipHash(at, length, before, MAGIC);
}

export function beginSnapshot(subnet: Subnet): void {
  Writer.subnet = changetype<usize>(subnet);
  Writer.stage = HEAD;
  Writer.range = 0;
  Writer.lo = 0;
  Writer.hi = 0;
  Writer.reserved = changetype<usize>(subnet.bindings.oldest);
  Writer.sum = 0;
}

/** The subnet goes: a snapshot of it that is half written stays cut off, and no host can restore it. */
export function endSnapshot(subnet: Subnet): void {
  if (Writer.subnet == changetype<usize>(subnet)) Writer.stage = 0;
}

/** Writes the next whole parts that fit between `at` and `end` (288 bytes at least); answers where they end. */
export function writeSnapshot(at: usize, end: usize): usize {
  const subnet = changetype<Subnet>(Writer.subnet);
  while (Writer.stage && at + ENTRY + 255 <= end) {
    const next = writePart(subnet, at);
    if (next == at) continue;
    Writer.sum = sum(Writer.sum, at, <u32>(next - at));
    at = next;
  }
  return at;
}

/** Writes one part; answers its end, or `at` when a stage has come to its end. */
function writePart(subnet: Subnet, at: usize): usize {
  const stage = Writer.stage;
  if (stage == HEAD) {
    const header = changetype<Header>(at);
    header.magic = MAGIC;
    header.format = FORMAT;
    header.version = subnet.version;
    header.prefix = subnet.prefix;
    header.policy = subnet.policy;
    header.baseLo = subnet.baseLo;
    header.baseHi = subnet.baseHi;
    header.cursorLo = subnet.cursorLo;
    header.cursorHi = subnet.cursorHi;
    header.lastTime = subnet.bindings.lastTime;
    header.ranges = subnet.exclusions.length;
    header.used = subnet.bindings.live + subnet.held;
    header.reserved = subnet.bindings.reserved;
    header.zero = 0;
    Writer.stage = RANGES;
    return at + HEADER;
  }
  if (stage == RANGES) {
    if (Writer.range < subnet.exclusions.length) {
      memory.copy(at, changetype<usize>(subnet.exclusions.range(Writer.range++)), RANGE);
      return at + RANGE;
    }
  } else if (stage == USED) {
    if (nextUsed(subnet, Writer.lo, Writer.hi)) {
      const lo = Ordinal.lo;
      const hi = Ordinal.hi;
      Writer.lo = lo + 1;
      Writer.hi = hi + <u64>(Writer.lo == 0);
      const binding = subnet.bindingAt(lo, hi);
      if (exists(binding) && !(binding.flags & LIVE)) return skipEnd(at);
      const next = writeEntry(at, lo, hi, binding);
      skipEnd(at);
      return next;
    }
  } else if (stage == RESERVED) {
    const binding = changetype<Binding>(Writer.reserved);
    if (exists(binding)) {
      Writer.reserved = changetype<usize>(binding.newer);
      subnet.bitmap.pages.toOrdinal(binding.place);
      return writeEntry(at, Ordinal.lo, Ordinal.hi, binding);
    }
  } else {
    store<u64>(at, Writer.sum);
    Writer.stage = 0;
    return at + CHECKSUM;
  }
  Writer.stage++;
  return at;
}

/** The stage ends when the ordinal just written was the last there can be. */
function skipEnd(at: usize): usize {
  if (!(Writer.lo | Writer.hi)) Writer.stage++;
  return at;
}

function writeEntry(at: usize, lo: u64, hi: u64, binding: Binding): usize {
  store<u64>(at, lo);
  store<u64>(at, hi, 8);
  if (!exists(binding)) {
    store<u64>(at, (<u64>HELD) << 48, 16);
    return at + ENTRY;
  }
  memory.copy(at + 16, changetype<usize>(binding) + BODY, 8 + binding.length);
  // What a rebuild or an earlier release left behind in a binding is history and not state.
  const body = load<u64>(at, 16) & ~((<u64>WANTED) << 48);
  store<u64>(at, binding.flags & LIVE ? body & ~(TIME_LIMIT - 1) : body, 16);
  return at + ENTRY + binding.length;
}

/** The one snapshot being read. */
abstract class Reader {
  static subnet: usize = 0;
  static stage: u32 = 0;
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
  if (!Reader.stage) return status.BAD_STATE;
  let result = status.OK;
  Reader.at = at;
  while (result == status.OK) {
    at = Reader.at;
    const length = partLength(at, <u32>(end - at));
    if (at + length > end) return status.OK;
    result = reserveBlocks(CALL_BLOCKS) ? readPart(at) : status.NO_MEMORY;
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
  if (stage == SUM) return load<u64>(at) == Reader.sum ? status.CHANGED : status.BAD_SNAPSHOT;
  const subnet = changetype<Subnet>(Reader.subnet);
  if (stage == RANGES) {
    Reader.ranges--;
    const result = excludeRanges(subnet, at, 1);
    return result == status.OK || result == status.NO_MEMORY ? result : status.BAD_SNAPSHOT;
  }
  return readEntry(subnet, at);
}

function readHeader(header: Header): i32 {
  if (header.magic != MAGIC) return status.BAD_SNAPSHOT;
  if (header.format != FORMAT) return status.BAD_VERSION;
  if (!validShape(header.version, header.prefix, header.policy) || header.zero) return status.BAD_SNAPSHOT;
  const subnet = createSubnet(header.version, header.prefix, header.policy, header.baseLo, header.baseHi);
  Reader.subnet = changetype<usize>(subnet);
  subnet.cursorLo = header.cursorLo;
  subnet.cursorHi = header.cursorHi;
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
  const bindings = subnet.bindings;
  const lo = load<u64>(at);
  const hi = load<u64>(at, 8);
  const body = load<u64>(at, 16);
  const time = body & (TIME_LIMIT - 1);
  const flags = load<u8>(at, 22);
  const length = load<u8>(at, 23);
  if (subnet.isOutside(lo, hi) || flags & ~(LIVE | HELD)) return status.BAD_SNAPSHOT;
  const pages = subnet.bitmap.pages;
  const known = pages.of(lo, hi);
  if (subnet.stateIn(known, lo, hi)) return status.BAD_SNAPSHOT;
  if (Reader.stage == USED) {
    // Ascending, so that one state has one snapshot. `lo` and `hi` of the reader are those of the entry before.
    if (time || (bindings.live + subnet.held && !above(lo, hi, Reader.lo, Reader.hi))) return status.BAD_SNAPSHOT;
    Reader.lo = lo;
    Reader.hi = hi;
    Reader.used--;
    if (!length) {
      if (flags != HELD) return status.BAD_SNAPSHOT;
      return min(subnet.holdFree(known, lo, hi), status.OK);
    }
  } else {
    if (time > bindings.lastTime || (exists(bindings.newest) && time < bindings.newest.time))
      return status.BAD_SNAPSHOT;
    Reader.reserved--;
  }
  if (!length || (flags & LIVE) != <u8>(Reader.stage == USED)) return status.BAD_SNAPSHOT;
  if (exists(bindings.of(at + ENTRY, length))) return status.BAD_SNAPSHOT;
  if (!hasRoomToBind(subnet.bitmap, bindings, known, lo, hi, length)) return status.NO_MEMORY;
  const page = pages.orNew(known, lo, hi);
  const binding = bindings.add(at + ENTRY, length, flags);
  subnet.settle(binding, page, pages.place(page, lo));
  if (Reader.stage == RESERVED) {
    const latest = bindings.lastTime;
    bindings.lastTime = 0;
    bindings.chain(binding, time);
    bindings.lastTime = latest;
  }
  return status.OK;
}
