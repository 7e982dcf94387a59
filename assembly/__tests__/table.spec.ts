// The hash table against a naive list: while it grows, while entries come and go, and when hashes are chosen to
// collide.

import { blocksInUse, CALL_BLOCKS, giveBlock, limitPages, reserveBlocks, takeBlock } from '../memory';
import { createTable, KEY, Table } from '../table';
import { createNodes, Nodes } from '../vector';
import { Random } from './support';

/** The hash of key n, of several kinds. */
function hashOf(kind: u32, n: u32): u32 {
  const mixed = n * 0x9e3779b1;
  if (kind == 0) return mixed ^ (mixed >> 15);
  // Sixteen different ones; all the same, at either end; ascending ones.
  if (kind == 1) return mixed & 0xf0000000;
  if (kind == 2) return 0;
  if (kind == 3) return u32.MAX_VALUE;
  return n << 12;
}

const KINDS: u32 = 5;
const key = memory.data(8, 8);

class Model {
  nodes: Nodes = createNodes();
  table: Table = createTable(this.nodes);
  entries: usize[] = [];
  numbers: u32[] = [];

  constructor(public kind: u32) {}

  add(n: u32): void {
    assert(reserveBlocks(CALL_BLOCKS));
    const entry = this.nodes.cut(24);
    store<u8>(entry, 4, KEY - 1);
    store<u32>(entry, n, KEY);
    assert(this.find(n) == 0, `${n} is new`);
    this.table.insert(entry, hashOf(this.kind, n));
    this.entries.push(entry);
    this.numbers.push(n);
  }

  remove(i: i32): void {
    this.table.remove(this.entries[i], hashOf(this.kind, this.numbers[i]));
    this.entries[i] = this.entries[this.entries.length - 1];
    this.numbers[i] = this.numbers[this.numbers.length - 1];
    this.entries.pop();
    this.numbers.pop();
  }

  find(n: u32): usize {
    store<u32>(key, n);
    return this.table.find(key, 4, hashOf(this.kind, n));
  }

  /** That it has all that it should, and none of `others` from `from` on. */
  check(what: string, from: u32, others: u32): void {
    assert(this.table.entries == <u32>this.entries.length, `${what}: ${this.table.entries} entries`);
    for (let i = 0; i < this.entries.length; i++) {
      assert(this.find(this.numbers[i]) == this.entries[i], `${what}: key ${this.numbers[i]}`);
    }
    for (let n: u32 = 0; n < others; n++) assert(this.find(from + n) == 0, `${what}: ${from + n} was never there`);
  }

  destroy(): void {
    this.nodes.destroy();
    assert(blocksInUse() == 0, 'blocks left');
  }
}

function modelOf(kind: u32): Model {
  assert(reserveBlocks(CALL_BLOCKS));
  return new Model(kind);
}

test('every size up to 200, and back to nothing', () => {
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const model = modelOf(kind);
    model.check('an empty one', 0, 5);
    for (let n: u32 = 0; n < 200; n++) {
      model.add(n);
      model.check(`kind ${kind}, ${n + 1} entries`, n + 1, 10);
    }
    for (let n: u32 = 0; n < 200; n++) {
      model.remove(<i32>(n * 7) % model.entries.length);
      model.check(`kind ${kind}, ${n + 1} removed`, 200, 10);
    }
    model.destroy();
  }
});

test('a walk of 30 000 steps through several growths', () => {
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const model = modelOf(kind);
    const random = new Random(kind);
    // Where hashes are alike every search is as long as the table.
    const steps: u32 = kind == 0 || kind == 4 ? 30000 : 1500;
    for (let n: u32 = 0; n < steps; n++) {
      model.add(n);
      if (random.below(3) == 0) model.remove(random.below(model.entries.length));
      if (n % (steps / 8) == 0) model.check(`kind ${kind}, step ${n}`, n + 1, 100);
    }
    model.check(`kind ${kind}, at the end`, steps, 100);
    model.destroy();
  }
});

test('removed from in the middle of growing, on both sides of the frontier', () => {
  const model = modelOf(0);
  let n: u32 = 0;
  for (let growths = 0; growths < 3; growths++) {
    while (model.table.larger.extent == 0) model.add(n++);
    while (model.table.larger.extent != 0) {
      for (let i = 0; i < 5; i++) model.remove((i * 11) % model.entries.length);
      for (let i = 0; i < 6; i++) model.add(n++);
      model.check(`growth ${growths}, ${n} added`, n, 50);
    }
  }
  model.destroy();
});

test('a table that knows how many come gets the size it would grow to, and moves each entry once at most', () => {
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    // Where hashes are alike every search is as long as the table.
    const many: u32 = kind == 0 || kind == 4 ? 16000 : 400;
    const grown = modelOf(kind);
    for (let n: u32 = 0; n < many; n++) grown.add(n);
    for (let known: u32 = 0; known <= 200; known += 100) {
      const model = modelOf(kind);
      for (let n: u32 = 0; n < known; n++) model.add(n);
      assert(!model.table.larger.extent && model.table.expect(many));
      const whole = model.table.larger.whole || model.table.slots.whole;
      for (let n = known; n < many; n++) {
        model.add(n);
        assert(!model.table.larger.extent || model.table.larger.whole == whole, 'a second growth');
        if (n == 2 * known) model.check(`kind ${kind}, ${known} known, on the way`, n + 1, 100);
      }
      model.check(`kind ${kind}, ${known} known, at the end`, many, 100);
      if (model.kind == 0) {
        while (grown.table.larger.extent) grown.add(grown.table.entries);
        assert(model.table.slots.whole == grown.table.slots.whole, `${model.table.slots.whole} slots`);
      }
      model.nodes.destroy();
    }
    grown.destroy();
  }
});

test('an expectation without memory for it changes nothing', () => {
  const model = modelOf(0);
  for (let n: u32 = 0; n < 100; n++) model.add(n);
  const blocks = blocksInUse();
  limitPages(memory.size() + 16);
  expect<bool>(model.table.expect(1 << 22)).toBe(false);
  expect<bool>(model.table.expect(u32.MAX_VALUE)).toBe(false);
  limitPages(65535);
  expect<u32>(blocksInUse()).toBe(blocks);
  for (let n: u32 = 100; n < 3000; n++) model.add(n);
  model.check('and it goes on', 3000, 100);
  model.destroy();
});

test('entries that come and go do not make it grow', () => {
  const model = modelOf(0);
  for (let n: u32 = 0; n < 20; n++) model.add(n);
  const blocks = blocksInUse();
  const slots = model.table.slots.extent;
  for (let n: u32 = 20; n < 20000; n++) {
    const entry = model.entries[0];
    model.table.remove(entry, hashOf(0, model.numbers[0]));
    store<u32>(entry, n, KEY);
    model.numbers[0] = n;
    model.find(n);
    model.table.insert(entry, hashOf(0, n));
    if (n % 20 == 0) {
      model.entries.push(model.entries.shift());
      model.numbers.push(model.numbers.shift());
    }
  }
  expect<u32>(model.table.slots.extent).toBe(slots);
  expect<u32>(blocksInUse()).toBe(blocks);
  model.check('after 20 000', 20000, 100);
  model.destroy();
});

test('a flood of equal hashes never takes more memory than there is, and is sorted out when there is more', () => {
  const hoard: usize[] = [];
  const model = modelOf(2);
  for (let n: u32 = 0; n < 6600; n++) {
    assert(reserveBlocks(CALL_BLOCKS));
    // For a while there are no blocks but those that every call has.
    const tight = n > 5900 && n < 6400;
    if (tight) {
      limitPages(memory.size());
      while (reserveBlocks(CALL_BLOCKS + 1)) hoard.push(takeBlock());
    }
    model.add(n);
    while (hoard.length) giveBlock(hoard.pop());
    limitPages(65535);
    assert(!tight || n < 6100 || model.table.frontier == 0, 'it waits');
  }
  model.check('after the flood', 6600, 10);
  model.destroy();
});

test('how much memory it takes does not depend on the hashes, and no insertion takes more than it said', () => {
  const taken: u32[] = [];
  for (let seed: u32 = 0; seed < 4; seed++) {
    assert(reserveBlocks(CALL_BLOCKS));
    const nodes = createNodes();
    const table = createTable(nodes);
    const random = new Random(seed);
    const entry = nodes.cut(24);
    store<u8>(entry, 4, KEY - 1);
    for (let n: u32 = 0; n < 20000; n++) {
      const most = nodes.blocksFor(table.nodesForNext(), 0);
      const before = blocksInUse();
      assert(reserveBlocks(CALL_BLOCKS));
      store<u32>(entry, n, KEY);
      const hash = <u32>random.next();
      store<u32>(key, n + 1);
      table.find(key, 4, hash);
      table.insert(entry, hash);
      assert(blocksInUse() - before <= most, `seed ${seed}, entry ${n}: more than ${most} blocks`);
      if (seed == 0) taken.push(blocksInUse());
      else assert(blocksInUse() == taken[n], `seed ${seed}, entry ${n}: ${blocksInUse()} blocks and not ${taken[n]}`);
    }
    nodes.destroy();
  }
});
