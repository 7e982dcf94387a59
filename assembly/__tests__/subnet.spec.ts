// The life of an ordinal, through the ABI: cases by hand, and long walks against a naive twin.

import * as core from '../index';
import * as status from '../status';
import {
  allocate,
  bind,
  counts,
  create,
  EXCLUDED,
  end,
  FREE,
  HELD,
  hi,
  hold,
  inspect,
  LIVE,
  LOWEST,
  listed,
  lo,
  lookup,
  prefer,
  RESERVED,
  reclaim,
  reclaimOldest,
  rehold,
  release,
  restore,
  SERIAL,
  sameBytes,
  setOrdinal,
  setRange,
  shown,
  snapshot,
  state,
  time,
  trade,
  unhold,
  WINDOW,
  who,
} from './host';
import { Random } from './support';

const NEVER: u64 = 1 << 48;

/** Creates, with all but 0, 1, 2 and the last ordinal excluded. */
function narrow(version: u32, prefix: u32, lastLo: u64, lastHi: u64): u32 {
  setRange(0, 3, 0, lastLo - 1, lastHi - <u64>(lastLo == 0));
  return create(version, prefix, SERIAL, 1);
}

describe('every prefix', () => {
  afterEach(() => {
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('of 8 addresses and more: the first, the last, full, around the end', () => {
    for (let bits: u32 = 3; bits <= 128; bits++) {
      const lastLo = bits >= 64 ? u64.MAX_VALUE : ((<u64>1) << bits) - 1;
      const lastHi = bits == 128 ? u64.MAX_VALUE : bits <= 64 ? 0 : ((<u64>1) << (bits - 64)) - 1;
      for (let version: u32 = 4; version <= 6; version += 2) {
        if (version == 4 && bits > 32) continue;
        const what = `${bits} bits, version ${version}`;
        const id = narrow(version, (version == 4 ? 32 : 128) - bits, lastLo, lastHi);
        for (let i = 0; i < 3; i++) {
          assert(allocate(id, `web.${i}`) == status.CHANGED && lo() == i && hi() == 0, `${what}: the first`);
        }
        assert(allocate(id, 'end') == status.CHANGED && lo() == lastLo && hi() == lastHi, `${what}: the last`);
        assert(allocate(id, 'more') == status.FULL, `${what}: full`);
        assert(lookup(id, 'more') == status.UNKNOWN, `${what}: nothing half-done`);
        assert(allocate(id, 'end') == status.OK && lo() == lastLo && hi() == lastHi, `${what}: sticky`);
        release(id, 'web.1', 5);
        assert(allocate(id, 'more') == status.FULL, `${what}: reserved is not free`);
        assert(reclaim(id, 'web.1') == status.CHANGED && lo() == 1, `${what}: reclaimed`);
        assert(allocate(id, 'more') == status.CHANGED && lo() == 1 && hi() == 0, `${what}: around the end`);
        const beyondLo = lastLo + 1;
        const beyondHi = lastHi + <u64>(beyondLo == 0);
        if (beyondLo | beyondHi) {
          assert(bind(id, 'x', beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: bind beyond`);
          assert(prefer(id, 'x', beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: prefer beyond`);
          assert(trade(id, 'x', beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: trade beyond`);
          assert(hold(id, beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: hold beyond`);
          assert(rehold(id, beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: rehold beyond`);
          assert(unhold(id, beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: unhold beyond`);
          assert(inspect(id, beyondLo, beyondHi) == status.OUT_OF_RANGE, `${what}: inspect beyond`);
        }
        core.subnet_destroy(id);
      }
    }
  });

  test('of 1, 2 and 4 addresses, with both policies', () => {
    for (let bits: u32 = 0; bits <= 2; bits++) {
      for (let version: u32 = 4; version <= 6; version += 2) {
        for (let policy = SERIAL; policy <= LOWEST; policy++) {
          const id = create(version, (version == 4 ? 32 : 128) - bits, policy);
          for (let i = 0; i < 1 << bits; i++) {
            assert(allocate(id, `a.${i}`) == status.CHANGED && lo() == i, `${bits} bits: ordinal ${i}`);
          }
          assert(allocate(id, 'b') == status.FULL, `${bits} bits: full`);
          assert(hold(id, 1 << bits) == status.OUT_OF_RANGE, `${bits} bits: beyond`);
          core.subnet_destroy(id);
        }
      }
    }
  });

  test('full to the last of 2^12 and of 2^13 ordinals', () => {
    for (let bits: u32 = 12; bits <= 13; bits++) {
      const id = create(4, 32 - bits, LOWEST);
      for (let i = 0; i < 1 << bits; i++) assert(core.hold_next(id) == status.CHANGED && lo() == i, `ordinal ${i}`);
      assert(core.hold_next(id) == status.FULL, 'full');
      for (let i = 0; i < 1 << bits; i += 7) assert(unhold(id, i) == status.CHANGED, `unhold ${i}`);
      for (let i = 0; i < 1 << bits; i += 7) assert(core.hold_next(id) == status.CHANGED && lo() == i, `again ${i}`);
      core.subnet_destroy(id);
    }
  });

  test('host bits in the base are refused, each of them', () => {
    for (let prefix: u32 = 0; prefix <= 128; prefix++) {
      for (let bit: u32 = 0; bit < 128; bit++) {
        const baseLo = bit < 64 ? (<u64>1) << bit : 0;
        const baseHi = bit < 64 ? 0 : (<u64>1) << (bit - 64);
        setOrdinal(baseLo, baseHi);
        const id = core.subnet_create(6, prefix, SERIAL, 0);
        if (bit < 128 - prefix) assert(id == status.BAD_INPUT, `bit ${bit} in a /${prefix}`);
        else assert(id >= 0 && core.subnet_destroy(id) == status.OK, `bit ${bit} in a /${prefix}`);
        if (prefix > 32) continue;
        setOrdinal(baseLo, baseHi);
        const id4 = core.subnet_create(4, prefix, SERIAL, 0);
        if (bit < 32 - prefix || bit >= 32) assert(id4 == status.BAD_INPUT, `IPv4, bit ${bit} in a /${prefix}`);
        else assert(id4 >= 0 && core.subnet_destroy(id4) == status.OK, `IPv4, bit ${bit} in a /${prefix}`);
      }
    }
  });

  test('shapes that there are not are refused', () => {
    setOrdinal(0, 0);
    expect<i32>(core.subnet_create(4, 33, SERIAL, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.subnet_create(6, 129, SERIAL, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.subnet_create(5, 24, SERIAL, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.subnet_create(4, <u32>-1, SERIAL, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.subnet_create(4, 24, 2, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.subnet_create(4, 24, SERIAL, 2049)).toBe(status.BAD_INPUT);
    setRange(0, 0, 0, 256, 0);
    expect<i32>(core.subnet_create(4, 24, SERIAL, 1)).toBe(status.OUT_OF_RANGE);
    setRange(0, 9, 0, 8, 0);
    expect<i32>(core.subnet_create(4, 24, SERIAL, 1)).toBe(status.BAD_INPUT);
  });

  test('2048 excluded ranges, the most that fit into the window', () => {
    for (let i: u32 = 0; i < 2048; i++) setRange(i, 3 * i, 0, 3 * i + 1, 0);
    const id = create(4, 16, LOWEST, 2048);
    for (let i = 0; i < 2048; i++) assert(core.hold_next(id) == status.CHANGED && lo() == 3 * i + 2, `gap ${i}`);
    expect<bool>(core.hold_next(id) == status.CHANGED && lo() == 3 * 2048).toBe(true);
    expect<i32>(hold(id, 3 * 1024 + 1)).toBe(status.EXCLUDED);
    core.subnet_destroy(id);
  });
});

describe('the life of an ordinal', () => {
  test('allocate, release, allocate: the same again', () => {
    const id = create(4, 28);
    expect<i32>(allocate(id, 'web.1')).toBe(status.CHANGED);
    expect<i32>(allocate(id, 'web.2')).toBe(status.CHANGED);
    expect<i32>(release(id, 'web.1', 7)).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(0);
    expect<i32>(release(id, 'web.1', 9)).toBe(status.OK, 'a second release');
    expect<i32>(lookup(id, 'web.1')).toBe(status.OK);
    expect<u32>(state()).toBe(RESERVED);
    expect<u64>(time()).toBe(7, 'the first release counts');
    expect<i32>(allocate(id, 'web.3')).toBe(status.CHANGED);
    expect<u64>(lo()).toBe(2);
    expect<i32>(allocate(id, 'web.1')).toBe(status.OK);
    expect<u64>(lo()).toBe(0);
    lookup(id, 'web.1');
    expect<u32>(state()).toBe(LIVE);
    expect<u64>(time()).toBe(0);
    expect<i32>(release(id, 'nobody', 1)).toBe(status.UNKNOWN);
    core.subnet_destroy(id);
  });

  test('reclaim: one by name, the oldest, those before a time; a clock that steps back stands still', () => {
    const id = create(4, 28);
    for (let i = 0; i < 5; i++) allocate(id, `web.${i}`);
    expect<i32>(reclaim(id, 'web.0')).toBe(status.IS_LIVE);
    expect<i32>(reclaim(id, 'nobody')).toBe(status.UNKNOWN);
    release(id, 'web.3', 30);
    release(id, 'web.1', 10);
    release(id, 'web.4', 40);
    release(id, 'web.0', 50);
    expect<string>(listed(id)).toBe('0 2@50 web.0, 1 2@30 web.1, 2 1 web.2, 3 2@30 web.3, 4 2@40 web.4, ');
    expect<i32>(reclaimOldest(id, 30)).toBe(status.UNKNOWN);
    expect<i32>(reclaimOldest(id, 31)).toBe(status.CHANGED);
    expect<string>(`${lo()} ${who()} ${time()} ${state()}`).toBe('3 web.3 30 2');
    expect<i32>(reclaim(id, 'web.4')).toBe(status.CHANGED);
    expect<string>(`${lo()} ${who()} ${time()} ${state()}`).toBe('4 web.4 40 2');
    expect<i32>(reclaimOldest(id, NEVER)).toBe(status.CHANGED);
    expect<string>(who()).toBe('web.1');
    expect<i32>(reclaimOldest(id, NEVER)).toBe(status.CHANGED);
    expect<string>(who()).toBe('web.0');
    expect<i32>(reclaimOldest(id, NEVER)).toBe(status.UNKNOWN);
    expect<string>(listed(id)).toBe('2 1 web.2, ');
    expect<i32>(release(id, 'web.2', NEVER)).toBe(status.BAD_INPUT);
    expect<i32>(release(id, 'web.2', NEVER - 1)).toBe(status.CHANGED);
    expect<i32>(reclaimOldest(id, NEVER)).toBe(status.CHANGED);
    core.subnet_destroy(id);
  });

  test('bind: this ordinal or none', () => {
    setRange(0, 0, 0, 0, 0);
    const id = create(4, 28, SERIAL, 1);
    expect<i32>(bind(id, 'a', 5)).toBe(status.CHANGED);
    expect<i32>(bind(id, 'a', 5)).toBe(status.OK);
    expect<i32>(bind(id, 'b', 5)).toBe(status.OCCUPIED);
    expect<i32>(bind(id, 'a', 6)).toBe(status.BOUND_ELSEWHERE);
    expect<u64>(lo()).toBe(5, 'where it is');
    expect<i32>(bind(id, 'b', 0)).toBe(status.EXCLUDED);
    hold(id, 7);
    expect<i32>(bind(id, 'b', 7)).toBe(status.OCCUPIED);
    release(id, 'a', 1);
    expect<i32>(bind(id, 'b', 5)).toBe(status.OCCUPIED, 'reserved');
    expect<i32>(bind(id, 'a', 5)).toBe(status.OK);
    lookup(id, 'a');
    expect<u32>(state()).toBe(LIVE);
    core.subnet_destroy(id);
  });

  test('preferred: the binding first, then the wish, then the policy', () => {
    setRange(0, 0, 0, 0, 0);
    const id = create(4, 28, SERIAL, 1);
    expect<bool>(prefer(id, 'a', 9) == status.CHANGED && lo() == 9).toBe(true);
    expect<bool>(prefer(id, 'a', 3) == status.OK && lo() == 9).toBe(true);
    expect<bool>(prefer(id, 'b', 9) == status.CHANGED && lo() == 1).toBe(true);
    expect<bool>(prefer(id, 'c', 0) == status.CHANGED && lo() == 2).toBe(true);
    core.subnet_destroy(id);
  });

  test('trade: the own ordinal, else the ticket, which stays held as well', () => {
    const id = create(4, 28);
    core.hold_next(id);
    expect<i32>(trade(id, 'a', 0)).toBe(status.CHANGED);
    expect<string>(shown(id, 0)).toBe('1 a');
    expect<string>(counts(id)).toBe('1 0 0', 'a held ordinal that is bound counts once');
    expect<bool>(trade(id, 'a', 3) == status.OK && lo() == 0).toBe(true, 'any ticket leads home');
    expect<i32>(trade(id, 'b', 0)).toBe(status.OCCUPIED);
    expect<i32>(trade(id, 'b', 3)).toBe(status.NOT_HELD);
    release(id, 'a', 1);
    reclaim(id, 'a');
    expect<string>(shown(id, 0)).toBe('3 ', 'the ticket is still held');
    expect<i32>(trade(id, 'b', 0)).toBe(status.CHANGED);
    expect<i32>(unhold(id, 0)).toBe(status.CHANGED);
    expect<i32>(unhold(id, 0)).toBe(status.NOT_HELD);
    expect<string>(shown(id, 0)).toBe('1 b', 'the binding stays');
    release(id, 'b', 1);
    reclaim(id, 'b');
    expect<string>(shown(id, 0)).toBe('0 ');
    core.subnet_destroy(id);
  });

  test('hold, rehold and unhold beside bindings', () => {
    setRange(0, 0, 0, 0, 0);
    const id = create(4, 28, SERIAL, 1);
    allocate(id, 'a');
    expect<i32>(hold(id, 1)).toBe(status.OCCUPIED);
    expect<i32>(unhold(id, 1)).toBe(status.NOT_HELD);
    expect<i32>(rehold(id, 1)).toBe(status.CHANGED);
    expect<i32>(rehold(id, 1)).toBe(status.OK);
    expect<i32>(hold(id, 1)).toBe(status.OCCUPIED, 'bound and held');
    expect<i32>(hold(id, 2)).toBe(status.CHANGED);
    expect<i32>(hold(id, 2)).toBe(status.OK);
    expect<i32>(rehold(id, 2)).toBe(status.OK);
    expect<i32>(rehold(id, 3)).toBe(status.CHANGED);
    expect<i32>(hold(id, 0)).toBe(status.EXCLUDED);
    expect<i32>(rehold(id, 0)).toBe(status.EXCLUDED);
    expect<i32>(unhold(id, 0)).toBe(status.NOT_HELD);
    expect<i32>(unhold(id, 9)).toBe(status.NOT_HELD);
    expect<string>(counts(id)).toBe('1 0 2');
    release(id, 'a', 1);
    reclaim(id, 'a');
    expect<string>(counts(id)).toBe('0 0 3');
    expect<string>(listed(id)).toBe('1 3 , 2 3 , 3 3 , ');
    for (let i: u64 = 1; i <= 3; i++) expect<i32>(unhold(id, i)).toBe(status.CHANGED);
    expect<string>(listed(id)).toBe('');
    core.subnet_destroy(id);
  });

  test('serial goes on behind the last one given; lowest takes the lowest', () => {
    const serial = create(4, 29);
    const lowest = create(4, 29, LOWEST);
    for (let i = 0; i < 3; i++) {
      allocate(serial, `a.${i}`);
      allocate(lowest, `a.${i}`);
    }
    release(serial, 'a.1', 1);
    reclaim(serial, 'a.1');
    release(lowest, 'a.1', 1);
    reclaim(lowest, 'a.1');
    for (let i: u64 = 3; i < 8; i++) expect<bool>(core.hold_next(serial) == 1 && lo() == i).toBe(true);
    expect<bool>(core.hold_next(serial) == 1 && lo() == 1).toBe(true);
    expect<i32>(core.hold_next(serial)).toBe(status.FULL);
    expect<bool>(core.hold_next(lowest) == 1 && lo() == 1).toBe(true);
    expect<bool>(core.hold_next(lowest) == 1 && lo() == 3).toBe(true);
    core.subnet_destroy(serial);
    core.subnet_destroy(lowest);
  });

  test('many allocations in one call are answered one by one', () => {
    const id = create(4, 30);
    let at: u32 = 0;
    const names = ['a', 'b', 'a', 'c', '', 'd', 'e'];
    for (let i = 0; i < names.length; i++) {
      store<u8>(WINDOW + at, <u8>names[i].length);
      if (names[i].length) store<u8>(WINDOW + at + 1, <u8>names[i].charCodeAt(0));
      at += 1 + names[i].length;
    }
    expect<i32>(core.allocate_many(id, 7, at)).toBe(status.OK);
    const expected = [1, 1, 0, 1, status.BAD_INPUT, 1, status.FULL];
    const ordinals: u64[] = [0, 1, 0, 2, 0, 3, 0];
    for (let i = 0; i < 7; i++) {
      const result = WINDOW + at + 24 * i;
      expect<i32>(load<i32>(result, 16)).toBe(expected[i], names[i]);
      if (expected[i] >= 0) expect<u64>(load<u64>(result)).toBe(ordinals[i], names[i]);
    }
    expect<i32>(core.allocate_many(id, 8, at)).toBe(status.BAD_INPUT, 'more names than there are');
    expect<i32>(core.allocate_many(id, 1, 65537)).toBe(status.BAD_INPUT);
    expect<i32>(core.allocate_many(id, 2731, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.allocate_many(id, <u32>-1, 65536)).toBe(status.BAD_INPUT);
    core.subnet_destroy(id);
  });
});

/** One subnet as maps and loops. It has a few slots, ascending; every other ordinal is excluded. */
class Twin {
  owner: Map<i32, string> = new Map();
  slotOf: Map<string, i32> = new Map();
  live: Set<string> = new Set();
  held: Set<i32> = new Set();
  /** Reserved identities, oldest release first, and when that was. */
  queue: string[] = [];
  since: Map<string, u64> = new Map();
  clock: u64 = 0;
  cursor: i32 = 0;
  /** The slot that the last operation answered. */
  slot: i32 = 0;

  constructor(
    readonly size: i32,
    readonly policy: u32,
  ) {}

  isFree(slot: i32): bool {
    return !this.owner.has(slot) && !this.held.has(slot);
  }

  choose(): i32 {
    const from = this.policy == SERIAL ? this.cursor : 0;
    for (let i = 0; i < this.size; i++) {
      const slot = (from + i) % this.size;
      if (!this.isFree(slot)) continue;
      this.cursor = (slot + 1) % this.size;
      return slot;
    }
    return -1;
  }

  own(name: string, slot: i32): i32 {
    this.owner.set(slot, name);
    this.slotOf.set(name, slot);
    this.live.add(name);
    this.slot = slot;
    return status.CHANGED;
  }

  revive(name: string): i32 {
    this.live.add(name);
    const at = this.queue.indexOf(name);
    if (at >= 0) this.queue.splice(at, 1);
    this.slot = this.slotOf.get(name);
    return status.OK;
  }

  allocate(name: string): i32 {
    if (this.slotOf.has(name)) return this.revive(name);
    const slot = this.choose();
    return slot < 0 ? status.FULL : this.own(name, slot);
  }

  prefer(name: string, slot: i32): i32 {
    if (this.slotOf.has(name) || !this.isFree(slot)) return this.allocate(name);
    return this.own(name, slot);
  }

  bind(name: string, slot: i32): i32 {
    if (this.slotOf.has(name)) {
      this.slot = this.slotOf.get(name);
      return this.slot == slot ? this.revive(name) : status.BOUND_ELSEWHERE;
    }
    return this.isFree(slot) ? this.own(name, slot) : status.OCCUPIED;
  }

  trade(name: string, slot: i32): i32 {
    if (this.slotOf.has(name)) return this.revive(name);
    if (this.owner.has(slot)) return status.OCCUPIED;
    return this.held.has(slot) ? this.own(name, slot) : status.NOT_HELD;
  }

  release(name: string, at: u64): i32 {
    if (!this.slotOf.has(name)) return status.UNKNOWN;
    this.slot = this.slotOf.get(name);
    if (!this.live.has(name)) return status.OK;
    this.live.delete(name);
    this.clock = max(this.clock, at);
    this.since.set(name, this.clock);
    this.queue.push(name);
    return status.CHANGED;
  }

  reclaim(name: string): i32 {
    if (!this.slotOf.has(name)) return status.UNKNOWN;
    this.slot = this.slotOf.get(name);
    if (this.live.has(name)) return status.IS_LIVE;
    this.queue.splice(this.queue.indexOf(name), 1);
    this.owner.delete(this.slot);
    this.slotOf.delete(name);
    return status.CHANGED;
  }

  reclaimOldest(before: u64): i32 {
    if (!this.queue.length || this.since.get(this.queue[0]) >= before) return status.UNKNOWN;
    return this.reclaim(this.queue[0]);
  }

  hold(slot: i32): i32 {
    if (this.owner.has(slot)) return status.OCCUPIED;
    if (this.held.has(slot)) return status.OK;
    this.held.add(slot);
    return status.CHANGED;
  }

  holdNext(): i32 {
    this.slot = this.choose();
    if (this.slot < 0) return status.FULL;
    this.held.add(this.slot);
    return status.CHANGED;
  }

  rehold(slot: i32): i32 {
    if (this.held.has(slot)) return status.OK;
    this.held.add(slot);
    return status.CHANGED;
  }

  unhold(slot: i32): i32 {
    if (!this.held.has(slot)) return status.NOT_HELD;
    this.held.delete(slot);
    return status.CHANGED;
  }

  shown(slot: i32): string {
    if (!this.owner.has(slot)) return this.held.has(slot) ? `${HELD} ` : `${FREE} `;
    const name = this.owner.get(slot);
    return this.live.has(name) ? `${LIVE} ${name}` : `${RESERVED} ${name}`;
  }
}

/** A core's subnet and its twin, step by step. */
class Walk {
  id: u32 = 0;
  random: Random;
  twin: Twin;
  names: string[] = [];
  /** Excluded ordinals, modulo 2^128. */
  excludedLo: u64 = 0;
  excludedHi: u64 = 0;

  constructor(
    readonly what: string,
    readonly version: u32,
    readonly prefix: u32,
    readonly policy: u32,
    readonly slotLo: u64[],
    readonly slotHi: u64[],
  ) {
    this.random = new Random(prefix * 2 + policy);
    this.twin = new Twin(slotLo.length, policy);
    this.id = create(version, prefix, policy, this.excludeOthers());
    for (let i = 0; i < slotLo.length + slotLo.length / 2 + 1; i++) this.names.push(`web.${i}`);
    this.names.push('x'.repeat(255));
    this.names.push('é');
    core.subnet_stats(this.id);
    this.excludedLo = load<u64>(WINDOW, 32);
    this.excludedHi = load<u64>(WINDOW, 40);
  }

  /** Puts the ranges between the slots into the window; how many there are. */
  private excludeOthers(): u32 {
    const bits = (this.version == 4 ? 32 : 128) - this.prefix;
    const endLo = bits >= 64 ? 0 : (<u64>1) << bits;
    const endHi = bits < 64 || bits == 128 ? 0 : (<u64>1) << (bits - 64);
    let ranges: u32 = 0;
    let fromLo: u64 = 0;
    let fromHi: u64 = 0;
    for (let i = 0; i <= this.slotLo.length; i++) {
      const isEnd = i == this.slotLo.length;
      const toLo = isEnd ? endLo : this.slotLo[i];
      const toHi = isEnd ? endHi : this.slotHi[i];
      if (toLo != fromLo || toHi != fromHi) setRange(ranges++, fromLo, fromHi, toLo - 1, toHi - <u64>(toLo == 0));
      fromLo = toLo + 1;
      fromHi = toHi + <u64>(fromLo == 0);
    }
    return ranges;
  }

  run(steps: i32): void {
    for (let step = 0; step < steps; step++) {
      const before = `${this.what}, step ${step}`;
      this.step(before);
      this.compare(before);
      if (step % 97 == 96) this.moveHouse(before);
    }
    core.subnet_destroy(this.id);
  }

  /** One operation on both; what they answer must be the same. */
  private step(what: string): void {
    const random = this.random;
    const id = this.id;
    const twin = this.twin;
    const name = this.names[random.below(this.names.length)];
    const slot = <i32>random.below(twin.size);
    const sLo = this.slotLo[slot];
    const sHi = this.slotHi[slot];
    const at = <u64>random.below(1000);
    const operation = random.below(16);
    let answer = 0;
    let expected = 0;
    let hasSlot = true;
    if (operation < 4) {
      answer = allocate(id, name);
      expected = twin.allocate(name);
    } else if (operation < 7) {
      answer = release(id, name, at);
      expected = twin.release(name, at);
    } else if (operation == 7) {
      answer = prefer(id, name, sLo, sHi);
      expected = twin.prefer(name, slot);
    } else if (operation == 8) {
      answer = bind(id, name, sLo, sHi);
      expected = twin.bind(name, slot);
      hasSlot = answer >= 0 || answer == status.BOUND_ELSEWHERE;
    } else if (operation == 9) {
      answer = trade(id, name, sLo, sHi);
      expected = twin.trade(name, slot);
    } else if (operation == 10) {
      answer = reclaim(id, name);
      expected = twin.reclaim(name);
      hasSlot = answer >= 0 || answer == status.IS_LIVE;
    } else if (operation == 11) {
      answer = reclaimOldest(id, at);
      expected = twin.reclaimOldest(at);
    } else if (operation == 12) {
      answer = core.hold_next(id);
      expected = twin.holdNext();
    } else {
      if (operation == 13) {
        answer = hold(id, sLo, sHi);
        expected = twin.hold(slot);
      } else if (operation == 14) {
        answer = rehold(id, sLo, sHi);
        expected = twin.rehold(slot);
      } else {
        answer = unhold(id, sLo, sHi);
        expected = twin.unhold(slot);
      }
      hasSlot = false;
    }
    assert(answer == expected, `${what}, operation ${operation}: ${answer}, not ${expected}`);
    if (answer < 0 && answer != status.BOUND_ELSEWHERE && answer != status.IS_LIVE) hasSlot = false;
    if (!hasSlot) return;
    assert(
      lo() == this.slotLo[twin.slot] && hi() == this.slotHi[twin.slot],
      `${what}, operation ${operation}: ${lo()}`,
    );
  }

  /** The whole state, slot by slot, name by name and in the core's own order; and that it adds up. */
  private compare(what: string): void {
    const id = this.id;
    const twin = this.twin;
    let list = '';
    let free = 0;
    let held = 0;
    for (let slot = 0; slot < twin.size; slot++) {
      const shownHere = shown(id, this.slotLo[slot], this.slotHi[slot]);
      assert(shownHere == twin.shown(slot), `${what}: slot ${slot} is ${shownHere}, not ${twin.shown(slot)}`);
      if (state() == FREE) free++;
      if (state() == HELD) held++;
    }
    setOrdinal(0, 0);
    for (let slot = 0; slot < twin.size; slot++) {
      if (twin.isFree(slot)) continue;
      assert(core.next(id) == status.OK, `${what}: the list ends before slot ${slot}`);
      assert(lo() == this.slotLo[slot] && hi() == this.slotHi[slot], `${what}: slot ${slot} is not next`);
      const next = lo() + 1;
      setOrdinal(next, hi() + <u64>(next == 0));
      list = slot.toString();
    }
    if (lo() | hi() || !list.length) assert(core.next(id) == status.UNKNOWN, `${what}: the list goes on`);
    for (let i = 0; i < this.names.length; i++) {
      const name = this.names[i];
      const found = lookup(id, name);
      assert(found == (twin.slotOf.has(name) ? status.OK : status.UNKNOWN), `${what}: ${name} is ${found}`);
      if (found != status.OK) continue;
      const slot = twin.slotOf.get(name);
      assert(lo() == this.slotLo[slot] && hi() == this.slotHi[slot] && who() == name, `${what}: where ${name} is`);
      const since = twin.live.has(name) ? 0 : twin.since.get(name);
      assert(time() == since, `${what}: ${name} since ${time()}, not ${since}`);
    }
    core.subnet_stats(id);
    const live = load<u32>(WINDOW, 12);
    const reserved = load<u32>(WINDOW, 16);
    assert(live == twin.live.size && reserved == twin.queue.length, `${what}: ${live} live, ${reserved} reserved`);
    assert(load<u32>(WINDOW, 20) == <u32>held, `${what}: ${load<u32>(WINDOW, 20)} held, not ${held}`);
    assert(<u32>(free + held) + live + reserved == <u32>twin.size, `${what}: the slots do not add up`);
    // Modulo 2^128 the excluded ones and the slots are the whole subnet.
    const bits = (this.version == 4 ? 32 : 128) - this.prefix;
    const allLo = load<u64>(WINDOW, 32) + twin.size;
    const allHi = load<u64>(WINDOW, 40) + <u64>(allLo < <u64>twin.size);
    assert(allLo == (bits >= 64 ? 0 : (<u64>1) << bits), `${what}: excluded and slots are not all`);
    assert(
      allHi == (bits < 64 || bits == 128 ? 0 : (<u64>1) << (bits - 64)),
      `${what}: excluded and slots are not all`,
    );
  }

  /** Goes on in a subnet restored from the snapshot of this one. */
  private moveHouse(what: string): void {
    const bytes = snapshot(this.id);
    assert(restore(bytes) == status.CHANGED, `${what}: restore`);
    const id = end();
    assert(sameBytes(bytes, snapshot(id)), `${what}: another snapshot`);
    core.subnet_destroy(this.id);
    this.id = id;
  }
}

function consecutive(size: i32): u64[] {
  const slots: u64[] = [];
  for (let i = 0; i < size; i++) slots.push(i);
  return slots;
}

function zeros(size: i32): u64[] {
  return new Array<u64>(size).fill(0);
}

describe('a long walk beside the naive twin', () => {
  afterEach(() => {
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('in a /28, both policies', () => {
    new Walk('/28 serial', 4, 28, SERIAL, consecutive(16), zeros(16)).run(2000);
    new Walk('/28 lowest', 4, 28, LOWEST, consecutive(16), zeros(16)).run(2000);
  });

  test('in a /32, a /31 and a /30 without its edges', () => {
    new Walk('/32', 4, 32, SERIAL, consecutive(1), zeros(1)).run(300);
    new Walk('/31', 4, 31, SERIAL, consecutive(2), zeros(2)).run(500);
    new Walk('/30', 4, 30, SERIAL, [1, 2], zeros(2)).run(500);
  });

  test('on both sides of words, pages and levels of an IPv4 /0', () => {
    const slots: u64[] = [0, 62, 63, 64, 4095, 4096, 8191, 262143, 262144, 0xffffff, 0x1000000, 0xfffffffe, 0xffffffff];
    new Walk('IPv4 /0 serial', 4, 0, SERIAL, slots, zeros(slots.length)).run(1500);
    new Walk('IPv4 /0 lowest', 4, 0, LOWEST, slots, zeros(slots.length)).run(1500);
  });

  test('in an IPv6 /64 and a /0, up to the very last', () => {
    const in64: u64[] = [0, 1, 4095, 4096, (1 << 24) - 1, 1 << 24, (<u64>1) << 36, (<u64>1) << 63, <u64>-2, <u64>-1];
    new Walk('/64', 6, 64, SERIAL, in64, zeros(in64.length)).run(1500);
    const low: u64[] = [0, 4096, <u64>-1, 0, 1, 0, 5, <u64>-4097, <u64>-4096, <u64>-1];
    const high: u64[] = [0, 0, 0, 1, 1, 1 << 24, (<u64>1) << 63, <u64>-1, <u64>-1, <u64>-1];
    new Walk('::/0', 6, 0, SERIAL, low, high).run(1500);
  });
});

describe('many subnets', () => {
  test('come and go without growing the memory, and their numbers come again', () => {
    let size = 0;
    for (let round = 0; round < 60; round++) {
      const ids: u32[] = [];
      for (let i = 0; i < 12; i++) {
        ids.push(create(4, 16));
        for (let k = 0; k < 40; k++) allocate(ids[i], `${round}.${i}.${k}`);
      }
      for (let i = 0; i < 12; i++) {
        assert(ids[i] < 12, `number ${ids[i]}`);
        assert(lookup(ids[i], `${round}.${i}.7`) == status.OK && lo() == 7, `subnet ${i} has its own`);
        assert(lookup(ids[i], `${round}.${(i + 1) % 12}.7`) == status.UNKNOWN, `subnet ${i} has no other's`);
      }
      for (let i = 0; i < 12; i++) core.subnet_destroy(ids[(i * 5 + round) % 12]);
      assert(allocate(ids[0], 'a') == status.NO_SUBNET, 'a destroyed subnet');
      if (round == 4) size = memory.size();
    }
    expect<i32>(memory.size()).toBe(size);
    expect<u32>(core.memory_used()).toBeLessThan(8193);
  });

  test('the one of the call before is not taken for another that has its number since, or for none', () => {
    const first = create(4, 24);
    allocate(first, 'a');
    assert(allocate(u32.MAX_VALUE, 'a') == status.NO_SUBNET, 'a number that no subnet has');
    allocate(first, 'a');
    core.subnet_destroy(first);
    assert(lookup(first, 'a') == status.NO_SUBNET, 'destroyed by the call before');
    const second = create(4, 24);
    expect<u32>(second).toBe(first);
    expect<i32>(lookup(second, 'a')).toBe(status.UNKNOWN);
    allocate(second, 'b');
    core.rebuild_begin(second);
    core.rebuild_resolve(second);
    expect<i32>(core.rebuild_commit(second)).toBe(status.CHANGED);
    expect<i32>(lookup(second, 'b')).toBe(status.UNKNOWN);
    core.subnet_destroy(second);
  });

  test('pages that are found in turn, and dropped, are not mistaken for one another', () => {
    const id = create(4, 12);
    for (let page = 0; page < 4; page++) hold(id, page * 4096);
    for (let round = 0; round < 3; round++) {
      for (let page = 0; page < 4; page++) {
        expect<i32>(unhold(id, page * 4096)).toBe(status.CHANGED);
        expect<string>(shown(id, page * 4096)).toBe(`${FREE} `);
        expect<i32>(hold(id, ((page + 2) % 4) * 4096)).toBe(page < 2 ? status.OK : status.CHANGED);
        expect<i32>(unhold(id, page * 4096 + 1)).toBe(status.NOT_HELD);
      }
      for (let page = 0; page < 4; page++) hold(id, page * 4096);
      expect<string>(listed(id)).toBe('0 3 , 4096 3 , 8192 3 , 12288 3 , ');
    }
    core.subnet_destroy(id);
  });

  test('10000 bindings made and reclaimed again and again use the same memory', () => {
    const id = create(6, 64);
    let used: u32 = 0;
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 10000; i++) allocate(id, `task.${i}`);
      for (let i = 0; i < 10000; i++) release(id, `task.${i}`, 1);
      for (let i = 0; i < 10000; i++) assert(reclaimOldest(id, NEVER) == status.CHANGED, `reclaim ${i}`);
      assert(listed(id) == '', 'nothing left');
      // Serial goes on into new pages; those that it left are given back.
      if (round == 1) used = core.memory_used();
    }
    expect<u32>(core.memory_used()).toBe(used);
    core.subnet_destroy(id);
  });
});

describe('excluded ordinals', () => {
  test('are told from held ones, in pages that are there and in those that are not', () => {
    setRange(0, 10, 0, 20000, 0);
    const id = create(4, 8, SERIAL, 1);
    const probes: u64[] = [10, 4095, 4096, 9000, 16384, 20000];
    for (let i = 0; i < probes.length; i++) {
      expect<string>(shown(id, probes[i])).toBe(`${EXCLUDED} `);
      expect<i32>(prefer(id, `p.${i}`, probes[i])).toBe(status.CHANGED);
      expect<u64>(lo()).toBe(i);
    }
    expect<string>(shown(id, 20001)).toBe(`${FREE} `);
    core.subnet_destroy(id);
  });

  test('are passed over in a list, whatever their number', () => {
    for (let width = 0; width < 128; width++) {
      // From 1 to 2^width: the difference of the two has every form of halves.
      const lastLo = width < 64 ? (<u64>1) << width : 0;
      const lastHi = width < 64 ? 0 : (<u64>1) << (width - 64);
      setRange(0, 1, 0, lastLo, lastHi);
      const id = create(6, 0, SERIAL, 1);
      hold(id, 0);
      hold(id, lastLo + 1, lastHi);
      const behind = lastHi ? `${lastHi}:${lastLo + 1}` : `${lastLo + 1}`;
      assert(listed(id) == `0 3 , ${behind} 3 , `, `up to 2^${width}: ${listed(id)}`);
      core.subnet_destroy(id);
    }
  });
});
