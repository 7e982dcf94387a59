// Pins as the host API has them: a chosen address that nothing reclaims, in a snapshot and through a rebuild.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limpet, LimpetError, type Subnet } from '../limpet.js';

const limpet = await Limpet.load();
const T = 1_700_000_000_000;

const refuses =
  (code: string, about: RegExp, details: Record<string, unknown> = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof LimpetError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, about);
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value);
    return true;
  };

function make(options = {}): Subnet {
  return limpet.subnet('10.9.0.0/29', { gateway: '10.9.0.1', exclude: ['10.9.0.6'], ...options });
}

/** All that can be seen of it. */
const seen = (net: Subnet) => ({ bindings: [...net.bindings()], held: [...net.held()], stats: net.stats });

test('who has no address yet has the chosen one, reserved, and comes to it', () => {
  const net = make();
  assert.equal(net.pin('db.1', '10.9.0.4', T), '10.9.0.4');
  assert.deepEqual(net.lookup('db.1'), {
    identity: 'db.1',
    address: '10.9.0.4',
    state: 'reserved',
    releasedAt: T,
    pinned: true,
  });
  assert.equal(net.stats.pinned, 1);
  assert.equal(net.allocate('db.1'), '10.9.0.4');
  assert.deepEqual(net.lookup('db.1'), { identity: 'db.1', address: '10.9.0.4', state: 'live', pinned: true });
});

test('nothing reclaims it: not when the subnet is full, not by age, not by name', () => {
  const net = make();
  net.pin('db.1', '10.9.0.4', T);
  for (const identity of ['a', 'b', 'c']) net.allocate(identity);
  assert.throws(() => net.allocate('d'), refuses('FULL', /1 reserved.*reclaiming can free 0/, { reclaimable: 0 }));
  net.release('b', T + 1);
  assert.equal(net.oldest()?.identity, 'b');
  assert.deepEqual(
    net.reclaimOldest(Number.POSITIVE_INFINITY).map(({ identity }) => identity),
    ['b'],
  );
  assert.deepEqual(net.reclaimReleasedBefore(T + 1e6), []);
  const before = seen(net);
  assert.throws(
    () => net.reclaim('db.1'),
    refuses('PINNED', /"db.1" is pinned to 10\.9\.0\.4/, { address: '10.9.0.4' }),
  );
  assert.deepEqual(seen(net), before);
});

test('unpinned it queues behind those that were released before', () => {
  const net = make();
  net.pin('db.1', '10.9.0.4', T);
  net.allocate('a');
  net.release('a', T + 5);
  assert.equal(net.unpin('db.1', T + 9), true);
  assert.equal(net.unpin('db.1', T + 10), false);
  assert.deepEqual(
    net.reclaimOldest(9).map(({ identity, releasedAt }) => [identity, releasedAt]),
    [
      ['a', T + 5],
      ['db.1', T + 9],
    ],
  );
  assert.throws(() => net.unpin('db.1'), refuses('UNKNOWN', /"db.1" has no address/));
});

test('a live one stays live when it is pinned and unpinned', () => {
  const net = make();
  const own = net.allocate('a');
  assert.equal(net.pin('a', own), own);
  assert.equal(net.pin('a', own), own);
  assert.equal(net.unpin('a'), true);
  assert.deepEqual(net.lookup('a'), { identity: 'a', address: own, state: 'live' });
});

test('what cannot be pinned is refused in words, and nothing changes', () => {
  const net = make();
  net.allocate('a');
  net.hold('10.9.0.5');
  const before = seen(net);
  const bad: [string, string, string, RegExp][] = [
    ['b', '10.9.0.2', 'OCCUPIED', /belongs to "a" \(live\)/],
    ['b', '10.9.0.1', 'OCCUPIED', /is held/],
    ['b', '10.9.0.5', 'OCCUPIED', /is held/],
    ['b', '10.9.0.6', 'EXCLUDED', /is excluded/],
    ['b', '10.9.0.0', 'EXCLUDED', /is excluded/],
    ['b', '10.9.0.8', 'OUT_OF_RANGE', /10\.9\.0\.8/],
    ['b', 'fd00::1', 'BAD_INPUT', /fd00::1/],
    ['b', 'ten', 'BAD_INPUT', /ten/],
    ['a', '10.9.0.3', 'BOUND_ELSEWHERE', /already has 10\.9\.0\.2/],
    ['', '10.9.0.3', 'BAD_INPUT', /empty/],
  ];
  for (const [identity, address, code, about] of bad)
    assert.throws(() => net.pin(identity, address), refuses(code, about), `${identity} ${address}`);
  assert.throws(() => net.pin('b', '10.9.0.3', -1), refuses('BAD_INPUT', /-1/));
  assert.deepEqual(seen(net), before);
});

test('a snapshot has the pins, and is of format 2 only while there is one', () => {
  const net = make();
  net.allocate('a');
  assert.equal(net.snapshot()[4], 1);
  const plain = net.snapshot();
  net.pin('a', '10.9.0.2');
  net.pin('b', '10.9.0.4', T);
  net.allocate('c');
  net.release('c', T + 1);
  const bytes = net.snapshot();
  assert.equal(bytes[4], 2);
  const again = limpet.restore(bytes);
  assert.deepEqual(seen(again), seen(net));
  assert.deepEqual(again.snapshot(), bytes);
  for (const each of [net, again]) {
    each.unpin('a');
    each.unpin('b', T + 2);
    assert.deepEqual(
      each.reclaimOldest(9).map(({ identity }) => identity),
      ['c', 'b'],
    );
    assert.equal(each.snapshot()[4], 1);
  }
  assert.equal(plain.length, net.snapshot().length);
});

test('a snapshot with a flipped bit of a pin is damaged', () => {
  const net = make();
  net.pin('b', '10.9.0.4', T);
  const bytes = net.snapshot();
  for (let at = 4; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at]! ^= 16;
    assert.throws(() => limpet.restore(flipped), refuses('BAD_SNAPSHOT', /./), `byte ${at}`);
  }
});

test('a rebuild keeps pins, and says which records are against them', () => {
  const net = make();
  net.pin('web.1', '10.9.0.3', T);
  net.pin('web.2', '10.9.0.4', T);
  const report = net.rebuild([
    { identity: 'web.1', address: '10.9.0.3', state: 'live' },
    { identity: 'web.2', address: '10.9.0.5', state: 'live' },
    { identity: 'db', address: '10.9.0.4', state: 'live' },
  ]);
  assert.deepEqual(
    report.skipped.map(({ reason, identity }) => [reason, identity]),
    [
      ['pinned', 'web.2'],
      ['pinned', 'db'],
    ],
  );
  assert.deepEqual([report.live, report.reserved], [1, 1]);
  assert.deepEqual(
    [...net.bindings()].map(({ identity, address, state, pinned }) => [identity, address, state, pinned]),
    [
      ['web.1', '10.9.0.3', 'live', true],
      ['web.2', '10.9.0.4', 'reserved', true],
    ],
  );
  assert.throws(() => net.reclaim('web.2'), refuses('PINNED', /web\.2/));
  const rebuild = net.rebuilder();
  assert.throws(() => net.pin('x', '10.9.0.5'), refuses('BAD_INPUT', /being rebuilt/));
  assert.throws(() => net.unpin('web.2'), refuses('BAD_INPUT', /being rebuilt/));
  rebuild.abort();
  assert.equal(net.unpin('web.2'), true);
});
