// A host in AssemblyScript: what the io area and the window are to a host in any language, the specs meet here.

import * as core from '../index';
import { put, read } from './support';

export const IO: usize = core.io();
export const WINDOW: usize = core.window();

export const SERIAL: u32 = 0;
export const LOWEST: u32 = 1;
export const FREE: u32 = 0;
export const LIVE: u32 = 1;
export const RESERVED: u32 = 2;
export const HELD: u32 = 3;
export const EXCLUDED: u32 = 4;

export function identity(text: string): u32 {
  return put(text, IO + 64);
}

export function setOrdinal(lo: u64, hi: u64): void {
  store<u64>(IO, lo);
  store<u64>(IO, hi, 8);
}

export function lo(): u64 {
  return load<u64>(IO);
}

export function hi(): u64 {
  return load<u64>(IO, 8);
}

export function setLast(lo: u64, hi: u64 = 0): void {
  store<u64>(IO, lo, 40);
  store<u64>(IO, hi, 48);
}

export function setTime(time: u64): void {
  store<u64>(IO, time, 16);
}

export function time(): u64 {
  return load<u64>(IO, 16);
}

export function state(): u32 {
  return load<u32>(IO, 24);
}

export function length(): u32 {
  return load<u32>(IO, 28);
}

export function position(): u32 {
  return load<u32>(IO, 32);
}

export function end(): u32 {
  return load<u32>(IO, 36);
}

export function who(): string {
  return read(IO + 64, length());
}

export function other(): string {
  return read(IO + 320, end());
}

export function setRange(i: u32, aLo: u64, aHi: u64, bLo: u64, bHi: u64): void {
  const at = WINDOW + 32 * i;
  store<u64>(at, aLo);
  store<u64>(at, aHi, 8);
  store<u64>(at, bLo, 16);
  store<u64>(at, bHi, 24);
}

export function create(version: u32, prefix: u32, policy: u32 = SERIAL, ranges: u32 = 0): u32 {
  setOrdinal(0, 0);
  const id = core.subnet_create(version, prefix, policy, ranges);
  assert(id >= 0, `a subnet /${prefix} answers ${id}`);
  return <u32>id;
}

export function allocate(id: u32, name: string): i32 {
  return core.allocate(id, identity(name));
}

export function bind(id: u32, name: string, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.bind(id, identity(name));
}

export function prefer(id: u32, name: string, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.allocate_preferred(id, identity(name));
}

/** Allocates from the range first to last. */
export function allocateIn(id: u32, name: string, first: u64, last: u64): i32 {
  setOrdinal(first, 0);
  setLast(last);
  return core.allocate_in(id, identity(name));
}

/** Holds the next free ordinal of the range first to last. */
export function holdNextIn(id: u32, first: u64, last: u64): i32 {
  setOrdinal(first, 0);
  setLast(last);
  return core.hold_next_in(id);
}

export function isHeld(id: u32, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.is_held(id);
}

export function trade(id: u32, name: string, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.trade(id, identity(name));
}

export function release(id: u32, name: string, at: u64): i32 {
  setTime(at);
  return core.release(id, identity(name));
}

export function reclaim(id: u32, name: string): i32 {
  return core.reclaim(id, identity(name));
}

export function reclaimOldest(id: u32, before: u64): i32 {
  setTime(before);
  return core.reclaim_oldest(id);
}

export function hold(id: u32, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.hold(id);
}

export function rehold(id: u32, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.rehold(id);
}

export function unhold(id: u32, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.unhold(id);
}

export function lookup(id: u32, name: string): i32 {
  return core.lookup(id, identity(name));
}

export function inspect(id: u32, lo: u64, hi: u64 = 0): i32 {
  setOrdinal(lo, hi);
  return core.inspect(id);
}

/** State of an ordinal, with its identity: one line to compare. */
export function shown(id: u32, lo: u64, hi: u64 = 0): string {
  const status = inspect(id, lo, hi);
  return status ? status.toString() : `${state()} ${who()}`;
}

/** All that is used, in order: `ordinal state identity`, with the time of a reserved one. */
export function listed(id: u32): string {
  let text = '';
  let found = true;
  setOrdinal(0, 0);
  while (found && core.next(id) == 0) {
    const since = state() == RESERVED ? `@${time()}` : '';
    text += hi() ? `${hi()}:` : '';
    text += `${lo()} ${state()}${since} ${who()}, `;
    const next = lo() + 1;
    setOrdinal(next, hi() + <u64>(next == 0));
    found = (lo() | hi()) != 0;
  }
  return text;
}

/** The counts: live, reserved, held. */
export function counts(id: u32): string {
  core.subnet_stats(id);
  return `${load<u32>(WINDOW, 12)} ${load<u32>(WINDOW, 16)} ${load<u32>(WINDOW, 20)}`;
}

/** Writes a packed record; answers where it ends. */
export function pack(at: u32, name: string, lo: u64, hi: u64, rank: u64, flags: u8): u32 {
  const to = WINDOW + at;
  store<u64>(to, lo);
  store<u64>(to, hi, 8);
  store<u64>(to, rank, 16);
  store<u8>(to, 99, 24);
  store<u8>(to, flags, 25);
  store<u8>(to, 0, 26);
  const length = put(name, to + 28);
  store<u8>(to, <u8>length, 27);
  return at + 28 + length;
}

export function snapshot(id: u32): StaticArray<u8> {
  let bytes = new StaticArray<u8>(0);
  assert(core.snapshot_begin(id) == 0, 'snapshot_begin');
  for (let size = core.snapshot_next(); size; size = core.snapshot_next()) {
    const more = new StaticArray<u8>(bytes.length + size);
    memory.copy(changetype<usize>(more), changetype<usize>(bytes), bytes.length);
    memory.copy(changetype<usize>(more) + bytes.length, WINDOW, size);
    bytes = more;
  }
  return bytes;
}

/** Restores in pieces of at most `piece` bytes; the status that ended it, OK where the snapshot is cut off. */
export function restore(bytes: StaticArray<u8>, piece: u32 = 65536): i32 {
  core.restore_begin();
  let from: u32 = 0;
  let to: u32 = 0;
  while (true) {
    if (to == <u32>bytes.length && from == to) return 0;
    to = min(<u32>bytes.length, min(to + piece, from + 65536));
    memory.copy(WINDOW, changetype<usize>(bytes) + from, to - from);
    const status = core.restore_feed(to - from);
    from += position();
    if (status || to == <u32>bytes.length) return status;
  }
}

export function sameBytes(a: StaticArray<u8>, b: StaticArray<u8>): bool {
  return a.length == b.length && memory.compare(changetype<usize>(a), changetype<usize>(b), a.length) == 0;
}
