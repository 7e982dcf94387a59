// Rebuilds from JSON text without the host's parser: Docker's task objects and compact records { identity, address,
// state }, as an array or one a line. Only plain claims are taken here. A record that is odd in any way, or that
// would be refused, goes to the host, which parses it properly and can say what is wrong with it.

import { readAddress } from './address-text';
import { readAttachments, toOrdinal } from './attachments';
import { LIVE, WANTED } from './bindings';
import {
  ADDRESS,
  COMPACT,
  DESIRED,
  Found,
  fieldOf,
  IDENTITY,
  NETWORKS,
  NODE,
  SERVICE,
  SLOT,
  STATE,
  STATUS,
  TASK,
  VERSION,
} from './found';
import { hashBytes } from './hash';
import {
  CLOSE_ARRAY,
  COMMA,
  CUT,
  lineEnd,
  nextMember,
  ODD,
  OPEN_ARRAY,
  OPEN_OBJECT,
  readNumber,
  readString,
  skipValue,
  Text,
} from './json';
import { Ordinal } from './ordinal';
import { exists } from './pointer';
import { claim, Rebuild, rebuildOf } from './rebuild';
import * as status from './status';
import { Subnet } from './subnet';
import { HOLDING, REPLICATED } from './words';

/** The form of the text: one array of records, or one record a line. */
export const ARRAY: u32 = 0;
export const LINES: u32 = 1;

// What stands between two records; the scan goes on from there with the next piece of text.
const AT_START: u32 = 0;
const IN_ARRAY: u32 = 1;
const AFTER_ITEM: u32 = 2;
const AFTER_COMMA: u32 = 3;
const AFTER_ARRAY: u32 = 4;

/** Room to put an identity together. */
const NAME: usize = memory.data(512, 8);

/** How far the last scan came, and, where a record is the host's, its end (0 when it cannot be told). */
export abstract class Scan {
  static at: usize = 0;
  static end: usize = 0;
  /** Records read, those for the host not counted. */
  static count: u32 = 0;
}

/**
 * Reads whole records from `at` on: OK when only a part of one is left (or nothing), HOST when the host must read the
 * record at Scan.at (also when memory ran out for it), BAD_INPUT when there is something else than a record.
 */
export function scan(subnet: Subnet, at: usize, end: usize, form: u32): i32 {
  // What stands behind the text is the host's, perhaps more text.
  const behind = load<u64>(end);
  store<u64>(end, 0);
  Text.end = end;
  const result = scanRecords(subnet, at, end, form);
  store<u64>(end, behind);
  return result;
}

function scanRecords(subnet: Subnet, at: usize, end: usize, form: u32): i32 {
  const lines = form == LINES;
  const rebuild = rebuildOf(subnet);
  while (true) {
    // Between lines a line break is space like any other.
    Text.lines = false;
    at = Text.skip(at);
    Scan.at = at;
    if (at >= end) return status.OK;
    if (!lines) {
      const state = rebuild.scanState;
      const c = <u32>load<u8>(at);
      const next: u32 =
        state == AT_START && c == OPEN_ARRAY
          ? IN_ARRAY
          : state == AFTER_ITEM && c == COMMA
            ? AFTER_COMMA
            : (state == AFTER_ITEM || state == IN_ARRAY) && c == CLOSE_ARRAY
              ? AFTER_ARRAY
              : 0;
      if (next) {
        rebuild.scanState = next;
        at++;
        continue;
      }
      if (state != IN_ARRAY && state != AFTER_COMMA) return status.BAD_INPUT;
    }
    Text.lines = lines;
    const after = readRecord(subnet, rebuild, at);
    if (after > ODD) {
      if (!lines) rebuild.scanState = AFTER_ITEM;
      Scan.count++;
      at = after;
      continue;
    }
    if (after == CUT) return status.OK;
    const stop = lines ? lineEnd(at) : skipValue(at);
    if (stop == CUT) return status.OK;
    if (!lines) rebuild.scanState = AFTER_ITEM;
    Scan.end = stop > ODD ? stop : 0;
    return status.HOST;
  }
}

/** Whether the text may end here: an array must have been closed. */
export function scanComplete(rebuild: Rebuild): bool {
  return rebuild.scanState == AT_START || rebuild.scanState == AFTER_ARRAY;
}

/** Reads one record and claims what it says. */
function readRecord(subnet: Subnet, rebuild: Rebuild, at: usize): usize {
  if (load<u8>(at) != OPEN_OBJECT) return ODD;
  Found.fields = 0;
  Found.slot = 0;
  Found.nodeLength = 0;
  Found.attached = false;
  Found.placed = false;
  let expected = OPEN_OBJECT;
  while (true) {
    at = nextMember(at, expected);
    expected = COMMA;
    if (at <= ODD) return at;
    if (Text.closed) break;
    const field = fieldOf(Text.from, Text.length);
    if (Found.fields & field) return ODD;
    Found.fields |= field;
    at = field ? readField(subnet, rebuild, field, at) : skipValue(at);
    if (at <= ODD) return at;
  }
  if (Text.lines) {
    const rest = Text.skip(at);
    if (rest >= Text.end) return CUT;
    if (load<u8>(rest) != 0x0a) return ODD;
  }
  const claimed = Found.fields & COMPACT ? claimCompact(subnet) : claimTask(subnet, rebuild);
  return claimed ? at : ODD;
}

function readField(subnet: Subnet, rebuild: Rebuild, field: u32, at: usize): usize {
  if (field == VERSION) return readInner(rebuild, at, VERSION);
  if (field == STATUS) return readInner(rebuild, at, STATUS);
  if (field == NETWORKS) return readAttachments(subnet, rebuild, at);
  if (field == SLOT) {
    at = readNumber(at);
    Found.slot = Text.number;
    return at;
  }
  at = readString(at);
  if (at <= ODD) return at;
  const from = Text.from;
  const length = Text.length;
  if (field == IDENTITY) {
    Found.identity = from;
    Found.identityLength = length;
  } else if (field == ADDRESS) {
    Found.address = from;
    Found.addressLength = length;
  } else if (field == STATE) {
    const live = length == 4 && load<u32>(from) == 0x6576696c;
    Found.flags = live ? LIVE | WANTED : 0;
    if (!live && !(length == 8 && load<u64>(from) == 0x6465767265736572)) return ODD;
  } else if (field == SERVICE) {
    Found.service = rebuild.words.find(REPLICATED, from, length);
    if (!exists(Found.service)) return ODD;
  } else if (field == NODE) {
    Found.node = from;
    Found.nodeLength = length;
  } else if (field == DESIRED) {
    const wanted = length == 7 && (load<u64>(from) & 0x00ffffffffffffff) == 0x00676e696e6e7572;
    Found.flags = (Found.flags & LIVE) | (wanted ? WANTED : 0);
  }
  return at;
}

/** The one member that matters of Version (Index) or Status (State). */
function readInner(rebuild: Rebuild, at: usize, field: u32): usize {
  let seen = false;
  let expected = OPEN_OBJECT;
  while (true) {
    at = nextMember(at, expected);
    expected = COMMA;
    if (at <= ODD) return at;
    if (Text.closed) return seen ? at : ODD;
    const key = load<u64>(Text.from) & 0x000000ffffffffff;
    if (Text.length == 5 && key == (field == VERSION ? 0x7865646e49 : 0x6574617453)) {
      if (seen) return ODD;
      seen = true;
      if (field == VERSION) {
        at = readNumber(at);
        Found.rank = Text.number;
      } else {
        at = readString(at);
        if (at <= ODD) return at;
        const word = rebuild.words.find(HOLDING, Text.from, Text.length);
        if (!exists(word)) return ODD;
        Found.flags = (Found.flags & WANTED) | (<u32>word.kind == HOLDING ? LIVE : 0);
      }
    } else {
      at = skipValue(at);
    }
    if (at <= ODD) return at;
  }
}

function claimCompact(subnet: Subnet): bool {
  if (Found.fields != COMPACT || !Found.identityLength || Found.identityLength > 255) return false;
  if (!readAddress(Found.address, Found.addressLength, subnet.version) || !toOrdinal(subnet)) return false;
  return claimed(subnet, Found.identity, Found.identityLength, Ordinal.lo, Ordinal.hi, 0);
}

function claimTask(subnet: Subnet, rebuild: Rebuild): bool {
  if ((Found.fields & NETWORKS) == 0) return false;
  if (!Found.attached) {
    if (!rebuild.words.hasNetwork) return false;
    rebuild.elsewhere++;
    return true;
  }
  if (!Found.placed || (Found.fields & (TASK | SERVICE)) != (TASK | SERVICE)) return false;
  const service = Found.service;
  const length = <u32>service.nameLength;
  memory.copy(NAME, service.name, length);
  store<u8>(NAME + length, 0x2e);
  let end = NAME + length + 1;
  if (<u32>service.kind == REPLICATED) {
    if (!Found.slot) return false;
    end = writeDecimal(end, Found.slot);
  } else {
    if (Found.slot || !Found.nodeLength || Found.nodeLength > 255) return false;
    memory.copy(end, Found.node, Found.nodeLength);
    end += Found.nodeLength;
  }
  const size = <u32>(end - NAME);
  return size <= 255 && claimed(subnet, NAME, size, Found.lo, Found.hi, Found.rank);
}

/** Claims what has been found for an identity; false when it is refused. */
function claimed(subnet: Subnet, identity: usize, length: u32, lo: u64, hi: u64, rank: u64): bool {
  return claim(subnet, identity, length, hashBytes(identity, length), lo, hi, rank, Found.flags) >= 0;
}

function writeDecimal(at: usize, value: u64): usize {
  let digits: usize = 1;
  for (let rest = value / 10; rest; rest /= 10) digits++;
  for (let i = digits; i; value /= 10) store<u8>(at + --i, <u8>(0x30 + (value % 10)));
  return at + digits;
}
