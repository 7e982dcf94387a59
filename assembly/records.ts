// The memory of bindings: pieces of differing size, one after another, which can be walked from end to end. An arena of
// its own, because a walk in the order of memory is what makes growing the identity table fast.

import { Arena, EXTENT_HEADER, LIMIT, pop, push } from './arena';
import { none } from './pointer';
import { Nodes, Vector } from './vector';

/** The flag of a binding that is free memory. */
export const FREE: u8 = 0x80;

//   binding  ┌───────┬───────┬───────┬──────┬───────┬────────┬───────────┐
//            │ older │ newer │ place │ time │ flags │ length │ identity… │   to a multiple of 8 bytes
//            │ 0     │ 4     │ 8     │ 12   │ 18    │ 19     │ 20        │
//            └───────┴───────┴───────┴──────┴───────┴────────┴───────────┘
// `older` and `newer` chain reserved bindings; `time` is when they were released, in 48 bits.
export const KEY: u32 = 20;

@unmanaged
export class Binding {
  older: Binding;
  newer: Binding;
  place: u32;
  private timeLow: u32;
  private timeHigh: u16;
  flags: u8;
  length: u8;

  get time(): u64 {
    return <u64>this.timeLow | ((<u64>this.timeHigh) << 32);
  }

  set time(time: u64) {
    this.timeLow = <u32>time;
    this.timeHigh = <u16>(time >> 32);
  }

  get identity(): usize {
    return changetype<usize>(this) + KEY;
  }

  get size(): u32 {
    return (KEY + 7 + this.length) & ~7;
  }
}

export const NONE: Binding = none<Binding>();

@unmanaged
export class Records extends Arena {
  /** Heads of free lists by size: a piece of 8 × n bytes is listed in slot n. */
  lists: Vector;

  /** A binding with this identity and nothing else. */
  make(identity: usize, length: u32, flags: u8): Binding {
    const size = (KEY + 7 + length) & ~7;
    const binding = changetype<Binding>(pop(this.lists.at(size >> 3)) || this.cut(size));
    binding.flags = flags;
    binding.length = <u8>length;
    memory.copy(binding.identity, identity, length);
    return binding;
  }

  free(binding: Binding): void {
    binding.flags = FREE;
    push(this.lists.at(binding.size >> 3), changetype<usize>(binding));
  }
}

/** No records yet; the lists of free ones lie among the nodes, the records in an arena of their own. */
export function createRecords(nodes: Nodes): Records {
  const records = changetype<Records>(nodes.zeros(offsetof<Records>()));
  records.lists = changetype<Vector>(nodes.zeros(offsetof<Vector>()));
  records.lists.extend(0, nodes);
  return records;
}

/** The records of an arena, in the order of memory within each extent. */
export abstract class Walk {
  static extent: usize = 0;
  static at: usize = 0;
  static limit: usize = 0;
}

export function beginWalk(records: Records): void {
  Walk.extent = records.extent;
  Walk.at = records.extent + EXTENT_HEADER;
  Walk.limit = records.at;
}

/** The next binding that is in use, or null. */
export function nextRecord(): Binding {
  while (Walk.extent) {
    while (Walk.at < Walk.limit) {
      const binding = changetype<Binding>(Walk.at);
      Walk.at += binding.size;
      if (!(binding.flags & FREE)) return binding;
    }
    Walk.extent = load<usize>(Walk.extent);
    Walk.at = Walk.extent + EXTENT_HEADER;
    if (Walk.extent) Walk.limit = load<usize>(Walk.extent, LIMIT);
  }
  return NONE;
}
