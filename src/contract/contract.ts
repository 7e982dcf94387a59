// What every store must give the allocator service, word for word the same cases for each of them. They are the entry
// `limpet/store-contract` too, for those who write a store, and run with Node's own test runner.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LimpetError } from '../host/errors.js';
import { AllocatorService, type Decision, type Store, type SubnetService } from '../service/index.js';
import { HandClock } from './hand-clock.js';
import { pinContract } from './pins.js';
import { seen } from './seen.js';

/** A store, as the contract is given it. */
export interface StoreUnderTest {
  /** A store over the same data each time; the one before has been closed. */
  readonly open: () => Promise<Store>;
  /** Whether what was answered is there after a restart. */
  readonly durable: boolean;
  readonly remove: () => Promise<void>;
}

const MINUTE = 60_000;

async function eventually(what: string, check: () => boolean): Promise<void> {
  for (let n = 0; n < 500; n++) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never came true: ${what}`);
}

const refuses =
  (code: string, values: Record<string, unknown> = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof LimpetError, `a LimpetError, not ${error}`);
    assert.equal(error.code, code, error.message);
    for (const [name, value] of Object.entries(values)) assert.deepEqual(error.details[name], value, name);
    return true;
  };

/**
 * Declares the tests. @param make is called for each test: a store without anything in it
 *
 *     storeContract('my', async () => ({ open: async () => new MyStore(), durable: true, remove: async () => {} }));
 */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`the service on the ${name} store`, () => {
    const cleanUp: (() => Promise<void>)[] = [];
    after(async () => {
      for (const action of cleanUp.reverse()) await action();
    });

    async function begin(): Promise<{
      clock: HandClock;
      log: Decision[];
      service: () => AllocatorService;
      reopen: () => Promise<void>;
      durable: boolean;
    }> {
      const under = await make();
      const clock = new HandClock();
      const log: Decision[] = [];
      const open = async () =>
        AllocatorService.open(await under.open(), { clock, log: (decision) => log.push(decision) });
      let service = await open();
      cleanUp.push(async () => {
        await service.close();
        await under.remove();
      });
      const reopen = async () => {
        await service.close();
        service = await open();
      };
      return { clock, log, service: () => service, reopen, durable: under.durable };
    }

    test('a claim is refused while the identity is live on another node, and says where', async () => {
      const { service, reopen } = await begin();
      let net = await service().subnet('10.0.0.0/24');
      const own = await net.claim('web.3', { node: 'a' });
      assert.equal(await net.claim('web.3', { node: 'a' }), own);
      await assert.rejects(
        net.claim('web.3', { node: 'b' }),
        refuses('LIVE', { identity: 'web.3', address: own, nodes: ['a'] }),
      );
      assert.deepEqual(net.lookup('web.3')?.nodes, ['a'], 'a refusal changes nothing');
      assert.equal(await net.allocate('web.3', { node: 'b' }), own);
      await assert.rejects(net.claim('web.3', { node: 'b' }), refuses('LIVE', { nodes: ['a', 'b'] }));
      await net.release('web.3', 'a');
      await net.release('web.3', 'b');
      await reopen();
      net = await service().subnet('10.0.0.0/24');
      assert.equal(await net.claim('web.3', { node: 'b' }), own);
    });

    test('an identity keeps its address through release, another node, and asking again', async () => {
      const { service, log } = await begin();
      const net = await service().subnet('10.0.0.0/24', { gateway: '10.0.0.1' });
      const own = await net.allocate('web.3', { node: 'a' });
      assert.equal(own, '10.0.0.2');
      assert.equal(await net.allocate('web.3', { node: 'a' }), own);
      assert.equal(await net.release('web.3', 'a'), true);
      assert.equal(await net.release('web.3', 'a'), false);
      assert.equal(net.lookup('web.3')?.state, 'reserved');
      assert.notEqual(await net.allocate('web.4', { node: 'a' }), own);
      assert.equal(await net.allocate('web.3', { node: 'b' }), own);
      assert.deepEqual(net.lookup('web.3')?.nodes, ['b']);
      assert.deepEqual(
        log.map(({ event, identity }) => `${event} ${identity}`),
        ['allocate web.3', 'release web.3', 'allocate web.4', 'allocate web.3'],
      );
    });

    test('a late release from the old node never marks the new holder as gone', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/24');
      await net.allocate('web.1', { node: 'old' });
      await net.allocate('web.1', { node: 'new' });
      assert.deepEqual(net.lookup('web.1')?.nodes, ['new', 'old']);
      assert.equal(await net.release('web.1', 'old'), true);
      assert.equal(net.lookup('web.1')?.state, 'live');
      assert.equal(await net.release('web.1', 'old'), false);
      assert.equal(net.lookup('web.1')?.state, 'live');
      assert.equal(await net.release('web.1', 'new'), true);
      assert.equal(net.lookup('web.1')?.state, 'reserved');
      await assert.rejects(net.release('web.9', 'old'), refuses('UNKNOWN', { identity: 'web.9' }));
    });

    test('tickets are traded: for the own address, or kept as one', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/24');
      const first = await net.holdNext();
      assert.equal(await net.allocate('web.1', { node: 'a', ticket: first }), first);
      assert.deepEqual([net.isHeld(first), net.inspect(first).state], [true, 'live'], 'held beside its binding');
      assert.equal(await net.unhold(first), true);
      assert.equal(await net.unhold(first), false);
      assert.deepEqual([net.isHeld(first), net.inspect(first).identity], [false, 'web.1']);
      await net.release('web.1', 'a');
      const second = await net.holdNext();
      assert.notEqual(second, first);
      assert.equal(await net.allocate('web.1', { node: 'b', ticket: second }), first);
      assert.equal(await net.unhold(second), true);
      assert.equal(net.inspect(second).state, 'free');
      await assert.rejects(
        net.allocate('web.2', { node: 'a', ticket: first }),
        refuses('OCCUPIED', { owner: 'web.1' }),
      );
      await assert.rejects(net.allocate('web.2', { node: 'a', ticket: '10.0.1.1' }), refuses('OUT_OF_RANGE'));
      assert.equal(net.lookup('web.2'), undefined);
    });

    test('holds: the next free address, a given one, and none that somebody has', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/29', { gateway: '10.0.0.1', exclude: ['10.0.0.6'] });
      assert.equal(await net.hold('10.0.0.3'), '10.0.0.3');
      assert.equal(await net.hold('10.0.0.3'), '10.0.0.3');
      assert.equal(await net.holdNext(), '10.0.0.2');
      assert.equal(await net.allocate('web.1', { node: 'a' }), '10.0.0.4');
      await assert.rejects(net.hold('10.0.0.4'), refuses('OCCUPIED', { owner: 'web.1' }));
      await assert.rejects(net.hold('10.0.0.6'), refuses('EXCLUDED'));
      await assert.rejects(net.hold('10.0.0.9'), refuses('OUT_OF_RANGE'));
      await assert.rejects(net.unhold('10.0.0.1'), refuses('OCCUPIED', { address: '10.0.0.1' }));
      assert.deepEqual([...net.held()], ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    });

    test('a range: chosen in it, outside of it only by name, and room is made in it alone', async () => {
      const { service, clock } = await begin();
      const net = await service().subnet('10.0.0.0/24', { gateway: '10.0.0.1' });
      const range = '10.0.0.128-10.0.0.131';
      const inRange = (identity: string) => net.allocate(identity, { node: 'n', range });
      await net.allocate('old', { node: 'n' });
      await net.release('old', 'n');
      clock.turn(MINUTE);
      const given = [];
      for (const identity of ['a', 'b', 'c']) given.push(await inRange(identity));
      assert.deepEqual(given, ['10.0.0.128', '10.0.0.129', '10.0.0.130']);
      assert.equal(await net.holdNext({ range: '10.0.0.128/30' }), '10.0.0.131');
      assert.equal(await inRange('old'), '10.0.0.2', 'who has a binding keeps it');
      await net.release('old', 'n');
      await net.hold('10.0.0.9');
      assert.equal(await net.allocate('named', { node: 'n', ticket: '10.0.0.9', range }), '10.0.0.9');
      const full = (error: LimpetError) =>
        refuses('FULL', { range })(error) && /the range 10\.0\.0\.128-/.test(error.message);
      await assert.rejects(inRange('d'), full);
      await net.release('c', 'n');
      clock.turn(1000);
      await net.release('b', 'n');
      clock.turn(9 * MINUTE);
      await assert.rejects(inRange('d'), full, 'the hold-down is not over');
      await assert.rejects(net.holdNext({ range }), full);
      assert.equal(net.lookup('old')?.state, 'reserved', 'nobody outside is reclaimed in vain');
      clock.turn(MINUTE);
      assert.equal(await inRange('d'), '10.0.0.130', 'the oldest of the range');
      assert.equal(await net.holdNext({ range }), '10.0.0.129');
      await assert.rejects(inRange('e'), full);
      assert.equal(net.lookup('old')?.address, '10.0.0.2');
      assert.deepEqual(net.stats.reclaimed, { asked: 0, age: 0, full: 2, gone: 0 });
      await assert.rejects(net.allocate('e', { node: 'n', range: '10.0.1.0/28' }), refuses('OUT_OF_RANGE'));
      await assert.rejects(net.holdNext({ range: 'all' }), refuses('BAD_INPUT'));
      assert.equal(await net.allocate('e', { node: 'n' }), '10.0.0.132', 'without a range, anywhere');
      const six = await service().subnet('fd00::/64');
      const wide = 'fd00::1:0-fd00::1:0';
      assert.equal(await six.allocate('a', { node: 'n', range: wide }), 'fd00::1:0');
      await six.release('a', 'n');
      clock.turn(10 * MINUTE);
      assert.equal(await six.allocate('b', { node: 'n', range: wide }), 'fd00::1:0');
    });

    test('reclaiming: asked for, never a live one', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/24');
      const own = await net.allocate('web.1', { node: 'a' });
      await assert.rejects(net.reclaim('web.1'), refuses('LIVE', { address: own }));
      await net.release('web.1', 'a');
      assert.equal(await net.reclaim('web.1'), own);
      await assert.rejects(net.reclaim('web.1'), refuses('UNKNOWN'));
      assert.equal(net.inspect(own).state, 'free');
      assert.deepEqual(net.stats.reclaimed, { asked: 1, age: 0, full: 0, gone: 0 });
    });

    test('never: a full subnet stays full, and says what could be reclaimed', async () => {
      const { service, clock } = await begin();
      const net = await service().subnet('10.0.0.0/30', { reclaim: {} });
      await net.allocate('a', { node: 'n' });
      await net.allocate('b', { node: 'n' });
      await net.release('a', 'n');
      clock.turn(1_000 * MINUTE);
      await assert.rejects(net.allocate('c', { node: 'n' }), refuses('FULL', { live: 1, reserved: 1, reclaimable: 1 }));
      assert.equal(net.lookup('c'), undefined);
      assert.equal(await net.allocate('a', { node: 'n' }), '10.0.0.1');
    });

    test('when full: the oldest goes first, but none before its hold-down is over', async () => {
      const { service, clock, log } = await begin();
      const net = await service().subnet('10.0.0.0/29', { reclaim: { whenFull: { holdDown: 10 * MINUTE } } });
      const addresses: string[] = [];
      for (const identity of ['a', 'b', 'c', 'd', 'e', 'f'])
        addresses.push(await net.allocate(identity, { node: 'n' }));
      await net.release('d', 'n');
      clock.turn(MINUTE);
      await net.release('b', 'n');
      clock.turn(8 * MINUTE);
      await assert.rejects(net.allocate('g', { node: 'n' }), refuses('FULL', { reserved: 2 }));
      clock.turn(MINUTE);
      assert.equal(await net.allocate('g', { node: 'n' }), addresses[3]);
      await assert.rejects(net.allocate('h', { node: 'n' }), refuses('FULL', { reserved: 1 }));
      assert.equal(await net.allocate('b', { node: 'n' }), addresses[1]);
      assert.deepEqual(net.stats.reclaimed, { asked: 0, age: 0, full: 1, gone: 0 });
      const reclaims = log.filter(({ event }) => event === 'reclaim');
      assert.deepEqual(
        reclaims.map(({ identity, address, why }) => ({ identity, address, why })),
        [{ identity: 'd', address: addresses[3], why: 'the subnet is full' }],
      );
    });

    test('after: by age alone, and not those that came back', async () => {
      const { service, clock } = await begin();
      const net = await service().subnet('10.0.0.0/24', { reclaim: { after: 60 * MINUTE } });
      for (const identity of ['a', 'b', 'c']) await net.allocate(identity, { node: 'n' });
      await net.release('a', 'n');
      clock.turn(30 * MINUTE);
      await net.release('b', 'n');
      await net.release('c', 'n');
      await net.allocate('c', { node: 'n' });
      clock.turn(29 * MINUTE);
      assert.deepEqual(
        ['a', 'b', 'c'].map((identity) => net.lookup(identity)?.state),
        ['reserved', 'reserved', 'live'],
      );
      clock.turn(MINUTE);
      await eventually('a is reclaimed', () => net.lookup('a') === undefined);
      assert.equal(net.lookup('b')?.state, 'reserved');
      clock.turn(30 * MINUTE);
      await eventually('b is reclaimed', () => net.lookup('b') === undefined);
      assert.equal(net.lookup('c')?.state, 'live');
      assert.deepEqual(net.stats.reclaimed, { asked: 0, age: 2, full: 0, gone: 0 });
    });

    test('subnets: the same twice, other settings and overlaps refused, spaces apart', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/16', { exclude: ['10.0.0.1', '10.0.0.2'] });
      assert.equal(await service().subnet('10.0.0.0/16', { exclude: ['10.0.0.1-10.0.0.2'] }), net);
      await assert.rejects(
        service().subnet('10.0.0.0/16', { policy: 'lowest' }),
        refuses('BAD_INPUT', { setting: 'exclude' }),
      );
      await assert.rejects(service().subnet('10.0.3.0/24'), refuses('OVERLAP', { other: '10.0.0.0/16' }));
      await assert.rejects(service().subnet('10.0.0.0/8'), refuses('OVERLAP'));
      await assert.rejects(service().subnet('10.0.0.1/8'), refuses('BAD_INPUT'));
      const other = await service().subnet('10.0.3.0/24', { space: 'other' });
      assert.equal(await other.allocate('web.1', { node: 'n' }), '10.0.3.1');
      assert.equal((await service().subnet('fd00::/64')).cidr, 'fd00::/64');
      const both = await Promise.allSettled([service().subnet('10.9.0.0/16'), service().subnet('10.9.1.0/24')]);
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      assert.equal(await service().remove('10.0.0.0/16'), true);
      assert.equal(await service().remove('10.0.0.0/16'), false);
      await assert.rejects(net.allocate('web.1', { node: 'n' }), refuses('ENDED'));
      assert.equal((await service().subnet('10.0.3.0/24')).cidr, '10.0.3.0/24');
    });

    test('nodes are told apart by ID, and shown by name', async () => {
      const { service, reopen, log, durable } = await begin();
      const [one, two] = ['x1/ü', 'x2'];
      assert.equal(service().nodeName(one), undefined);
      for (const id of [one, two, one]) await service().introduce({ id, name: 'alike' });
      let net = await service().subnet('10.0.0.0/24');
      const own = await net.claim('web.1', { node: one });
      await assert.rejects(
        net.claim('web.1', { node: two }),
        (error: LimpetError) => /live on alike with/.test(error.message) && refuses('LIVE', { nodes: [one] })(error),
      );
      assert.equal(await net.release('web.1', two), false, 'the other node of that name');
      assert.equal(await net.release('web.1', one), true);
      assert.deepEqual([log.at(-1)?.node, log.at(-1)?.why], [one, 'no longer runs on alike']);
      assert.equal(await net.allocate('web.1', { node: two }), own);
      await service().introduce({ id: two, name: 'renamed' });
      assert.equal(service().nodeName(two), 'renamed');
      for (let n = 0; durable && n < 2; n++) {
        await reopen();
        net = service().find('10.0.0.0/24') as SubnetService;
        assert.deepEqual(
          [one, two, 'x3'].map((id) => service().nodeName(id)),
          ['alike', 'renamed', undefined],
        );
        assert.deepEqual(net.lookup('web.1')?.nodes, [two], 'it keeps its marks by whatever name');
      }
      await assert.rejects(service().introduce({ id: '', name: 'x' }), refuses('BAD_INPUT'));
      await assert.rejects(service().introduce({ id: 'x', name: '' }), refuses('BAD_INPUT'));
      await assert.rejects(service().introduce({ id: 7 as never, name: 'x' }), TypeError);
    });

    test('users of a subnet: told once each, kept through a restart, gone with the subnet', async () => {
      const { service, reopen, log, durable } = await begin();
      const cidr = '10.0.0.0/24';
      let net = await service().subnet(cidr);
      assert.deepEqual([net.users, net.isUsed], [[], false]);
      assert.deepEqual([await net.use('swarm'), await net.use('swarm'), await net.use('a/b ü')], [true, false, true]);
      assert.deepEqual([net.users, net.isUsed], [['a/b ü', 'swarm'], true]);
      assert.deepEqual(
        [await net.disuse('nobody'), await net.disuse('a/b ü'), await net.disuse('a/b ü')],
        [false, true, false],
      );
      assert.deepEqual(
        log.map(({ event, user }) => `${event} ${user}`),
        ['use swarm', 'use a/b ü', 'disuse a/b ü'],
      );
      await assert.rejects(net.use(''), refuses('BAD_INPUT'));
      await assert.rejects(net.use(7 as never), TypeError);
      for (let n = 0; durable && n < 2; n++) {
        await reopen();
        net = service().find(cidr) as SubnetService;
        assert.deepEqual(net.users, ['swarm']);
      }
      assert.equal(await service().remove(cidr), true);
      await assert.rejects(net.use('late'), refuses('ENDED'));
      assert.deepEqual((await service().subnet(cidr)).users, []);
      if (!durable) return;
      await reopen();
      assert.deepEqual((service().find(cidr) as SubnetService).users, []);
    });

    test('a subnet is removed as unused only without users, and with nothing live or held in it', async () => {
      const { service, reopen, durable } = await begin();
      const cidr = '10.0.0.0/24';
      const removeUnused = () => service().removeUnused(cidr);
      assert.equal(await removeUnused(), 'none');
      const net = await service().subnet(cidr, { gateway: '10.0.0.1' });
      await net.use('swarm');
      assert.equal(await removeUnused(), 'in-use');
      await net.disuse('swarm');
      await net.allocate('web.1', { node: 'a' });
      assert.equal(await removeUnused(), 'in-use', 'something is live');
      await net.release('web.1', 'a');
      await net.hold('10.0.0.9');
      assert.equal(await removeUnused(), 'in-use', 'something is held');
      await net.unhold('10.0.0.9');
      const ticket = await net.holdNext();
      await net.allocate('web.2', { node: 'a', ticket });
      await net.release('web.2', 'a');
      assert.equal(await removeUnused(), 'in-use', 'a ticket is held beside its binding');
      await net.unhold(ticket);
      const [removed, late] = await Promise.allSettled([removeUnused(), net.allocate('web.3', { node: 'a' })]);
      if (late.status === 'fulfilled') assert.equal((removed as { value?: string }).value, 'in-use');
      else assert.deepEqual([(removed as { value?: string }).value, late.reason.code], ['removed', 'ENDED']);
      if (late.status === 'fulfilled') await net.release('web.3', 'a');
      if (late.status === 'fulfilled') assert.equal(await removeUnused(), 'removed');
      assert.equal(await removeUnused(), 'none');
      assert.equal(service().find(cidr), undefined);
      if (durable) await reopen();
      assert.equal(service().find(cidr), undefined);
      assert.equal((await service().subnet('10.0.0.0/16')).cidr, '10.0.0.0/16', 'its place is free');
    });

    test('a home is held beside its binding: once, through a restart, and when the binding ends', async () => {
      const { service, reopen, durable } = await begin();
      let net = await service().subnet('10.0.0.0/29', { gateway: '10.0.0.1' });
      const home = await net.allocate('web.1', { node: 'a' });
      await net.release('web.1', 'a');
      assert.equal(await net.holdHome('web.1'), home);
      assert.equal(await net.holdHome('web.1'), undefined, 'it is a ticket already');
      assert.equal(await net.holdHome('nobody').catch((error) => error.code), 'UNKNOWN');
      if (durable) {
        await reopen();
        net = await service().subnet('10.0.0.0/29', { gateway: '10.0.0.1' });
      }
      assert.deepEqual([net.isHeld(home), net.lookup('web.1')?.state], [true, 'reserved']);
      await net.reclaim('web.1');
      assert.equal(net.inspect(home).state, 'held');
      assert.equal(await net.allocate('web.1', { node: 'a', ticket: home }), home, 'its owner comes home by it');
      assert.equal(await net.unhold(home), true);
      assert.equal(net.lookup('web.1')?.address, home);
    });

    test("the address of the gateway is nobody's, though it is asked for as a ticket", async () => {
      const { service, reopen, durable } = await begin();
      const net = await service().subnet('10.0.0.0/29', { gateway: '10.0.0.1' });
      const asked = net.allocate('web.1', { node: 'a', ticket: '10.0.0.1' });
      await assert.rejects(asked, refuses('OCCUPIED', { address: '10.0.0.1' }));
      assert.equal(net.lookup('web.1'), undefined);
      if (durable) await reopen();
      assert.equal(service().find('10.0.0.0/29')?.inspect('10.0.0.1').state, 'held');
    });

    test('an identity of any text that is one comes back as it was', async () => {
      const { service, reopen, durable } = await begin();
      let net = await service().subnet('10.0.0.0/24');
      const names = ['\ufeffweb.1', 'web.1', 'a b/c%', 'é'.repeat(127), 'x'.repeat(255)];
      const had = [];
      for (const name of names) had.push(await net.allocate(name, { node: 'a' }));
      for (const name of [`${'a'.repeat(254)}é`, `é${'a'.repeat(254)}`])
        await assert.rejects(net.allocate(name, { node: 'a' }), refuses('BAD_INPUT'));
      if (durable) await reopen();
      net = service().find('10.0.0.0/24') ?? net;
      assert.deepEqual(
        [...net.list()].map(({ identity }) => identity),
        names,
      );
      for (const [n, name] of names.entries()) {
        assert.equal(net.lookup(name)?.address, had[n]);
        assert.equal(net.inspect(had[n] as string).identity, name);
      }
    });

    test('what is not a setting is refused, and what is not said has its default', async () => {
      const { service, reopen, durable } = await begin();
      const make = (settings: object) => service().subnet('10.0.0.0/24', settings);
      await assert.rejects(make({ exlude: ['10.0.0.1'] }), /a subnet has no option "exlude"/);
      await assert.rejects(make({ reclaim: 'when-full' }), /options are an object, not string "when-full"/);
      await assert.rejects(make({ reclaim: { whenful: {} } }), /a reclaim policy has no option "whenful"/);
      await assert.rejects(make({ reclaim: { whenFull: 'yes' } }), /options are an object/);
      await assert.rejects(make({ reclaim: { whenFull: { holdDown: Number.NaN } } }), refuses('BAD_INPUT'));
      const exclude = new Set(['10.0.0.9']).values();
      const net = await make({ reclaim: { whenFull: {} }, exclude });
      assert.deepEqual(net.spec.reclaim, { whenFull: { holdDown: 10 * MINUTE } });
      assert.deepEqual(net.spec.exclude, ['10.0.0.9']);
      const other = await service().subnet('10.0.1.0/24', { reclaim: undefined } as object);
      assert.deepEqual(other.spec.reclaim, net.spec.reclaim);
      if (durable) await reopen();
      assert.deepEqual(service().find('10.0.0.0/24')?.spec.reclaim, net.spec.reclaim);
    });

    test('other settings: all that is bound or held stays so, through a restart too', async () => {
      const { service, clock, reopen, log, durable } = await begin();
      const cidr = '10.0.0.0/27';
      const net = await service().subnet(cidr, { gateway: '10.0.0.1' });
      for (const identity of ['web.1', 'web.2', 'web.3', 'web.4']) await net.allocate(identity, { node: 'a' });
      await net.allocate('web.1', { node: 'b' });
      for (const identity of ['web.4', 'web.2', 'web.3']) {
        clock.turn(1000);
        await net.release(identity, 'a');
      }
      const ticket = await net.holdNext();
      await net.allocate('web.5', { node: 'a', ticket });
      await net.hold('10.0.0.12');
      const before = seen(net);
      const settings = {
        gateway: '10.0.0.1',
        exclude: ['10.0.0.16/28'],
        policy: 'lowest',
        reclaim: { whenFull: { holdDown: 0 } },
        pools: [
          { service: 'web', range: '10.0.0.8/30' },
          { service: '1', range: '10.0.0.4-10.0.0.5' },
        ],
      } as const;
      assert.equal(await service().change(cidr, settings), net);
      assert.deepEqual(net.spec.pools, [
        { service: '1', range: '10.0.0.4-10.0.0.5' },
        { service: 'web', range: '10.0.0.8-10.0.0.11' },
      ]);
      assert.deepEqual([seen(net), net.spec.policy, net.stats.excluded], [before, 'lowest', 17n]);
      assert.match(
        log.at(-1)?.why ?? '',
        /^exclude .* → \["10.0.0.16-10.0.0.31"\], policy "serial" → "lowest", reclaim /,
      );
      assert.equal(await service().change(cidr, settings), net, 'the same again changes nothing');
      assert.equal(log.filter(({ event }) => event === 'settings').length, 1);
      assert.equal(await net.unhold(ticket), true, 'a ticket is held beside its binding');
      assert.equal(await net.hold(ticket).catch((error) => error.code), 'OCCUPIED');
      if (!durable) return;
      await reopen();
      const again = await service().subnet(cidr, settings);
      assert.deepEqual(seen(again), before);
      while (again.stats.free > 0n) await again.holdNext();
      await again.allocate('new.1', { node: 'a' });
      assert.equal(again.lookup('web.4'), undefined, 'the one that was released first makes room');
      assert.equal(again.lookup('web.2')?.state, 'reserved');
    });

    test('other settings that exclude what is taken are refused, and change nothing', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/28');
      await net.allocate('web.1', { node: 'a' });
      await net.release('web.1', 'a');
      await net.hold('10.0.0.9');
      const before = [seen(net), net.spec];
      const change = (settings: object) => service().change('10.0.0.0/28', settings);
      await assert.rejects(change({ exclude: ['10.0.0.1'] }), refuses('OCCUPIED', { address: '10.0.0.1' }));
      await assert.rejects(change({ exclude: ['10.0.0.8/29'] }), /10\.0\.0\.9 of .* cannot be excluded: it is held/);
      await assert.rejects(change({ gateway: '10.0.0.1' }), /cannot be the gateway: it is reserved for "web.1"/);
      await assert.rejects(change({ space: 'other' }), refuses('UNKNOWN', { space: 'other' }));
      await assert.rejects(change({ policy: 'best' }), refuses('BAD_INPUT'));
      assert.deepEqual([seen(net), net.spec], before);
    });

    test('a mended bug: what is asked for while the settings change is neither lost nor excluded', async () => {
      const { service, reopen, durable } = await begin();
      const net = await service().subnet('10.0.0.0/27');
      const asked = (n: number) => Array.from({ length: 4 }, (_, i) => net.allocate(`web.${n}.${i}`, { node: 'a' }));
      const before = asked(1);
      const change = service().change('10.0.0.0/27', { exclude: ['10.0.0.1-10.0.0.8'] });
      const outcome = Promise.allSettled([change]);
      const after = asked(2);
      const addresses = await Promise.all([...before, ...after]);
      const [{ status }] = (await outcome) as [{ status: string }];
      for (const [i, address] of addresses.entries()) {
        assert.equal(net.lookup(`web.${i < 4 ? 1 : 2}.${i % 4}`)?.address, address);
        if (status === 'fulfilled') assert.ok(Number(address.split('.')[3]) > 8, `${address} is excluded`);
      }
      const state = seen(net);
      if (!durable) return;
      await reopen();
      assert.deepEqual(seen(service().find('10.0.0.0/27') as SubnetService), state);
    });

    test('another reclaim policy counts at once', async () => {
      const { service, clock } = await begin();
      const net = await service().subnet('10.0.0.0/28');
      await net.allocate('web.1', { node: 'a' });
      await net.release('web.1', 'a');
      clock.turn(MINUTE);
      await service().change('10.0.0.0/28', { reclaim: { after: 2 * MINUTE } });
      clock.turn(MINUTE);
      await eventually('web.1 is reclaimed', () => net.lookup('web.1') === undefined);
    });

    test('64 callers at once: each identity one address, also when several ask for the same', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/22');
      const calls = Array.from({ length: 640 }, (_, i) => net.allocate(`web.${i % 320}`, { node: `n${i % 3}` }));
      const answers = await Promise.all(calls);
      for (let i = 0; i < 320; i++) assert.equal(answers[i], answers[i + 320]);
      assert.equal(new Set(answers).size, 320);
      await Promise.all(Array.from({ length: 320 }, (_, i) => net.release(`web.${i}`, `n${i % 3}`)));
      seen(net);
    });

    pinContract(begin);

    test('identities are any text', async () => {
      const { service, reopen, durable } = await begin();
      const odd = ['a/b', '%2f', ' ', 'ü', '日本', '\u{1f41a}', 'a\nb', '\0', '.', '..', '"'];
      const identities = [...odd, 'x'.repeat(255)];
      const net = await service().subnet('10.0.0.0/24');
      const addresses = [];
      for (const identity of identities) addresses.push(await net.allocate(identity, { node: 'a/b c' }));
      if (durable) await reopen();
      const again = await service().subnet('10.0.0.0/24');
      for (const [i, identity] of identities.entries()) assert.equal(again.lookup(identity)?.address, addresses[i]);
      for (const bad of ['', 'x'.repeat(256), '\ud800']) {
        await assert.rejects(again.allocate(bad, { node: 'a' }), refuses('BAD_INPUT'));
      }
      await assert.rejects(again.allocate('web.1', { node: '' }), refuses('BAD_INPUT'));
      await assert.rejects(again.allocate(3 as never, { node: 'a' }), TypeError);
    });

    test('what was answered is there after a restart', async () => {
      const { service, reopen, clock, durable } = await begin();
      if (!durable) return;
      const settings = { gateway: '10.0.0.1', exclude: ['10.0.0.9'], reclaim: { whenFull: { holdDown: 0 } } };
      const net = await service().subnet('10.0.0.0/24', settings);
      for (let i = 0; i < 20; i++) await net.allocate(`web.${i}`, { node: `n${i % 2}` });
      for (const i of [7, 3, 12, 5]) {
        clock.turn(MINUTE);
        await net.release(`web.${i}`, `n${i % 2}`);
      }
      await net.allocate('web.3', { node: 'n9' });
      await net.reclaim('web.5');
      const ticket = await net.holdNext();
      await net.hold('10.0.0.200');
      await net.allocate('late', { node: 'n1', ticket });
      const six = await service().subnet('fd00:1::/64');
      await six.allocate('web.1', { node: 'n1' });
      const before = [seen(net), seen(six)];
      for (let n = 0; n < 3; n++) {
        await reopen();
        const again = service().find('10.0.0.0/24') as SubnetService;
        assert.deepEqual([seen(again), seen(service().find('fd00:1::/64') as SubnetService)], before);
        assert.deepEqual(again.spec, net.spec);
        assert.equal(await service().subnet('10.0.0.0/24', settings), again);
      }
      const again = service().find('10.0.0.0/24') as SubnetService;
      assert.equal(again.lookup('web.7')?.releasedAt, 1_700_000_000_000 + MINUTE);
      assert.equal(await again.unhold(ticket), true);
      assert.equal(again.inspect(ticket).identity, 'late');
    });

    test('after it is closed it answers no more', async () => {
      const { service } = await begin();
      const net = await service().subnet('10.0.0.0/24');
      await net.allocate('web.1', { node: 'a' });
      await service().close();
      await service().close();
      await assert.rejects(net.allocate('web.1', { node: 'a' }), refuses('ENDED'));
      await assert.rejects(service().subnet('10.0.0.0/24'), refuses('ENDED'));
    });
  });
}
