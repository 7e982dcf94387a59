// A growable array of 32-bit slots that never moves what it has: a tree of 512-byte nodes, as high as needed.
// Rejected: an array that doubles. It needs runs of blocks, and leaves halves behind that nobody else can use.

import { Arena, BLOCKS, EXTENT_HEADER, pop, push } from './arena';
import { BLOCK, takeBlock } from './memory';

const BITS: u32 = 7;
/** Slots of a node. */
export const FAN: u32 = 1 << BITS;
const NODE: u32 = FAN * 4;

/** An arena that hands out nodes. */
@unmanaged
export class Nodes extends Arena {
  freeNodes: usize;

  /** A node of zeros. */
  node(): usize {
    const node = pop(changetype<usize>(this) + offsetof<Nodes>('freeNodes')) || this.cut(NODE);
    memory.fill(node, 0, NODE);
    return node;
  }

  /** A piece of zeros for a structure. */
  zeros(bytes: u32): usize {
    const size = (bytes + 7) & ~7;
    const piece = this.cut(size);
    memory.fill(piece, 0, size);
    return piece;
  }

  giveNode(node: usize): void {
    push(changetype<usize>(this) + offsetof<Nodes>('freeNodes'), node);
  }
}

/** Nodes that lie in their own first block, as its first piece. Memory has been reserved. */
export function createNodes(): Nodes {
  const block = takeBlock();
  memory.fill(block, 0, BLOCK);
  store<u32>(block, 1, BLOCKS);
  const nodes = changetype<Nodes>(block + EXTENT_HEADER);
  nodes.extent = block;
  nodes.end = block + BLOCK;
  nodes.at = changetype<usize>(nodes) + ((offsetof<Nodes>() + 7) & ~7);
  return nodes;
}

@unmanaged
export class Vector {
  root: usize;
  /** Height of the tree: it has room for 128^levels slots. */
  levels: u32;

  /** Address of slot `i`, which must exist. Slots of one node lie side by side. */
  at(i: u32): usize {
    return this.slot(i);
  }

  /** As `at`, inline: for the paths that every call takes. */
  @inline
  slot(i: u32): usize {
    let node = this.root;
    for (let shift = this.levels * BITS - BITS; shift; shift -= BITS) {
      node = load<usize>(node + (((i >> shift) & (FAN - 1)) << 2));
    }
    return node + ((i & (FAN - 1)) << 2);
  }

  get(i: u32): u32 {
    return load<u32>(this.at(i));
  }

  /** Address of slot `i` (below 2^28), made with value 0 when it does not exist yet; at most 8 nodes are taken. */
  extend(i: u32, nodes: Nodes): usize {
    if (!this.levels) {
      this.root = nodes.node();
      this.levels = 1;
    }
    while (i >> (this.levels * BITS)) {
      const root = nodes.node();
      store<usize>(root, this.root);
      this.root = root;
      this.levels++;
    }
    let node = this.root;
    for (let shift = this.levels * BITS - BITS; shift; shift -= BITS) {
      const slot = node + (((i >> shift) & (FAN - 1)) << 2);
      node = load<usize>(slot);
      if (!node) {
        node = nodes.node();
        store<usize>(slot, node);
      }
    }
    return node + ((i & (FAN - 1)) << 2);
  }
}

/** A vector of pointers whose numbers are handed out again: a freed slot links to the next one with its low bit set. */
@unmanaged
export class Slots extends Vector {
  /** Slots ever used; each below it holds a pointer or a link. */
  length: u32;
  /** 2 × number + 1 of the last freed slot, or 0. */
  freed: u32;

  add(pointer: usize, nodes: Nodes): u32 {
    const link = this.freed;
    if (link) {
      const slot = this.at(link >> 1);
      this.freed = load<u32>(slot);
      store<usize>(slot, pointer);
      return link >> 1;
    }
    store<usize>(this.extend(this.length, nodes), pointer);
    return this.length++;
  }

  remove(i: u32): void {
    store<u32>(this.at(i), this.freed);
    this.freed = (i << 1) | 1;
  }

  /** The pointer in slot `i`, or 0 when there is none. */
  find(i: u32): usize {
    if (i >= this.length) return 0;
    const pointer = this.get(i);
    return pointer & 1 ? 0 : pointer;
  }
}
