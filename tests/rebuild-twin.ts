// The naive twin of the rebuild (docs/ABI.md, "Rebuild"): plain JavaScript over parsed JSON, slow and obviously right.
// Shares no code with src/, so that a mistake there is not made here too.

import { isIP } from 'node:net';

export interface TwinOptions {
  cidr: string;
  network?: string;
  /** The parsed answer of GET /services. */
  services?: any[];
  /** Single addresses. */
  held?: string[];
  /** Single addresses. The network address, and IPv4's broadcast address, are added by the twin. */
  excluded?: string[];
  /** The addresses that are pinned, by identity. */
  pins?: ReadonlyMap<string, string>;
}

export interface TwinBinding {
  identity: string;
  address: string;
  state: 'live' | 'reserved';
}

export interface TwinResult {
  /** Ascending by address. */
  bindings: TwinBinding[];
  conflicts: { address: string; winner: string; loser: string }[];
  superseded: number;
  elsewhere: number;
  /** In the order of the input. */
  skipped: { reason: string; record: string }[];
  /** Identities of the reserved bindings, the first to be reclaimed first. */
  reclaimOrder: string[];
}

interface TwinClaim {
  identity: string;
  address: bigint;
  state: 'live' | 'reserved';
  wanted: boolean;
  rank: number;
}

const LIVE = 'new allocated pending assigned accepted preparing ready starting running'.split(' ');
const ENDED = 'complete shutdown failed rejected remove orphaned'.split(' ');

export function rebuildTwin(records: any[], options: TwinOptions): TwinResult {
  const subnet = parseCidr(options.cidr);
  const excluded = new Set((options.excluded ?? []).map(toNumber));
  if (subnet.last - subnet.first > 1n) excluded.add(subnet.first);
  if (subnet.last - subnet.first > 1n && subnet.bits === 32) excluded.add(subnet.last);
  const held = new Set((options.held ?? []).map(toNumber));
  const pins = new Map([...(options.pins ?? [])].map(([identity, address]) => [identity, toNumber(address)]));
  const isAgainstPin = (identity: string, address: bigint) =>
    [...pins].some(([who, at]) => (who === identity) !== (at === address));

  // 1. Records that take no part.
  const skipped: TwinResult['skipped'] = [];
  const claims: TwinClaim[] = [];
  let elsewhere = 0;
  for (const [index, record] of records.entries()) {
    const read = readOne(record, options);
    if (read === 'elsewhere') {
      elsewhere += 1;
      continue;
    }
    let reason = typeof read === 'string' ? read : undefined;
    if (typeof read !== 'string') {
      const address = read.addresses
        .filter((text) => isIP(text) === (subnet.bits === 32 ? 4 : 6))
        .map(toNumber)
        .find((number) => number >= subnet.first && number <= subnet.last);
      if (address === undefined) reason = 'outside-subnet';
      else if (excluded.has(address)) reason = 'excluded';
      else if (held.has(address)) reason = 'held';
      else if (isAgainstPin(read.identity, address)) reason = 'pinned';
      else claims.push({ ...read, address });
    }
    if (reason !== undefined) skipped.push({ reason, record: hasText(record?.ID) ? record.ID : `#${index}` });
  }

  // 2. One claim an identity.
  const winners: TwinClaim[] = [];
  for (const rivals of groups(claims, (claim) => claim.identity)) {
    winners.push([...rivals].sort(betterClaim)[0]!);
  }

  // 3. One identity an address.
  const bound: TwinClaim[] = [];
  const lost: { address: bigint; winner: string; loser: string }[] = [];
  for (const rivals of groups(winners, (claim) => claim.address)) {
    const [winner, ...losers] = [...rivals].sort(betterOwner);
    bound.push(winner!);
    for (const loser of losers)
      lost.push({ address: winner!.address, winner: winner!.identity, loser: loser.identity });
  }

  bound.sort((a, b) => compare(a.address, b.address));
  lost.sort((a, b) => compare(a.address, b.address) || compareBytes(a.loser, b.loser));
  const show = (number: bigint) => toText(number, subnet.bits);
  return {
    bindings: bound.map(({ identity, address, state }) => ({ identity, address: show(address), state })),
    conflicts: lost.map(({ address, winner, loser }) => ({ address: show(address), winner, loser })),
    superseded: claims.length - winners.length,
    elsewhere,
    skipped,
    reclaimOrder: bound
      .filter((claim) => claim.state === 'reserved')
      .sort((a, b) => a.rank - b.rank || compare(a.address, b.address))
      .map((claim) => claim.identity),
  };
}

/** Wanted, then newer, then live, then the lower address. */
function betterClaim(a: TwinClaim, b: TwinClaim): number {
  return (
    Number(b.wanted) - Number(a.wanted) ||
    b.rank - a.rank ||
    Number(b.state === 'live') - Number(a.state === 'live') ||
    compare(a.address, b.address)
  );
}

/** Live, then wanted, then newer, then the identity that sorts first by its UTF-8 bytes. */
function betterOwner(a: TwinClaim, b: TwinClaim): number {
  return (
    Number(b.state === 'live') - Number(a.state === 'live') ||
    Number(b.wanted) - Number(a.wanted) ||
    b.rank - a.rank ||
    compareBytes(a.identity, b.identity)
  );
}

type Read = Omit<TwinClaim, 'address'> & { addresses: string[] };

function readOne(record: any, { network, services }: TwinOptions): Read | string {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'bad-record';
  if ('identity' in record) return readBinding(record);
  if (!('ID' in record) && !('NetworksAttachments' in record)) return 'bad-record';

  const attachments = record.NetworksAttachments ?? [];
  if (!Array.isArray(attachments)) return 'bad-record';
  if (attachments.some((attachment) => typeof attachment?.Network?.ID !== 'string')) return 'bad-record';
  const ours = attachments.filter(
    ({ Network }) => network === undefined || Network.ID === network || Network.Spec?.Name === network,
  );
  if (ours.length === 0) return 'elsewhere';

  for (const field of ['ServiceID', 'NodeID']) {
    if (!unset(record[field]) && typeof record[field] !== 'string') return 'bad-record';
  }
  if (!(unset(record.Slot) || isCount(record.Slot))) return 'bad-record';
  if (!hasText(record.ServiceID)) return 'no-slot';
  const service = services?.find((candidate) => candidate.ID === record.ServiceID);
  if (services !== undefined && service === undefined) return 'unknown-service';
  const global =
    service === undefined ? !record.Slot : Boolean(service.Spec.Mode?.Global ?? service.Spec.Mode?.GlobalJob);
  const last = global ? record.NodeID : record.Slot;
  if (!last) return 'no-slot';
  const identity = `${service === undefined ? record.ServiceID : service.Spec.Name}.${last}`;
  if (!goodIdentity(identity)) return 'bad-identity';

  const state = record.Status?.State;
  if (typeof state !== 'string') return 'bad-record';
  if (!LIVE.includes(state) && !ENDED.includes(state)) return 'unknown-state';
  if (!unset(record.DesiredState) && typeof record.DesiredState !== 'string') return 'bad-record';
  const rank = record.Version?.Index ?? 0;
  if (!isCount(rank) || rank >= 2 ** 48) return 'bad-record';

  const addresses: string[] = [];
  for (const attachment of ours) {
    const list = attachment.Addresses ?? [];
    if (!Array.isArray(list)) return 'bad-record';
    for (const text of list) {
      if (typeof text !== 'string') return 'bad-record';
      if (!isAddress(text)) return 'bad-address';
      addresses.push(text.split('/')[0]!);
    }
  }
  if (addresses.length === 0) return 'no-address';
  const wanted = record.DesiredState === 'running';
  return { identity, addresses, state: LIVE.includes(state) ? 'live' : 'reserved', wanted, rank };
}

function readBinding(record: any): Read | string {
  if (typeof record.identity !== 'string') return 'bad-record';
  if (!goodIdentity(record.identity)) return 'bad-identity';
  if (typeof record.address !== 'string') return 'bad-record';
  if (!isAddress(record.address)) return 'bad-address';
  if (typeof record.state !== 'string') return 'bad-record';
  if (record.state !== 'live' && record.state !== 'reserved') return 'unknown-state';
  const { identity, address, state } = record;
  return { identity, addresses: [address.split('/')[0]], state, wanted: state === 'live', rank: 0 };
}

function goodIdentity(identity: string): boolean {
  const bytes = Buffer.from(identity, 'utf8');
  return bytes.length >= 1 && bytes.length <= 255 && bytes.toString('utf8') === identity;
}

function isAddress(text: string): boolean {
  const [address = '', prefix = '0', ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || more.length > 0) return false;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

const unset = (value: unknown) => value === undefined || value === null;
const hasText = (value: unknown) => typeof value === 'string' && value.length > 0;
const isCount = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
const compareBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function groups<T, K>(items: T[], key: (item: T) => K): T[][] {
  const found = new Map<K, T[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return [...found.values()];
}

function parseCidr(cidr: string): { first: bigint; last: bigint; bits: 32 | 128 } {
  const [address, prefix] = cidr.split('/') as [string, string];
  const bits = isIP(address) === 4 ? 32 : 128;
  const first = toNumber(address);
  return { first, last: first + 2n ** BigInt(bits - Number(prefix)) - 1n, bits };
}

/** The URL parser writes IPv6 as RFC 5952 says, and so puts the zeros back for us to count. */
function toNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = canonical(address).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function toText(number: bigint, bits: 32 | 128): string {
  const size = bits === 32 ? 8n : 16n;
  const parts: bigint[] = [];
  for (let at = BigInt(bits) - size; at >= 0n; at -= size) parts.push((number >> at) & (2n ** size - 1n));
  if (bits === 32) return parts.join('.');
  // IPv4-mapped: RFC 5952, section 5.
  if (number >> 32n === 0xffffn) return `::ffff:${toText(number & 0xffffffffn, 32)}`;
  return canonical(parts.map((part) => part.toString(16)).join(':'));
}

function canonical(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
