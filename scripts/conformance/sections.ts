// The hand-written sections of the conformance script: what docs/ABI.md promises, each answer said beforehand.
// Together they use every export and provoke every status. walk.ts adds long runs that nobody wrote by hand.
import { hex, le, type Script, type Value } from './script.js';
import { snapshotOf } from './snapshot.js';

const NETWORK = 0x0a010000; // 10.1.0.0
const LAST_V6 = (1n << 64n) - 1n;
/** More than fit into the memory that an instance begins with: a few pages, of which a subnet takes kilobytes. */
const SUBNETS_TOO_MANY = 128;
const LAST = (1n << 128n) - 1n;

/** Makes a subnet and saves its number. */
function subnet(script: Script, save: string, prefix: number, ranges: [number, number][] = [], policy = 0): void {
  const set = { ordinal: NETWORK, window: le(16, ...ranges.flat()) };
  script.call('subnet_create', [4, prefix, policy, ranges.length], 'any', { set, save });
}

function described(identity: string, ordinal: Value, state: 1 | 2, time = 0): Record<string, Value> {
  return { ordinal, time, state, length: Buffer.byteLength(identity), identity };
}

export function instance(script: Script): void {
  script.note('the instance: its version, the seed, and subnets that cannot be');
  script.call('abi_version', [], 1);
  script.call('set_seed', [], 'OK', { set: { ordinal: '171817161514131211101918171615141312111' } });
  script.call('memory_used', [], 0);
  script.call('allocate', [0, 1], 'NO_SUBNET', { set: { identity: 'x' } });
  for (const [version, prefix, policy] of [
    [5, 24, 0],
    [4, 33, 0],
    [6, 129, 0],
    [4, 24, 2],
  ] as const) {
    script.call('subnet_create', [version, prefix, policy, 0], 'BAD_INPUT', { set: { ordinal: 0 } });
  }
  script.call('subnet_create', [4, 24, 0, 0], 'BAD_INPUT', { set: { ordinal: NETWORK + 1 } });
  script.call('subnet_create', [4, 24, 0, 0], 'BAD_INPUT', { set: { ordinal: String(1n << 32n) } });
  script.call('subnet_create', [4, 24, 0, 2049], 'BAD_INPUT', { set: { ordinal: NETWORK } });
  for (const ranges of [
    [5, 4],
    [4, 6, 2, 3],
    [2, 3, 4, 6],
    [2, 4, 3, 6],
  ]) {
    const set = { ordinal: NETWORK, window: le(16, ...ranges) };
    script.call('subnet_create', [4, 24, 0, ranges.length / 2], 'BAD_INPUT', { set });
  }
  const outside = { ordinal: NETWORK, window: le(16, 255, 256) };
  script.call('subnet_create', [4, 24, 0, 1], 'OUT_OF_RANGE', { set: outside });
  script.call('memory_used', [], 0);
}

export function stickiness(script: Script): void {
  script.note('create, allocate, stick, release: 10.1.0.0/24 without its first two addresses and its last');
  const ranges: [number, number][] = [
    [0, 1],
    [255, 255],
  ];
  subnet(script, 'net', 24, ranges);
  script.call('set_seed', [], 'BAD_STATE');
  script.of('allocate', 'net', 'web.1', 'CHANGED', { expect: { ordinal: 2 } });
  script.of('allocate', 'net', 'web.2', 'CHANGED', { expect: { ordinal: 3 } });
  script.of('allocate', 'net', 'web.1', 'OK', { expect: { ordinal: 2 } });
  script.of('release', 'net', 'web.1', 'CHANGED', { set: { time: 1700000000000 } });
  script.of('release', 'net', 'web.1', 'OK', { set: { time: 1700000000001 } });
  script.of('lookup', 'net', 'web.1', 'OK', { expect: described('web.1', 2, 2, 1700000000000) });
  script.of('allocate', 'net', 'web.3', 'CHANGED', { expect: { ordinal: 4 } });
  script.of('allocate', 'net', 'web.1', 'OK', { expect: { ordinal: 2 } });
  script.of('lookup', 'net', 'web.1', 'OK', { expect: described('web.1', 2, 1) });
  script.of('lookup', 'net', 'web.4', 'UNKNOWN');
  script.of('release', 'net', 'web.4', 'UNKNOWN', { set: { time: 0 } });
  script.of('release', 'net', 'web.1', 'BAD_INPUT', { set: { time: String(2n ** 48n) } });
  script.note('an identity has 1 to 255 bytes');
  script.call('allocate', ['net', 0], 'BAD_INPUT');
  script.call('allocate', ['net', 256], 'BAD_INPUT');
  script.of('allocate', 'net', 'ä'.repeat(127), 'CHANGED', { expect: { ordinal: 5 } });
  script.call('inspect', ['net'], 'OK', { set: { ordinal: 5 }, expect: described('ä'.repeat(127), 5, 1) });
  script.note('what an ordinal is, and the next that is used');
  for (const [ordinal, state] of [
    [0, 4],
    [255, 4],
    [100, 0],
  ] as const) {
    script.call('inspect', ['net'], 'OK', { set: { ordinal }, expect: { ordinal, state, length: 0 } });
  }
  script.call('inspect', ['net'], 'OUT_OF_RANGE', { set: { ordinal: 256 } });
  script.call('inspect', ['net'], 'OUT_OF_RANGE', { set: { ordinal: String(1n << 64n) } });
  script.call('next', ['net'], 'OK', { set: { ordinal: 0 }, expect: described('web.1', 2, 1) });
  script.call('next', ['net'], 'OK', { set: { ordinal: 4 }, expect: described('web.3', 4, 1) });
  script.call('next', ['net'], 'UNKNOWN', { set: { ordinal: 6 } });
  script.call('subnet_stats', ['net'], 'OK', {
    set: { window: le(1, ...Array<number>(64).fill(0)) },
    expect: { window: le(4, 4, 24, 0, 4, 0, 0, 2, 0) + le(16, 3, NETWORK) },
  });
}

export function exhaustion(script: Script): void {
  script.note('exhaust a /29 of six addresses, then reclaim');
  subnet(script, 'small', 29, [
    [0, 0],
    [7, 7],
  ]);
  for (let n = 1; n <= 6; n++) script.of('allocate', 'small', `db.${n}`, 'CHANGED', { expect: { ordinal: n } });
  script.of('allocate', 'small', 'db.7', 'FULL');
  script.call('hold_next', ['small'], 'FULL');
  script.of('allocate_preferred', 'small', 'db.7', 'FULL', { set: { ordinal: 3 } });
  script.of('reclaim', 'small', 'db.4', 'IS_LIVE');
  script.of('reclaim', 'small', 'db.7', 'UNKNOWN');
  script.call('oldest', ['small'], 'UNKNOWN');
  script.call('reclaim_oldest', ['small'], 'UNKNOWN', { set: { time: String(2n ** 48n - 1n) } });
  script.of('release', 'small', 'db.4', 'CHANGED', { set: { time: 1000 } });
  script.note('a clock that goes back counts as the last release');
  script.of('release', 'small', 'db.2', 'CHANGED', { set: { time: 500 } });
  script.of('release', 'small', 'db.6', 'CHANGED', { set: { time: 2000 } });
  script.of('lookup', 'small', 'db.2', 'OK', { expect: described('db.2', 2, 2, 1000) });
  script.note('reserved is not free');
  script.of('allocate', 'small', 'db.7', 'FULL');
  script.call('oldest', ['small'], 'OK', { expect: described('db.4', 4, 2, 1000) });
  script.call('reclaim_oldest', ['small'], 'UNKNOWN', { set: { time: 1000 } });
  script.call('reclaim_oldest', ['small'], 'CHANGED', { set: { time: 1001 }, expect: described('db.4', 4, 2, 1000) });
  script.of('reclaim', 'small', 'db.6', 'CHANGED', { expect: described('db.6', 6, 2, 2000) });
  script.note('serial: after the last one given, which was 6');
  script.of('allocate', 'small', 'db.7', 'CHANGED', { expect: { ordinal: 4 } });
  script.of('allocate', 'small', 'db.8', 'CHANGED', { expect: { ordinal: 6 } });
  script.of('allocate', 'small', 'db.2', 'OK', { expect: { ordinal: 2 } });
  script.note('the lowest policy');
  subnet(script, 'lowest', 29, [], 1);
  for (const n of [0, 1, 2]) script.of('allocate', 'lowest', `l.${n}`, 'CHANGED', { expect: { ordinal: n } });
  script.of('release', 'lowest', 'l.1', 'CHANGED', { set: { time: 1 } });
  script.of('reclaim', 'lowest', 'l.1', 'CHANGED');
  script.of('allocate', 'lowest', 'l.3', 'CHANGED', { expect: { ordinal: 1 } });
}

export function holding(script: Script): void {
  script.note('hold, bind and trade in a /28 whose ordinal 0 is excluded');
  subnet(script, 'held', 28, [[0, 0]]);
  const at = (ordinal: Value) => ({ set: { ordinal } });
  script.call('hold', ['held'], 'CHANGED', at(1));
  script.call('hold', ['held'], 'OK', at(1));
  script.call('inspect', ['held'], 'OK', { ...at(1), expect: { ordinal: 1, state: 3, length: 0 } });
  script.call('hold', ['held'], 'EXCLUDED', at(0));
  script.call('hold', ['held'], 'OUT_OF_RANGE', at(16));
  script.call('hold_next', ['held'], 'CHANGED', { expect: { ordinal: 2 } });
  script.of('bind', 'held', 'a', 'CHANGED', { ...at(5), expect: { ordinal: 5 } });
  script.of('bind', 'held', 'a', 'OK', { ...at(5), expect: { ordinal: 5 } });
  script.of('bind', 'held', 'a', 'BOUND_ELSEWHERE', { ...at(6), expect: { ordinal: 5 } });
  script.of('bind', 'held', 'b', 'OCCUPIED', at(5));
  script.of('bind', 'held', 'b', 'OCCUPIED', at(1));
  script.of('bind', 'held', 'b', 'EXCLUDED', at(0));
  script.of('bind', 'held', 'b', 'OUT_OF_RANGE', at(String(1n << 127n)));
  script.call('hold', ['held'], 'OCCUPIED', at(5));
  script.note('held beside its binding, and then the other way round');
  script.call('rehold', ['held'], 'CHANGED', at(5));
  script.call('rehold', ['held'], 'OK', at(5));
  script.call('unhold', ['held'], 'CHANGED', at(5));
  script.call('unhold', ['held'], 'NOT_HELD', at(5));
  script.call('unhold', ['held'], 'OUT_OF_RANGE', at(16));
  script.note('a ticket is traded for the own address; without one, bound to the ticket');
  script.of('trade', 'held', 'a', 'OK', { ...at(1), expect: { ordinal: 5 } });
  script.of('trade', 'held', 'b', 'CHANGED', { ...at(2), expect: { ordinal: 2 } });
  script.of('trade', 'held', 'c', 'NOT_HELD', at(9));
  script.of('trade', 'held', 'c', 'OCCUPIED', at(5));
  script.of('trade', 'held', 'c', 'EXCLUDED', at(0));
  script.of('trade', 'held', 'c', 'OUT_OF_RANGE', at(16));
  script.of('release', 'held', 'b', 'CHANGED', { set: { time: 7 } });
  script.of('reclaim', 'held', 'b', 'CHANGED', { expect: described('b', 2, 2, 7) });
  script.call('inspect', ['held'], 'OK', { ...at(2), expect: { ordinal: 2, state: 3, length: 0 } });
  script.of('allocate_preferred', 'held', 'c', 'CHANGED', { ...at(9), expect: { ordinal: 9 } });
  script.of('allocate_preferred', 'held', 'd', 'CHANGED', { ...at(9), expect: { ordinal: 3 } });
  script.of('allocate_preferred', 'held', 'c', 'OK', { ...at(12), expect: { ordinal: 9 } });
  script.of('allocate_preferred', 'held', 'e', 'OUT_OF_RANGE', at(16));
}

/** The io area up to its field `last`: a range of ordinals. */
function range(first: number, last: number): { set: Record<string, Value> } {
  return { set: { io: le(16, first) + le(8, 0, 0, 0) + le(16, last) } };
}

export function ranges(script: Script): void {
  script.note('the range 10 to 12 of a /28, and what is held');
  subnet(script, 'range', 28);
  const fill = (ordinal: number) => ({ ...range(10, 12), expect: { ordinal } });
  script.of('allocate_in', 'range', 'a', 'CHANGED', fill(10));
  script.call('hold_next_in', ['range'], 'CHANGED', fill(11));
  script.of('allocate_in', 'range', 'b', 'CHANGED', fill(12));
  script.of('allocate_in', 'range', 'c', 'FULL', range(10, 12));
  script.call('hold_next_in', ['range'], 'FULL', range(10, 12));
  script.call('unhold', ['range'], 'CHANGED', { set: { ordinal: 11 } });
  script.of('allocate_in', 'range', 'c', 'CHANGED', fill(11));
  script.of('allocate_in', 'range', 'a', 'OK', { ...range(0, 3), expect: { ordinal: 10 } });
  script.of('allocate_in', 'range', 'd', 'OUT_OF_RANGE', range(10, 16));
  script.of('allocate_in', 'range', 'd', 'BAD_INPUT', range(12, 11));
  script.call('hold_next_in', ['range'], 'BAD_INPUT', range(12, 11));
  script.call('is_held', ['range'], 'NOT_HELD', { set: { ordinal: 11 } });
  script.call('rehold', ['range'], 'CHANGED', { set: { ordinal: 11 } });
  script.call('is_held', ['range'], 'OK', { set: { ordinal: 11 }, expect: { ordinal: 11 } });
  script.call('is_held', ['range'], 'OUT_OF_RANGE', { set: { ordinal: 16 } });
  script.call('subnet_destroy', ['range'], 'OK');
}

export function pins(script: Script): void {
  script.note('pins: chosen ordinals, which nothing reclaims');
  subnet(script, 'pinned', 29, [
    [0, 0],
    [7, 7],
  ]);
  const at = (ordinal: Value, time = 100) => ({ set: { ordinal, time } });
  const counts = (live: number, reserved: number, held: number, ...pinned: [all: number, reserved: number]) => ({
    expect: { window: le(4, 4, 29, 0, live, reserved, held, 2, 0) + le(16, 2, NETWORK) + le(4, ...pinned) },
  });
  script.of('allocate', 'pinned', 'p.1', 'CHANGED', { expect: { ordinal: 1 } });
  script.of('pin', 'pinned', 'p.5', 'CHANGED', { ...at(5), expect: { ordinal: 5 } });
  script.of('pin', 'pinned', 'p.5', 'OK', { ...at(5), expect: { ordinal: 5 } });
  script.of('lookup', 'pinned', 'p.5', 'OK', { expect: described('p.5', 5, 2, 100) });
  script.of('pin', 'pinned', 'p.1', 'CHANGED', { ...at(1), expect: { ordinal: 1 } });
  script.call('subnet_stats', ['pinned'], 'OK', counts(1, 1, 0, 2, 1));
  script.note('whom it is refused');
  script.of('pin', 'pinned', 'p.2', 'OCCUPIED', at(1));
  script.of('pin', 'pinned', 'p.2', 'EXCLUDED', at(7));
  script.of('pin', 'pinned', 'p.2', 'OUT_OF_RANGE', at(8));
  script.of('pin', 'pinned', 'p.1', 'BOUND_ELSEWHERE', { ...at(2), expect: { ordinal: 1 } });
  script.of('pin', 'pinned', 'p.2', 'BAD_INPUT', { set: { ordinal: 2, time: String(2n ** 48n) } });
  script.of('unpin', 'pinned', 'p.2', 'UNKNOWN', at(2));
  script.call('hold', ['pinned'], 'CHANGED', at(3));
  script.of('pin', 'pinned', 'p.3', 'OCCUPIED', at(3));
  script.note('a pin is live and reserved as others are, and is never reclaimed');
  script.of('release', 'pinned', 'p.1', 'CHANGED', at(0, 200));
  script.of('lookup', 'pinned', 'p.1', 'OK', { expect: described('p.1', 1, 2, 200) });
  script.call('oldest', ['pinned'], 'UNKNOWN');
  script.call('reclaim_oldest', ['pinned'], 'UNKNOWN', { set: { time: String(2n ** 48n - 1n) } });
  script.of('reclaim', 'pinned', 'p.1', 'IS_PINNED', { expect: described('p.1', 1, 2, 200) });
  script.of('allocate', 'pinned', 'p.1', 'OK', { expect: { ordinal: 1 } });
  script.of('reclaim', 'pinned', 'p.1', 'IS_LIVE');
  script.of('release', 'pinned', 'p.1', 'CHANGED', at(0, 300));
  script.note('a snapshot keeps it');
  script.add({ op: 'snapshot', subnet: 'pinned', file: 'pinned.snapshot', expect: { result: 0 } });
  script.add({ op: 'restore', file: 'pinned.snapshot', save: 'again', expect: { result: 1 } });
  script.add({ op: 'snapshot', subnet: 'again', same: 'pinned.snapshot', expect: { result: 0 } });
  script.of('reclaim', 'again', 'p.5', 'IS_PINNED', { expect: described('p.5', 5, 2, 100) });
  script.note('a rebuild keeps it: who claims what is pinned is refused, and so is who is pinned and claims another');
  script.call('rebuild_begin', ['again'], 'OK');
  script.of('pin', 'again', 'p.1', 'BAD_STATE', at(1));
  script.of('unpin', 'again', 'p.1', 'BAD_STATE', at(1));
  const record = (ordinal: number, identity: string) =>
    `${le(16, ordinal)}${le(8, 1)}${le(1, 0, 1, 0, identity.length)}${hex(identity)}`;
  const records = record(5, 'p.2') + record(4, 'p.1') + record(4, 'p.4');
  script.call('rebuild_feed', ['again', records.length / 2], 2, { set: { window: records } });
  script.call('rebuild_resolve', ['again'], 'OK', { expect: { window: le(4, 0, 0, 1, 2) } });
  script.call('rebuild_conflict', ['again'], 'UNKNOWN');
  script.call('rebuild_commit', ['again'], 'CHANGED', { set: { time: 400 } });
  script.of('lookup', 'again', 'p.4', 'OK', { expect: described('p.4', 4, 1) });
  script.of('lookup', 'again', 'p.1', 'OK', { expect: described('p.1', 1, 2, 400) });
  script.of('reclaim', 'again', 'p.1', 'IS_PINNED');
  script.call('oldest', ['again'], 'UNKNOWN');
  script.note('unpinned it queues behind the others, as released then');
  script.of('unpin', 'pinned', 'p.5', 'CHANGED', { ...at(0, 500), expect: { ordinal: 5 } });
  script.of('unpin', 'pinned', 'p.5', 'OK', { ...at(0, 600), expect: { ordinal: 5 } });
  script.call('subnet_stats', ['pinned'], 'OK', counts(0, 2, 1, 1, 1));
  script.call('reclaim_oldest', ['pinned'], 'CHANGED', { set: { time: 501 }, expect: described('p.5', 5, 2, 500) });
  script.of('unpin', 'pinned', 'p.1', 'CHANGED', { ...at(0, 700), expect: { ordinal: 1 } });
  script.of('reclaim', 'pinned', 'p.1', 'CHANGED', { expect: described('p.1', 1, 2, 700) });
}

export function wide(script: Script): void {
  script.note('IPv6: 2001:db8::/64, ordinals up to its last');
  const network = String(0x20010db8n << 96n);
  script.call('subnet_create', [6, 64, 0, 1], 'any', { set: { ordinal: network, window: le(16, 0, 0) }, save: 'v6' });
  script.of('allocate', 'v6', 'pod/a', 'CHANGED', { expect: { ordinal: 1 } });
  script.of('allocate_preferred', 'v6', 'pod/b', 'CHANGED', {
    set: { ordinal: String(LAST_V6) },
    expect: { ordinal: String(LAST_V6) },
  });
  script.of('bind', 'v6', 'pod/c', 'CHANGED', { set: { ordinal: String(1n << 63n) } });
  script.of('bind', 'v6', 'pod/d', 'OUT_OF_RANGE', { set: { ordinal: String(LAST_V6 + 1n) } });
  script.call('next', ['v6'], 'OK', { set: { ordinal: 2 }, expect: described('pod/c', String(1n << 63n), 1) });
  script.call('next', ['v6'], 'OK', {
    set: { ordinal: String((1n << 63n) + 1n) },
    expect: described('pod/b', String(LAST_V6), 1),
  });
  script.call('subnet_stats', ['v6'], 'OK', {
    set: { window: le(1, ...Array<number>(64).fill(0)) },
    expect: { window: le(4, 6, 64, 0, 3, 0, 0, 1, 0) + le(16, 1, BigInt(network)) },
  });
  script.note('all of IPv6, to the last of 2^128 ordinals; then all of IPv4');
  script.call('subnet_create', [6, 0, 1, 0], 'any', { set: { ordinal: 0 }, save: 'all6' });
  script.of('bind', 'all6', 'last', 'CHANGED', { set: { ordinal: String(LAST) }, expect: { ordinal: String(LAST) } });
  script.of('allocate', 'all6', 'first', 'CHANGED', { expect: { ordinal: 0 } });
  script.call('next', ['all6'], 'OK', { set: { ordinal: 1 }, expect: described('last', String(LAST), 1) });
  script.call('subnet_create', [4, 0, 0, 0], 'any', { set: { ordinal: 0 }, save: 'all4' });
  script.call('hold', ['all4'], 'CHANGED', { set: { ordinal: 0xffffffff } });
  script.call('hold', ['all4'], 'OUT_OF_RANGE', { set: { ordinal: String(1n << 32n) } });
  script.call('subnet_destroy', ['all4'], 'OK');
  script.call('hold', ['all4'], 'NO_SUBNET', { set: { ordinal: 1 } });
}

export function bulk(script: Script): void {
  script.note('many at once: answers of ordinal, status and four bytes that are not looked at');
  subnet(script, 'bulk', 24);
  const identities = ['one', 'two', 'one'].map((name) => le(1, name.length) + hex(name)).join('');
  script.call('allocate_many', ['bulk', 3, 12], 'OK', {
    set: { window: identities + '00'.repeat(72) },
    expect: {
      window: identities + [0, 1, 0].map((n, at) => le(16, n) + le(4, at < 2 ? 1 : 0) + le(4, 0)).join(''),
    },
  });
  script.call('allocate_many', ['bulk', 3, 11], 'BAD_INPUT', { set: { window: identities } });
  script.call('allocate_many', ['bulk', 3000, 0], 'BAD_INPUT');
  script.note('two times 1500 bindings: the memory grows while the host looks on');
  subnet(script, 'grown', 16);
  for (const half of [0, 1]) {
    const names = Array.from(
      { length: 1500 },
      (_, n) => le(1, 3) + hex((1500 * half + n).toString(36).padStart(3, '0')),
    );
    const results = { set: { window: names.join('') } };
    script.call('allocate_many', ['grown', 1500, 6000], 'OK', results);
  }
  for (const [identity, ordinal] of [
    ['000', 0],
    ['15n', 1499],
    ['15o', 1500],
    ['2bb', 2999],
  ] as const) {
    script.of('lookup', 'grown', identity, 'OK', { expect: described(identity, ordinal, 1) });
  }
  script.call('subnet_destroy', ['grown'], 'OK');
}

export function snapshots(script: Script): void {
  script.note('a snapshot, byte for byte, and what comes of it');
  subnet(script, 'kept', 24, [[0, 0]]);
  script.of('allocate', 'kept', 'web.1', 'CHANGED', { expect: { ordinal: 1 } });
  script.of('allocate', 'kept', 'web.2', 'CHANGED', { expect: { ordinal: 2 } });
  script.of('release', 'kept', 'web.1', 'CHANGED', { set: { time: 1234 } });
  script.call('hold', ['kept'], 'CHANGED', { set: { ordinal: 9 } });
  script.call('rehold', ['kept'], 'CHANGED', { set: { ordinal: 2 } });
  const bytes = snapshotOf({
    version: 4,
    prefix: 24,
    policy: 'serial',
    network: BigInt(NETWORK),
    cursor: 3,
    lastTime: 1234,
    excluded: [[0, 0]],
    used: [
      { ordinal: 2, identity: 'web.2', held: true },
      { ordinal: 9, held: true },
    ],
    reserved: [{ ordinal: 1, identity: 'web.1', releasedAt: 1234 }],
  });
  const size = bytes.length / 2;
  script.call('snapshot_begin', ['kept'], 'OK');
  script.call('snapshot_next', [], size, { expect: { window: bytes } });
  script.call('snapshot_next', [], 0);
  script.add({ op: 'snapshot', subnet: 'kept', file: 'kept.snapshot' });
  script.add({ op: 'restore', file: 'kept.snapshot', save: 'again', expect: { result: 1 } });
  script.add({ op: 'snapshot', subnet: 'again', same: 'kept.snapshot' });
  script.of('allocate', 'again', 'web.1', 'OK', { expect: { ordinal: 1 } });
  script.note('goes on where the other was: the serial policy too');
  script.of('allocate', 'again', 'web.3', 'CHANGED', { expect: { ordinal: 3 } });
  script.of('allocate', 'kept', 'web.3', 'CHANGED', { expect: { ordinal: 3 } });
  script.call('snapshot_begin', [4000000000], 'NO_SUBNET');
  const refused = { op: 'snapshot', subnet: -1, file: 'none', same: 'none', expect: { result: -11 } } as const;
  script.add(refused);

  script.note('restored in two pieces, the first of which ends within a part');
  const cut = 64 + 32 + 10;
  script.call('restore_begin', [], 0);
  script.call('restore_feed', [cut], 'OK', { set: { window: bytes.slice(0, 2 * cut) }, expect: { position: 96 } });
  script.call('restore_feed', [size - 96], 'CHANGED', { set: { window: bytes.slice(2 * 96) } });
  script.call('restore_feed', [0], 'BAD_STATE');
  script.note('damaged, of another version, too long, given up');
  const other = (at: number, byte: string) => bytes.slice(0, 2 * at) + byte + bytes.slice(2 * at + 2);
  for (const [damaged, result] of [
    [other(0, '4d'), 'BAD_SNAPSHOT'],
    [other(4, '03'), 'BAD_VERSION'],
    [other(5, '05'), 'BAD_SNAPSHOT'],
    [other(size - 1, (Number.parseInt(bytes.slice(-2), 16) ^ 1).toString(16).padStart(2, '0')), 'BAD_SNAPSHOT'],
    [`${bytes}00`, 'BAD_SNAPSHOT'],
  ] as const) {
    script.call('restore_begin', [], 0);
    script.call('restore_feed', [damaged.length / 2], result, { set: { window: damaged } });
  }
  script.call('restore_begin', [], 0);
  script.call('restore_feed', [64], 'OK', { set: { window: bytes.slice(0, 128) }, expect: { position: 64 } });
  script.call('restore_abort', [], 0);
  script.call('restore_feed', [0], 'BAD_STATE');
  script.call('restore_begin', [], 0);
  script.call('restore_feed', [65537], 'BAD_INPUT');
  script.call('restore_abort', [], 0);
}

export function limits(script: Script): void {
  script.note('no memory: subnets until what was there from the start is used up; then it may grow again, and goes on');
  const make = (result: string, save?: string) => {
    const around = { set: { ordinal: 0 }, ...(save === undefined ? {} : { save }) };
    script.call('subnet_create', [6, 48, 0, 0], result, around);
  };
  script.call('set_memory_limit', [0], 0);
  for (let n = 0; n < SUBNETS_TOO_MANY; n++) make('any');
  make('NO_MEMORY');
  script.call('set_memory_limit', [65536], 0);
  make('any', 'more');
  script.of('allocate', 'more', 'x', 'CHANGED', { expect: { ordinal: 0 } });
}
