// The serial policy beside a naive list, where it has short ways: in the word it was in, and from a full page to the
// next one with a free ordinal.

import * as core from '../index';
import * as status from '../status';
import { create, hold, lo, SERIAL, setRange, unhold } from './host';
import { Random } from './support';

const LAST_PAGE: u64 = 4095 << 12;

/** A subnet less some ranges, and the ordinals that are left. */
class Nearly {
  id: u32 = 0;
  ordinals: u64[] = [];
  taken: bool[] = [];
  cursor: i32 = 0;
  free: i32 = 0;

  constructor(version: u32, prefix: u32, ranges: u64[]) {
    for (let i = 0; i < ranges.length; i += 2) setRange(i / 2, ranges[i], 0, ranges[i + 1], 0);
    this.id = create(version, prefix, SERIAL, ranges.length / 2);
    const last: u64 = version == 4 ? ((<u64>1) << (32 - prefix)) - 1 : u64.MAX_VALUE;
    let from: u64 = 0;
    for (let i = 0; i <= ranges.length; i += 2) {
      const end = i < ranges.length ? ranges[i] : i && last == ranges[i - 1] ? from : last + 1;
      for (; from < end; from++) this.ordinals.push(from);
      if (i < ranges.length) from = ranges[i + 1] + 1;
    }
    for (let i = 0; i < this.ordinals.length; i++) this.taken.push(false);
    this.free = this.taken.length;
  }

  /** Takes the next free one, as the list says. */
  next(what: string): void {
    const answer = core.hold_next(this.id);
    const length = this.free ? this.ordinals.length : 0;
    for (let n = 0; n < length; n++) {
      const i = (this.cursor + n) % length;
      if (this.taken[i]) continue;
      const right = answer == status.CHANGED && lo() == this.ordinals[i];
      assert(right, `${what}: ${answer}, ${lo()} and not ${this.ordinals[i]}`);
      this.taken[i] = true;
      this.free--;
      this.cursor = (i + 1) % length;
      return;
    }
    assert(answer == status.FULL, `${what}: ${answer} and not full`);
  }

  give(i: i32): void {
    const expected = this.taken[i] ? status.CHANGED : status.NOT_HELD;
    assert(unhold(this.id, this.ordinals[i]) == expected, `unhold ${this.ordinals[i]}`);
    this.free += i32(this.taken[i]);
    this.taken[i] = false;
  }

  take(i: i32): void {
    const expected = this.taken[i] ? status.OK : status.CHANGED;
    assert(hold(this.id, this.ordinals[i]) == expected, `hold ${this.ordinals[i]}`);
    this.free -= i32(!this.taken[i]);
    this.taken[i] = true;
  }
}

function walk(name: string, version: u32, prefix: u32, ranges: u64[]): void {
  const random = new Random(prefix);
  const subnet = new Nearly(version, prefix, ranges);
  const length = <u32>subnet.ordinals.length;
  for (let i: u32 = 0; i <= length; i++) subnet.next(`${name}, filled`);
  for (let round = 0; round < 40; round++) {
    // A few gaps, or a run of them that may leave a page empty.
    const gaps: u32 = 1 + random.below(12);
    const run: u32 = round % 8 ? 1 : 1 + random.below(9000);
    for (let n: u32 = 0; n < gaps; n++) {
      const from = random.below(length);
      for (let i = from; i < min<u32>(from + run, length); i++) subnet.give(i);
    }
    // And the last ordinal of every second page.
    for (let i: u32 = 0; round % 5 == 4 && i < length; i++) if ((~subnet.ordinals[i] & 8191) == 0) subnet.give(i);
    for (let n: u32 = 0; n < 4; n++) subnet.take(random.below(length));
    const steps: u32 = round % 3 ? gaps * run + 1 : random.below(gaps * run + 1);
    for (let n: u32 = 0; n < min<u32>(steps, 12000); n++) subnet.next(`${name}, round ${round}, step ${n}`);
  }
  core.subnet_destroy(subnet.id);
}

describe('the serial policy', () => {
  test('in four pages', () => {
    walk('a /18', 4, 18, []);
  });

  test('in a page and a part, with a whole page excluded', () => {
    walk('a /18 less a part', 4, 18, [4196, 12338]);
  });

  test('across the end of a page of level 1', () => {
    walk('a /7 less much', 4, 7, [3, LAST_PAGE - 4000, LAST_PAGE + 8300, (1 << 25) - 1]);
  });

  test('in a subnet too wide for a place to be an ordinal', () => {
    walk('a /64 less its most', 6, 64, [16384, u64.MAX_VALUE]);
    walk('a /64 less more', 6, 64, [4196, 12338, 16300, u64.MAX_VALUE]);
    walk('a /64 at a page of level 1', 6, 64, [3, LAST_PAGE - 4000, LAST_PAGE + 8300, u64.MAX_VALUE]);
  });
});
