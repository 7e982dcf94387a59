// Rebuilding from packed claims: every order of a list gives what the naive twin gives, and nothing is half-done.

import * as core from '../index';
import * as status from '../status';
import {
  allocate,
  bind,
  counts,
  create,
  end,
  hold,
  IO,
  LOWEST,
  length,
  listed,
  lo,
  lookup,
  other,
  pack,
  reclaimOldest,
  rehold,
  release,
  SERIAL,
  sameBytes,
  setRange,
  setTime,
  shown,
  snapshot,
  state,
  trade,
  unhold,
  WINDOW,
  who,
} from './host';
import { put, Random } from './support';

const LIVE: u8 = 1;
const WANTED: u8 = 4;
const TIME: u64 = 1000;

class Claim {
  constructor(
    readonly name: string,
    readonly ordinal: u64,
    readonly rank: u64,
    readonly flags: u8,
  ) {}

  get live(): bool {
    return (this.flags & LIVE) != 0;
  }

  get wanted(): bool {
    return (this.flags & WANTED) != 0;
  }
}

/** What docs/ABI.md says under "Packed records", naively: one claim an identity, then one identity an ordinal. */
function twin(claims: Claim[]): string {
  const best = new Map<string, Claim>();
  for (let i = 0; i < claims.length; i++) {
    const claim = claims[i];
    if (!best.has(claim.name) || isBetter(claim, best.get(claim.name))) best.set(claim.name, claim);
  }
  const winners = best.values();
  const bound: Claim[] = [];
  const conflicts: string[] = [];
  for (let ordinal: u64 = 0; ordinal < 256; ordinal++) {
    let owner: Claim | null = null;
    for (let i = 0; i < winners.length; i++) {
      if (winners[i].ordinal == ordinal && (owner == null || owns(winners[i], owner))) owner = winners[i];
    }
    if (owner == null) continue;
    bound.push(owner);
    for (let i = 0; i < winners.length; i++) {
      if (winners[i].ordinal == ordinal && winners[i] != owner) {
        conflicts.push(`${ordinal} ${owner.name} beats ${winners[i].name}`);
      }
    }
  }
  let text = '';
  for (let i = 0; i < bound.length; i++)
    text += `${bound[i].ordinal} ${bound[i].live ? '1' : `2@${TIME}`} ${bound[i].name}, `;
  text += `superseded ${claims.length - winners.length}, conflicts ${conflicts.sort().join(';')}, oldest`;
  // Reserved ones by rank, then ordinal.
  for (let done = 0; done < bound.length; done++) {
    let oldest: Claim | null = null;
    for (let i = 0; i < bound.length; i++) {
      if (!bound[i].live && (oldest == null || bound[i].rank < oldest.rank)) oldest = bound[i];
    }
    if (oldest == null) break;
    text += ` ${oldest.name}`;
    bound.splice(bound.indexOf(oldest), 1);
    done--;
  }
  return text;
}

function isBetter(a: Claim, b: Claim): bool {
  if (a.wanted != b.wanted) return a.wanted;
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.live != b.live) return a.live;
  return a.ordinal < b.ordinal;
}

function owns(a: Claim, b: Claim): bool {
  if (a.live != b.live) return a.live;
  if (a.wanted != b.wanted) return a.wanted;
  if (a.rank != b.rank) return a.rank > b.rank;
  return a.name < b.name;
}

/** Feeds them, `each` in a call. */
function feed(id: u32, claims: Claim[], each: i32): void {
  for (let from = 0; from < claims.length; from += each) {
    let at: u32 = 0;
    for (let i = from; i < min(from + each, claims.length); i++) {
      at = pack(at, claims[i].name, claims[i].ordinal, 0, claims[i].rank, claims[i].flags);
    }
    assert(core.rebuild_feed(id, at) == 0, 'nothing refused');
  }
}

function conflicts(id: u32): string {
  const found: string[] = [];
  while (core.rebuild_conflict(id) == status.OK) {
    found.push(end() ? `${lo()} ${other()} beats ${who()}` : `${lo()} is held, not ${who()}`);
  }
  return found.sort().join(';');
}

/** The same words from the core; reclaims what is reserved. */
function rebuilt(id: u32, claims: Claim[], each: i32): string {
  assert(core.rebuild_begin(id) == status.OK, 'begin');
  feed(id, claims, each);
  assert(core.rebuild_resolve(id) == status.OK, 'resolve');
  const superseded = load<u32>(WINDOW);
  const live = load<u32>(WINDOW, 8);
  const reserved = load<u32>(WINDOW, 12);
  const lost = conflicts(id);
  setTime(TIME);
  assert(core.rebuild_commit(id) == status.CHANGED, 'commit');
  assert(counts(id) == `${live} ${reserved} 0`, `counts ${counts(id)}, resolved ${live} ${reserved}`);
  let text = `${listed(id)}superseded ${superseded}, conflicts ${lost}, oldest`;
  while (reclaimOldest(id, TIME + 1) == status.CHANGED) text += ` ${who()}`;
  return text;
}

function describeClaims(claims: Claim[]): string {
  let text = '';
  for (let i = 0; i < claims.length; i++) {
    const c = claims[i];
    text += `${c.name}@${c.ordinal} rank ${c.rank} flags ${c.flags}; `;
  }
  return text;
}

function draw(random: Random, size: i32, names: u32, ordinals: u32, ranks: u32): Claim[] {
  const claims: Claim[] = [];
  for (let i = 0; i < size; i++) {
    const flags = <u8>((random.below(2) ? LIVE : 0) | (random.below(2) ? WANTED : 0));
    const name = random.below(names);
    // Names of which one is the beginning of another.
    claims.push(
      new Claim(
        'web.1'.slice(0, 1 + (name % 5)) + 'é'.repeat(name / 5),
        random.below(ordinals),
        random.below(ranks),
        flags,
      ),
    );
  }
  return claims;
}

function swap(claims: Claim[], a: i32, b: i32): void {
  const claim = claims[a];
  claims[a] = claims[b];
  claims[b] = claim;
}

describe('rebuild', () => {
  afterEach(() => {
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('every order of every small list gives the same, and what the twin gives', () => {
    const id = create(4, 24);
    for (let round: u64 = 0; round < 150; round++) {
      const random = new Random(round);
      const size = 1 + <i32>(round % 5);
      const claims = draw(random, size, 2 + random.below(3), 1 + random.below(3), 1 + random.below(3));
      const expected = twin(claims);
      // All permutations: Heap's algorithm.
      const counters = new StaticArray<i32>(size);
      for (let i = 0; ; ) {
        if (i == 0 || counters[i] == 0) {
          const found = rebuilt(id, claims, 1 + <i32>random.below(3));
          assert(found == expected, `${round}: ${describeClaims(claims)}\n${found}\nnot\n${expected}`);
        }
        i = 1;
        while (i < size && counters[i] >= i) counters[i++] = 0;
        if (i >= size) break;
        swap(claims, i & 1 ? counters[i] : 0, i);
        counters[i]++;
        i = 0;
      }
    }
    core.subnet_destroy(id);
  });

  test('long lists in several orders', () => {
    const id = create(4, 24);
    for (let round: u64 = 0; round < 12; round++) {
      const random = new Random(1000 + round);
      const claims = draw(random, 400, 200, 256, round & 1 ? 1 << 16 : 5);
      const expected = twin(claims);
      for (let order = 0; order < 4; order++) {
        const found = rebuilt(id, claims, 1 + <i32>random.below(400));
        assert(found == expected, `round ${round}, order ${order}:\n${found}\nnot\n${expected}`);
        for (let i = claims.length - 1; i; i--) swap(claims, i, random.below(i + 1));
      }
    }
    core.subnet_destroy(id);
  });

  test('ranks of all 48 bits decide, and order what is reclaimed', () => {
    const id = create(4, 24);
    const claims: Claim[] = [];
    for (let bit: u64 = 0; bit < 48; bit++) claims.push(new Claim(`r.${bit}`, 100 - bit, (<u64>1) << bit, 0));
    claims.push(new Claim('top', 200, ((<u64>1) << 48) - 1, 0));
    claims.push(new Claim('low', 201, 0, 0));
    expect<string>(rebuilt(id, claims, 7)).toBe(twin(claims));
    core.rebuild_begin(id);
    expect<i32>(core.rebuild_feed(id, pack(0, 'a', 5, 0, (<u64>1) << 48, 0))).toBe(1);
    expect<i32>(load<i8>(WINDOW, 24)).toBe(status.BAD_INPUT);
    core.subnet_destroy(id);
  });

  test('outside, excluded, held and malformed records are refused one by one', () => {
    setRange(0, 10, 0, 19, 0);
    const id = create(4, 28 - 4, SERIAL, 1);
    hold(id, 30);
    core.rebuild_begin(id);
    let at = pack(0, 'a', 256, 0, 0, 0);
    const second = at;
    at = pack(at, 'a', 0, 1, 0, 0);
    const third = at;
    at = pack(at, 'a', 15, 0, 0, 0);
    const fourth = at;
    at = pack(at, 'a', 30, 0, 0, LIVE);
    const fifth = at;
    at = pack(at, 'a', 40, 0, 0, 2);
    const sixth = at;
    at = pack(at, '', 40, 0, 0, LIVE);
    const good = at;
    at = pack(at, 'a', 40, 0, 0, LIVE);
    const superseded = at;
    at = pack(at, 'a', 41, 0, 0, LIVE);
    expect<i32>(core.rebuild_feed(id, at)).toBe(6);
    expect<i32>(load<i8>(WINDOW, 24)).toBe(status.OUT_OF_RANGE);
    expect<i32>(load<i8>(WINDOW + second, 24)).toBe(status.OUT_OF_RANGE);
    expect<i32>(load<i8>(WINDOW + third, 24)).toBe(status.EXCLUDED);
    expect<i32>(load<i8>(WINDOW + fourth, 24)).toBe(status.OCCUPIED);
    expect<i32>(load<i8>(WINDOW + fifth, 24)).toBe(status.BAD_INPUT);
    expect<i32>(load<i8>(WINDOW + sixth, 24)).toBe(status.BAD_INPUT);
    expect<i32>(load<i8>(WINDOW + good, 24)).toBe(status.CHANGED);
    expect<i32>(load<i8>(WINDOW + superseded, 24)).toBe(status.OK);
    expect<i32>(core.rebuild_feed(id, at - 1)).toBe(status.BAD_INPUT, 'a record that is cut off');
    expect<i32>(core.rebuild_feed(id, 65537)).toBe(status.BAD_INPUT);
    core.rebuild_resolve(id);
    core.rebuild_commit(id);
    expect<string>(listed(id)).toBe('30 3 , 40 1 a, ');
    core.subnet_destroy(id);
  });

  test('holds and exclusions stay, bindings are made anew, the policy goes on where it was', () => {
    setRange(0, 0, 0, 0, 0);
    const id = create(4, 24, SERIAL, 1);
    allocate(id, 'old.1');
    allocate(id, 'old.2');
    hold(id, 100);
    rehold(id, 2);
    hold(id, 101);
    trade(id, 'old.3', 101);
    release(id, 'old.1', 5000);
    core.rebuild_begin(id);
    feed(id, [new Claim('new.1', 2, 1, LIVE), new Claim('new.2', 9, 1, 0)], 2);
    hold(id, 50);
    core.rebuild_resolve(id);
    expect<string>(conflicts(id)).toBe('');
    hold(id, 51);
    setTime(TIME);
    expect<i32>(core.rebuild_commit(id)).toBe(status.CHANGED);
    expect<string>(listed(id)).toBe('2 1 new.1, 9 2@5000 new.2, 50 3 , 51 3 , 100 3 , 101 3 , ');
    expect<string>(counts(id)).toBe('1 1 4');
    expect<i32>(unhold(id, 2)).toBe(status.CHANGED, 'held beside the new binding too');
    expect<i32>(bind(id, 'x', 0)).toBe(status.EXCLUDED);
    expect<bool>(allocate(id, 'next') == status.CHANGED && lo() == 3).toBe(true);
    expect<i32>(lookup(id, 'old.2')).toBe(status.UNKNOWN);
    core.subnet_destroy(id);
  });

  test('what is held after it was claimed goes to the hold', () => {
    const id = create(4, 24);
    core.rebuild_begin(id);
    feed(id, [new Claim('a', 7, 1, LIVE), new Claim('b', 7, 2, LIVE), new Claim('c', 8, 2, LIVE)], 9);
    hold(id, 7);
    core.rebuild_resolve(id);
    expect<string>(conflicts(id)).toBe('7 is held, not a;7 is held, not b');
    core.rebuild_commit(id);
    expect<string>(listed(id)).toBe('7 3 , 8 1 c, ');
    core.subnet_destroy(id);
  });

  test('an abort leaves everything, whenever it comes', () => {
    const id = create(4, 24, LOWEST);
    for (let i = 0; i < 5; i++) allocate(id, `web.${i}`);
    release(id, 'web.3', 9);
    hold(id, 77);
    const before = snapshot(id);
    const used = core.memory_used();
    for (let stage = 0; stage < 4; stage++) {
      expect<i32>(core.rebuild_begin(id)).toBe(status.OK);
      expect<i32>(core.rebuild_begin(id)).toBe(status.BAD_STATE);
      if (stage > 0) feed(id, [new Claim('web.0', 9, 1, LIVE), new Claim('b', 9, 2, LIVE), new Claim('c', 3, 2, 0)], 2);
      if (stage > 1) core.rebuild_resolve(id);
      if (stage > 2) conflicts(id);
      expect<bool>(sameBytes(snapshot(id), before)).toBe(true, 'the subnet is as it was');
      expect<i32>(core.rebuild_abort(id)).toBe(status.OK);
      expect<i32>(core.rebuild_abort(id)).toBe(status.BAD_STATE);
      expect<bool>(sameBytes(snapshot(id), before)).toBe(true);
      expect<u32>(core.memory_used()).toBe(used);
    }
    core.subnet_destroy(id);
  });

  test('calls that do not fit are refused', () => {
    const id = create(4, 24);
    expect<i32>(core.rebuild_feed(id, 0)).toBe(status.BAD_STATE);
    expect<i32>(core.rebuild_resolve(id)).toBe(status.BAD_STATE);
    expect<i32>(core.rebuild_conflict(id)).toBe(status.BAD_STATE);
    expect<i32>(core.rebuild_commit(id)).toBe(status.BAD_STATE);
    expect<i32>(core.rebuild_word(id, 1, 1, 1)).toBe(status.BAD_STATE);
    expect<i32>(core.rebuild_scan_array(id, 0, 0)).toBe(status.BAD_STATE);
    core.rebuild_begin(id);
    expect<i32>(core.rebuild_conflict(id)).toBe(status.BAD_STATE);
    expect<i32>(core.rebuild_commit(id)).toBe(status.BAD_STATE);
    put('xy', WINDOW);
    expect<i32>(core.rebuild_word(id, 0, 1, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_word(id, 6, 1, 0)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_word(id, 1, 1, 0)).toBe(status.BAD_INPUT, 'a service has a name');
    expect<i32>(core.rebuild_word(id, 3, 1, 1)).toBe(status.BAD_INPUT, 'a state has none');
    expect<i32>(core.rebuild_word(id, 1, 0, 1)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_word(id, 1, 256, 1)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_word(id, 1, 1, 256)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_word(id, 1, 255, 255)).toBe(status.OK);
    expect<i32>(core.rebuild_resolve(id)).toBe(status.OK);
    expect<i32>(core.rebuild_resolve(id)).toBe(status.OK, 'again');
    expect<i32>(core.rebuild_feed(id, 0)).toBe(status.BAD_STATE);
    setTime((<u64>1) << 48);
    expect<i32>(core.rebuild_commit(id)).toBe(status.BAD_INPUT);
    setTime(0);
    expect<i32>(core.rebuild_commit(id)).toBe(status.CHANGED);
    expect<i32>(core.rebuild_commit(id)).toBe(status.BAD_STATE);
    core.subnet_destroy(id);
  });

  test('again and again it takes no more memory', () => {
    const id = create(6, 64);
    const claims: Claim[] = [];
    for (let i = 0; i < 3000; i++) claims.push(new Claim(`task.${i % 2500}`, (<u64>(i % 2000)) << 9, i, LIVE));
    let used: u32 = 0;
    let size = 0;
    for (let round = 0; round < 6; round++) {
      core.rebuild_begin(id);
      for (let word = 0; word < 50; word++) core.rebuild_word(id, 1, put(`service ${word}`, WINDOW), 20);
      feed(id, claims, 100);
      core.rebuild_resolve(id);
      expect<i32>(core.rebuild_commit(id)).toBe(status.CHANGED);
      if (round == 1) size = memory.size();
      if (round == 1) used = core.memory_used();
    }
    expect<i32>(memory.size()).toBe(size);
    // Blocks that do not adjoin have edges, where some bytes are lost.
    expect<u32>(core.memory_used()).toBeLessThan(used + used / 50);
    core.subnet_destroy(id);
  });

  test('pages of claims that came to nothing are used again', () => {
    const id = create(6, 64);
    core.rebuild_begin(id);
    for (let i: u64 = 0; i < 2000; i++) core.rebuild_feed(id, pack(0, 'web.1', i << 12, 0, i, LIVE));
    core.rebuild_resolve(id);
    expect<u32>(load<u32>(WINDOW)).toBe(1999);
    setTime(0);
    expect<i32>(core.rebuild_commit(id)).toBe(status.CHANGED);
    const used = core.memory_used();
    for (let i: u64 = 5000; i < 6999; i++) hold(id, i << 12);
    expect<u32>(core.memory_used()).toBe(used);
    core.subnet_destroy(id);
  });
});

describe('the ABI', () => {
  test('identities have 1 to 255 bytes', () => {
    const id = create(4, 24);
    const lengths: u32[] = [0, 256, 257, <u32>-1];
    for (let i = 0; i < lengths.length; i++) {
      expect<i32>(core.allocate(id, lengths[i])).toBe(status.BAD_INPUT);
      expect<i32>(core.allocate_preferred(id, lengths[i])).toBe(status.BAD_INPUT);
      expect<i32>(core.bind(id, lengths[i])).toBe(status.BAD_INPUT);
      expect<i32>(core.trade(id, lengths[i])).toBe(status.BAD_INPUT);
      expect<i32>(core.release(id, lengths[i])).toBe(status.BAD_INPUT);
      expect<i32>(core.reclaim(id, lengths[i])).toBe(status.BAD_INPUT);
      expect<i32>(core.lookup(id, lengths[i])).toBe(status.BAD_INPUT);
    }
    for (let size = 1; size <= 255; size++) expect<i32>(allocate(id, 'x'.repeat(size))).toBe(status.CHANGED);
    for (let size = 1; size <= 255; size++) {
      assert(lookup(id, 'x'.repeat(size)) == status.OK && lo() == size - 1, `${size} bytes`);
      assert(length() == <u32>size && who() == 'x'.repeat(size), `${size} bytes back`);
    }
    core.subnet_destroy(id);
  });

  test('every byte can stand in an identity', () => {
    const id = create(4, 24);
    for (let byte = 0; byte < 256; byte++) {
      store<u8>(IO, <u8>byte, 64);
      assert(core.allocate(id, 1) == status.CHANGED && lo() == byte, `byte ${byte}`);
    }
    for (let byte = 255; byte >= 0; byte--) {
      store<u8>(IO, <u8>byte, 64);
      assert(core.lookup(id, 1) == status.OK && lo() == byte, `byte ${byte}`);
      assert(state() == 1 && load<u8>(IO, 64) == byte, `byte ${byte} back`);
    }
    core.subnet_destroy(id);
  });

  test('a number of no subnet is refused by every call', () => {
    const id = create(4, 24);
    core.subnet_destroy(id);
    const ids: u32[] = [id, 7, <u32>-1];
    for (let i = 0; i < ids.length; i++) {
      const none = ids[i];
      const answers = [
        core.subnet_destroy(none),
        core.subnet_stats(none),
        core.allocate(none, 1),
        core.allocate_preferred(none, 1),
        core.allocate_many(none, 0, 0),
        core.bind(none, 1),
        core.trade(none, 1),
        core.release(none, 1),
        core.reclaim(none, 1),
        core.reclaim_oldest(none),
        core.hold(none),
        core.hold_next(none),
        core.rehold(none),
        core.unhold(none),
        core.lookup(none, 1),
        core.inspect(none),
        core.next(none),
        core.rebuild_begin(none),
        core.rebuild_feed(none, 0),
        core.rebuild_word(none, 3, 1, 0),
        core.rebuild_scan_array(none, 0, 0),
        core.rebuild_scan_lines(none, 0, 0),
        core.rebuild_resolve(none),
        core.rebuild_conflict(none),
        core.rebuild_commit(none),
        core.rebuild_abort(none),
        core.snapshot_begin(none),
      ];
      for (let k = 0; k < answers.length; k++) assert(answers[k] == status.NO_SUBNET, `call ${k}: ${answers[k]}`);
    }
  });

  test('the areas do not overlap, and the seed comes before the first subnet', () => {
    expect<i32>(core.abi_version()).toBe(1);
    expect<bool>(WINDOW >= IO + 576 || IO >= WINDOW + 65544).toBe(true);
    expect<i32>(core.set_seed()).toBe(status.BAD_STATE);
  });

  test('a subnet destroyed while it is being rebuilt gives everything back', () => {
    const used = core.memory_used();
    const id = create(4, 24);
    core.rebuild_begin(id);
    feed(id, [new Claim('a', 1, 1, LIVE)], 1);
    expect<i32>(core.subnet_destroy(id)).toBe(status.OK);
    expect<u32>(core.memory_used()).toBe(used);
  });

  test('inspect and next describe what is there', () => {
    const id = create(4, 24);
    allocate(id, 'web.1');
    hold(id, 4);
    expect<string>(shown(id, 0)).toBe('1 web.1');
    expect<string>(shown(id, 4)).toBe('3 ');
    expect<string>(shown(id, 5)).toBe('0 ');
    expect<string>(shown(id, 256)).toBe(`${status.OUT_OF_RANGE}`);
    core.subnet_destroy(id);
  });
});
