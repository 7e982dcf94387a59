// The memory of an instance: what subnets take they give back, growth in the middle of anything leaves no stale view
// behind, and many subnets live beside each other.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Limpet, type Subnet } from '../limpet.js';
import { wholeState } from '../outcome.js';

const record = (i: number, state = 'live') => ({ identity: `task.${i}`, address: `10.0.${i >> 8}.${i & 255}`, state });

describe('subnets created, filled and destroyed again and again', () => {
  const shapes: [string, number][] = [
    ['10.0.0.0/8', 3000],
    ['10.0.0.0/24', 200],
    ['fd00::/64', 1000],
    ['::/0', 10],
    ['10.0.0.0/30', 2],
    ['0.0.0.0/0', 500],
  ];

  test('use no more memory after the first round, and give all of it back', async () => {
    const limpet = await Limpet.load();
    const start = limpet.memory.used;
    const totals: number[] = [];
    for (let round = 0; round < 20; round++) {
      const nets = shapes.map(([cidr, count]) => fill(limpet.subnet(cidr), count));
      const [snapshot] = nets.map((net) => net.snapshot());
      nets.push(limpet.restore(snapshot!));
      nets[0]!.rebuild(Array.from({ length: 2000 }, (_, i) => record(i)));
      nets[1]!.rebuilder().add(record(5)); // given up with its subnet
      // In another order every time.
      while (nets.length > 0) nets.splice((round * 7) % nets.length, 1)[0]!.destroy();
      assert.equal(limpet.memory.used, start + (round === 0 ? limpet.memory.used - start : firstUsed - start));
      if (round === 0) firstUsed = limpet.memory.used;
      totals.push(limpet.memory.total);
    }
    assert.ok(firstUsed - start <= 8192, 'only the list of subnets stays');
    // The order of destruction decides which blocks join: a little more in the second round, then never again.
    assert.equal(totals.at(-1), totals[2]);
    assert.ok(totals.at(-1)! <= totals[0]! * 1.2, totals.join(' '));
  });
  let firstUsed = 0;

  test('a thousand times one after another', async () => {
    const limpet = await Limpet.load();
    fill(limpet.subnet('10.0.0.0/24'), 100).destroy();
    const { used, total } = limpet.memory;
    for (let i = 0; i < 1000; i++) fill(limpet.subnet(i % 2 ? '10.0.0.0/24' : 'fd00::/120'), 100).destroy();
    assert.deepEqual(limpet.memory, { used, total });
  });

  test('what is refused or given up takes nothing', async () => {
    const limpet = await Limpet.load();
    const net = fill(limpet.subnet('10.0.0.0/16'), 100);
    const snapshot = net.snapshot();
    const damaged = snapshot.slice();
    damaged[damaged.length - 20]! ^= 1;
    const records = Array.from({ length: 500 }, (_, i) => record(i));
    const once = () => {
      const rebuild = net.rebuilder();
      for (const one of records) rebuild.add(one);
      rebuild.abort();
      assert.throws(() => net.rebuild(`${JSON.stringify(records).slice(0, -1)}`));
      assert.throws(() => limpet.restore(damaged));
      assert.throws(() => limpet.restore(snapshot.subarray(0, 1000)));
    };
    once();
    const { used, total } = limpet.memory;
    for (let i = 0; i < 50; i++) once();
    assert.deepEqual(limpet.memory, { used, total });
  });
});

function fill(net: Subnet, count: number): Subnet {
  for (let i = 0; i < count; i++) net.allocate(`task.${i}`);
  for (let i = 0; i < count; i += 3) net.release(`task.${i}`, i);
  return net;
}

describe('growth', () => {
  test('in one subnet leaves no stale view of another', async () => {
    const limpet = await Limpet.load();
    const [growing, quiet, six] = ['10.0.0.0/8', '192.168.0.0/24', 'fd00::/64'].map((cidr) => limpet.subnet(cidr)) as [
      Subnet,
      Subnet,
      Subnet,
    ];
    fill(quiet, 200);
    fill(six, 100);
    const before = [quiet, six].map(wholeState);
    let grown = 0;
    for (let i = 0, { total } = limpet.memory; grown < 12; i++) {
      assert.equal(
        growing.allocate(`a-rather-long-name-of-a-task.${i}`),
        `10.${((i + 1) >> 16) & 255}.${((i + 1) >> 8) & 255}.${(i + 1) & 255}`,
      );
      if (limpet.memory.total === total) continue;
      grown++;
      total = limpet.memory.total;
      // The first calls after growth, of every kind.
      assert.equal(quiet.owner('192.168.0.7'), 'task.6');
      assert.equal(quiet.lookup('task.6')?.releasedAt, 6);
      assert.equal(six.allocate('task.4'), 'fd00::5');
      assert.deepEqual([quiet, six].map(wholeState), before);
    }
  });

  test('in the middle of a list of bindings, a batch and a rebuild', async () => {
    const limpet = await Limpet.load();
    const [listed, growing] = [fill(limpet.subnet('10.0.0.0/20'), 2000), limpet.subnet('10.0.0.0/8')];
    const expected = [...listed.bindings()];
    const start = limpet.memory.total;
    let n = 0;
    const grow = () => {
      for (const { total } = limpet.memory; limpet.memory.total === total; n++) growing.allocate(`x${n}`);
    };
    const seen = [];
    for (const binding of listed.bindings()) {
      seen.push(binding);
      if (seen.length % 400 === 0) grow();
    }
    assert.deepEqual(seen, expected);

    const names = Array.from({ length: 20_000 }, (_, i) => `batch.${i}.${'x'.repeat(i % 200)}`);
    const answers = growing.allocateMany(names);
    for (const [i, answer] of answers.entries())
      assert.ok('address' in answer && growing.owner(answer.address) === names[i]);
    assert.ok(
      growing
        .allocateMany(names)
        .every((answer, i) => 'address' in answer && !answer.created && answer.address === (answers[i] as any).address),
    );

    const rebuild = listed.rebuilder({ time: 5 });
    for (let i = 1; i < 2000; i++) {
      rebuild.add(record(i));
      if (i % 500 === 0) grow();
    }
    rebuild.commit();
    assert.equal(listed.stats.live, 1999);
    assert.equal(listed.owner('10.0.1.5'), 'task.261');
    assert.ok(limpet.memory.total > start);
  });

  test('is asked for by a snapshot or a list at no time', async () => {
    const limpet = await Limpet.load();
    const net = fill(limpet.subnet('::/0'), 50);
    for (let i = 0; i < 500; i++) net.bind(`far.${i}`, `${(((i * 7919) % 65_000) + 1).toString(16)}::${i + 1}`);
    const before = limpet.memory;
    net.snapshot();
    assert.equal([...net.bindings()].length, 550);
    assert.deepEqual(limpet.memory, before);
  });
});

describe('churn', () => {
  test('of allocate, release and reclaim is bounded', async () => {
    const limpet = await Limpet.load();
    const net = limpet.subnet('10.0.0.0/16');
    const turn = (round: number) => {
      for (let i = 0; i < 300; i++) net.allocate(`${round}.${i}.${'x'.repeat((i * 31) % 200)}`);
      for (let i = 0; i < 300; i++) net.release(`${round}.${i}.${'x'.repeat((i * 31) % 200)}`, round);
      assert.equal(net.reclaimReleasedBefore(round).length, round === 0 ? 0 : 300);
    };
    // Serial has then been once round the whole subnet, and names of every length have been.
    for (let round = 0; round < 300; round++) turn(round);
    const { used } = limpet.memory;
    assert.ok(used < 200_000, `${used}`);
    for (let round = 300; round < 800; round++) turn(round);
    assert.equal(limpet.memory.used, used);
    assert.equal(net.reclaimOldest(Number.POSITIVE_INFINITY).length, 300);
    assert.equal([...net.bindings()].length, 0);
  });

  test('of holds, and of bindings far apart', async () => {
    const limpet = await Limpet.load();
    const net = limpet.subnet('::/0');
    const turn = (round: number) => {
      const places = Array.from(
        { length: 60 },
        (_, i) => `${((round * 60 + i) % 65_000).toString(16)}::${(i * 77 + 1).toString(16)}`,
      );
      for (const [i, place] of places.entries()) i % 2 ? net.hold(place) : net.bind(`${i}`, place);
      for (const [i, place] of places.entries()) {
        if (i % 2) net.unhold(place);
        else net.release(`${i}`, 1);
      }
      assert.equal(net.reclaimOldest(60).length, 30);
    };
    for (let round = 0; round < 3; round++) turn(round);
    const { used, total } = limpet.memory;
    for (let round = 3; round < 200; round++) turn(round);
    assert.deepEqual(limpet.memory, { used, total });
  });

  test('of rebuilds', async () => {
    const limpet = await Limpet.load();
    const net = limpet.subnet('10.0.0.0/16');
    const turn = (round: number) => {
      const records = Array.from({ length: 400 }, (_, i) =>
        record(i * 8 + (round % 8) + 1, i % 2 ? 'live' : 'reserved'),
      );
      net.rebuild(round % 2 ? JSON.stringify(records) : records, { time: round });
    };
    for (let round = 0; round < 10; round++) turn(round);
    const { used, total } = limpet.memory;
    for (let round = 10; round < 80; round++) turn(round);
    assert.ok(Math.abs(limpet.memory.used - used) <= 4 * 4096, `${used} → ${limpet.memory.used}`);
    assert.equal(limpet.memory.total, total);
  });
});

test('many subnets in one instance are strangers to each other', async () => {
  const limpet = await Limpet.load();
  const nets = Array.from({ length: 400 }, (_, i) =>
    limpet.subnet(i % 2 ? `10.${i >> 8}.${i & 255}.0/24` : `fd00:${i.toString(16)}::/64`),
  );
  for (let round = 0; round < 20; round++) for (const net of nets) net.allocate(`web.${round}`);
  for (const [i, net] of nets.entries()) {
    if (i % 3 === 0) net.release('web.7', i);
    if (i % 5 === 0) net.destroy();
  }
  const again = nets.flatMap((_, i) => (i % 5 === 0 ? [limpet.subnet('10.255.0.0/24')] : []));
  for (const net of again) assert.equal(net.allocate('new'), '10.255.0.1');
  for (const [i, net] of nets.entries()) {
    if (i % 5 === 0) continue;
    const base = net.cidr.replace(/(0|::)\/.*$/, (end) => (end.startsWith('0') ? '' : '::'));
    assert.deepEqual(
      [...net.bindings()].map(({ identity, address, state }) => [identity, address, state]),
      Array.from({ length: 20 }, (_, n) => [
        `web.${n}`,
        `${base}${(n + 1).toString(i % 2 ? 10 : 16)}`,
        i % 3 === 0 && n === 7 ? 'reserved' : 'live',
      ]),
    );
  }
});

test('instances share nothing', async () => {
  const [one, other] = [await Limpet.load(), await Limpet.load()];
  const net = one.subnet('10.0.0.0/24');
  const twin = other.subnet('10.0.0.0/24');
  net.allocate('a');
  assert.deepEqual([...twin.bindings()], []);
  assert.equal(other.restore(net.snapshot()).owner('10.0.0.1'), 'a');
});

test('the seed of the hash changes no address, no order and no snapshot', async () => {
  const make = async (seed?: Uint8Array) => {
    const limpet = await Limpet.load(seed === undefined ? {} : { seed });
    const net = fill(limpet.subnet('10.0.0.0/16', { gateway: '10.0.0.1' }), 500);
    net.rebuild(
      [
        ...Array.from({ length: 300 }, (_, i) => record(i + 2)),
        ...Array.from({ length: 50 }, (_, i) => ({ ...record(i + 2), identity: `rival.${i}` })),
      ],
      { time: 9 },
    );
    net.reclaimOldest(3);
    return wholeState(net);
  };
  const expected = await make(new Uint8Array(16));
  for (const seed of [undefined, new Uint8Array(16).fill(255), Uint8Array.from({ length: 16 }, (_, i) => i)])
    assert.deepEqual(await make(seed), expected);
});

test('the last free address below a full page: without memory for what it takes it stays free', async () => {
  const page = 4096;
  const at = (base: number, offset: number) =>
    [24, 16, 8, 0].map((shift) => ((base + offset) >>> shift) & 255).join('.');
  const refused = (action: () => unknown) => assert.throws(action, { code: 'NO_MEMORY' });
  // How much of the memory is left when it counts is not known: each number of pages beforehand leaves another piece.
  for (let pages = 0; pages < 12; pages++) {
    const limpet = await Limpet.load({ maxMemory: 5 * 65_536 });
    const base = 0x0a00_0000;
    const exclude = [
      [0, 10],
      [12, page],
    ].map(([from, to]) => `${at(base, (from as number) * page)}-${at(base, (to as number) * page - 1)}`);
    const net = limpet.subnet('10.0.0.0/7', { exclude });
    for (let n = 0; n < page; n++) if (n !== 100) net.hold(at(base, 11 * page + n));
    net.hold(at(base, 11 * page - 1));
    for (let n = 0; n < page - 1; n++) net.holdNext();
    for (let n = 0; n < pages; n++) net.hold(at(base, (5000 + n) * page));
    useUp(limpet.subnet('12.0.0.0/8'), (n) => at(0x0c00_0000, n * page + 4000));
    const { held } = net.stats;
    try {
      assert.equal(net.holdNext(), at(base, 11 * page + 100));
    } catch (error) {
      refused(() => {
        throw error;
      });
      assert.equal(net.stats.held, held);
    }
  }
});

/** Until nothing more can be bound or held. */
function useUp(net: Subnet, place: (n: number) => string): void {
  const untilRefused = (action: (n: number) => unknown) => {
    try {
      for (let n = 0; n < 3000; n++) action(n);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'NO_MEMORY');
    }
  };
  for (let length = 255; length > 0; length -= 8)
    untilRefused((n) => net.allocate(`${length}.${n}`.padEnd(length, 'x')));
  untilRefused((n) => net.hold(place(n)));
}
