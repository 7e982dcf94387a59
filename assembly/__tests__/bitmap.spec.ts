// The search for a free ordinal, the excluded ranges that it skips, and the order of pages; each against a naive loop.

import { Range } from '../exclusions';
import { blocksInUse, CALL_BLOCKS, reserveBlocks } from '../memory';
import { above, Ordinal } from '../ordinal';
import { Page } from '../page';
import { exists } from '../pointer';
import { createSubnet, destroySubnet, excludeRanges } from '../shape';
import * as status from '../status';
import { Subnet } from '../subnet';
import { nextUsed } from '../used';
import { Random } from './support';

const range = changetype<Range>(memory.data(offsetof<Range>(), 8));

function create(version: u8, prefix: u8): Subnet {
  assert(reserveBlocks(CALL_BLOCKS));
  return createSubnet(version, prefix, 0, 0, 0);
}

function fill(map: Subnet, aLo: u64, aHi: u64, bLo: u64, bHi: u64): void {
  assert(reserveBlocks(CALL_BLOCKS));
  map.bitmap.fill(aLo, aHi, bLo, bHi);
}

function exclude(map: Subnet, aLo: u64, aHi: u64, bLo: u64, bHi: u64): i32 {
  range.firstLo = aLo;
  range.firstHi = aHi;
  range.lastLo = bLo;
  range.lastHi = bHi;
  return excludeRanges(map, changetype<usize>(range), 1);
}

function set(map: Subnet, lo: u64, hi: u64 = 0): void {
  assert(reserveBlocks(CALL_BLOCKS));
  map.bitmap.set(map.bitmap.pages.make(Ordinal.pageLo(lo, hi), Ordinal.pageHi(hi)), Ordinal.offset(lo));
}

function clear(map: Subnet, lo: u64, hi: u64 = 0): void {
  map.bitmap.clear(map.bitmap.pages.of(lo, hi), Ordinal.offset(lo));
}

function taken(map: Subnet, lo: u64, hi: u64 = 0): bool {
  const page = map.bitmap.pages.of(lo, hi);
  return exists(page) && page.has(Ordinal.offset(lo));
}

/** That the search from (hi, lo) answers exactly this. */
function finds(map: Subnet, lo: u64, hi: u64, answerLo: u64, answerHi: u64): bool {
  return map.bitmap.nextFree(lo, hi) && Ordinal.lo == answerLo && Ordinal.hi == answerHi;
}

const NO_ORDINAL: i64 = -1;

/** The answer in a subnet below 2^63. */
function nextFree(map: Subnet, from: u64): i64 {
  return map.bitmap.nextFree(from, 0) ? <i64>Ordinal.lo : NO_ORDINAL;
}

// Where words, pages, summaries and pages of the levels above meet.
const EDGES: u64[] = [
  0,
  60,
  4090,
  258,
  4096,
  262140,
  262144,
  (1 << 24) - 5,
  1 << 24,
  ((<u64>1) << 36) - 7,
  (<u64>1) << 36,
];

describe('the next free ordinal', () => {
  test('every pattern of up to 10 bits from every start, at every kind of edge', () => {
    for (let e = 0; e < EDGES.length; e++) {
      const base = EDGES[e];
      const map = create(6, 64);
      if (base) fill(map, 0, 0, base - 1, 0);
      for (let n: u32 = 1; n <= 10; n++) {
        map.bitmap.lastLo = base + n - 1;
        for (let pattern: u32 = 0; pattern < (<u32>1) << n; pattern++) {
          for (let i: u32 = 0; i < n; i++) if ((pattern >> i) & 1) set(map, base + i);
          let expected = NO_ORDINAL;
          for (let from = <i32>n; from >= 0; from--) {
            if (from < <i32>n && !((pattern >> from) & 1)) expected = <i64>(base + from);
            const found = nextFree(map, base + from);
            assert(found == expected, `base ${base}, ${n} bits, pattern ${pattern}, from ${from}: ${found}`);
          }
          assert(nextFree(map, 0) == expected, `base ${base}, ${n} bits, pattern ${pattern}, from 0`);
          for (let i: u32 = 0; i < n; i++) if ((pattern >> i) & 1) clear(map, base + i);
        }
      }
      destroySubnet(map);
    }
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('sizes around words, summaries, pages and 64 pages: filled one by one, holed, emptied', () => {
    const sizes: u32[] = [63, 64, 65, 66, 67, 126, 127, 128, 129, 130, 254, 255, 256, 257, 258];
    for (let n = 4094; n <= 4098; n++) sizes.push(n);
    for (let n = 262142; n <= 262146; n++) sizes.push(n);
    for (let s = 0; s < sizes.length; s++) {
      const n = sizes[s];
      const map = create(6, 64);
      map.bitmap.lastLo = n - 1;
      for (let i: u32 = 0; i < n; i++) {
        if (n < 5000 || i % 61 == 0) assert(nextFree(map, 0) == i, `size ${n}: ${i} are taken`);
        set(map, i);
      }
      assert(nextFree(map, 0) == NO_ORDINAL && nextFree(map, n - 1) == NO_ORDINAL, `size ${n}: full`);
      for (let hole: u32 = 0; hole < n; hole += n < 300 ? 1 : hole % 64 < 62 ? 62 : 1) {
        clear(map, hole);
        assert(nextFree(map, 0) == hole, `size ${n}: the hole ${hole} from 0`);
        assert(nextFree(map, hole) == hole, `size ${n}: the hole ${hole} from itself`);
        if (hole) assert(nextFree(map, hole - 1) == hole, `size ${n}: the hole ${hole} from just before`);
        assert(nextFree(map, hole + 1) == NO_ORDINAL, `size ${n}: nothing after the hole ${hole}`);
        set(map, hole);
      }
      for (let i = n; i; i--) {
        clear(map, i - 1);
        if (n < 5000 || i % 61 == 0) assert(nextFree(map, 0) == i - 1, `size ${n}: emptied down to ${i}`);
      }
      assert(!exists(map.bitmap.pages.firstFrom(0, 0)), `size ${n}: pages left`);
      destroySubnet(map);
    }
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('sizes around words, summaries, pages and 64 pages: all but one excluded', () => {
    const sizes: u32[] = [
      63, 64, 65, 128, 255, 256, 257, 4094, 4095, 4096, 4097, 262142, 262143, 262144, 262145, 262146,
    ];
    for (let s = 0; s < sizes.length; s++) {
      const n = sizes[s];
      const holes: u32[] = [0, 1, 62, n / 2, n - 65, n - 64, n - 2, n - 1];
      for (let h = 0; h < holes.length; h++) {
        const hole = holes[h];
        if (hole >= n) continue;
        const map = create(6, 64);
        map.bitmap.lastLo = n - 1;
        if (hole) fill(map, 0, 0, hole - 1, 0);
        if (hole < n - 1) fill(map, hole + 1, 0, n - 1, 0);
        assert(nextFree(map, 0) == hole && nextFree(map, hole) == hole, `size ${n}: all but ${hole}`);
        assert(nextFree(map, hole + 1) == NO_ORDINAL, `size ${n}: after ${hole}`);
        set(map, hole);
        assert(nextFree(map, 0) == NO_ORDINAL, `size ${n}: full`);
        clear(map, hole);
        assert(nextFree(map, 0) == hole, `size ${n}: ${hole} given back`);
        destroySubnet(map);
      }
    }
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('a page of level 1 fills up through its pages and empties again', () => {
    const map = create(4, 0);
    fill(map, 0, 0, 5 * 4096 - 1, 0);
    fill(map, 6 * 4096, 0, (1 << 24) - 1, 0);
    for (let i: u64 = 0; i < 4096; i++) {
      assert(nextFree(map, 0) == <i64>(5 * 4096 + i), `${i} taken`);
      set(map, 5 * 4096 + i);
    }
    expect<u32>(map.bitmap.top).toBe(2);
    expect<i64>(nextFree(map, 0)).toBe(1 << 24);
    expect<i64>(nextFree(map, 5 * 4096 + 17)).toBe(1 << 24);
    clear(map, 5 * 4096 + 4095);
    expect<i64>(nextFree(map, 0)).toBe(6 * 4096 - 1);
    for (let i: u64 = 0; i < 4095; i++) clear(map, 5 * 4096 + i);
    expect<i64>(nextFree(map, 0)).toBe(5 * 4096);
    expect<i64>(nextFree(map, 6 * 4096)).toBe(1 << 24);
    destroySubnet(map);
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('4096 full pages, without any exclusion', () => {
    const map = create(4, 7);
    const pages: u64 = 4096;
    for (let i: u64 = 0; i < pages; i++) {
      reserveBlocks(CALL_BLOCKS);
      const page = map.bitmap.pages.make(i, 0);
      const at = changetype<usize>(page);
      // All but the last bit at once, as set() would leave them: what is tested is how the last ones climb.
      memory.fill(at + 32, 0xff, 511);
      store<u8>(at + 32 + 511, 0x7f);
      store<u64>(at, ((<u64>1) << 63) - 1, 16);
    }
    for (let i: u64 = 0; i < pages; i++) {
      assert(nextFree(map, 0) == <i64>((i << 12) | 4095), `${i} full pages`);
      set(map, (i << 12) | 4095);
    }
    expect<u32>(map.bitmap.top).toBe(2);
    expect<i64>(nextFree(map, 12345)).toBe(1 << 24);
    clear(map, 4095 << 12);
    expect<i64>(nextFree(map, 12345)).toBe(4095 << 12);
    destroySubnet(map);
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('the only free one among 2^128, wherever it lies', () => {
    const random = new Random(128);
    for (let k = 0; k < 300; k++) {
      let lo: u64 = 0;
      let hi: u64 = 0;
      if (k < 256) {
        // Around every power of two: 2^b and 2^b − 1.
        const bit = <u64>(k >> 1);
        lo = bit < 64 ? (<u64>1) << bit : 0;
        hi = bit < 64 ? 0 : (<u64>1) << (bit - 64);
        if (k & 1) {
          hi -= <u64>(lo == 0);
          lo--;
        }
      } else if (k > 256) {
        lo = random.next();
        hi = random.next();
      } else {
        lo = u64.MAX_VALUE;
        hi = u64.MAX_VALUE;
      }
      const map = create(6, 0);
      if (lo | hi) fill(map, 0, 0, lo - 1, hi - <u64>(lo == 0));
      const first = !(lo | hi);
      const last = lo == u64.MAX_VALUE && hi == u64.MAX_VALUE;
      const afterLo = lo + 1;
      const afterHi = hi + <u64>(afterLo == 0);
      if (!last) fill(map, afterLo, afterHi, u64.MAX_VALUE, u64.MAX_VALUE);
      assert(finds(map, 0, 0, lo, hi) && finds(map, lo, hi, lo, hi), `${hi}, ${lo}`);
      if (!first) assert(finds(map, lo - 1, hi - <u64>(lo == 0), lo, hi), `${hi}, ${lo} from just before`);
      if (!last) assert(!map.bitmap.nextFree(afterLo, afterHi), `${hi}, ${lo}: nothing after`);
      for (let again = 0; again < 2; again++) {
        set(map, lo, hi);
        assert(!map.bitmap.nextFree(0, 0) && !map.bitmap.nextFree(lo, hi), `${hi}, ${lo} taken`);
        clear(map, lo, hi);
        assert(finds(map, 0, 0, lo, hi), `${hi}, ${lo} given back`);
      }
      destroySubnet(map);
    }
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('goes on across 2^64, and ends with 2^128 − 1', () => {
    const map = create(6, 0);
    for (let i: u64 = 0; i < 5000; i++) set(map, 0 - 5000 + i);
    expect<bool>(finds(map, <u64>-5000, 0, 0, 1)).toBe(true);
    for (let i: u64 = 0; i < 5000; i++) set(map, i, 1);
    expect<bool>(finds(map, <u64>-4000, 0, 5000, 1)).toBe(true);
    expect<bool>(finds(map, <u64>-1, <u64>-1, <u64>-1, <u64>-1)).toBe(true);
    set(map, <u64>-1, <u64>-1);
    expect<bool>(map.bitmap.nextFree(<u64>-1, <u64>-1)).toBe(false);
    for (let i: u64 = 1; i < 4096; i++) set(map, ~i, <u64>-1);
    expect<bool>(map.bitmap.nextFree(<u64>-4096, <u64>-1)).toBe(false);
    expect<bool>(finds(map, <u64>-4097, <u64>-1, <u64>-4097, <u64>-1)).toBe(true);
    destroySubnet(map);
  });
});

/** Ordinals in ascending order. */
class Sorted {
  lo: u64[] = [];
  hi: u64[] = [];

  /** Puts one in its place; false when it is there already. */
  insert(lo: u64, hi: u64): bool {
    let at = this.lo.length;
    while (at && above(this.lo[at - 1], this.hi[at - 1], lo, hi)) at--;
    if (at && this.lo[at - 1] == lo && this.hi[at - 1] == hi) return false;
    this.lo.push(0);
    this.hi.push(0);
    for (let i = this.lo.length - 1; i > at; i--) {
      this.lo[i] = this.lo[i - 1];
      this.hi[i] = this.hi[i - 1];
    }
    this.lo[at] = lo;
    this.hi[at] = hi;
    return true;
  }
}

/** Excluded ranges for the random tests, with what the naive search needs. */
class Ranges {
  first: u64[] = [];
  firstHi: u64[] = [];
  last: u64[] = [];
  lastHi: u64[] = [];

  /** Ordinals near the edges of units of all levels, so that ranges cover whole ones and parts of them. */
  static draw(random: Random, bits: u32): void {
    let lo = random.next();
    let hi = random.next();
    if (random.below(3)) {
      const unit = 12 * random.below((bits + 11) / 12);
      if (unit >= 64) {
        lo = 0;
        hi = (hi >> (unit - 64)) << (unit - 64);
      } else {
        lo = (lo >> unit) << unit;
      }
      const add = random.next() % 3;
      lo += add;
      hi += <u64>(lo < add);
      if (random.below(2)) {
        hi -= <u64>(lo == 0);
        lo--;
      }
    }
    if (bits < 128) hi &= ((<u64>1) << (max<u32>(bits, 64) - 64)) - 1;
    if (bits < 64) lo &= ((<u64>1) << bits) - 1;
    Ordinal.lo = lo;
    Ordinal.hi = hi;
  }

  /** The lowest ordinal at or above that no range covers; false when there is none up to `last`. */
  next(lo: u64, hi: u64, lastLo: u64, lastHi: u64): bool {
    for (let i = 0; i < this.first.length; i++) {
      if (above(lo, hi, this.last[i], this.lastHi[i])) continue;
      if (above(this.first[i], this.firstHi[i], lo, hi)) break;
      lo = this.last[i] + 1;
      hi = this.lastHi[i] + <u64>(lo == 0);
      if (!(lo | hi)) return false;
    }
    Ordinal.lo = lo;
    Ordinal.hi = hi;
    return !above(lo, hi, lastLo, lastHi);
  }

  covers(lo: u64, hi: u64): bool {
    for (let i = 0; i < this.first.length; i++) {
      if (above(lo, hi, this.last[i], this.lastHi[i])) continue;
      return !above(this.first[i], this.firstHi[i], lo, hi);
    }
    return false;
  }
}

describe('excluded ranges', () => {
  test('of any width, at any level: found, skipped and counted like a naive list', () => {
    const widths: u8[] = [13, 24, 25, 32, 36, 48, 64, 65, 72, 96, 127, 128];
    for (let round: u64 = 0; round < 120; round++) {
      const random = new Random(round);
      const bits = widths[<i32>(round % widths.length)];
      const map = create(6, 128 - bits);
      const ranges = new Ranges();
      let sizeLo: u64 = 0;
      let sizeHi: u64 = 0;
      let fromLo: u64 = 0;
      let fromHi: u64 = 0;
      // Two ends make a range.
      const sorted = new Sorted();
      while (sorted.lo.length < 16) {
        Ranges.draw(random, bits);
        sorted.insert(Ordinal.lo, Ordinal.hi);
      }
      const ends = sorted.lo;
      const endsHi = sorted.hi;
      for (let i = 0; i < 16; i += 2) {
        if (ranges.first.length && !above(ends[i], endsHi[i], fromLo, fromHi)) continue;
        const excluded = exclude(map, ends[i], endsHi[i], ends[i + 1], endsHi[i + 1]);
        assert(excluded == status.OK, `round ${round}: range ${i} answers ${excluded}`);
        ranges.first.push(ends[i]);
        ranges.firstHi.push(endsHi[i]);
        ranges.last.push(ends[i + 1]);
        ranges.lastHi.push(endsHi[i + 1]);
        const spanLo = ends[i + 1] - ends[i] + 1;
        const spanHi = endsHi[i + 1] - endsHi[i] - <u64>(ends[i + 1] < ends[i]) + <u64>(spanLo == 0);
        sizeLo += spanLo;
        sizeHi += spanHi + <u64>(sizeLo < spanLo);
        fromLo = ends[i + 1] + 1;
        fromHi = endsHi[i + 1] + <u64>(fromLo == 0);
        if (!(fromLo | fromHi)) break;
      }
      assert(map.exclusions.sizeLo == sizeLo && map.exclusions.sizeHi == sizeHi, `round ${round}: the count`);
      for (let k = 0; k < 400; k++) {
        if (k < 32) {
          Ordinal.lo = ends[k >> 1] + (k & 1);
          Ordinal.hi = endsHi[k >> 1] + <u64>(Ordinal.lo < <u64>(k & 1));
          if (above(Ordinal.lo, Ordinal.hi, map.bitmap.lastLo, map.bitmap.lastHi)) continue;
        } else {
          Ranges.draw(random, bits);
        }
        const lo = Ordinal.lo;
        const hi = Ordinal.hi;
        const what = `round ${round}, ${bits} bits, from ${hi}, ${lo}`;
        assert(map.exclusions.covers(lo, hi) == ranges.covers(lo, hi), `${what}: covers`);
        const found = map.bitmap.nextFree(lo, hi);
        const foundLo = Ordinal.lo;
        const foundHi = Ordinal.hi;
        assert(ranges.next(lo, hi, map.bitmap.lastLo, map.bitmap.lastHi) == found, `${what}: ${found}`);
        if (found) assert(Ordinal.lo == foundLo && Ordinal.hi == foundHi, `${what}: found ${foundHi}, ${foundLo}`);
      }
      destroySubnet(map);
    }
    expect<u32>(blocksInUse()).toBe(0);
  });

  test('out of order, touching, overlapping or upside down are refused', () => {
    const map = create(4, 24);
    expect<i32>(exclude(map, 10, 0, 9, 0)).toBe(status.BAD_INPUT);
    expect<i32>(exclude(map, 10, 0, 19, 0)).toBe(status.OK);
    expect<i32>(exclude(map, 20, 0, 30, 0)).toBe(status.BAD_INPUT);
    expect<i32>(exclude(map, 19, 0, 30, 0)).toBe(status.BAD_INPUT);
    expect<i32>(exclude(map, 0, 0, 5, 0)).toBe(status.BAD_INPUT);
    expect<i32>(exclude(map, 21, 0, 256, 0)).toBe(status.OUT_OF_RANGE);
    expect<i32>(exclude(map, 21, 0, 255, 1)).toBe(status.OUT_OF_RANGE);
    expect<i32>(exclude(map, 21, 0, 255, 0)).toBe(status.OK);
    expect<u64>(map.exclusions.sizeLo).toBe(245);
    destroySubnet(map);
  });

  test('what lies past the end of ::/0 does not wrap around to 0', () => {
    const map = create(6, 0);
    expect<i32>(exclude(map, 2, 0, <u64>-1, <u64>-1)).toBe(status.OK);
    expect<bool>(map.bitmap.nextFree(2, 0)).toBe(false);
    expect<bool>(finds(map, 0, 0, 0, 0)).toBe(true);
    destroySubnet(map);
  });

  test('nothing can follow a range that ends with 2^128 − 1', () => {
    const map = create(6, 0);
    expect<i32>(exclude(map, 5, <u64>-1, <u64>-1, <u64>-1)).toBe(status.OK);
    expect<i32>(exclude(map, 1, 0, 2, 0)).toBe(status.BAD_INPUT);
    expect<i32>(exclude(map, <u64>-1, <u64>-1, <u64>-1, <u64>-1)).toBe(status.BAD_INPUT);
    destroySubnet(map);
  });

  test('a whole subnet can be excluded', () => {
    for (let prefix: u8 = 0; prefix <= 128; prefix++) {
      const map = create(6, prefix);
      assert(exclude(map, 0, 0, map.bitmap.lastLo, map.bitmap.lastHi) == status.OK, `/${prefix}`);
      assert(
        !map.bitmap.nextFree(0, 0) && !map.bitmap.nextFree(map.bitmap.lastLo, map.bitmap.lastHi),
        `/${prefix} has nothing free`,
      );
      // 2^128 of ::/0 is 0 modulo 2^128: the host tells it from nothing by the number of ranges.
      const bits = <u64>(128 - prefix);
      assert(map.exclusions.sizeLo == (bits < 64 ? (<u64>1) << bits : 0), `/${prefix}: the count`);
      assert(
        map.exclusions.sizeHi == (bits < 64 || bits == 128 ? 0 : (<u64>1) << (bits - 64)),
        `/${prefix}: the count`,
      );
      destroySubnet(map);
    }
    expect<u32>(blocksInUse()).toBe(0);
  });
});

describe('pages in ascending order', () => {
  test('nothing is read behind a page, which can be the last of the memory', () => {
    const at = ((<usize>memory.size()) << 16) - 544;
    const page = changetype<Page>(at);
    memory.fill(at, 0, 544);
    expect<u32>(page.nextSet(0)).toBe(4096);
    store<u8>(at + 543, 0x80);
    expect<u32>(page.nextSet(0)).toBe(4095);
    expect<u32>(page.nextSet(4095)).toBe(4095);
    expect<u32>(page.nextSet(4096)).toBe(4096);
  });

  test('used ordinals are listed in ascending order while pages come and go', () => {
    const map = create(6, 0);
    const random = new Random(7);
    const used = new Sorted();
    const lo = used.lo;
    const hi = used.hi;
    for (let step = 0; step < 1500; step++) {
      if (lo.length > 60 || (lo.length && random.below(3) == 0)) {
        const i = random.below(lo.length);
        clear(map, lo[i], hi[i]);
        assert(!taken(map, lo[i], hi[i]), `step ${step}: cleared`);
        lo.splice(i, 1);
        hi.splice(i, 1);
      } else {
        Ranges.draw(random, random.below(2) ? 128 : 14);
        if (used.insert(Ordinal.lo, Ordinal.hi)) set(map, Ordinal.lo, Ordinal.hi);
      }
      let fromLo: u64 = 0;
      let fromHi: u64 = 0;
      for (let i = 0; i < lo.length; i++) {
        assert(nextUsed(map, fromLo, fromHi), `step ${step}: ${i} of ${lo.length}`);
        assert(Ordinal.lo == lo[i] && Ordinal.hi == hi[i], `step ${step}: used ordinal ${i}`);
        fromLo = lo[i] + 1;
        fromHi = hi[i] + <u64>(fromLo == 0);
      }
      assert(!(fromLo | fromHi) || !nextUsed(map, fromLo, fromHi), `step ${step}: too many`);
    }
    destroySubnet(map);
    expect<u32>(blocksInUse()).toBe(0);
  });
});
