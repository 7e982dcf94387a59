// What others have put under the prefix: keys that are no text, keys of no form, values that say nothing, an index that
// disagrees. Each is told once, and costs nobody but whom it is about: at a start, in a process that runs, and when
// that has to read everything again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService } from '../../src/service/index.js';
import type { StoreEvent } from '../../src/service/store.js';
import { Hand, type Pair } from './by-hand.js';
import { Etcd } from './etcd.js';
import { eventually, refuses, Wire } from './harness.js';

const MANY = 10_125;

describe('under the prefix', () => {
  let etcd: Etcd;
  let hand: Hand;
  let remove = () => {};
  let prefixes = 0;
  const closes: (() => Promise<unknown>)[] = [];

  before(async () => {
    ({ etcd, remove } = await Etcd.start());
    hand = new Hand(etcd.endpoint);
  });
  after(async () => {
    for (const close of closes) await close();
    hand.close();
    remove();
  });

  async function open(prefix: string, options: { page?: number; endpoint?: string } = {}) {
    const events: StoreEvent[] = [];
    const { endpoint = etcd.endpoint, ...rest } = options;
    const service = await AllocatorService.open(
      new EtcdStore({ endpoints: [endpoint], node: 'n1', ttl: 2, deadline: 1000, prefix, ...rest }),
      { report: (event) => events.push(event) },
    );
    closes.push(() => service.close());
    const alarms = () => events.filter(({ level }) => level !== 'info').map(({ message }) => message);
    return { service, events, alarms };
  }

  /** A process that runs, whose watch can be given a gap: it then has to read everything again. */
  async function openWired(prefix: string) {
    const wire = await Wire.to(etcd.endpoint);
    const opened = await open(prefix, { endpoint: wire.endpoint });
    closes.push(() => wire.cut());
    const gap = async (meanwhile: () => Promise<void>) => {
      const before = opened.events.length;
      await wire.cut();
      await meanwhile();
      for (let n = 0; n < 3; n++) await hand.put([['/elsewhere', String(n)]]); // the last revision is never compacted
      etcd.ctl('compact', String(etcd.revision()));
      await wire.mend();
      const again = () => opened.events.slice(before).some(({ message }) => message.startsWith('everything was read'));
      await eventually('it has been read again', again);
    };
    return { ...opened, gap };
  }

  const own = (prefix: string, kind: string, ...segments: string[]) =>
    `${prefix}${kind}/default/10.0.0.0%2F24${segments.map((each) => `/${each}`).join('')}`;

  for (const [what, suffix] of [
    ['alone', () => ''],
    ['with a suffix', (n: number) => `/${n}`],
    ['behind a known kind', (n: number) => `held/default/10.0.0.0%2F24/${n}`],
  ] as const) {
    test(`${MANY} keys that are no UTF-8, ${what}: read in time, told in one line, and all goes on`, {
      timeout: 60_000,
    }, async () => {
      const prefix = `/strange${++prefixes}/`;
      const head = what === 'behind a known kind' ? '' : 'n'; // behind "held/", where reading begins
      const keys = Array.from({ length: MANY }, (_, n): Pair => {
        const bytes = Buffer.from([0xff, n >> 8, n & 255, 0xfe]);
        return [Buffer.concat([Buffer.from(prefix + head + suffix(n)), bytes]), 'x'];
      });
      await hand.put(keys);
      for (const page of [10_000, 512]) {
        const started = performance.now();
        const { service, alarms } = await open(prefix, { page });
        const ms = performance.now() - started;
        assert.ok(ms < 10_000, `${ms} ms`);
        assert.equal(alarms().length, 1, alarms().join('\n'));
        const [line = ''] = alarms();
        assert.match(line, new RegExp(`^etcd has ${MANY} keys that Limpet did not write, such as .*\\\\xff`));
        assert.doesNotMatch(line, /\p{Cc}|\ufffd/u);
        assert.ok(line.length < 600, line);
        const net = await service.subnet('10.0.0.0/24');
        assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1');
        await service.refresh();
      }
    });
  }

  test('keys that come while a process runs are told in one line, and none of its calls fails', async () => {
    const prefix = `/heap${++prefixes}/`;
    const { service, alarms } = await open(prefix);
    const net = await service.subnet('10.0.0.0/24');
    await hand.put(Array.from({ length: 2000 }, (_, n): Pair => [`${prefix}zebra/\u202e${n}`, '']));
    await hand.put(
      Array.from({ length: 2000 }, (_, n): Pair => [Buffer.from([...Buffer.from(prefix), 0xff, n >> 8, n & 255]), '']),
    );
    assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1');
    await eventually('it is told', () => alarms().length > 0);
    const [line = ''] = alarms();
    assert.equal(alarms().length, 1);
    assert.match(line, /^etcd has \d+ keys that Limpet did not write, such as .*zebra\/\\u\{202e\}0/);
  });

  const BROKEN: readonly (readonly [what: string, pair: (prefix: string) => Pair])[] = [
    ['settings with reclaim null', (p) => [own(p, 'subnet'), spec({ reclaim: null })]],
    ['settings of wrong types', (p) => [own(p, 'subnet'), spec({ exclude: '10.0.0.9', policy: 7 })]],
    ['settings of another space', (p) => [own(p, 'subnet'), spec({ space: 'other' })]],
    ['settings of another subnet', (p) => [own(p, 'subnet'), spec({ cidr: '10.0.9.0/24' })]],
    ['settings with a gateway outside', (p) => [own(p, 'subnet'), spec({ gateway: '10.0.9.1' })]],
    ['settings that exclude garbage', (p) => [own(p, 'subnet'), spec({ exclude: ['all of it'] })]],
    ['settings with more than this release knows', (p) => [own(p, 'subnet'), spec({ colour: 'red' })]],
    ['settings that are no JSON', (p) => [own(p, 'subnet'), '{"space":']],
    ['settings that are no UTF-8', (p) => [own(p, 'subnet'), Buffer.from([0x22, 0xff, 0x22])]],
    ['a subnet that is none', (p) => [`${p}subnet/default/garbage`, spec({ cidr: 'garbage' })]],
    ['a subnet with host bits', (p) => [`${p}subnet/default/10.0.7.1%2F24`, spec({ cidr: '10.0.7.1/24' })]],
  ];

  for (const [what, pair] of BROKEN) {
    test(`${what}: that subnet is refused, others go on, at a start, by the watch and after a gap`, async () => {
      const prefix = `/subnet${++prefixes}/`;
      const first = await openWired(prefix);
      const [sound, late] = [await first.service.subnet('10.0.1.0/24'), '10.0.2.0/24'];
      await first.gap(() => hand.put([pair(prefix)]));
      const second = await openWired(prefix);
      await hand.put([[pair(prefix)[0], null]]);
      await hand.put([pair(prefix)]); // by the watch
      const third = await open(prefix);
      for (const { service, alarms } of [first, second, third]) {
        await eventually('it is told', () => alarms().some((line) => line.includes(String(pair(prefix)[0]))));
        const net = await service.subnet('10.0.1.0/24');
        assert.ok(await net.allocate(`web.${closes.length}`, { node: 'n1' }));
        await service.subnet(late);
        if (String(pair(prefix)[0]) === own(prefix, 'subnet'))
          await assert.rejects(
            service.subnet('10.0.0.0/24'),
            refuses('DAMAGED', undefined, /subnet\/default\/10\.0\.0/),
          );
      }
      assert.ok(sound.lookup('web.1') === undefined);
    });
  }

  test('a subnet in use whose settings are broken goes on with what it has, and is whole again with them', async () => {
    const prefix = `/inuse${++prefixes}/`;
    const { service } = await open(prefix);
    const net = await service.subnet('10.0.0.0/24');
    for (const identity of ['web.1', 'web.2']) await net.allocate(identity, { node: 'n1' });
    const key = own(prefix, 'subnet');
    const whole = etcd.keys(key).get(key)?.value as string;
    await hand.put([[key, '{"reclaim":null}']]);
    await eventually('it is known', () => [...service.damaged()].length === 1);
    assert.equal(await net.allocate('web.1', { node: 'n2' }), '10.0.0.1', 'who has an address comes home');
    assert.equal(await net.release('web.2', 'n1'), true);
    await assert.rejects(net.allocate('web.3', { node: 'n1' }), refuses('DAMAGED', undefined, /reclaim|form/));
    await assert.rejects(net.hold('10.0.0.9'), refuses('DAMAGED'));
    const fresh = await open(prefix);
    assert.equal(fresh.service.find('10.0.0.0/24'), undefined);
    await hand.put([[key, whole]]);
    await eventually('it is whole', () => [...service.damaged(), ...fresh.service.damaged()].length === 0);
    assert.ok(await net.allocate('web.3', { node: 'n1' }));
    await eventually('all of it is read', () => fresh.service.find('10.0.0.0/24')?.lookup('web.3') !== undefined);
    assert.equal(await fresh.service.find('10.0.0.0/24')?.allocate('web.2', { node: 'n1' }), '10.0.0.2');
  });

  const BAD_IDENTITIES: readonly (readonly [what: string, value: string | Buffer])[] = [
    ['no JSON', 'nonsense'],
    ['a number for an address', '{"address":7}'],
    ['an address outside', '{"address":"10.0.9.9"}'],
    ['the address of the network', '{"address":"10.0.0.0"}'],
    ['the gateway', '{"address":"10.0.0.254"}'],
    ['an excluded address', '{"address":"10.0.0.200"}'],
    ['a time that is none', '{"address":"10.0.0.9","released":1e300}'],
    ['a field of another release', '{"address":"10.0.0.9","lease":1}'],
    ['no UTF-8', Buffer.from('{"address":"\xff"}', 'latin1')],
  ];

  for (const [what, value] of BAD_IDENTITIES) {
    test(`an identity's key that says ${what}: he is refused, and nobody else`, async () => {
      const prefix = `/identity${++prefixes}/`;
      const settings = { gateway: '10.0.0.254', exclude: ['10.0.0.200'] };
      const first = await openWired(prefix);
      const net = await first.service.subnet('10.0.0.0/24', settings);
      await net.allocate('web.1', { node: 'n1' });
      await first.gap(() => hand.put([[own(prefix, 'identity', 'bad'), value]]));
      await hand.put([[own(prefix, 'identity', 'bad2'), value]]); // by the watch
      const second = await open(prefix);
      for (const { service, alarms } of [first, second]) {
        const there = await service.subnet('10.0.0.0/24', settings);
        for (const bad of ['bad', 'bad2']) {
          await eventually('it is told', () => alarms().some((line) => line.includes(`/${bad}: `)));
          await assert.rejects(there.allocate(bad, { node: 'n1' }), refuses('DAMAGED', undefined, /identity\/.*bad/));
          assert.equal(there.lookup(bad), undefined);
        }
        assert.equal(await there.allocate('web.1', { node: 'n1' }), '10.0.0.1');
        assert.ok(await there.allocate(`web.${alarms.length + prefixes + closes.length}`, { node: 'n1' }));
      }
      await hand.put([[own(prefix, 'identity', 'bad'), null]]);
      await eventually('the key is gone', () => net.inspect('10.0.0.1').identity === 'web.1');
      await eventually('he can have one', () => net.stats.live > 0);
      const address = await retried(() => net.allocate('bad', { node: 'n1' }));
      assert.match(address, /^10\.0\.0\./);
    });
  }

  test('a binding whose key is broken while it is live is kept, and ends with it', async () => {
    const prefix = `/broken${++prefixes}/`;
    const { service, alarms } = await open(prefix);
    const net = await service.subnet('10.0.0.0/24', { policy: 'lowest' });
    await net.allocate('web.1', { node: 'n1' });
    await hand.put([[own(prefix, 'identity', 'web.1'), '']]);
    await eventually('it is told', () => alarms().length === 1);
    assert.equal(net.lookup('web.1')?.address, '10.0.0.1');
    assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1', 'it is live here, and stays so');
    assert.equal(await net.release('web.1', 'n1'), true);
    assert.equal(etcd.count(own(prefix, 'live')), 0);
    await assert.rejects(net.allocate('web.1', { node: 'n1' }), refuses('DAMAGED'));
    const fresh = await open(prefix);
    const there = fresh.service.find('10.0.0.0/24')!;
    await assert.rejects(there.allocate('web.1', { node: 'n1' }), refuses('DAMAGED'));
    assert.equal(await there.allocate('web.2', { node: 'n1' }), '10.0.0.2', 'the index has the first one still');
    assert.deepEqual([...there.held()], ['10.0.0.1']);
    assert.equal(fresh.alarms().length, 2, 'and that is told, once');
  });

  test('an index that disagrees moves nobody, and gives no address away', async () => {
    const prefix = `/index${++prefixes}/`;
    const { service, alarms } = await open(prefix);
    const net = await service.subnet('10.0.0.0/24');
    assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1');
    await hand.put([
      [own(prefix, 'address', '10.0.0.2'), 'web.1'], // who has another
      [own(prefix, 'address', '10.0.0.3'), 'nobody'], // who is not there
      [own(prefix, 'address', '10.0.0.4'), Buffer.from([0xff, 0xfe])],
      [own(prefix, 'address', '10.0.0.5'), 'x'.repeat(300)],
      [own(prefix, 'address', '10.0.0.6'), ''],
    ]);
    assert.equal(await net.allocate('web.2', { node: 'n1' }), '10.0.0.7');
    assert.equal(net.lookup('web.1')?.address, '10.0.0.1');
    assert.deepEqual([...net.held()], ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    assert.equal(alarms().length, 5, alarms().join('\n'));
    assert.equal(await net.allocate('nobody', { node: 'n1' }), '10.0.0.8');
    // Put right by hand, and by the operators' own command.
    await hand.put([[own(prefix, 'address', '10.0.0.2'), null]]);
    assert.equal(await net.unhold('10.0.0.2'), true);
    assert.equal(net.inspect('10.0.0.2').state, 'free');
    // The index of web.1 itself is broken: he keeps what he has, and nobody gets it.
    await hand.put([[own(prefix, 'address', '10.0.0.1'), 'web.2']]);
    const fresh = (await open(prefix)).service.find('10.0.0.0/24')!;
    assert.equal(fresh.lookup('web.1')?.address, '10.0.0.1');
    assert.equal(fresh.lookup('web.2')?.address, '10.0.0.7');
  });

  test('of two identities with one address it is his whom the index names, in every process', async () => {
    const prefix = `/two${++prefixes}/`;
    const first = await openWired(prefix);
    const net = await first.service.subnet('10.0.0.0/24');
    await net.allocate('web.1', { node: 'n1' });
    await net.allocate('web.2', { node: 'n1' });
    const thieves = ['a', 'thief', 'zz'].map((name): Pair => [own(prefix, 'identity', name), '{"address":"10.0.0.1"}']);
    await hand.put(thieves);
    await eventually('each is told', () => first.alarms().length === 3);
    const second = await open(prefix);
    await first.gap(() => hand.put([[own(prefix, 'identity', 'late'), '{"address":"10.0.0.2"}']]));
    const third = await open(prefix);
    for (const { service } of [first, second, third]) {
      const there = service.find('10.0.0.0/24')!;
      assert.deepEqual([there.inspect('10.0.0.1').identity, there.inspect('10.0.0.2').identity], ['web.1', 'web.2']);
      assert.deepEqual(there.lookup('web.1')?.nodes, ['n1'], 'its mark is known');
      for (const name of ['a', 'thief', 'zz', 'late'])
        await retried(async () => assert.rejects(there.allocate(name, { node: 'n2' }), refuses('DAMAGED')));
    }
  });

  test('a binding that was reserved before it is heard of has the age that it has', async () => {
    const prefix = `/age${++prefixes}/`;
    const { service } = await open(prefix);
    const net = await service.subnet('10.0.0.0/24', { reclaim: {} });
    await hand.put([[own(prefix, 'identity', 'old'), '{"address":"10.0.0.9","released":1700000000000}']]);
    await eventually('it is known', () => net.lookup('old') !== undefined);
    assert.deepEqual(net.lookup('old'), {
      identity: 'old',
      address: '10.0.0.9',
      state: 'reserved',
      releasedAt: 1_700_000_000_000,
      nodes: [],
    });
  });

  test('marks, holds and users of nothing, and identities that can be none, are told and passed over', async () => {
    const prefix = `/orphans${++prefixes}/`;
    const first = await openWired(prefix);
    const net = await first.service.subnet('10.0.0.0/24');
    await first.gap(() =>
      hand.put([
        [own(prefix, 'live', 'nobody', 'n1'), ''],
        [own(prefix, 'held', '10.0.9.9'), ''],
        [own(prefix, 'held', '010.0.0.9'), ''],
        [own(prefix, 'held', '10.0.0.0'), ''],
        [own(prefix, 'identity', 'x'.repeat(256)), '{"address":"10.0.0.9"}'],
        [own(prefix, 'identity', ''), '{"address":"10.0.0.9"}'],
        [own(prefix, 'live', 'web.1', ''), ''],
        [`${prefix}held/other/10.7.0.0%2F24/10.7.0.1`, ''],
        [`${prefix}node/n9`, Buffer.from([0xff])],
      ]),
    );
    const second = await open(prefix);
    for (const { service, alarms } of [first, second]) {
      const there = service.find('10.0.0.0/24')!;
      assert.ok(await there.allocate(`web.${closes.length}`, { node: 'n1' }));
      assert.deepEqual([[...there.held()], there.stats.live > 0], [[], true]);
      const lines = alarms().join('\n');
      assert.match(lines, /3 keys that Limpet did not write/);
      assert.match(lines, /2 keys of subnets or bindings that are not there/);
      for (const key of ['held/.*/10.0.9.9', 'held/.*/010.0.0.9', 'held/.*/10.0.0.0:', 'node/n9'])
        assert.match(lines, new RegExp(`cannot be believed at .*${key}`));
    }
    assert.equal(net.lookup('x'.repeat(255)), undefined);
  });

  test('the gateway stays held, whoever puts and deletes a key for it', async () => {
    const prefix = `/gateway${++prefixes}/`;
    const { service } = await open(prefix);
    const net = await service.subnet('10.0.0.0/30', { gateway: '10.0.0.1' });
    const key = `${prefix}held/default/10.0.0.0%2F30/10.0.0.1`;
    await hand.put([[key, '']]);
    await hand.put([[key, null]]);
    await hand.put([[`${prefix}node/seen`, 'seen']]);
    await eventually('both are known', () => service.nodeName('seen') !== undefined);
    assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.2');
    await assert.rejects(net.allocate('web.2', { node: 'n1' }), refuses('FULL'));
  });
});

const spec = (other: Record<string, unknown>) =>
  JSON.stringify({ space: 'default', cidr: '10.0.0.0/24', exclude: [], policy: 'serial', reclaim: {}, ...other });

/** Once the watch has told. */
async function retried<T>(action: () => Promise<T>): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await action();
    } catch (error) {
      if (n === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
