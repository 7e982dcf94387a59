// The memory of bindings: pieces of differing size, in an arena of their own, so that they lie side by side.

import { Arena, pop, push } from './arena';
import { copyBytes } from './bytes';
import { none } from './pointer';
import { KEY } from './table';
import { Nodes, Vector } from './vector';

//   binding  ┌───────┬───────┬───────┬──────┬───────┬────────┬───────────┐
//            │ older │ newer │ place │ time │ flags │ length │ identity… │   to a multiple of 8 bytes
//            │ 0     │ 4     │ 8     │ 12   │ 18    │ 19     │ 20        │
//            └───────┴───────┴───────┴──────┴───────┴────────┴───────────┘
// `older` and `newer` chain reserved bindings; `time` is when they were released, in 48 bits. While a binding is live
// its stamp stands there, once it has one: a number that no other binding of the instance has had (docs/ABI.md,
// "Handles"). Length and identity lie where the table looks for a key.

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

  /** Where the eight bytes stand that tell a host whether the binding is as it was. */
  get handle(): usize {
    return changetype<usize>(this) + offsetof<Binding>('timeLow');
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

/** Whether the identity of `a` sorts before that of `b`, byte by byte. */
export function isBefore(a: Binding, b: Binding): bool {
  const shorter = min(a.length, b.length);
  for (let i: usize = 0; i < shorter; i++) {
    const byteA = load<u8>(a.identity + i);
    const byteB = load<u8>(b.identity + i);
    if (byteA != byteB) return byteA < byteB;
  }
  return a.length < b.length;
}

@unmanaged
export class Records extends Arena {
  /** Heads of free lists by size: a piece of 8 × n bytes is listed in slot n. */
  lists: Vector;

  /** A binding with this identity and nothing else. */
  make(identity: usize, length: u32, flags: u8): Binding {
    const size = (KEY + 7 + length) & ~7;
    const binding = changetype<Binding>(pop(this.lists.at(size >> 3)) || this.cut(size));
    binding.time = 0;
    binding.flags = flags;
    binding.length = <u8>length;
    copyBytes(binding.identity, identity, length);
    return binding;
  }

  /** Blocks that a binding with an identity of this length takes. */
  blocksFor(length: u32): u32 {
    const size = (KEY + 7 + length) & ~7;
    return load<usize>(this.lists.at(size >> 3)) || this.end - this.at >= size ? 0 : 1;
  }

  free(binding: Binding): void {
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
