// Allocating and holding within a range, and whether an ordinal is held: cases by hand, and every pattern of eight
// ordinals.

import * as core from '../index';
import * as status from '../status';
import {
  allocate,
  allocateIn,
  bind,
  create,
  hi,
  hold,
  holdNextIn,
  identity,
  isHeld,
  LOWEST,
  listed,
  lo,
  reclaim,
  rehold,
  release,
  SERIAL,
  sameBytes,
  setLast,
  setOrdinal,
  setRange,
  snapshot,
  unhold,
} from './host';

describe('a range', () => {
  test('serial: after the last one given, wrapping within the range; from its first when that lies elsewhere', () => {
    const id = create(4, 24);
    expect(allocate(id, 'outside')).toBe(status.CHANGED);
    expect(lo()).toBe(0);
    for (let i = 0; i < 4; i++) {
      expect(allocateIn(id, `in.${i}`, 100, 103)).toBe(status.CHANGED);
      expect<u64>(lo()).toBe(100 + i);
    }
    expect(allocateIn(id, 'too many', 100, 103)).toBe(status.FULL);
    release(id, 'in.1', 5);
    reclaim(id, 'in.1');
    expect(allocateIn(id, 'late', 100, 103)).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(101);
    release(id, 'in.0', 6);
    reclaim(id, 'in.0');
    release(id, 'in.2', 6);
    reclaim(id, 'in.2');
    expect(holdNextIn(id, 100, 103)).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(102, 'the one after 101');
    expect(holdNextIn(id, 100, 103)).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(100, 'around the end');
    expect(allocate(id, 'anywhere')).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(104, 'the range moves the cursor of the whole subnet, which is the last one given');
    core.subnet_destroy(id);
  });

  test('lowest: the lowest free ordinal of the range, and the cursor stays', () => {
    const id = create(4, 24, LOWEST);
    hold(id, 100);
    expect(allocateIn(id, 'a', 100, 103)).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(101);
    unhold(id, 100);
    expect(holdNextIn(id, 100, 103)).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(100);
    expect(allocate(id, 'b')).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(0);
    core.subnet_destroy(id);
  });

  test('an identity that has a binding keeps it, wherever it is', () => {
    const id = create(4, 24);
    bind(id, 'a', 7);
    release(id, 'a', 1);
    expect(allocateIn(id, 'a', 100, 103)).toBe(status.OK);
    expect<u64>(lo()).toBe(7);
    expect(listed(id)).toBe('7 1 a, ');
    core.subnet_destroy(id);
  });

  test('what is refused changes nothing', () => {
    const id = create(4, 24);
    for (let i = 0; i < 4; i++) hold(id, 100 + i);
    const before = snapshot(id);
    expect(allocateIn(id, 'a', 100, 103)).toBe(status.FULL);
    expect(holdNextIn(id, 100, 103)).toBe(status.FULL);
    expect(allocateIn(id, 'a', 103, 256)).toBe(status.OUT_OF_RANGE);
    expect(holdNextIn(id, 256, 256)).toBe(status.OUT_OF_RANGE);
    expect(allocateIn(id, 'a', 103, 102)).toBe(status.BAD_INPUT);
    expect(holdNextIn(id, 300, 102)).toBe(status.BAD_INPUT);
    expect(core.allocate_in(id, 0)).toBe(status.BAD_INPUT);
    expect(core.allocate_in(id + 1, 1)).toBe(status.NO_SUBNET);
    expect(core.hold_next_in(id + 1)).toBe(status.NO_SUBNET);
    expect(sameBytes(snapshot(id), before)).toBe(true);
    core.subnet_destroy(id);
  });

  test('excluded ordinals of a range are not given; its ends may be those of ::/0', () => {
    setRange(0, 0, 1, u64.MAX_VALUE - 1, u64.MAX_VALUE);
    const id = create(6, 0, SERIAL, 1);
    setOrdinal(5, 1);
    setLast(u64.MAX_VALUE, u64.MAX_VALUE);
    expect(core.allocate_in(id, identity('last'))).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(u64.MAX_VALUE);
    expect<u64>(hi()).toBe(u64.MAX_VALUE);
    setOrdinal(5, 1);
    expect(core.hold_next_in(id)).toBe(status.FULL);
    core.subnet_destroy(id);
  });
});

/** What must be chosen of eight ordinals, one bit for each that is taken; 8 when none is free. */
function chosen(taken: u32, first: u32, last: u32, from: u32): u32 {
  const size = last - first + 1;
  const start = from < first || from > last ? first : from;
  for (let i: u32 = 0; i < size; i++) {
    const at = first + ((start - first + i) % size);
    if (!((taken >> at) & 1)) return at;
  }
  return 8;
}

/** Makes the serial policy go on at an ordinal, whatever it did before. */
function moveCursor(id: u32, to: u32, taken: u32): void {
  const before = (to + 7) % 8;
  unhold(id, before);
  holdNextIn(id, before, before);
  if (!((taken >> before) & 1)) unhold(id, before);
}

function tryRange(id: u32, taken: u32, first: u32, last: u32, from: u32): void {
  const expected = chosen(taken, first, last, from);
  const answered = holdNextIn(id, first, last);
  assert(answered == (expected == 8 ? status.FULL : status.CHANGED), `taken ${taken}, ${first}-${last}, from ${from}`);
  if (expected == 8) return;
  assert(lo() == expected, `taken ${taken}, ${first}-${last}, from ${from}: ${lo()} and not ${expected}`);
  unhold(id, expected);
}

test('every pattern of eight ordinals, every range of them, every cursor, both policies', () => {
  for (let policy = SERIAL; policy <= LOWEST; policy++) {
    const id = create(4, 29, policy);
    for (let taken: u32 = 0; taken < 256; taken++) {
      for (let i: u32 = 0; i < 8; i++) {
        if ((taken >> i) & 1) hold(id, i);
        else unhold(id, i);
      }
      for (let first: u32 = 0; first < 8; first++) {
        for (let last = first; last < 8; last++) {
          for (let from: u32 = 0; from < 8; from++) {
            moveCursor(id, from, taken);
            tryRange(id, taken, first, last, policy == LOWEST ? first : from);
          }
        }
      }
    }
    core.subnet_destroy(id);
  }
});

test('whether an ordinal is held, alone or beside a binding', () => {
  setRange(0, 0, 0, 0, 0);
  const id = create(4, 24, SERIAL, 1);
  expect(isHeld(id, 9)).toBe(status.NOT_HELD, 'free');
  hold(id, 9);
  expect(isHeld(id, 9)).toBe(status.OK, 'alone');
  bind(id, 'a', 10);
  expect(isHeld(id, 10)).toBe(status.NOT_HELD, 'bound');
  rehold(id, 10);
  expect(isHeld(id, 10)).toBe(status.OK, 'beside a binding');
  expect<u64>(lo()).toBe(10);
  release(id, 'a', 1);
  expect(isHeld(id, 10)).toBe(status.OK, 'beside a reserved one');
  reclaim(id, 'a');
  expect(isHeld(id, 10)).toBe(status.OK, 'after it');
  expect(isHeld(id, 0)).toBe(status.NOT_HELD, 'excluded');
  expect(isHeld(id, 5000)).toBe(status.OUT_OF_RANGE);
  expect(isHeld(id + 1, 5)).toBe(status.NO_SUBNET);
  core.subnet_destroy(id);
});
