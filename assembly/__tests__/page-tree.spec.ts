// The tree of pages against a sorted list, with numbers from everywhere and side by side.

import { blocksInUse, CALL_BLOCKS, reserveBlocks } from '../memory';
import { above } from '../ordinal';
import { Page } from '../page';
import { createPageTree, PageTree } from '../page-tree';
import { exists } from '../pointer';
import { createNodes, Nodes } from '../vector';
import { Random } from './support';

/** Pages in ascending order. */
class Sorted {
  pages: Page[] = [];

  /** Index of the first that is not below. */
  search(lo: u64, hi: u64): i32 {
    let i = 0;
    while (i < this.pages.length && above(lo, hi, this.pages[i].numberLo, this.pages[i].taggedHi)) i++;
    return i;
  }

  insert(i: i32, page: Page): void {
    this.pages.push(page);
    for (let at = this.pages.length - 1; at > i; at--) this.pages[at] = this.pages[at - 1];
    this.pages[i] = page;
  }
}

function pageOf(nodes: Nodes, lo: u64, hi: u64): Page {
  const page = changetype<Page>(nodes.zeros(32));
  page.numberLo = lo;
  page.taggedHi = hi;
  return page;
}

function check(tree: PageTree, sorted: Sorted, lo: u64, hi: u64, what: string): void {
  const i = sorted.search(lo, hi);
  const there = i < sorted.pages.length;
  const first = tree.firstFrom(lo, hi);
  assert(exists(first) == there && (!there || first == sorted.pages[i]), `${what}: first from ${hi}:${lo}`);
  const found = tree.find(lo, hi);
  const has = there && sorted.pages[i].is(lo, hi);
  assert(exists(found) == has && (!has || found == sorted.pages[i]), `${what}: find ${hi}:${lo}`);
}

test('finds what it has, and what comes next, while pages come and go', () => {
  // Numbers from few, from everywhere, and in ascending order.
  for (let kind = 0; kind < 3; kind++) {
    assert(reserveBlocks(CALL_BLOCKS));
    const nodes = createNodes();
    const tree = createPageTree(nodes);
    const sorted = new Sorted();
    const random = new Random(kind);
    check(tree, sorted, 0, 0, 'an empty tree');
    for (let step = 0; step < 3000; step++) {
      const lo: u64 = kind == 0 ? random.below(900) : kind == 1 ? random.next() : step;
      const hi: u64 = kind == 1 ? random.below(3) : 0;
      const growing = step < 1500;
      const i = sorted.search(lo, hi);
      if (i < sorted.pages.length && sorted.pages[i].is(lo, hi)) {
        tree.remove(sorted.pages.splice(i, 1)[0]);
      } else if (growing || kind == 0) {
        assert(reserveBlocks(CALL_BLOCKS));
        const page = pageOf(nodes, lo, hi);
        const most = nodes.blocksFor(tree.nodesForNext, 0);
        const before = blocksInUse();
        tree.insert(page);
        assert(blocksInUse() - before <= most, `step ${step}: more than ${most} blocks`);
        sorted.insert(i, page);
      }
      if (!growing && sorted.pages.length) tree.remove(sorted.pages.splice(random.below(sorted.pages.length), 1)[0]);
      check(tree, sorted, lo, hi, `kind ${kind}, step ${step}`);
      check(tree, sorted, lo + 1, hi, `kind ${kind}, step ${step}`);
      check(tree, sorted, random.next(), random.below(3), `kind ${kind}, step ${step}`);
    }
    for (let i = 0; i < sorted.pages.length; i++) {
      check(tree, sorted, sorted.pages[i].numberLo, sorted.pages[i].taggedHi, `kind ${kind} at the end`);
    }
    while (sorted.pages.length) tree.remove(sorted.pages.splice(random.below(sorted.pages.length), 1)[0]);
    expect<bool>(exists(tree.root)).toBe(false);
    expect<u32>(tree.height).toBe(0);
    nodes.destroy();
  }
  expect<u32>(blocksInUse()).toBe(0);
});
