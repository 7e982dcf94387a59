// What everything else lies in: the hash, the pool of blocks, arenas, vectors and tables.

import { pop, push } from '../arena';
import { copyBytes, equalBytes } from '../bytes';
import { hashBytes, setKey, sipHash } from '../hash';
import { BLOCK, blocksInUse, CALL_BLOCKS, giveBlock, limitPages, reserveBlocks, takeBlock } from '../memory';
import { Nodes, Slots, Vector } from '../vector';
import { Random } from './support';

const bytes = memory.data(1024, 8);

/** SipHash-1-3 of the bytes 00, 01, … (n of them, n = 0 to 63) under the key 00 01 … 0f; made with a Python
 *  implementation that was first held against the published SipHash-2-4 vectors. */
// biome-ignore format: a table
const SIP_HASH_1_3: u64[] = [
  0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb,
  0xcf75576088d38328, 0xdef9d52f49533b67, 0xc50d2b50c59f22a7, 0xd3927d989bb11140,
  0x369095118d299a8e, 0x25a48eb36c063de4, 0x79de85ee92ff097f, 0x70c118c1f94dc352,
  0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34, 0xd320d86d2a519956,
  0xcc4fdd1a7d908b66, 0x9cf2689063dbd80c, 0x8ffc389cb473e63e, 0xf21f9de58d297d1c,
  0xc0dc2f46a6cce040, 0xb992abfe2b45f844, 0x7ffe7b9ba320872e, 0x525a0e7fdae6c123,
  0xf464aeb267349c8c, 0x45cd5928705b0979, 0x3a3e35e3ca9913a5, 0xa91dc74e4ade3b35,
  0xfb0bed02ef6cd00d, 0x88d93cb44ab1e1f4, 0x540f11d643c5e663, 0x2370dd1f8c21d1bc,
  0x81157b6c16a7b60d, 0x4d54b9e57a8ff9bf, 0x759f12781f2a753e, 0xcea1a3bebf186b91,
  0x2cf508d3ada26206, 0xb6101c2da3c33057, 0xb3f47496ae3a36a1, 0x626b57547b108392,
  0xc1d2363299e41531, 0x667cc1923f1ad944, 0x65704ffec8138825, 0x24f280d1c28949a6,
  0xc2ca1cedfaf8876b, 0xc2164bfc9f042196, 0xa16e9c9368b1d623, 0x49fb169c8b5114fd,
  0x9f3143f8df074c46, 0xc6fdaf2412cc86b3, 0x7eaf49d10a52098f, 0x1cf313559d292f9a,
  0xc44a30dda2f41f12, 0x36fae98943a71ed0, 0x318fb34c73f0bce6, 0xa27abf3670a7e980,
  0xb4bcc0db243c6d75, 0x23f8d852fdb71513, 0x8f035f4da67d8a08, 0xd89cd0e5b7e8f148,
  0xf6f4e6bcf7a644ee, 0xaec59ad80f1837f2, 0xc3b2f6154b6694e0, 0x9d199062b7bbb3a8,
];

describe('hash', () => {
  test('SipHash-1-3 vectors, at every alignment', () => {
    for (let shift = 0; shift < 8; shift++) {
      for (let i = 0; i < 64; i++) store<u8>(bytes + shift + i, <u8>i);
      store<u8>(bytes + shift + 64, 0xff);
      for (let n = 0; n < 64; n++) {
        const hash = sipHash(bytes + shift, n, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
        assert(hash == SIP_HASH_1_3[n], `${n} bytes at ${shift}: ${hash}`);
      }
    }
  });

  test('the length counts modulo 256', () => {
    for (let i = 0; i < 256; i++) store<u8>(bytes + i, <u8>i);
    expect<u64>(sipHash(bytes, 255, 0x0706050403020100, 0x0f0e0d0c0b0a0908)).toBe(0xf76214e3153c4a15);
    expect<u64>(sipHash(bytes, 256, 0x0706050403020100, 0x0f0e0d0c0b0a0908)).toBe(0x75b3e64e167de370);
  });

  test('the key decides what bytes hash to', () => {
    setKey(0, 0);
    const plain = hashBytes(bytes, 5);
    setKey(1, 2);
    expect<bool>(hashBytes(bytes, 5) != plain).toBe(true);
    expect<u32>(hashBytes(bytes, 5)).toBe(<u32>sipHash(bytes, 5, 1, 2));
  });

  test('equal bytes: one difference at every place of every length', () => {
    const other = bytes + 512;
    for (let length: u32 = 0; length <= 20; length++) {
      memory.fill(bytes, 7, 32);
      memory.fill(other, 7, 32);
      assert(equalBytes(bytes, other, length), `${length} equal bytes`);
      store<u8>(other + length, 8);
      assert(equalBytes(bytes, other, length), `${length} bytes, the one behind differs`);
      store<u8>(other + length, 7);
      for (let at: u32 = 0; at < length; at++) {
        store<u8>(other + at, 8);
        assert(!equalBytes(bytes, other, length), `${length} bytes, byte ${at} differs`);
        store<u8>(other + at, 7);
      }
    }
  });
});

test('bytes are copied and none beside them, at every length', () => {
  const to = bytes + 512;
  for (let i = 0; i < 300; i++) store<u8>(bytes + i, <u8>(i + 1));
  for (let length: u32 = 0; length <= 256; length++) {
    memory.fill(to, 0, 300);
    copyBytes(to + 8, bytes, length);
    assert(load<u64>(to) == 0 && load<u64>(to + 8 + length) == 0, `${length} bytes: beside them`);
    assert(equalBytes(to + 8, bytes, length), `${length} bytes`);
  }
});

describe('memory', () => {
  afterEach(() => {
    limitPages(65535);
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('blocks stay apart though others grow the memory in between', () => {
    const taken: usize[] = [];
    for (let i = 0; i < 200; i++) {
      if (i % 9 == 0) memory.grow(1);
      assert(reserveBlocks(CALL_BLOCKS), `block ${i}`);
      const block = takeBlock();
      assert(block % BLOCK == 0 && block + BLOCK <= (<usize>memory.size()) << 16, `block ${i} at ${block}`);
      memory.fill(block, <u8>i, BLOCK);
      taken.push(block);
    }
    expect<u32>(blocksInUse()).toBe(200);
    for (let i = 0; i < taken.length; i++) {
      for (let at: usize = 0; at < BLOCK; at += 64) assert(load<u8>(taken[i] + at) == <u8>i, `block ${i} is another's`);
      giveBlock(taken[i]);
    }
  });

  test('what was given back is taken again before the memory grows', () => {
    const taken: usize[] = [];
    for (let i = 0; i < 64; i++) {
      reserveBlocks(1);
      taken.push(takeBlock());
    }
    const size = memory.size();
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < taken.length; i++) giveBlock(taken[i]);
      for (let i = 0; i < taken.length; i++) {
        assert(reserveBlocks(1));
        taken[i] = takeBlock();
      }
    }
    for (let i = 0; i < taken.length; i++) giveBlock(taken[i]);
    expect<i32>(memory.size()).toBe(size);
  });

  test('a limit is kept, and what is there already can still be taken', () => {
    limitPages(memory.size() + 1);
    const taken: usize[] = [];
    while (reserveBlocks(1)) taken.push(takeBlock());
    expect<bool>(reserveBlocks(1)).toBe(false);
    expect<bool>(reserveBlocks(CALL_BLOCKS)).toBe(false);
    for (let i = 0; i < taken.length; i++) giveBlock(taken[i]);
    expect<bool>(reserveBlocks(CALL_BLOCKS)).toBe(true);
    limitPages(0);
    expect<bool>(reserveBlocks(CALL_BLOCKS)).toBe(true);
  });
});

const room = memory.data(256, 8);

/** An empty arena that hands out nodes; one at a time. */
function newNodes(): Nodes {
  memory.fill(room, 0, 256);
  return changetype<Nodes>(room);
}

function grown(nodes: Nodes): Nodes {
  assert(reserveBlocks(CALL_BLOCKS));
  return nodes;
}

describe('arena', () => {
  afterEach(() => {
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('pieces of every size stay apart and go back with the arena', () => {
    const arena = newNodes();
    const random = new Random(1);
    const at: usize[] = [];
    const size: u32[] = [];
    for (let step = 0; step < 5000; step++) {
      const bytes = 8 + 8 * random.below(70);
      const piece = grown(arena).cut(bytes);
      assert(piece % 8 == 0, `step ${step}: alignment`);
      memory.fill(piece, <u8>step, bytes);
      at.push(piece);
      size.push(bytes);
    }
    for (let i = 0; i < at.length; i++) {
      for (let b: u32 = 0; b < size[i]; b++) assert(load<u8>(at[i] + b) == <u8>i, `piece ${i} overwritten`);
    }
    arena.destroy();
  });

  test('a free list gives back the last piece first, then nothing', () => {
    const arena = newNodes();
    const list = grown(arena).cut(8);
    store<usize>(list, 0);
    const a = arena.cut(16);
    const b = arena.cut(16);
    expect<usize>(pop(list)).toBe(0);
    push(list, a);
    push(list, b);
    expect<usize>(pop(list)).toBe(b);
    expect<usize>(pop(list)).toBe(a);
    expect<usize>(pop(list)).toBe(0);
    arena.destroy();
  });

  test('nodes are zero after use, and used again', () => {
    const nodes = newNodes();
    const node = grown(nodes).node();
    memory.fill(node, 0xff, 512);
    nodes.giveNode(node);
    expect<usize>(nodes.node()).toBe(node);
    for (let b = 0; b < 512; b++) assert(load<u8>(node + b) == 0, `byte ${b}`);
    nodes.destroy();
  });

  test('adjacent blocks join, so that pages leave no gaps', () => {
    const arena = newNodes();
    let last = grown(arena).cut(544);
    let gaps = 0;
    for (let i = 0; i < 1000; i++) {
      const piece = grown(arena).cut(544);
      if (piece != last + 544) gaps++;
      last = piece;
    }
    assert(gaps < 100, `${gaps} gaps between 1000 pieces`);
    arena.destroy();
  });

  test('arenas that come and go never grow the memory', () => {
    let size = 0;
    for (let round = 0; round < 50; round++) {
      const arena = newNodes();
      for (let i = 0; i < 300; i++) grown(arena).cut(round & 1 ? 544 : 64);
      arena.destroy();
      if (round == 0) size = memory.size();
    }
    expect<i32>(memory.size()).toBe(size);
  });
});

describe('vector', () => {
  test('keeps every slot where it is through two more levels', () => {
    const nodes = newNodes();
    const vector = changetype<Vector>(grown(nodes).node());
    const first = vector.extend(0, grown(nodes));
    for (let i: u32 = 0; i < 17000; i++) {
      const slot = vector.extend(i, grown(nodes));
      assert(load<u32>(slot) == 0, `slot ${i} is not new`);
      store<u32>(slot, i ^ 0xabcd);
    }
    expect<u32>(vector.levels).toBe(3);
    expect<usize>(vector.at(0)).toBe(first);
    for (let i: u32 = 0; i < 17000; i++) assert(vector.get(i) == (i ^ 0xabcd), `slot ${i}`);
    nodes.destroy();
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('values are found from any slot on; what is erased leaves no node', () => {
    const nodes = newNodes();
    const vector = changetype<Vector>(grown(nodes).node());
    const random = new Random(4);
    const used: u32[] = [];
    expect<u32>(vector.firstFrom(0)).toBe(0);
    expect<u32>(vector.peek(0)).toBe(0);
    for (let i = 0; i < 400; i++) {
      const slot = i & 1 ? random.below(300) : random.below(1 << 20);
      if (vector.peek(slot)) continue;
      const needed = vector.nodesFor(slot);
      const before = nodes.at;
      store<u32>(vector.extend(slot, grown(nodes)), slot + 1);
      if (nodes.at > before) assert(needed > 0 || nodes.at - before < 512, `slot ${slot} needs ${needed}`);
      assert(vector.nodesFor(slot) == 0, `slot ${slot} is there`);
      used.push(slot);
    }
    used.sort((a, b) => <i32>a - <i32>b);
    for (let i = 0; i < used.length; i++) {
      const below = i ? used[i - 1] + 1 : 0;
      assert(vector.firstFrom(below) == used[i] + 1, `from ${below}`);
      assert(vector.peek(used[i]) == used[i] + 1, `slot ${used[i]}`);
      if (below != used[i]) assert(vector.peek(below) == 0, `slot ${below}`);
    }
    expect<u32>(vector.firstFrom(used[used.length - 1] + 1)).toBe(0);
    expect<u32>(vector.firstFrom(1 << 27)).toBe(0);
    for (let i = 0; i < used.length; i++) {
      vector.erase(used[i], nodes);
      assert(vector.peek(used[i]) == 0, `erased ${used[i]}`);
    }
    expect<u32>(vector.levels).toBe(0);
    nodes.destroy();
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('numbers of slots are handed out again, the last freed first', () => {
    const nodes = newNodes();
    const slots = changetype<Slots>(grown(nodes).node());
    for (let i: u32 = 0; i < 300; i++) assert(slots.add(8 + i * 8, grown(nodes)) == i, `slot ${i}`);
    expect<usize>(slots.find(300)).toBe(0);
    slots.remove(7);
    slots.remove(200);
    slots.remove(0);
    for (let i: u32 = 0; i < 300; i++) {
      const gone = i == 7 || i == 200 || i == 0;
      assert(slots.find(i) == (gone ? 0 : 8 + i * 8), `slot ${i} after removing`);
    }
    expect<u32>(slots.add(8000, nodes)).toBe(0);
    expect<u32>(slots.add(8008, nodes)).toBe(200);
    expect<u32>(slots.add(8016, nodes)).toBe(7);
    expect<u32>(slots.add(8024, grown(nodes))).toBe(300);
    expect<usize>(slots.find(200)).toBe(8008);
    nodes.destroy();
    expect<u32>(blocksInUse()).toBe(0);
  });
});
