// Who gives way when, where an identity has two homes, and where somebody does not come back: by age and when the
// subnet is full. The plain cases are in contract.ts, for every store.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GivingWay } from '../../src/service/giving-way.js';
import { HandClock } from './contract.js';
import { AllocatorService, type Decision, type LimpetError, MemoryStore, type SubnetService } from './library.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface World {
  readonly net: SubnetService;
  readonly clock: HandClock;
  readonly log: Decision[];
  readonly is: (identity: string) => string;
}

async function begin(cidr: string, reclaim: object): Promise<World> {
  const clock = new HandClock();
  const log: Decision[] = [];
  const service = await AllocatorService.open(new MemoryStore(), { clock, log: (decision) => log.push(decision) });
  const net = await service.subnet(cidr, { reclaim });
  return { net, clock, log, is: (identity) => net.lookup(identity)?.state ?? 'free' };
}

/** Sweeps are made of promises, and so are their ends. */
async function calm(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
}

const live = (net: SubnetService, identity: string) => net.allocate(identity, { node: 'n' });
const gone = (net: SubnetService, identity: string) => net.release(identity, 'n');

describe('by age', () => {
  test('a home waits for its next turn for as long as its identity runs at the other one', async () => {
    const { net, clock, is } = await begin('10.0.0.0/24', { after: HOUR });
    for (const identity of ['web.1', '@second/web.1', 'db']) await live(net, identity);
    await gone(net, '@second/web.1');
    await gone(net, 'db');
    clock.turn(2 * HOUR);
    await calm();
    assert.deepEqual([is('web.1'), is('@second/web.1'), is('db')], ['live', 'reserved', 'free']);
  });

  test('both go when the identity has run at neither for so long, and not sooner', async () => {
    const { net, clock, is } = await begin('10.0.0.0/24', { after: HOUR });
    for (const identity of ['web.1', '@second/web.1']) await live(net, identity);
    await gone(net, 'web.1');
    clock.turn(50 * MINUTE);
    await gone(net, '@second/web.1');
    clock.turn(59 * MINUTE);
    await calm();
    assert.deepEqual([is('web.1'), is('@second/web.1')], ['reserved', 'reserved'], 'the first one is not older');
    clock.turn(MINUTE);
    await calm();
    assert.deepEqual([is('web.1'), is('@second/web.1')], ['free', 'free']);
    assert.equal(net.stats.reclaimed.age, 2);
  });

  test('one that waits does not stop those behind it from going', async () => {
    const { net, clock, is } = await begin('10.0.0.0/24', { after: HOUR });
    for (const identity of ['web.1', '@second/web.1', 'a', 'b']) await live(net, identity);
    await gone(net, '@second/web.1');
    await gone(net, 'a');
    clock.turn(30 * MINUTE);
    await gone(net, 'b');
    clock.turn(30 * MINUTE);
    await calm();
    assert.deepEqual([is('@second/web.1'), is('a'), is('b')], ['reserved', 'free', 'reserved']);
    clock.turn(30 * MINUTE);
    await calm();
    assert.deepEqual([is('@second/web.1'), is('b')], ['reserved', 'free']);
  });
});

describe('when the subnet is full', () => {
  const WHEN_FULL = { whenFull: { holdDown: 10 * MINUTE } };

  test('who rests gives way before a home that waits, and that after its own hold-down', async () => {
    const { net, clock, is } = await begin('10.0.0.0/29', WHEN_FULL);
    for (const identity of ['web.1', '@second/web.1', 'a', 'b', 'c', 'd']) await live(net, identity);
    await gone(net, '@second/web.1');
    clock.turn(10 * MINUTE);
    await gone(net, 'a');
    clock.turn(10 * MINUTE);
    await live(net, 'x');
    assert.deepEqual([is('@second/web.1'), is('a')], ['reserved', 'free'], 'a has rested; the home only waits');
    await live(net, 'y');
    assert.equal(is('@second/web.1'), 'free', 'better than no address at all');
    await assert.rejects(live(net, 'z'), { code: 'FULL' });
  });

  test('of two homes that rest the second one goes first', async () => {
    const { net, clock, is } = await begin('10.0.0.0/30', WHEN_FULL);
    for (const identity of ['web.1', '@second/web.1']) await live(net, identity);
    await gone(net, '@second/web.1');
    clock.turn(5 * MINUTE);
    await gone(net, 'web.1');
    clock.turn(9 * MINUTE);
    await assert.rejects(live(net, 'x'), { code: 'FULL' });
    clock.turn(MINUTE);
    await live(net, 'x');
    assert.deepEqual([is('web.1'), is('@second/web.1')], ['reserved', 'free']);
  });

  test('in a range the same, of the addresses in it', async () => {
    const { net, clock, is } = await begin('10.0.0.0/24', WHEN_FULL);
    const range = '10.0.0.8-10.0.0.9';
    for (const identity of ['web.1', '@second/web.1']) await net.allocate(identity, { node: 'n', range });
    await live(net, 'elsewhere');
    await gone(net, 'elsewhere');
    await gone(net, '@second/web.1');
    clock.turn(10 * MINUTE);
    assert.equal(await net.allocate('x', { node: 'n', range }), '10.0.0.9');
    assert.deepEqual([is('web.1'), is('@second/web.1'), is('elsewhere')], ['live', 'free', 'reserved']);
  });
});

describe('who does not come back', () => {
  const WHEN_FULL = { whenFull: { holdDown: 10 * MINUTE } };

  test('gives way first, at once, and only when there is no room', async () => {
    const { net, is, log } = await begin('10.0.0.0/30', WHEN_FULL);
    for (const identity of ['kept', 'removed']) await live(net, identity);
    for (const identity of ['kept', 'removed']) await gone(net, identity);
    await assert.rejects(live(net, 'x'), { code: 'FULL' });
    assert.equal(await net.allocate('x', { node: 'n', gone: async () => ['removed'] }), '10.0.0.2');
    assert.deepEqual([is('kept'), is('removed')], ['reserved', 'free']);
    assert.equal(
      log.find(({ event }) => event === 'reclaim')?.why,
      'the subnet is full, and its container was removed',
    );
    assert.deepEqual(net.stats.reclaimed, { asked: 0, age: 0, full: 0, gone: 1 });
  });

  test('for a hold as well, and in a range only if it is there', async () => {
    const { net } = await begin('10.0.0.0/29', WHEN_FULL);
    for (const identity of ['a', 'b', 'c', 'd', 'e', 'f']) await live(net, identity);
    await gone(net, 'a');
    await assert.rejects(net.holdNext({ gone: async () => ['a'], range: '10.0.0.2-10.0.0.3' }), { code: 'FULL' });
    assert.equal(await net.holdNext({ gone: async () => ['a'] }), '10.0.0.1');
  });

  test('keeps what is live, whoever says that it is gone, and all where nothing gives way', async () => {
    const { net, is } = await begin('10.0.0.0/30', WHEN_FULL);
    for (const identity of ['a', 'b']) await live(net, identity);
    await assert.rejects(net.allocate('x', { node: 'n', gone: async () => ['a', 'nobody'] }), { code: 'FULL' });
    assert.equal(is('a'), 'live');
    const { net: never } = await begin('10.0.0.0/30', {});
    for (const identity of ['a', 'b']) await live(never, identity);
    await gone(never, 'a');
    await assert.rejects(never.allocate('x', { node: 'n', gone: async () => ['a'] }), { code: 'FULL' });
  });
});

describe('the words of a full subnet', () => {
  const refusal = (net: SubnetService) => live(net, 'x').then(assert.fail, (error) => error as LimpetError);

  test('say who gives way next, and when', async () => {
    const { net, clock } = await begin('10.0.0.0/30', { whenFull: { holdDown: 10 * MINUTE } });
    for (const identity of ['web.1', '@second/web.1']) await live(net, identity);
    const nobody = await refusal(net);
    assert.match(nobody.message, /reclaiming can free 0$/);
    await gone(net, '@second/web.1');
    clock.turn(90_500);
    const waiting = await refusal(net);
    assert.match(waiting.message, /reclaiming can free 1; the next to give way is "@second\/web\.1", in 9 min$/);
    assert.deepEqual([waiting.details.next, waiting.details.due], ['@second/web.1', clock.now() + 509_500]);
  });

  test('say that nobody does by a policy of never, and who would by age', async () => {
    const { net } = await begin('10.0.0.0/30', {});
    for (const identity of ['a', 'b']) await live(net, identity);
    await gone(net, 'a');
    const never = await refusal(net);
    assert.match(never.message, /reclaiming can free 1; by its policy none of them gives way by itself$/);
    assert.equal(never.details.next, 'a');
    const { net: old, clock } = await begin('10.0.0.0/30', { after: 24 * HOUR });
    for (const identity of ['a', 'b']) await live(old, identity);
    await gone(old, 'b');
    clock.turn(HOUR);
    assert.match((await refusal(old)).message, /the next to give way is "b", in 23 h$/);
  });
});

test('what is held beside its binding makes no room, so that nobody loses a home for nothing', async () => {
  const { net, clock, is } = await begin('10.0.0.0/30', { whenFull: { holdDown: 0 } });
  for (const identity of ['a', 'b']) {
    await live(net, identity);
    await gone(net, identity);
    clock.turn(MINUTE);
  }
  await net.holdHome('a');
  const b = net.lookup('b')?.address;
  assert.equal(await live(net, 'c'), b);
  assert.deepEqual([is('a'), is('b')], ['reserved', 'free']);
  await gone(net, 'c');
  await net.holdHome('c');
  await assert.rejects(live(net, 'd'), { code: 'FULL' });
  await assert.rejects(net.allocate('d', { node: 'n', range: '10.0.0.1-10.0.0.2' }), { code: 'FULL' });
  await assert.rejects(net.allocate('d', { node: 'n', gone: async () => ['a', 'c'] }), { code: 'FULL' });
  assert.deepEqual([is('a'), is('c')], ['reserved', 'reserved']);
});

test('whatever was released when: the short way and the walk find the same one', async () => {
  const names = ['a', '@second/a', 'b', '@second/b', 'c'];
  const acts = fc.array(fc.record({ name: fc.constantFrom(...names), minutes: fc.nat(3) }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(acts, async (all) => {
      const { net, clock, is } = await begin('10.0.0.0/24', {});
      const givingWay = new GivingWay(net.state);
      for (const { name, minutes } of all) {
        clock.turn(minutes * MINUTE);
        await (is(name) === 'live' ? gone(net, name) : live(net, name));
        const resting = [...net.list()].flatMap(({ identity, releasedAt }) => {
          const other = identity.startsWith('@second/') ? identity.slice(8) : `@second/${identity}`;
          const beside = net.lookup(other);
          if (releasedAt === undefined || beside?.state === 'live') return [];
          return [Math.max(releasedAt, beside?.releasedAt ?? 0)];
        });
        assert.equal(givingWay.longestResting()?.since, resting.sort((x, y) => x - y)[0]);
        assert.equal(givingWay.restingSince(clock.now()).length > 0, resting.length > 0);
      }
    }),
  );
});
