// A growable array of 32-bit slots that never moves what it has: a tree of 512-byte nodes, as high as needed.
// Rejected: an array that doubles. It needs runs of blocks, and leaves halves behind that nobody else can use.

import { Arena, BLOCKS, EXTENT_HEADER, LARGEST_PIECE, pop, push } from './arena';
import { BLOCK, takeBlock } from './memory';

const BITS: u32 = 7;
/** Slots of a node. */
export const FAN: u32 = 1 << BITS;
const NODE: u32 = FAN * 4;
const PIECES_OF_BLOCK: u32 = (BLOCK - EXTENT_HEADER) / LARGEST_PIECE;

/** An arena that hands out nodes. */
@unmanaged
export class Nodes extends Arena {
  /** Nodes that were given back, and how many. */
  free: usize;
  freeCount: u32;

  /** A node of zeros. */
  node(): usize {
    let node = pop(changetype<usize>(this) + offsetof<Nodes>('free'));
    if (node) this.freeCount--;
    else node = this.cut(NODE);
    memory.fill(node, 0, NODE);
    return node;
  }

  /** The most blocks that so many nodes take, and so many other pieces of up to 560 bytes. */
  blocksFor(nodes: u32, pieces: u32): u32 {
    const more = pieces + (nodes > this.freeCount ? nodes - this.freeCount : 0);
    const left = <u32>(this.end - this.at) / LARGEST_PIECE;
    return more <= left ? 0 : (more - left + PIECES_OF_BLOCK - 1) / PIECES_OF_BLOCK;
  }

  /** A piece of zeros for a structure. */
  zeros(bytes: u32): usize {
    const size = (bytes + 7) & ~7;
    const piece = this.cut(size);
    memory.fill(piece, 0, size);
    return piece;
  }

  giveNode(node: usize): void {
    push(changetype<usize>(this) + offsetof<Nodes>('free'), node);
    this.freeCount++;
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

  /** The value of slot `i`; 0 also when the slot does not exist. */
  peek(i: u32): u32 {
    if (i >> (this.levels * BITS)) return 0;
    let node = this.root;
    for (let shift = this.levels * BITS - BITS; shift && node; shift -= BITS) {
      node = load<usize>(node + (((i >> shift) & (FAN - 1)) << 2));
    }
    return node ? load<u32>(node + ((i & (FAN - 1)) << 2)) : 0;
  }

  /** The first value that is not 0 in slot `i` or behind; 0 when there is none. */
  firstFrom(i: u32): u32 {
    return this.levels && !(i >> (this.levels * BITS)) ? firstIn(this.root, this.levels * BITS - BITS, i) : 0;
  }

  /** How many nodes making slot `i` takes. */
  nodesFor(i: u32): u32 {
    let levels: u32 = 1;
    while (i >> (levels * BITS)) levels++;
    if (levels > this.levels) return levels - this.levels + levels - 1;
    let node = this.root;
    for (let shift = this.levels * BITS - BITS; shift; shift -= BITS) {
      node = load<usize>(node + (((i >> shift) & (FAN - 1)) << 2));
      if (!node) return shift / BITS;
    }
    return 0;
  }

  /** Puts 0 into slot `i`, which exists, and gives back the nodes that have nothing left. */
  erase(i: u32, nodes: Nodes): void {
    if (!eraseIn(this.root, this.levels * BITS - BITS, i, nodes)) return;
    this.root = 0;
    this.levels = 0;
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

  /** Gives back the node of slot `i`, which is not the only one; nobody looks there any more. */
  drop(i: u32, nodes: Nodes): void {
    let node = this.root;
    for (let shift = this.levels * BITS - BITS; shift > BITS; shift -= BITS) {
      node = load<usize>(node + (((i >> shift) & (FAN - 1)) << 2));
    }
    const slot = node + (((i >> BITS) & (FAN - 1)) << 2);
    nodes.giveNode(load<usize>(slot));
    store<usize>(slot, 0);
  }

  /** Gives all nodes back. */
  clear(nodes: Nodes): void {
    if (this.levels) giveTree(this.root, this.levels, nodes);
    this.root = 0;
    this.levels = 0;
  }
}

/** As firstFrom, in a node whose slots stand for 2^shift each. */
function firstIn(node: usize, shift: u32, i: u32): u32 {
  for (let at = node + ((i >> shift) << 2); at < node + NODE; at += 4) {
    const value = load<u32>(at);
    if (value) {
      const found = shift ? firstIn(value, shift - BITS, i & ((1 << shift) - 1)) : value;
      if (found) return found;
    }
    i = 0;
  }
  return 0;
}

/** As erase, in such a node; whether it had nothing left and was given back. */
function eraseIn(node: usize, shift: u32, i: u32, nodes: Nodes): bool {
  const at = node + ((i >> shift) << 2);
  if (shift && !eraseIn(load<usize>(at), shift - BITS, i & ((1 << shift) - 1), nodes)) return false;
  store<u32>(at, 0);
  for (let each = node; each < node + NODE; each += 8) if (load<u64>(each)) return false;
  nodes.giveNode(node);
  return true;
}

function giveTree(node: usize, levels: u32, nodes: Nodes): void {
  if (levels > 1) {
    for (let slot = node; slot < node + NODE; slot += 4) {
      if (load<usize>(slot)) giveTree(load<usize>(slot), levels - 1, nodes);
    }
  }
  nodes.giveNode(node);
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
