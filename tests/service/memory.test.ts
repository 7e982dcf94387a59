// The contract on the memory store, and what the service does about a store that refuses.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contract, HandClock, seen } from './contract.js';
import {
  AllocatorService,
  type Change,
  type Commit,
  LimpetError,
  MemoryStore,
  parseReclaimPolicy,
  type Store,
  type StoreListener,
} from './library.js';

contract('memory', async () => ({ open: async () => new MemoryStore(), durable: false, remove: async () => {} }));

/** A shared store that answers what the test says, and lets the test be the other processes. */
class ScriptedStore implements Store {
  readonly name = 'scripted';
  readonly shared = true;
  listener!: StoreListener;
  answer: (changes: readonly Change[]) => Commit | Promise<Commit> = () => 'done';
  readonly commits: (readonly Change[])[] = [];

  async open(listener: StoreListener): Promise<void> {
    this.listener = listener;
  }

  async commit(_: unknown, changes: readonly Change[]): Promise<Commit> {
    this.commits.push(changes);
    return this.answer(changes);
  }

  async introduce(): Promise<void> {}

  async close(): Promise<void> {}
}

async function scripted() {
  const store = new ScriptedStore();
  const service = await AllocatorService.open(store, { clock: new HandClock() });
  const net = await service.subnet('10.0.0.0/24');
  store.commits.length = 0;
  return { store, service, net, key: { space: 'default', cidr: '10.0.0.0/24' } };
}

const unavailable = (outcome: 'none' | 'unknown') => () => {
  throw new LimpetError('UNAVAILABLE', 'the store is away', { outcome });
};

describe('a store that refuses', () => {
  test('a ticket that is being traded stays held until that is decided, and nobody else can have it', async () => {
    const { store, net } = await scripted();
    const ticket = await net.holdNext();
    let decide = (_: Commit) => {};
    store.answer = () =>
      new Promise((resolve) => {
        decide = resolve;
      });
    const trade = net.claim('web.1', { node: 'a', ticket });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(net.inspect(ticket).state, 'held');
    await assert.rejects(net.pin('web.2', ticket), { code: 'OCCUPIED' });
    decide('done');
    assert.equal(await trade, ticket);
    assert.equal(net.inspect(ticket).state, 'live');
  });

  test('with nothing written, nothing has changed', async () => {
    const { store, net } = await scripted();
    await net.allocate('web.1', { node: 'a' });
    const before = seen(net);
    store.answer = unavailable('none');
    const away = (error: unknown) => error instanceof LimpetError && error.code === 'UNAVAILABLE';
    await assert.rejects(net.allocate('web.2', { node: 'a' }), away);
    await assert.rejects(net.allocate('web.1', { node: 'b' }), away);
    await assert.rejects(net.release('web.1', 'a'), away);
    await assert.rejects(net.holdNext(), away);
    await assert.rejects(net.hold('10.0.0.77'), away);
    assert.deepEqual(seen(net), before);
    await assert.rejects(net.allocate('web.1', { node: 'a' }), away, 'whether it is live still, a shared store says');
    assert.equal(net.lookup('web.1')?.address, '10.0.0.1', 'what is known stays known');
    store.answer = () => 'done';
    assert.equal(await net.allocate('web.2', { node: 'a' }), '10.0.0.4', 'serial: on from what was proposed');
  });

  test('with an unknown outcome, nothing is answered until everything has been read again', async () => {
    const { store, net, key } = await scripted();
    await net.allocate('web.1', { node: 'a' });
    store.answer = unavailable('unknown');
    await assert.rejects(net.allocate('web.2', { node: 'a' }));
    store.answer = () => 'done';
    await assert.rejects(
      net.allocate('web.3', { node: 'a' }),
      (error: unknown) => (error as LimpetError).code === 'UNAVAILABLE',
    );
    // The truth: it was written after all.
    const { listener } = store;
    listener.reset();
    listener.apply(key, { op: 'create', spec: net.spec });
    listener.apply(key, { op: 'bind', identity: 'web.2', address: '10.0.0.2' });
    listener.apply(key, { op: 'live', identity: 'web.2', node: 'a' });
    listener.apply(key, { op: 'bind', identity: 'web.1', address: '10.0.0.1' });
    listener.ready();
    assert.equal(net.lookup('web.1')?.state, 'reserved');
    assert.equal(net.lookup('web.2')?.state, 'live');
    assert.equal(await net.allocate('web.2', { node: 'a' }), '10.0.0.2');
    assert.equal(await net.allocate('web.3', { node: 'a' }), '10.0.0.3');
  });

  test('a lost race is proposed again, without the address that is gone', async () => {
    const { store, net, key } = await scripted();
    store.answer = (changes) => {
      const [bind] = changes;
      if (bind?.op !== 'bind' || bind.address !== '10.0.0.1') return 'done';
      store.listener.apply(key, { op: 'bind', identity: 'other', address: '10.0.0.1' });
      return 'conflict';
    };
    assert.equal(await net.allocate('web.1', { node: 'a' }), '10.0.0.2');
    assert.equal(net.inspect('10.0.0.1').identity, 'other');
    assert.equal(net.stats.conflicts, 1);
    seen(net);
  });

  test('a race for the same identity ends at the address that won', async () => {
    const { store, net, key } = await scripted();
    store.answer = (changes) => {
      if (changes[0]?.op !== 'bind') return 'done';
      store.listener.apply(key, { op: 'bind', identity: 'web.1', address: '10.0.0.50' });
      return 'conflict';
    };
    assert.equal(await net.allocate('web.1', { node: 'a' }), '10.0.0.50');
    assert.deepEqual(net.lookup('web.1')?.nodes, ['a']);
    assert.equal(net.inspect('10.0.0.1').state, 'free');
  });

  /** Tells the changes of its commits as of what others do, and what others did afterwards, before it answers. */
  const late = ({ store, key }: Awaited<ReturnType<typeof scripted>>, afterwards: readonly Change[]) => {
    store.answer = (changes) => {
      store.answer = () => 'done';
      for (const change of [...changes, ...afterwards]) store.listener.apply(key, change);
      return 'told';
    };
  };
  const elsewhere: readonly Change[] = [
    { op: 'reclaim', identity: 'web.1', address: '10.0.0.9' },
    { op: 'bind', identity: 'web.1', address: '10.0.0.50' },
  ];

  test('an answer that comes after the news of what others did undoes none of it', async () => {
    const world = await scripted();
    const { net } = world;
    late(world, elsewhere);
    assert.equal((await net.pin('web.1', '10.0.0.9')).address, '10.0.0.9');
    assert.equal(net.lookup('web.1')?.address, '10.0.0.50', 'pinned');
    late(world, [{ op: 'hold', address: '10.0.0.77' }]);
    await net.hold('10.0.0.77');
    late(world, [{ op: 'unhold', address: '10.0.0.1' }]);
    const next = await net.holdNext();
    assert.deepEqual([next, net.isHeld(next), net.isHeld('10.0.0.1')], ['10.0.0.2', true, false], 'held for another');
    late(world, [{ op: 'hold', address: '10.0.0.77' }]);
    assert.equal(await net.unhold('10.0.0.77'), true);
    assert.equal(net.isHeld('10.0.0.77'), true, 'let go of, and taken by another');
    late(world, [{ op: 'disuse', user: 'a' }]);
    await net.use('a');
    assert.deepEqual(net.users, [], 'used');
    late(world, [{ op: 'live', identity: 'web.1', node: 'a' }]);
    await net.allocate('web.1', { node: 'a' });
    late(world, [{ op: 'live', identity: 'web.1', node: 'b' }]);
    await net.release('web.1', 'a');
    assert.deepEqual(net.lookup('web.1')?.nodes, ['b'], 'released');
  });

  test('a new binding that others have moved by the time of its answer is answered as it is now', async () => {
    const world = await scripted();
    late(world, [{ op: 'reclaim', identity: 'web.1', address: '10.0.0.1' }, elsewhere[1] as Change]);
    assert.equal(await world.net.allocate('web.1', { node: 'a' }), '10.0.0.50');
    assert.deepEqual(world.net.lookup('web.1')?.nodes, ['a']);
  });

  test('a subnet that others have removed by the time of its answer is made again', async () => {
    const { store, service } = await scripted();
    const key = { space: 'default', cidr: '10.9.0.0/24' };
    store.answer = ([create]) => {
      store.answer = () => 'done';
      store.listener.apply(key, create as Change);
      store.listener.apply(key, { op: 'remove' });
      return 'told';
    };
    await service.subnet(key.cidr);
    assert.equal(store.commits.length, 2);
    assert.equal(service.find(key.cidr)?.cidr, key.cidr);
  });

  test('a release or an unhold that lost a race is tried again', async () => {
    const { store, net } = await scripted();
    await net.allocate('web.1', { node: 'a' });
    const held = await net.holdNext();
    let lost = 0;
    store.answer = () => (lost++ % 2 === 0 ? 'conflict' : 'done');
    assert.equal(await net.release('web.1', 'a'), true);
    assert.equal(net.lookup('web.1')?.state, 'reserved');
    assert.equal(await net.unhold(held), true);
    assert.equal(net.stats.conflicts, 2);
  });

  test('who always loses is told so', async () => {
    const { store, net } = await scripted();
    store.answer = () => 'conflict';
    const contended = (error: unknown) => error instanceof LimpetError && error.code === 'CONTENDED';
    await assert.rejects(net.allocate('web.1', { node: 'a' }), contended);
    assert.equal(net.lookup('web.1'), undefined);
    assert.equal(net.stats.live, 0);
  });

  test('what another process did is seen, twice told or once', async () => {
    const { store, net, key } = await scripted();
    for (let n = 0; n < 2; n++) {
      store.listener.apply(key, { op: 'bind', identity: 'x', address: '10.0.0.9' });
      store.listener.apply(key, { op: 'live', identity: 'x', node: 'b' });
      store.listener.apply(key, { op: 'hold', address: '10.0.0.20' });
    }
    assert.deepEqual(net.lookup('x'), { identity: 'x', address: '10.0.0.9', state: 'live', nodes: ['b'] });
    for (let n = 0; n < 2; n++) {
      store.listener.apply(key, { op: 'gone', identity: 'x', node: 'b', time: 5 });
      store.listener.apply(key, { op: 'unhold', address: '10.0.0.20' });
    }
    assert.equal(net.lookup('x')?.state, 'reserved');
    assert.deepEqual([...net.held()], []);
    for (let n = 0; n < 2; n++) store.listener.apply(key, { op: 'reclaim', identity: 'x', address: '10.0.0.9' });
    assert.equal(net.lookup('x'), undefined);
    seen(net);
  });

  test('what is proposed and not decided does not show, and is not written down', async () => {
    const { store, net } = await scripted();
    await net.allocate('web.1', { node: 'a' });
    const open: ((commit: Commit) => void)[] = [];
    store.answer = () => new Promise((resolve) => open.push(resolve));
    const asked = net.allocate('web.2', { node: 'a' });
    const holding = net.hold('10.0.0.99');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(net.lookup('web.2'), undefined);
    assert.equal(net.inspect('10.0.0.2').state, 'free');
    assert.deepEqual([...net.held()], []);
    const [dump] = [...store.listener.dump()];
    assert.deepEqual([...(dump?.live ?? [])], [['web.1', 'a']]);
    assert.ok(!Buffer.from(dump?.snapshot ?? []).includes('web.2'));
    for (const decide of open) decide('done');
    assert.deepEqual(await Promise.all([asked, holding]), ['10.0.0.2', '10.0.0.99']);
    seen(net);
  });

  test('a sticky hit costs no write but the live mark, which a shared store is asked about each time', async () => {
    const { store, net } = await scripted();
    await net.allocate('web.1', { node: 'a' });
    assert.deepEqual(store.commits.splice(0), [
      [
        { op: 'bind', identity: 'web.1', address: '10.0.0.1' },
        { op: 'live', identity: 'web.1', node: 'a' },
      ],
    ]);
    await net.allocate('web.1', { node: 'a' });
    assert.deepEqual(store.commits.splice(0), [[{ op: 'live', identity: 'web.1', node: 'a' }]]);
    await net.allocate('web.1', { node: 'b' });
    assert.deepEqual(store.commits.splice(0), [[{ op: 'live', identity: 'web.1', node: 'b' }]]);
  });
});

test('reclaim policies as operators write them', () => {
  assert.deepEqual(parseReclaimPolicy('never'), {});
  assert.deepEqual(parseReclaimPolicy('when-full'), { whenFull: { holdDown: 600_000 } });
  assert.deepEqual(parseReclaimPolicy('after=24h'), { after: 86_400_000 });
  assert.deepEqual(parseReclaimPolicy('when-full=90s,after=7d'), {
    whenFull: { holdDown: 90_000 },
    after: 604_800_000,
  });
  for (const bad of [
    '',
    'always',
    'after',
    'after=',
    'after=5',
    'after=-5s',
    'after=1h,after=2h',
    'never,when-full',
    'when-full=x',
  ]) {
    assert.throws(
      () => parseReclaimPolicy(bad),
      (error: unknown) => error instanceof LimpetError && error.message.includes(JSON.stringify(bad)),
    );
  }
});
