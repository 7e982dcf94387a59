// Addresses as text and as numbers. The prefix length of a configuration is judged by ip-num; addresses, which come by
// the thousand, are read by the readers below. A number here is the whole address, not yet an ordinal.

import { IPv4Prefix, IPv6Prefix } from 'ip-num';
import { LimpetError } from './errors.js';

export interface Cidr {
  readonly text: string;
  readonly version: 4 | 6;
  readonly prefix: number;
  /** The network address. */
  readonly base: bigint;
  /** Addresses in it. */
  readonly size: bigint;
}

/** First and last address, both included. */
export type Range = readonly [first: bigint, last: bigint];

/** CIDRs that were read before. Whoever compares hundreds of subnets names the same ones each time. */
const known = new Map<string, Cidr>();
const MOST_KNOWN = 4096;

/** @throws LimpetError BAD_INPUT naming the text: malformed, or with host bits set */
export function parseCidr(text: string): Cidr {
  const before = known.get(text);
  if (before !== undefined) return before;
  const cidr = readNewCidr(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, cidr);
  return cidr;
}

function readNewCidr(text: string): Cidr {
  const version = text.includes(':') ? 6 : 4;
  const slash = text.indexOf('/');
  const address = parseAddress(text.slice(0, slash), version);
  const range = address === undefined ? undefined : readCidr(version, address, text.slice(slash + 1));
  if (range === undefined) {
    throw new LimpetError('BAD_INPUT', `${quote(text)} is not a valid CIDR: write it like 10.0.0.0/24 or fd00::/64`, {
      value: text,
    });
  }
  const [base, last] = range;
  const prefix = Number(text.slice(slash + 1));
  if (address !== base) {
    const meant = `${formatAddress(base, version)}/${prefix}`;
    throw new LimpetError('BAD_INPUT', `${quote(text)} has host bits set: the subnet is ${meant}`, {
      value: text,
      meant,
    });
  }
  return { text: `${formatAddress(base, version)}/${prefix}`, version, prefix, base, size: last - base + 1n };
}

function readCidr(version: 4 | 6, address: bigint, prefix: string): Range | undefined {
  // ip-num takes no text here, and BigInt takes "24 ", "+24" and "0x18".
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  try {
    const length = BigInt(prefix);
    const size = 1n << (version === 4 ? 32n - new IPv4Prefix(length).value : 128n - new IPv6Prefix(length).value);
    const base = address - (address % size);
    return [base, base + size - 1n];
  } catch {
    return undefined;
  }
}

/**
 * Reads what a user excludes: an address, a CIDR, or `first-last`.
 * @throws LimpetError BAD_INPUT naming the text
 */
export function parseRange(text: string, version: 4 | 6): Range {
  if (text.includes('/')) {
    const cidr = parseCidr(text);
    if (cidr.version === version) return [cidr.base, cidr.base + cidr.size - 1n];
  } else {
    const [first = '', last = first, more] = text.split('-').map((part) => part.trim());
    const from = parseAddress(first, version);
    const to = parseAddress(last, version);
    if (from !== undefined && to !== undefined && from <= to && more === undefined) return [from, to];
  }
  throw new LimpetError('BAD_INPUT', `${quote(text)} is not a valid IPv${version} address, CIDR or range first-last`, {
    value: text,
  });
}

/** Sorts ranges and joins those that overlap or touch. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const [first, last] of [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
    const before = merged.at(-1);
    if (before === undefined || first > before[1] + 1n) merged.push([first, last]);
    else if (last > before[1]) merged[merged.length - 1] = [before[0], last];
  }
  return merged;
}

/**
 * The address as a number; undefined when the text is no address of this version. No zones, no leading zeros in IPv4.
 */
export function parseAddress(text: string, version: 4 | 6): bigint | undefined {
  if (version === 6) return parseIPv6(text);
  const address = parseIPv4(text);
  return address < 0 ? undefined : BigInt(address);
}

/** Dotted decimal as a number; −1 when it is not (RFC 791; strict). */
export function parseIPv4(text: string): number {
  let address = 0;
  let part = -1;
  let parts = 1;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (part === 0) return -1;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return -1;
    } else if (digit === -2 && part >= 0 && parts < 4) {
      address = address * 256 + part;
      part = -1;
      parts++;
    } else {
      return -1;
    }
  }
  return part < 0 || parts < 4 ? -1 : address * 256 + part;
}

/** RFC 4291, section 2.2, all three forms. */
function parseIPv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let address = 0n;
  for (const group of [...head, ...Array<number>(missing).fill(0), ...tail]) address = (address << 16n) | BigInt(group);
  return address;
}

/** The 16-bit groups of a run without "::"; only the last run may end in dotted decimal. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const dotted = last && index === parts.length - 1 ? parseIPv4(part) : -1;
    if (dotted < 0) return undefined;
    groups.push(Math.floor(dotted / 65536), dotted % 65536);
  }
  return groups;
}

export function formatAddress(address: bigint, version: 4 | 6): string {
  return version === 4 ? formatIPv4(Number(address)) : formatIPv6(address);
}

const OCTETS = Array.from({ length: 256 }, (_, octet) => String(octet));
/** The first three octets that were asked for last, as a number and as text: neighbours share them. */
let lastHead = -1;
let lastHeadText = '';

/** By table: numbers made text anew each time take longer than all the rest of a call. */
export function formatIPv4(address: number): string {
  const head = address >>> 8;
  if (head !== lastHead) {
    lastHead = head;
    lastHeadText = `${OCTETS[head >>> 16]}.${OCTETS[(head >>> 8) & 255]}.${OCTETS[head & 255]}.`;
  }
  return lastHeadText + (OCTETS[address & 255] as string);
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function formatIPv6(address: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((address >> shift) & 0xffffn));
  // Section 5: addresses known to hold an IPv4 address show it in dotted decimal.
  if (address >> 32n === 0xffffn) return `::ffff:${formatIPv4(Number(address & 0xffffffffn))}`;
  let from = -1;
  let longest = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > longest) {
      longest = end - i;
      from = i;
    }
    i = Math.max(i, end - 1);
  }
  const text = groups.map((group) => group.toString(16));
  if (from < 0) return text.join(':');
  return `${text.slice(0, from).join(':')}::${text.slice(from + longest).join(':')}`;
}

/** A value as it stands in messages: quoted, and shortened when it is very long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text);
}
