// Addresses as text → numbers, for the scanner alone; the host has its own reader. Strict: what it does not take
// (zones, leading zeros, IPv4 inside IPv6) goes to the host.

import { Ordinal } from './ordinal';

const DOT: u32 = 0x2e;
const COLON: u32 = 0x3a;
const SLASH: u32 = 0x2f;

/** Reads an address, with or without "/prefix", into Ordinal as a number; false when it is not one of this version. */
export function readAddress(at: usize, length: u32, version: u32): bool {
  const end = at + length;
  const address = version == 4 ? readIPv4(at, end) : readIPv6(at, end);
  if (!address) return false;
  if (address == end) return true;
  if (load<u8>(address) != SLASH) return false;
  const rest = decimal(address + 1, end, version == 4 ? 32 : 128);
  return rest == end;
}

/** Decimal digits without leading zeros up to a limit, into Decimal.value; the byte after them, or 0. */
function decimal(at: usize, end: usize, limit: u32): usize {
  const from = at;
  let value: u32 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + digit;
    if (value > limit) return 0;
  }
  if (at == from || (load<u8>(from) == 0x30 && at - from > 1)) return 0;
  Decimal.value = value;
  return at;
}

abstract class Decimal {
  static value: u32 = 0;
}

/** RFC 791 dotted decimal. */
function readIPv4(at: usize, end: usize): usize {
  let address: u64 = 0;
  for (let part = 0; part < 4; part++) {
    if (part && (at >= end || load<u8>(at++) != DOT)) return 0;
    let value = digitAt(at++, end);
    if (value > 9) return 0;
    for (let digit = digitAt(at, end); digit < 10; digit = digitAt(++at, end)) {
      if (!value) return 0;
      value = value * 10 + digit;
      if (value > 255) return 0;
    }
    address = (address << 8) | value;
  }
  Ordinal.lo = address;
  Ordinal.hi = 0;
  return at;
}

/** 10 or more when there is no digit. */
function digitAt(at: usize, end: usize): u32 {
  return at < end ? <u32>load<u8>(at) - 0x30 : 10;
}

/** RFC 4291 section 2.2, forms 1 and 2. */
function readIPv6(at: usize, end: usize): usize {
  let lo: u64 = 0;
  let hi: u64 = 0;
  let headLo: u64 = 0;
  let headHi: u64 = 0;
  let groups: u32 = 0;
  /** Groups before "::", or 8 + 1 when there is none. */
  let gap: u32 = 9;
  if (at + 1 < end && load<u16>(at) == 0x3a3a) {
    gap = 0;
    at += 2;
  }
  while (groups < 8 && at < end) {
    let group: u32 = 0;
    const from = at;
    for (; at < end; at++) {
      const c = <u32>load<u8>(at);
      let digit = c - 0x30;
      if (digit > 9) {
        digit = (c | 0x20) - 0x61 + 10;
        if (digit < 10 || digit > 15) break;
      }
      group = (group << 4) | digit;
    }
    if (at == from) {
      // Only right after "::" may there be no group.
      if (gap != groups) return 0;
      break;
    }
    if (at - from > 4) return 0;
    hi = (hi << 16) | (lo >> 48);
    lo = (lo << 16) | group;
    groups++;
    if (at >= end || load<u8>(at) != COLON) break;
    at++;
    if (at < end && load<u8>(at) == COLON) {
      if (gap < 9) return 0;
      gap = groups;
      headLo = lo;
      headHi = hi;
      lo = 0;
      hi = 0;
      at++;
    } else if (at >= end || groups == 8) {
      return 0;
    }
  }
  if (gap == 9) {
    if (groups != 8) return 0;
  } else {
    if (groups > 7) return 0;
    // The groups before "::" go to the top.
    const shift = (<u64>(8 - gap)) << 4;
    if (gap == 0) {
      headLo = 0;
      headHi = 0;
    } else if (shift >= 64) {
      headHi = (headLo << (shift - 64)) | 0;
      headLo = 0;
    } else {
      headHi = (headHi << shift) | (headLo >> (64 - shift));
      headLo <<= shift;
    }
    lo |= headLo;
    hi |= headHi;
  }
  Ordinal.lo = lo;
  Ordinal.hi = hi;
  return at;
}
