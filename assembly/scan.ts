// Rebuilds from JSON text without the host's parser: Docker's task objects and compact records { identity, address,
// state }, as an array or one a line. Only plain claims are taken here. A record that is odd in any way, or that would be
// refused, goes to the host, which parses it properly and can say what is wrong with it.

import { readAddress } from './address-text';
import { LIVE, WANTED } from './bindings';
import {
  CLOSE_ARRAY,
  COMMA,
  CUT,
  lineEnd,
  nextItem,
  nextMember,
  ODD,
  OPEN_ARRAY,
  OPEN_OBJECT,
  readNumber,
  readString,
  skipSpace,
  skipValue,
  Text,
} from './json';
import { Ordinal } from './ordinal';
import { exists, none } from './pointer';
import { claim, Rebuild, rebuildOf } from './rebuild';
import * as status from './status';
import { Subnet } from './subnet';
import { HOLDING, NETWORK, REPLICATED, Word } from './words';

/** The form of the text: one array of records, or one record a line. */
export const ARRAY: u32 = 0;
export const LINES: u32 = 1;

// What stands between two records; the scan goes on from there with the next piece of text.
const AT_START: u32 = 0;
const IN_ARRAY: u32 = 1;
const AFTER_ITEM: u32 = 2;
const AFTER_COMMA: u32 = 3;
const AFTER_ARRAY: u32 = 4;

/** What a record has said so far. Strings are addresses in the text, with their length. */
abstract class Found {
  /** One bit a field; a field that comes twice is odd. */
  static fields: u32 = 0;
  static identity: usize = 0;
  static identityLength: u32 = 0;
  static address: usize = 0;
  static addressLength: u32 = 0;
  static flags: u8 = 0;
  static service: Word = none<Word>();
  static slot: u64 = 0;
  static node: usize = 0;
  static nodeLength: u32 = 0;
  static rank: u64 = 0;
  /** The task is attached to the network; an address of it lies in the subnet. */
  static attached: bool = false;
  static placed: bool = false;
  static lo: u64 = 0;
  static hi: u64 = 0;
}

// Fields by their bit.
const IDENTITY: u32 = 1;
const ADDRESS: u32 = 2;
const STATE: u32 = 4;
const VERSION: u32 = 8;
const SERVICE: u32 = 16;
const SLOT: u32 = 32;
const NODE: u32 = 64;
const STATUS: u32 = 128;
const DESIRED: u32 = 256;
const NETWORKS: u32 = 512;
const COMPACT: u32 = IDENTITY | ADDRESS | STATE;
const TASK: u32 = VERSION | STATUS | DESIRED | NETWORKS;

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
    at = skipSpace(at);
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
    const rest = skipSpace(at);
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

function readAttachments(subnet: Subnet, rebuild: Rebuild, at: usize): usize {
  let expected = OPEN_ARRAY;
  while (true) {
    at = nextItem(at, expected, CLOSE_ARRAY);
    expected = COMMA;
    if (at <= ODD || Text.closed) return at;
    at = readAttachment(subnet, rebuild, at);
    if (at <= ODD) return at;
  }
}

function readAttachment(subnet: Subnet, rebuild: Rebuild, at: usize): usize {
  let networks = 0;
  let addresses: usize = 0;
  let expected = OPEN_OBJECT;
  while (true) {
    at = nextMember(at, expected);
    expected = COMMA;
    if (at <= ODD) return at;
    if (Text.closed) break;
    if (Text.length == 7 && (load<u64>(Text.from) & 0x00ffffffffffffff) == 0x006b726f7774654e) {
      networks++;
      at = readNetwork(rebuild, at);
    } else {
      if (Text.length == 9 && load<u64>(Text.from) == 0x6573736572646441 && load<u8>(Text.from, 8) == 0x73) {
        if (addresses) return ODD;
        addresses = at;
      }
      at = skipValue(at);
    }
    if (at <= ODD) return at;
  }
  if (networks != 1) return ODD;
  if (!Network.ours) return at;
  if (Found.attached || !addresses) return ODD;
  Found.attached = true;
  const end = readAddresses(subnet, addresses);
  return end > ODD ? at : end;
}

abstract class Network {
  static ours: bool = false;
}

/** Whether a Network object has the ID of ours. */
function readNetwork(rebuild: Rebuild, at: usize): usize {
  Network.ours = false;
  let seen = false;
  let expected = OPEN_OBJECT;
  while (true) {
    at = nextMember(at, expected);
    expected = COMMA;
    if (at <= ODD) return at;
    if (Text.closed) return seen ? at : ODD;
    if (Text.length == 2 && load<u16>(Text.from) == 0x4449) {
      if (seen) return ODD;
      seen = true;
      at = readString(at);
      if (at <= ODD) return at;
      Network.ours = exists(rebuild.words.find(NETWORK, Text.from, Text.length));
    } else {
      at = skipValue(at);
      if (at <= ODD) return at;
    }
  }
}

/** Finds the address that lies in the subnet; a task of two families has one of each. Two in the subnet are odd. */
function readAddresses(subnet: Subnet, at: usize): usize {
  let expected = OPEN_ARRAY;
  while (true) {
    at = nextItem(at, expected, CLOSE_ARRAY);
    expected = COMMA;
    if (at <= ODD || Text.closed) return at;
    at = readString(at);
    if (at <= ODD) return at;
    if (!readAddress(Text.from, Text.length, subnet.version)) {
      // The other family is another subnet's affair; what is no address at all is the host's.
      if (!readAddress(Text.from, Text.length, 10 - subnet.version)) return ODD;
      continue;
    }
    if (!toOrdinal(subnet)) continue;
    if (Found.placed) return ODD;
    Found.placed = true;
    Found.lo = Ordinal.lo;
    Found.hi = Ordinal.hi;
  }
}

/** From the address in Ordinal to its ordinal; false when it lies outside the subnet. */
function toOrdinal(subnet: Subnet): bool {
  const borrow = <u64>(Ordinal.lo < subnet.baseLo);
  Ordinal.lo -= subnet.baseLo;
  Ordinal.hi -= subnet.baseHi + borrow;
  return !subnet.isOutside(Ordinal.lo, Ordinal.hi);
}

function claimCompact(subnet: Subnet): bool {
  if (Found.fields != COMPACT || !Found.identityLength || Found.identityLength > 255) return false;
  if (!readAddress(Found.address, Found.addressLength, subnet.version) || !toOrdinal(subnet)) return false;
  return claim(subnet, Found.identity, Found.identityLength, Ordinal.lo, Ordinal.hi, 0, Found.flags) >= 0;
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
  return size <= 255 && claim(subnet, NAME, size, Found.lo, Found.hi, Found.rank, Found.flags) >= 0;
}

function writeDecimal(at: usize, value: u64): usize {
  let digits: usize = 1;
  for (let rest = value / 10; rest; rest /= 10) digits++;
  for (let i = digits; i; value /= 10) store<u8>(at + --i, <u8>(0x30 + (value % 10)));
  return at + digits;
}

/** The bit of a member's name; 0 for one that does not matter. Names are compared as little-endian numbers. */
function fieldOf(key: usize, length: u32): u32 {
  const word = load<u64>(key);
  switch (length) {
    case 4:
      return <u32>word == 0x746f6c53 ? SLOT : 0;
    case 5:
      return (word & 0xffffffffff) == 0x6574617473 ? STATE : 0;
    case 6: {
      const name = word & 0xffffffffffff;
      return name == 0x737574617453 ? STATUS : name == 0x444965646f4e ? NODE : 0;
    }
    case 7: {
      const name = word & 0xffffffffffffff;
      return name == 0x6e6f6973726556 ? VERSION : name == 0x73736572646461 ? ADDRESS : 0;
    }
    case 8:
      return word == 0x797469746e656469 ? IDENTITY : 0;
    case 9:
      return word == 0x4965636976726553 && load<u8>(key, 8) == 0x44 ? SERVICE : 0;
    case 12:
      return word == 0x5364657269736544 && load<u32>(key, 8) == 0x65746174 ? DESIRED : 0;
    case 19:
      return word == 0x736b726f7774654e && load<u64>(key, 8) == 0x656d686361747441 && load<u32>(key, 15) == 0x73746e65
        ? NETWORKS
        : 0;
    default:
      return 0;
  }
}
