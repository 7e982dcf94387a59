// A subnet as bytes, in pieces of any size. The bytes depend on the state alone, not on its history, the hash key or
// the host. restore.ts reads them.

import { HELD, LIVE, PINNED, TIME_LIMIT, WANTED } from './bindings';
import { copyBytes } from './bytes';
import { Ordinal } from './ordinal';
import { exists } from './pointer';
import { Binding } from './records';
import {
  BODY,
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
  sum,
  USED,
} from './snapshot-format';
import { Subnet } from './subnet';
import { nextUsed } from './used';

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
    writeHeader(subnet, changetype<Header>(at));
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
      if (exists(binding) && !(binding.flags & (LIVE | PINNED))) return skipEnd(at);
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

function writeHeader(subnet: Subnet, header: Header): void {
  const bindings = subnet.bindings;
  header.magic = MAGIC;
  header.format = bindings.pinned ? FORMAT_WITH_PINS : FORMAT;
  header.version = subnet.version;
  header.prefix = subnet.prefix;
  header.policy = <u8>subnet.policy.kind;
  header.baseLo = subnet.baseLo;
  header.baseHi = subnet.baseHi;
  header.cursorLo = subnet.policy.cursorLo;
  header.cursorHi = subnet.policy.cursorHi;
  header.lastTime = bindings.lastTime;
  header.ranges = subnet.exclusions.length;
  header.used = bindings.live + bindings.apart + subnet.held;
  header.reserved = bindings.reserved - bindings.apart;
  header.zero = 0;
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
  copyBytes(at + 16, changetype<usize>(binding) + BODY, 8 + <u32>binding.length);
  // What a rebuild or an earlier release left behind in a binding is history and not state.
  const body = load<u64>(at, 16) & ~((<u64>WANTED) << 48);
  store<u64>(at, binding.flags & LIVE ? body & ~(TIME_LIMIT - 1) : body, 16);
  return at + ENTRY + binding.length;
}
