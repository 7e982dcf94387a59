// Snapshots: byte for byte the same again, and whatever is damaged is refused whole.

import { setKey, sipHash } from '../hash';
import * as core from '../index';
import * as status from '../status';
import {
  allocate,
  bind,
  create,
  end,
  hold,
  LOWEST,
  listed,
  lo,
  pack,
  reclaimOldest,
  rehold,
  release,
  restore,
  SERIAL,
  sameBytes,
  setOrdinal,
  setRange,
  setTime,
  snapshot,
  WINDOW,
} from './host';
import { Random } from './support';

const HEADER = 64;
const NEVER: u64 = 1 << 48;

/** Some of everything: ranges, live, held, both, reserved in an order of their own. */
function furnished(): u32 {
  setRange(0, 0, 0, 0, 0);
  setRange(1, 200, 0, 210, 0);
  setOrdinal(0x0a000000, 0);
  const id = <u32>core.subnet_create(4, 24, SERIAL, 2);
  for (let i = 0; i < 6; i++) allocate(id, `web.${i}`);
  rehold(id, 3);
  hold(id, 77);
  release(id, 'web.4', 1000);
  release(id, 'web.1', 2000);
  release(id, 'web.3', 2000);
  allocate(id, 'x'.repeat(255));
  return id;
}

function copyOf(bytes: StaticArray<u8>, length: i32): StaticArray<u8> {
  const copy = new StaticArray<u8>(length);
  memory.copy(changetype<usize>(copy), changetype<usize>(bytes), min(length, bytes.length));
  return copy;
}

function flip(bytes: StaticArray<u8>, bit: i32): void {
  const at = changetype<usize>(bytes) + (bit >> 3);
  const mask: u32 = 1 << (bit & 7);
  store<u8>(at, <u8>(<u32>load<u8>(at) ^ mask));
}

describe('the seed', () => {
  test('cannot change while a first snapshot is being restored', () => {
    const bytes = new Forged().use('a', 5).use('b', 6).bytes();
    expect<i32>(core.set_seed()).toBe(status.OK);
    expect<i32>(restore(copyOf(bytes, bytes.length - 1))).toBe(status.OK);
    expect<i32>(core.set_seed()).toBe(status.BAD_STATE);
    core.restore_abort();
    expect<i32>(core.set_seed()).toBe(status.OK);
    expect<u32>(core.memory_used()).toBe(0);
  });
});

describe('snapshot', () => {
  afterEach(() => {
    core.restore_abort();
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('round trip, byte for byte, and then the two go on alike', () => {
    const id = furnished();
    const bytes = snapshot(id);
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    const twin = end();
    expect<string>(listed(twin)).toBe(listed(id));
    const random = new Random(3);
    for (let step = 0; step < 600; step++) {
      const name = `web.${random.below(12)}`;
      const place = <u64>random.below(256);
      const kind = random.below(6);
      const both: u32[] = [id, twin];
      const answers: i32[] = [];
      for (let i = 0; i < 2; i++) {
        const one = both[i];
        if (kind < 2) answers.push(allocate(one, name));
        else if (kind == 2) answers.push(release(one, name, 2000 + step));
        else if (kind == 3) answers.push(reclaimOldest(one, step));
        else if (kind == 4) answers.push(hold(one, place));
        else answers.push(core.hold_next(one));
      }
      assert(answers[0] == answers[1], `step ${step}: ${answers[0]} and ${answers[1]}`);
      if (step % 20 == 0) assert(sameBytes(snapshot(id), snapshot(twin)), `step ${step}: no longer alike`);
    }
    expect<bool>(sameBytes(snapshot(id), snapshot(twin))).toBe(true);
    core.subnet_destroy(id);
    core.subnet_destroy(twin);
  });

  test('every shape of subnet comes back', () => {
    for (let version: u32 = 4; version <= 6; version += 2) {
      const width: u32 = version == 4 ? 32 : 128;
      for (let prefix: u32 = 0; prefix <= width; prefix++) {
        // The highest base there is: ones down to the prefix.
        const bits = width - prefix;
        const ones = version == 4 ? <u64>u32.MAX_VALUE : u64.MAX_VALUE;
        const baseLo = bits >= 64 ? 0 : (ones >> bits) << bits;
        const baseHi =
          version == 4 || bits == 128 ? 0 : bits <= 64 ? u64.MAX_VALUE : (u64.MAX_VALUE >> (bits - 64)) << (bits - 64);
        setOrdinal(baseLo, baseHi);
        const id = core.subnet_create(version, prefix, prefix & 1, 0);
        assert(id >= 0, `IPv${version} /${prefix}`);
        allocate(id, 'web.1');
        release(id, 'web.1', prefix);
        core.hold_next(id);
        const bytes = snapshot(id);
        assert(restore(bytes) == status.CHANGED, `IPv${version} /${prefix}`);
        const copy = end();
        assert(sameBytes(bytes, snapshot(copy)), `IPv${version} /${prefix} changed`);
        core.subnet_destroy(id);
        core.subnet_destroy(copy);
      }
    }
  });

  test('the last of 2^128 is the last of the snapshot', () => {
    const id = create(6, 0);
    bind(id, 'first', 0);
    bind(id, 'last', <u64>-1, <u64>-1);
    bind(id, 'before', <u64>-2, <u64>-1);
    hold(id, 0, 1);
    const bytes = snapshot(id);
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    const copy = end();
    expect<string>(listed(copy)).toBe(listed(id));
    expect<bool>(sameBytes(bytes, snapshot(copy))).toBe(true);
    core.subnet_destroy(id);
    core.subnet_destroy(copy);
  });

  test('larger than the window', () => {
    const id = create(6, 64);
    for (let i = 0; i < 1500; i++) bind(id, `${i}.${'y'.repeat(i % 200)}`, (<u64>i) << (i % 40));
    for (let i = 0; i < 1500; i += 3) release(id, `${i}.${'y'.repeat(i % 200)}`, i);
    const bytes = snapshot(id);
    expect<i32>(bytes.length).toBeGreaterThan(2 * 65536);
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    const copy = end();
    expect<bool>(sameBytes(bytes, snapshot(copy))).toBe(true);
    core.subnet_destroy(id);
    core.subnet_destroy(copy);
  });

  test('pieces of any size', () => {
    const id = furnished();
    const bytes = snapshot(id);
    for (let piece = 1; piece <= bytes.length; piece++) {
      assert(restore(bytes, piece) == status.CHANGED, `pieces of ${piece}`);
      const copy = end();
      if (piece % 50 == 1) assert(sameBytes(bytes, snapshot(copy)), `pieces of ${piece}: another`);
      core.subnet_destroy(copy);
    }
    core.subnet_destroy(id);
  });

  test('the state decides the bytes, not how it came about, nor the key of the hash', () => {
    const names: string[] = [];
    for (let i = 0; i < 300; i++) names.push(`task.${i}`);
    const first = create(6, 64, LOWEST);
    for (let i = 0; i < 300; i++) bind(first, names[i], (<u64>i) << 11);
    const bytes = snapshot(first);
    core.subnet_destroy(first);

    const second = create(6, 64, LOWEST);
    for (let i = 0; i < 50; i++) bind(second, `gone.${i}`, (<u64>i) << 20);
    for (let i = 299; i >= 0; i--) bind(second, names[(i * 7) % 300], (<u64>((i * 7) % 300)) << 11);
    core.rebuild_begin(second);
    for (let i = 0; i < 300; i++) core.rebuild_feed(second, pack(0, names[i], (<u64>i) << 11, 0, i, 5));
    core.rebuild_resolve(second);
    setTime(0);
    core.rebuild_commit(second);
    expect<bool>(sameBytes(snapshot(second), bytes)).toBe(true);
    core.subnet_destroy(second);

    setKey(0x1122334455667788, 0x99aabbccddeeff00);
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    const third = end();
    expect<bool>(sameBytes(snapshot(third), bytes)).toBe(true);
    expect<bool>(allocate(third, 'task.9') == status.OK && lo() == 9 << 11).toBe(true);
    core.subnet_destroy(third);
  });
});

describe('a damaged snapshot', () => {
  afterEach(() => {
    core.restore_abort();
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('one flipped bit at every position is refused', () => {
    const id = furnished();
    const bytes = snapshot(id);
    const used = core.memory_used();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      flip(bytes, bit);
      const result = restore(bytes);
      // A count that has grown makes it look cut off: OK, and the host sees that nothing more comes.
      const refused =
        result == status.BAD_SNAPSHOT || result == status.OK || (result == status.BAD_VERSION && bit >> 3 == 4);
      assert(refused, `bit ${bit} of ${bytes.length * 8}: ${result}`);
      core.restore_abort();
      assert(core.memory_used() == used, `bit ${bit}: memory is left`);
      flip(bytes, bit);
    }
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    core.subnet_destroy(end());
    core.subnet_destroy(id);
  });

  test('cut off at every length', () => {
    const id = furnished();
    const bytes = snapshot(id);
    const used = core.memory_used();
    for (let length = 0; length < bytes.length; length++) {
      assert(restore(copyOf(bytes, length)) == status.OK, `${length} bytes: more must follow`);
      core.restore_abort();
      assert(core.memory_used() == used, `${length} bytes: memory is left`);
    }
    core.subnet_destroy(id);
  });

  test('more bytes after the end', () => {
    const id = furnished();
    const bytes = snapshot(id);
    core.subnet_destroy(id);
    expect<i32>(restore(copyOf(bytes, bytes.length + 1))).toBe(status.BAD_SNAPSHOT);
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    core.subnet_destroy(end());
    expect<i32>(core.restore_feed(1)).toBe(status.BAD_STATE, 'after the end nothing is awaited');
    core.restore_begin();
    core.restore_abort();
    expect<i32>(core.restore_feed(1)).toBe(status.BAD_STATE);
    core.restore_begin();
    expect<i32>(core.restore_feed(65537)).toBe(status.BAD_INPUT);
  });

  test('a restore begun anew forgets the first', () => {
    const id = furnished();
    const bytes = snapshot(id);
    core.restore_begin();
    memory.copy(WINDOW, changetype<usize>(bytes), 300);
    expect<i32>(core.restore_feed(300)).toBe(status.OK);
    expect<i32>(restore(bytes)).toBe(status.CHANGED);
    core.subnet_destroy(end());
    core.subnet_destroy(id);
  });
});

/** A snapshot put together by hand: well signed, whatever it says. */
class Forged {
  parts: StaticArray<u8>[] = [];
  ranges: u32 = 0;
  used: u32 = 0;
  reserved: u32 = 0;
  version: u8 = 4;
  prefix: u8 = 24;
  policy: u8 = 0;
  baseLo: u64 = 0;
  baseHi: u64 = 0;
  cursorLo: u64 = 0;
  cursorHi: u64 = 0;
  lastTime: u64 = 100;
  zero: u32 = 0;

  range(aLo: u64, bLo: u64): Forged {
    const part = new StaticArray<u8>(32);
    const at = changetype<usize>(part);
    store<u64>(at, aLo);
    store<u64>(at, bLo, 16);
    this.parts.push(part);
    this.ranges++;
    return this;
  }

  private entry(name: string, lo: u64, hi: u64, time: u64, flags: u64): void {
    const part = new StaticArray<u8>(24 + name.length);
    const at = changetype<usize>(part);
    store<u64>(at, lo);
    store<u64>(at, hi, 8);
    store<u64>(at, time | (flags << 48) | ((<u64>name.length) << 56), 16);
    for (let i = 0; i < name.length; i++) part[24 + i] = <u8>name.charCodeAt(i);
    this.parts.push(part);
  }

  use(name: string, lo: u64, hi: u64 = 0, time: u64 = 0, flags: u64 = 1): Forged {
    this.entry(name, lo, hi, time, flags);
    this.used++;
    return this;
  }

  reserve(name: string, lo: u64, time: u64 = 0, flags: u64 = 0): Forged {
    this.entry(name, lo, 0, time, flags);
    this.reserved++;
    return this;
  }

  bytes(): StaticArray<u8> {
    const header = new StaticArray<u8>(HEADER);
    const at = changetype<usize>(header);
    store<u32>(at, 0x54504d4c);
    store<u8>(at, 1, 4);
    store<u8>(at, this.version, 5);
    store<u8>(at, this.prefix, 6);
    store<u8>(at, this.policy, 7);
    store<u64>(at, this.baseLo, 8);
    store<u64>(at, this.baseHi, 16);
    store<u64>(at, this.cursorLo, 24);
    store<u64>(at, this.cursorHi, 32);
    store<u64>(at, this.lastTime, 40);
    store<u32>(at, this.ranges, 48);
    store<u32>(at, this.used, 52);
    store<u32>(at, this.reserved, 56);
    store<u32>(at, this.zero, 60);
    const parts: StaticArray<u8>[] = [header];
    for (let i = 0; i < this.parts.length; i++) parts.push(this.parts[i]);
    let sum: u64 = 0;
    let length = 0;
    for (let i = 0; i < parts.length; i++) {
      sum = sipHash(changetype<usize>(parts[i]), parts[i].length, sum, 0x54504d4c);
      length += parts[i].length;
    }
    const bytes = new StaticArray<u8>(length + 8);
    let to = changetype<usize>(bytes);
    for (let i = 0; i < parts.length; i++) {
      memory.copy(to, changetype<usize>(parts[i]), parts[i].length);
      to += parts[i].length;
    }
    store<u64>(to, sum);
    return bytes;
  }

  /** What a restore says of it; what it made is destroyed again. */
  verdict(): i32 {
    const result = restore(this.bytes());
    if (result == status.CHANGED) core.subnet_destroy(end());
    return result;
  }
}

describe('a forged snapshot', () => {
  afterEach(() => {
    core.restore_abort();
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('that says nothing impossible is taken', () => {
    const good = new Forged().range(0, 3).range(250, 255).use('a', 10).use('', 11, 0, 0, 2).use('b', 12, 0, 0, 3);
    expect<i32>(good.reserve('c', 9, 5).reserve('d', 8, 5).reserve('e', 13, 100, 2).verdict()).toBe(status.CHANGED);
  });

  test('with an impossible header is refused', () => {
    const shapes: Forged[] = [];
    for (let i = 0; i < 10; i++) shapes.push(new Forged());
    shapes[0].version = 5;
    shapes[1].prefix = 33;
    shapes[2].policy = 2;
    shapes[3].baseLo = 1;
    shapes[4].cursorLo = 256;
    shapes[5].cursorHi = 1;
    shapes[6].lastTime = NEVER;
    shapes[7].zero = 1;
    shapes[8].version = 6;
    shapes[8].prefix = 64;
    shapes[8].baseLo = (<u64>1) << 40;
    shapes[9].version = 6;
    shapes[9].prefix = 0;
    shapes[9].baseHi = (<u64>1) << 63;
    for (let i = 0; i < shapes.length; i++) expect<i32>(shapes[i].verdict()).toBe(status.BAD_SNAPSHOT, `shape ${i}`);
  });

  test('of an IPv4 subnet whose base has more than 32 bits is refused', () => {
    const wide = new Forged();
    wide.baseLo = (<u64>1) << 32;
    expect<i32>(wide.verdict()).toBe(status.BAD_SNAPSHOT);
    const high = new Forged();
    high.baseHi = 1;
    expect<i32>(high.verdict()).toBe(status.BAD_SNAPSHOT);
  });

  test('with impossible ranges is refused', () => {
    expect<i32>(new Forged().range(5, 4).verdict()).toBe(status.BAD_SNAPSHOT);
    expect<i32>(new Forged().range(5, 256).verdict()).toBe(status.BAD_SNAPSHOT);
    expect<i32>(new Forged().range(5, 6).range(1, 2).verdict()).toBe(status.BAD_SNAPSHOT);
    expect<i32>(new Forged().range(5, 6).range(7, 8).verdict()).toBe(status.BAD_SNAPSHOT, 'ranges that touch');
  });

  test('with impossible bindings is refused', () => {
    const bad = status.BAD_SNAPSHOT;
    expect<i32>(new Forged().use('a', 256).verdict()).toBe(bad, 'outside');
    expect<i32>(new Forged().use('a', 5, 1).verdict()).toBe(bad, 'outside');
    expect<i32>(new Forged().range(5, 5).use('a', 5).verdict()).toBe(bad, 'excluded');
    expect<i32>(new Forged().use('a', 5).use('b', 5).verdict()).toBe(bad, 'one ordinal twice');
    expect<i32>(new Forged().use('a', 5).use('a', 6).verdict()).toBe(bad, 'one identity twice');
    expect<i32>(new Forged().use('a', 5).use('b', 4).verdict()).toBe(bad, 'not ascending');
    expect<i32>(new Forged().use('a', 5, 0, 1).verdict()).toBe(bad, 'live, with a time');
    expect<i32>(new Forged().use('a', 5, 0, 0, 0).verdict()).toBe(bad, 'reserved among the live');
    expect<i32>(new Forged().use('a', 5, 0, 0, 2).verdict()).toBe(bad, 'reserved and held among the live');
    expect<i32>(new Forged().use('a', 5, 0, 0, 5).verdict()).toBe(bad, 'a flag that there is not');
    expect<i32>(new Forged().use('a', 5, 0, 0, 0x81).verdict()).toBe(bad, 'a flag that there is not');
    expect<i32>(new Forged().use('', 5).verdict()).toBe(bad, 'live without identity');
    expect<i32>(new Forged().use('', 5, 0, 0, 3).verdict()).toBe(bad, 'live and held without identity');
    expect<i32>(new Forged().reserve('', 5).verdict()).toBe(bad, 'reserved without identity');
    expect<i32>(new Forged().reserve('', 5, 0, 2).verdict()).toBe(bad, 'held among the reserved');
    expect<i32>(new Forged().reserve('a', 5, 0, 1).verdict()).toBe(bad, 'live among the reserved');
    expect<i32>(new Forged().reserve('a', 5, 101).verdict()).toBe(bad, 'released after the last release');
    expect<i32>(new Forged().reserve('a', 5, 9).reserve('b', 6, 8).verdict()).toBe(bad, 'not oldest first');
    expect<i32>(new Forged().use('a', 5).reserve('a', 6).verdict()).toBe(bad, 'one identity twice');
    expect<i32>(new Forged().use('a', 5).reserve('b', 5).verdict()).toBe(bad, 'one ordinal twice');
  });

  test('in which more follows the last of 2^128 is refused', () => {
    const forged = new Forged();
    forged.version = 6;
    forged.prefix = 0;
    expect<i32>(forged.use('a', <u64>-1, <u64>-1).verdict()).toBe(status.CHANGED);
    expect<i32>(forged.use('b', 7, 0).verdict()).toBe(status.BAD_SNAPSHOT);
  });

  test('of another version is told apart, and what is no snapshot is none', () => {
    const id = furnished();
    const bytes = snapshot(id);
    core.subnet_destroy(id);
    bytes[4] = 3;
    expect<i32>(restore(bytes)).toBe(status.BAD_VERSION);
    bytes[0] = 0;
    expect<i32>(restore(bytes)).toBe(status.BAD_SNAPSHOT);
    expect<i32>(restore(new StaticArray<u8>(500))).toBe(status.BAD_SNAPSHOT);
  });
});
