// The etcd store against a real etcd: what its transactions compare and write, what they cost, and what others are
// told.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type EtcdStore, etcdOptions } from '../../src/entries/etcd-store.js';
import type { Change } from '../../src/service/store.js';
import { escapeSegment, Keys, unescapeSegment } from '../../src/stores/etcd/keys.js';
import { Etcd } from './etcd.js';
import {
  bind,
  counted,
  eventually,
  gone,
  live,
  type Memory,
  NET,
  open,
  reclaim,
  refuses,
  sleep,
  specOf,
} from './harness.js';

const create: Change = { op: 'create', spec: specOf(NET) };

describe('the etcd store', () => {
  let etcd: Etcd;
  let remove = () => {};
  const opened: EtcdStore[] = [];
  let prefixes = 0;

  before(async () => {
    ({ etcd, remove } = await Etcd.start());
  });
  after(async () => {
    for (const store of opened) await store.close();
    remove();
  });

  /** Two processes on keys of their own, with the subnet made. */
  async function pair(): Promise<{ a: EtcdStore; b: EtcdStore; atA: Memory; atB: Memory; prefix: string; keys: Keys }> {
    const prefix = `/test${++prefixes}/`;
    const endpoints = [etcd.endpoint];
    const first = await open({ endpoints, prefix, node: 'n1', ttl: 10 });
    assert.equal(await first.store.commit(NET, [create]), 'done');
    const second = await open({ endpoints, prefix, node: 'n2', ttl: 10 });
    opened.push(first.store, second.store);
    const keys = new Keys(prefix);
    return { a: first.store, b: second.store, atA: first.memory, atB: second.memory, prefix, keys };
  }

  const odd = [
    'a/b',
    'a%2Fb',
    '%',
    ' ',
    'ü',
    '日本',
    '\u{1f41a}',
    'a\nb',
    '\0',
    '.',
    '..',
    '/',
    '//',
    'live/x',
    'x:y',
    '"',
  ];

  test('every text makes one segment, and no two the same', () => {
    const segments = odd.map(escapeSegment);
    assert.equal(new Set(segments).size, odd.length);
    for (const [i, segment] of segments.entries()) {
      assert.match(segment, /^[A-Za-z0-9\-_.!~*'():%]*$/);
      assert.equal(unescapeSegment(segment), odd[i]);
    }
    for (const other of ['%2f', 'a%', '%FF', 'ü', 'a b']) assert.equal(unescapeSegment(other), undefined, other);
    assert.throws(() => escapeSegment('\ud800'), refuses('BAD_INPUT'));
    const keys = new Keys('/limpet/v2/');
    assert.equal(keys.live(NET, 'a/b', 'n/1'), '/limpet/v2/live/default/10.0.0.0%2F18/a%2Fb/n%2F1');
    assert.deepEqual(keys.parse(keys.live(NET, 'a/b', 'n/1')), {
      kind: 'live',
      subnet: NET,
      identity: 'a/b',
      node: 'n/1',
    });
    for (const other of [
      '/limpet/v2/',
      '/limpet/v2/live/a/b',
      '/limpet/v2/other/a/b',
      '/limpet/v2/subnet/a/b/c',
      '/x',
    ]) {
      assert.equal(keys.parse(other), undefined, other);
    }
  });

  test('identities and nodes of any text come back as they were', async () => {
    const { a, prefix, atB } = await pair();
    for (const [i, identity] of odd.entries()) {
      assert.equal(await a.commit(NET, [bind(identity, `10.0.1.${i}`), live(identity, identity)]), 'done');
    }
    const again = await open({ endpoints: [etcd.endpoint], prefix });
    opened.push(again.store);
    await eventually('all are told', () => atB.live.size === odd.length);
    for (const memory of [again.memory, atB]) {
      assert.deepEqual([...memory.bindings].sort(), odd.map((identity, i) => [identity, `10.0.1.${i}`]).sort());
      for (const identity of odd) assert.deepEqual(memory.liveOn(identity), [identity]);
    }
  });

  test('a new binding costs one round trip, a sticky hit one write, a hit on a live one nothing', async () => {
    const { a, b, prefix, keys, atB } = await pair();
    const first = await counted(() => a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]));
    assert.deepEqual(
      first.map(({ method }) => method),
      ['txn'],
    );
    assert.deepEqual(await counted(() => a.commit(NET, [live('web.1')])), []);
    await eventually('it is told', () => atB.bindings.has('web.1'));
    const before = etcd.keys(prefix);
    const hit = await counted(() => b.commit(NET, [live('web.1', 'n2')]));
    assert.deepEqual(
      hit.map(({ method }) => method),
      ['txn'],
    );
    const [written] = hit[0]!.request.success.map((op: any) => op.request_put?.key.toString());
    assert.equal(hit[0]?.request.success.length, 1);
    assert.equal(written, keys.live(NET, 'web.1', 'n2'));
    const now = etcd.keys(prefix);
    for (const [key, { mod }] of before) assert.equal(now.get(key)?.mod, mod, `${key} is untouched`);
    assert.equal(now.size, before.size + 1);
    assert.equal(now.get(keys.live(NET, 'web.1', 'n2'))?.leased, true);
  });

  test('a hit on a binding that was released is one round trip too, and ends the time of release', async () => {
    const { a, prefix, keys } = await pair();
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await a.commit(NET, [gone('web.1', 1234)]);
    assert.deepEqual(JSON.parse(etcd.keys(prefix).get(keys.identity(NET, 'web.1'))?.value ?? ''), {
      address: '10.0.0.1',
      released: 1234,
    });
    assert.equal((await counted(() => a.commit(NET, [live('web.1')]))).length, 1);
    assert.equal(etcd.keys(prefix).get(keys.identity(NET, 'web.1'))?.value, '{"address":"10.0.0.1"}');
  });

  test('10 000 bindings start up in one paged read at one revision', async () => {
    const prefix = `/test${++prefixes}/`;
    const filler = await open({ endpoints: [etcd.endpoint], prefix });
    opened.push(filler.store);
    await filler.store.commit(NET, [create]);
    const bindings = Array.from({ length: 10_000 }, (_, i) =>
      bind(`web.${i}`, `10.0.${(i + 1) >> 8}.${(i + 1) & 255}`),
    );
    const queue = Array.from({ length: 400 }, (_, i) => bindings.slice(25 * i, 25 * i + 25)).values();
    const lane = async () => {
      for (const some of queue) assert.equal(await filler.store.commit(NET, some), 'done');
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    for (const page of [10_000, 1_000]) {
      let memory: Memory | undefined;
      const began = performance.now();
      const sent = await counted(async () => {
        const starter = await open({ endpoints: [etcd.endpoint], prefix, page });
        opened.push(starter.store);
        ({ memory } = starter);
      });
      const reads = sent.filter(({ method, request }) => method === 'range' && request.limit === page);
      const ms = Math.round(performance.now() - began);
      console.log(`start with 10 000 bindings: ${reads.length} pages of ${page}, ${ms} ms`);
      assert.equal(memory?.bindings.size, 10_000);
      assert.equal(reads.length, Math.ceil(10_002 / page)); // the subnet and the filler's own key are read as well
      assert.equal(new Set(reads.slice(1).map(({ request }) => request.revision)).size, 1, 'one revision');
    }
  });

  test('of two that want one address one gets it, and the other has been told by whom', async () => {
    const { a, b, atA, atB } = await pair();
    for (let i = 0; i < 50; i++) {
      const address = `10.0.2.${i}`;
      const answers = await Promise.all([
        a.commit(NET, [bind(`a.${i}`, address), live(`a.${i}`)]).then((answer) => [answer, atA.bindings.get(`b.${i}`)]),
        b
          .commit(NET, [bind(`b.${i}`, address), live(`b.${i}`, 'n2')])
          .then((answer) => [answer, atB.bindings.get(`a.${i}`)]),
      ]);
      const sorted = answers.sort(([x = ''], [y = '']) => (x < y ? -1 : 1));
      assert.deepEqual(sorted, [
        ['conflict', address],
        ['done', undefined],
      ]);
    }
  });

  test('of two that bind one identity one gets its way, and the other has been told where', async () => {
    const { a, b, atA, atB } = await pair();
    for (let i = 0; i < 50; i++) {
      const answers = await Promise.all([
        a
          .commit(NET, [bind(`web.${i}`, `10.0.3.${i}`)])
          .then((answer) => answer === 'done' || atA.bindings.get(`web.${i}`)),
        b
          .commit(NET, [bind(`web.${i}`, `10.0.4.${i}`)])
          .then((answer) => answer === 'done' || atB.bindings.get(`web.${i}`)),
      ]);
      assert.ok(answers.includes(true));
      assert.ok(answers[0] === `10.0.4.${i}` || answers[1] === `10.0.3.${i}`);
    }
  });

  test('holds and tickets: a held address takes no binding but that of its ticket', async () => {
    const { a, b, atB } = await pair();
    const hold = (address: string): Change => ({ op: 'hold', address });
    const answers = await Promise.all([a.commit(NET, [hold('10.0.0.9')]), b.commit(NET, [hold('10.0.0.9')])]);
    assert.deepEqual([...answers].sort(), ['conflict', 'done'], 'a hold is given once');
    assert.equal(await b.commit(NET, [bind('web.1', '10.0.0.9')]), 'conflict');
    assert.ok(atB.held.has('10.0.0.9'));
    assert.equal(
      await b.commit(NET, [{ op: 'bind', identity: 'web.1', address: '10.0.0.8', ticket: true }]),
      'conflict',
    );
    assert.equal(await b.commit(NET, [{ op: 'bind', identity: 'web.1', address: '10.0.0.9', ticket: true }]), 'done');
    assert.equal(await a.commit(NET, [{ op: 'unhold', address: '10.0.0.9' }]), 'done');
    assert.equal(await a.commit(NET, [hold('10.0.0.9')]), 'conflict');
    await eventually('the end of the hold is told', () => !atB.held.has('10.0.0.9'));
    assert.equal(await b.commit(NET, [{ op: 'unhold', address: '10.0.0.9' }]), 'done');
  });

  test('a home is held beside its binding, once, and for its owner alone', async () => {
    const { a, b, atB } = await pair();
    const beside = (owner: string): Change => ({ op: 'hold', address: '10.0.0.9', owner });
    assert.equal(await a.commit(NET, [beside('web.1')]), 'conflict', 'of nobody');
    assert.equal(await a.commit(NET, [bind('web.1', '10.0.0.9')]), 'done');
    await eventually('the binding is told', () => atB.bindings.has('web.1'));
    assert.equal(await b.commit(NET, [beside('web.2')]), 'conflict');
    const answers = await Promise.all([a.commit(NET, [beside('web.1')]), b.commit(NET, [beside('web.1')])]);
    assert.deepEqual([...answers].sort(), ['conflict', 'done'], 'given once');
    await eventually('the hold is told', () => atB.held.has('10.0.0.9'));
    assert.equal(await b.commit(NET, [{ op: 'reclaim', identity: 'web.1', address: '10.0.0.9' }]), 'done');
    assert.equal(await a.commit(NET, [bind('web.2', '10.0.0.9')]), 'conflict', 'it is a ticket still');
    assert.equal(await b.commit(NET, [{ op: 'unhold', address: '10.0.0.9' }]), 'done');
  });

  test('subnets that overlap are told before the second one is made', async () => {
    const { a, b, atA, atB } = await pair();
    const [wide, narrow] = [
      { space: 'other', cidr: '10.0.0.0/8' },
      { space: 'other', cidr: '10.1.0.0/16' },
    ];
    const answers = await Promise.all([
      a.commit(wide, [{ op: 'create', spec: specOf(wide) }]),
      b.commit(narrow, [{ op: 'create', spec: specOf(narrow) }]),
    ]);
    assert.deepEqual([...answers].sort(), ['conflict', 'done']);
    const [loser, other] = answers[0] === 'conflict' ? [atA, narrow] : [atB, wide];
    assert.ok(loser.subnets.has(`other ${other.cidr}`));
    // One that is made after is no conflict.
    const third = { space: 'other', cidr: '192.168.0.0/16' };
    assert.equal(
      await (answers[0] === 'conflict' ? a : b).commit(third, [{ op: 'create', spec: specOf(third) }]),
      'done',
    );
    assert.equal(await a.commit(NET, [bind('web.1', '10.0.0.1')]), 'done');
    assert.equal(await a.commit(NET, [{ op: 'remove' }]), 'done');
    await eventually('the end is told', () => !atB.subnets.has('default 10.0.0.0/18'));
    assert.equal(await b.commit(NET, [bind('web.2', '10.0.0.2')]), 'conflict');
    assert.equal(await b.commit(NET, [create]), 'done');
    assert.equal(await b.commit(NET, [bind('web.2', '10.0.0.1')]), 'done');
  });

  test('reclaiming: nobody may be live, whatever this process believes', async () => {
    const { a, b, atA, atB, keys, prefix } = await pair();
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await a.commit(NET, [gone('web.1', 1)]);
    await eventually('b knows', () => atB.released.get('web.1') === 1);
    const answers = await Promise.all([a.commit(NET, [live('web.1')]), b.commit(NET, [reclaim('web.1', '10.0.0.1')])]);
    assert.deepEqual([...answers].sort(), ['conflict', 'done']);
    const etcdHas = [...etcd.keys(prefix).keys()];
    if (answers[0] === 'done') {
      assert.ok(etcdHas.includes(keys.live(NET, 'web.1', 'n1')));
      assert.deepEqual(atB.liveOn('web.1'), ['n1']);
      await a.commit(NET, [gone('web.1', 2)]);
    } else {
      assert.equal(atA.bindings.has('web.1'), false);
      await a.commit(NET, [bind('web.1', '10.0.0.1')]);
    }
    // Of many that reclaim one binding, one did it.
    await sleep(200);
    const both = await Promise.all([a, b].map((store) => store.commit(NET, [reclaim('web.1', '10.0.0.1')])));
    assert.ok(both.includes('done'));
    assert.ok(![...etcd.keys(prefix).keys()].some((key) => key.includes('web.1')));
    // The address goes to another in the same transaction in which its old binding ends.
    await b.commit(NET, [bind('old', '10.0.0.5')]);
    assert.equal(await b.commit(NET, [reclaim('old', '10.0.0.5'), bind('new', '10.0.0.5'), live('new', 'n2')]), 'done');
    await eventually('a is told', () => atA.bindings.get('new') === '10.0.0.5' && !atA.bindings.has('old'));
  });

  test('what a dead process left without mark or time is not reclaimed while claimed, nor twice claimed', async () => {
    const { a, b, atB } = await pair();
    const claim = (identity: string, node: string): Change => ({ op: 'live', identity, node, sole: true });
    for (let i = 0; i < 60; i++) {
      const [identity, address] = [`web.${i}`, `10.0.5.${i}`];
      await a.commit(NET, [bind(identity, address)]);
      await eventually('b knows', () => atB.bindings.get(identity) === address);
      const [one, other] =
        i % 2 ? [live(identity), reclaim(identity, address)] : [claim(identity, 'n1'), claim(identity, 'n2')];
      const answers = await Promise.all([a.commit(NET, [one]), b.commit(NET, [other])]);
      assert.deepEqual([...answers].sort(), ['conflict', 'done'], `${one.op} and ${other.op}`);
    }
  });

  test('gone ends the mark of that node only; the last one records when', async () => {
    const { a, b, atA, atB, keys, prefix } = await pair();
    const released = () => JSON.parse(etcd.keys(prefix).get(keys.identity(NET, 'web.1'))?.value ?? '').released;
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await eventually('b knows', () => atB.liveOn('web.1').length === 1);
    await b.commit(NET, [live('web.1', 'n2')]);
    await eventually('a knows', () => atA.liveOn('web.1').length === 2);
    assert.equal(await a.commit(NET, [gone('web.1', 10)]), 'done');
    assert.equal(released(), undefined);
    assert.equal(await a.commit(NET, [gone('web.1', 11)]), 'done');
    assert.equal(released(), undefined);
    await eventually('b is told', () => atB.liveOn('web.1').join() === 'n2');
    assert.equal(await b.commit(NET, [gone('web.1', 20, 'n2')]), 'done');
    assert.equal(released(), 20);
    await eventually('a is told when', () => atA.released.get('web.1') === 20);
    // Both at once: whoever is last records it.
    await a.commit(NET, [live('web.1')]);
    await eventually('b knows again', () => atB.liveOn('web.1').includes('n1'));
    await b.commit(NET, [live('web.1', 'n2')]);
    await eventually('a knows again', () => atA.liveOn('web.1').length === 2);
    const untilDone = async (store: EtcdStore, change: Change) => {
      while ((await store.commit(NET, [change])) === 'conflict'); // as the service does
    };
    await Promise.all([untilDone(a, gone('web.1', 30)), untilDone(b, gone('web.1', 30, 'n2'))]);
    assert.equal(released(), 30);
    assert.equal([...etcd.keys(`${prefix}live/`)].length, 0);
  });

  test('names of nodes are told to others and kept when their node is gone; marks go by the ID', async () => {
    const { a, b, atB, keys, prefix } = await pair();
    await a.introduce({ id: 'id/1', name: 'alike' });
    await b.introduce({ id: 'id/2', name: 'alike' });
    await eventually('b is told', () => atB.names.get('id/1') === 'alike');
    await a.introduce({ id: 'id/1', name: 'other' });
    await eventually('b is told anew', () => atB.names.get('id/1') === 'other');
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1', 'id/1')]);
    const has = etcd.keys(prefix);
    assert.ok(has.has(keys.live(NET, 'web.1', 'id/1')));
    assert.deepEqual([has.get(keys.node('id/1'))?.value, has.get(keys.node('id/1'))?.leased], ['other', false]);
    await a.close();
    const { store, memory } = await open({ endpoints: [etcd.endpoint], prefix });
    opened.push(store);
    assert.deepEqual(Object.fromEntries(memory.names), { 'id/1': 'other', 'id/2': 'alike' });
  });

  test('users are keys of their own: told to others, told on a start, gone with the subnet', async () => {
    const { a, b, atA, atB, keys, prefix } = await pair();
    assert.equal(await a.commit(NET, [{ op: 'use', user: 'a/b' }]), 'done');
    assert.ok(etcd.keys(prefix).has(keys.user(NET, 'a/b')));
    assert.equal(etcd.keys(prefix).get(keys.user(NET, 'a/b'))?.leased, false, 'it outlives its process');
    await eventually('b is told', () => atB.users.has('a/b'));
    assert.equal(await b.commit(NET, [{ op: 'disuse', user: 'a/b' }]), 'done');
    await eventually('a is told', () => !atA.users.has('a/b'));
    await b.commit(NET, [{ op: 'use', user: 'swarm' }]);
    const third = await open({ endpoints: [etcd.endpoint], prefix });
    opened.push(third.store);
    assert.deepEqual([...third.memory.users], ['swarm']);
    assert.equal(await a.commit(NET, [{ op: 'remove' }]), 'done');
    assert.equal(etcd.count(`${prefix}user/`), 0);
    assert.equal(await b.commit(NET, [{ op: 'use', user: 'late' }]), 'conflict', 'it is gone');
    assert.equal(await b.commit(NET, [{ op: 'disuse', user: 'late' }]), 'done');
  });

  test('of who comes to need a subnet and who removes it as unused, one gets its way', async () => {
    const { a, b, atA, atB, prefix } = await pair();
    const removeUnused: Change = { op: 'remove', unused: true };
    const needs: Record<string, [before: Change[], need: Change[], after: Change[]]> = {
      user: [[], [{ op: 'use', user: 'swarm' }], [{ op: 'disuse', user: 'swarm' }]],
      'user that was there': [
        [
          { op: 'use', user: 'swarm' },
          { op: 'disuse', user: 'swarm' },
        ],
        [{ op: 'use', user: 'swarm' }],
        [{ op: 'disuse', user: 'swarm' }],
      ],
      hold: [[], [{ op: 'hold', address: '10.0.0.9' }], [{ op: 'unhold', address: '10.0.0.9' }]],
      binding: [[], [bind('new', '10.0.0.1'), live('new')], [gone('new', 1)]],
      pin: [
        [],
        [{ op: 'pin', identity: 'new', address: '10.0.0.1', time: 1 }],
        [{ op: 'unpin', identity: 'new', time: 2 }],
      ],
      'own binding': [[bind('old', '10.0.0.2')], [live('old')], [gone('old', 2)]],
    };
    const outcomes = new Set<string>();
    for (let i = 0; i < 6; i++) {
      for (const [name, [before, need, after]] of Object.entries(needs)) {
        assert.equal(await a.commit(NET, [create]), 'done', name);
        for (const change of before) await a.commit(NET, [change]);
        await eventually('b knows it', () => atB.subnets.has('default 10.0.0.0/18'));
        const answers: string[] = await Promise.all(
          i % 2
            ? [a.commit(NET, need), b.commit(NET, [removeUnused])]
            : [b.commit(NET, [removeUnused]), a.commit(NET, need)].reverse(),
        );
        const left = [...etcd.keys(prefix).keys()].filter((key) => !key.startsWith(`${prefix}process/`));
        outcomes.add(answers.join());
        if (answers[0] === 'done') {
          assert.equal(answers[1], 'conflict', name);
          assert.ok(left.length >= 2, name);
          await a.commit(NET, after);
          assert.equal(await a.commit(NET, [removeUnused]), 'done', name);
        } else {
          assert.deepEqual([answers, left], [['conflict', 'done'], []], name);
          await eventually('a is told', () => !atA.subnets.has('default 10.0.0.0/18'));
        }
      }
    }
    assert.ok(outcomes.size > 0);
    console.log(`need against removal: ${[...outcomes].join(' and ')}`);
  });

  test('keys of the version before are refused while this one has no subnet of its own', async () => {
    const prefix = `/limpet-old${++prefixes}/`;
    const setup = { endpoints: [etcd.endpoint], prefix: `${prefix}v2/` };
    etcd.ctl('put', `${prefix}v1/subnet/default/10.0.0.0%2F24`, '{}');
    await assert.rejects(
      open(setup),
      refuses('DAMAGED', undefined, /has 1 keys under .*\/v1\/, .*Go on with the release/),
    );
    etcd.ctl('del', '--prefix', `${prefix}v1/`);
    const { store } = await open(setup);
    opened.push(store);
    await store.commit(NET, [create]);
    etcd.ctl('put', `${prefix}v1/subnet/default/10.0.0.0%2F24`, '{}');
    opened.push((await open(setup)).store);
  });

  test('options come from a URL and the environment', () => {
    assert.deepEqual(etcdOptions('etcd://a:1,b,[::1]:3?ttl=5&deadline=100&prefix=/x/', 'n', {}), {
      endpoints: ['a:1', 'b:2379', '[::1]:3'],
      node: 'n',
      ttl: 5,
      deadline: 100,
      prefix: '/x/',
    });
    const user = { LIMPET_ETCD_USER: 'u', LIMPET_ETCD_PASSWORD: 'p' };
    assert.deepEqual(etcdOptions('etcd://a?plain-auth=yes', 'n', user), {
      endpoints: ['a:2379'],
      node: 'n',
      user: 'u',
      password: 'p',
      plainAuth: true,
    });
    for (const [url, environment] of [
      ['http://a', {}],
      ['etcd://', {}],
      ['etcd://u:secret@a', {}],
      ['etcd://a,', {}],
      ['etcd://a?ttl=0', {}],
      ['etcd://a?other=1', {}],
      ['etcd://a', { LIMPET_ETCD_USER: 'u' }],
      ['etcd://a', { LIMPET_ETCD_KEY: '/k' }],
      ['etcd://a', { LIMPET_ETCD_CA: '/does/not/exist' }],
    ] as const) {
      assert.throws(() => etcdOptions(url, 'n', environment), refuses('BAD_INPUT', undefined, /^(?!.*secret)/));
    }
  });
});
