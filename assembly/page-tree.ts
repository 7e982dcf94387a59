// Pages in ascending order of level and number, as a B-tree. For subnets so wide that page numbers cannot be slots of a
// vector: whatever ordinals somebody picks, finding a page, making one and going on to the next cost the logarithm of
// how many there are. Rejected: a hash table (its key would decide about memory, and it has no order).

import { Ordinal } from './ordinal';
import { Page } from './page';
import { exists, none } from './pointer';
import { Nodes } from './vector';

//   node  ┌───────┬──────────────┬─────────────┐
//         │ count │ keys 24 × 16 │ items 24 × 4 │   512 bytes; items are pages in the lowest nodes, else nodes
//         │ 0     │ 16           │ 400          │   with the keys from theirs on; the first key counts as the least
//         └───────┴──────────────┴─────────────┘
const KEYS: usize = 16;
const ITEMS: usize = 400;
const MOST: u32 = 24;

@unmanaged
class TreeNode {
  count: u32;

  @inline
  keyLo(i: u32): u64 {
    return load<u64>(changetype<usize>(this) + (i << 4), KEYS);
  }

  @inline
  keyHi(i: u32): u64 {
    return load<u64>(changetype<usize>(this) + (i << 4), KEYS + 8);
  }

  item(i: u32): usize {
    return load<usize>(changetype<usize>(this) + (i << 2), ITEMS);
  }

  child(i: u32): TreeNode {
    return changetype<TreeNode>(this.item(i));
  }

  /** How many keys are not above (hi, lo). */
  rank(lo: u64, hi: u64): u32 {
    let from: u32 = 0;
    let to = this.count;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (Ordinal.above(this.keyLo(middle), this.keyHi(middle), lo, hi)) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** The item that (hi, lo) belongs to, in a node of nodes. */
  branch(lo: u64, hi: u64): u32 {
    return max(this.rank(lo, hi), 1) - 1;
  }

  insert(i: u32, lo: u64, hi: u64, item: usize): void {
    this.shift(i, i + 1);
    const at = changetype<usize>(this);
    store<u64>(at + (i << 4), lo, KEYS);
    store<u64>(at + (i << 4), hi, KEYS + 8);
    store<usize>(at + (i << 2), item, ITEMS);
    this.count++;
  }

  remove(i: u32): void {
    this.shift(i + 1, i);
    this.count--;
  }

  /** Moves the items from `from` on to `to`. */
  private shift(from: u32, to: u32): void {
    const at = changetype<usize>(this);
    memory.copy(at + KEYS + (to << 4), at + KEYS + (from << 4), (this.count - from) << 4);
    memory.copy(at + ITEMS + (to << 2), at + ITEMS + (from << 2), (this.count - from) << 2);
  }

  /** Moves the upper half to an empty node. */
  halve(upper: TreeNode): void {
    const at = changetype<usize>(this);
    const to = changetype<usize>(upper);
    const half: u32 = MOST / 2;
    memory.copy(to + KEYS, at + KEYS + (half << 4), (MOST - half) << 4);
    memory.copy(to + ITEMS, at + ITEMS + (half << 2), (MOST - half) << 2);
    this.count = half;
    upper.count = MOST - half;
  }
}

@unmanaged
export class PageTree {
  nodes: Nodes;
  root: TreeNode;
  /** Levels of nodes above the lowest. */
  height: u32;

  /** The page of this number and level, or null. */
  find(lo: u64, taggedHi: u64): Page {
    let node = this.root;
    if (!exists(node)) return none<Page>();
    for (let height = this.height; height; height--) node = node.child(node.branch(lo, taggedHi));
    const page = changetype<Page>(node.item(node.branch(lo, taggedHi)));
    return page.is(lo, taggedHi) ? page : none<Page>();
  }

  /** The first page that is not below this number and level, or null. */
  firstFrom(lo: u64, taggedHi: u64): Page {
    while (exists(this.root)) {
      let node = this.root;
      let behind = false;
      let behindLo: u64 = 0;
      let behindHi: u64 = 0;
      for (let height = this.height; height; height--) {
        const i = node.branch(lo, taggedHi);
        if (i + 1 < node.count) {
          behind = true;
          behindLo = node.keyLo(i + 1);
          behindHi = node.keyHi(i + 1);
        }
        node = node.child(i);
      }
      let i = node.rank(lo, taggedHi);
      if (i && changetype<Page>(node.item(i - 1)).is(lo, taggedHi)) i--;
      if (i < node.count) return changetype<Page>(node.item(i));
      if (!behind) break;
      // All of this node lie below: the one behind begins at this key or after it.
      lo = behindLo;
      taggedHi = behindHi;
    }
    return none<Page>();
  }

  /** How many nodes an insertion takes at the most. */
  get nodesForNext(): u32 {
    return exists(this.root) ? this.height + 2 : 1;
  }

  /** Inserts a page that is not there. Nodes that are full are split on the way down, so that there is room above. */
  insert(page: Page): void {
    const lo = page.numberLo;
    const hi = page.taggedHi;
    if (!exists(this.root)) this.root = this.newNode();
    if (this.root.count == MOST) {
      const above = this.newNode();
      above.insert(0, 0, 0, changetype<usize>(this.root));
      this.root = above;
      this.height++;
      this.split(above, 0);
    }
    let node = this.root;
    for (let height = this.height; height; height--) {
      let i = node.branch(lo, hi);
      if (node.child(i).count == MOST) {
        this.split(node, i);
        i = node.branch(lo, hi);
      }
      node = node.child(i);
    }
    node.insert(node.rank(lo, hi), lo, hi, changetype<usize>(page));
  }

  /** Removes a page that is there. Nodes are given back when they are empty, and never joined. */
  remove(page: Page): void {
    this.removeFrom(this.root, this.height, page);
    while (this.height && this.root.count == 1) {
      const root = this.root;
      this.root = root.child(0);
      this.nodes.giveNode(changetype<usize>(root));
      this.height--;
    }
    if (this.root.count) return;
    this.nodes.giveNode(changetype<usize>(this.root));
    this.root = none<TreeNode>();
  }

  private removeFrom(node: TreeNode, height: u32, page: Page): void {
    const i = node.branch(page.numberLo, page.taggedHi);
    if (height) {
      const child = node.child(i);
      this.removeFrom(child, height - 1, page);
      if (child.count) return;
      this.nodes.giveNode(changetype<usize>(child));
    }
    node.remove(i);
  }

  private split(node: TreeNode, i: u32): void {
    const upper = this.newNode();
    node.child(i).halve(upper);
    node.insert(i + 1, upper.keyLo(0), upper.keyHi(0), changetype<usize>(upper));
  }

  private newNode(): TreeNode {
    return changetype<TreeNode>(this.nodes.node());
  }
}

/** No pages yet. */
export function createPageTree(nodes: Nodes): PageTree {
  const tree = changetype<PageTree>(nodes.zeros(offsetof<PageTree>()));
  tree.nodes = nodes;
  return tree;
}
