// What every store must keep of pins: a part of the contract (contract.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimpetError } from '../host/errors.js';
import type { AllocatorService, SubnetService } from '../service/index.js';

const CIDR = '10.0.0.0/29';
const HOUR = 3_600_000;

interface Begun {
  readonly clock: { now(): number; turn(ms: number): void };
  readonly service: () => AllocatorService;
  readonly reopen: () => Promise<void>;
  readonly durable: boolean;
}

const refuses =
  (code: string, owner?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof LimpetError, String(error));
    assert.equal(error.code, code, error.message);
    if (owner !== undefined) assert.equal(error.details.owner, owner);
    return true;
  };

function seen(net: SubnetService): unknown {
  return { bindings: [...net.list()].map(({ releasedAt: _, ...rest }) => rest), pinned: net.stats.pinned };
}

export function pinContract(begin: () => Promise<Begun>): void {
  test('a pin is had at the first start, and stays through a restart', async () => {
    const { service, reopen, durable } = await begin();
    let net = await service().subnet(CIDR, { gateway: '10.0.0.1' });
    assert.deepEqual(await net.pin('web.1', '10.0.0.4'), { address: '10.0.0.4', waits: false });
    assert.deepEqual(await net.pin('web.1', '10.0.0.4'), { address: '10.0.0.4', waits: false });
    const before = seen(net);
    if (durable) await reopen();
    net = service().find(CIDR) ?? net;
    assert.deepEqual(seen(net), before);
    assert.deepEqual(net.pinOf('web.1'), { address: '10.0.0.4', waits: false });
    assert.equal(await net.claim('web.1', { node: 'a' }), '10.0.0.4');
    if (durable) await reopen();
    net = service().find(CIDR) ?? net;
    assert.equal(net.lookup('web.1')?.pinned, true);
  });

  test('no policy and no reclaim ends a pin; after unpin both do', async () => {
    const { service, clock, reopen, durable } = await begin();
    let net = await service().subnet(CIDR, { reclaim: { after: HOUR, whenFull: { holdDown: 0 } } });
    await net.pin('web.1', '10.0.0.4');
    clock.turn(2 * HOUR);
    for (const n of [1, 2, 3, 4, 5]) await net.allocate(`db.${n}`, { node: 'a' });
    await assert.rejects(net.allocate('db.6', { node: 'a' }), refuses('FULL'));
    await assert.rejects(net.allocate('db.6', { node: 'a', range: '10.0.0.4-10.0.0.5' }), refuses('FULL'));
    await assert.rejects(net.reclaim('web.1'), refuses('PINNED'));
    assert.equal(net.lookup('web.1')?.address, '10.0.0.4');
    assert.equal(await net.unpin('web.1'), true);
    assert.equal(await net.unpin('web.1'), false);
    assert.equal(net.lookup('web.1')?.releasedAt, clock.now(), 'its age counts from now');
    if (durable) await reopen();
    net = service().find(CIDR) ?? net;
    assert.equal(net.lookup('web.1')?.releasedAt, clock.now(), 'after a restart too');
    assert.equal(await net.allocate('db.6', { node: 'a' }), '10.0.0.4');
    await assert.rejects(net.unpin('nobody'), refuses('UNKNOWN'));
  });

  test('what runs at another address has that until it stops, then it comes home', async () => {
    const { service, reopen, durable } = await begin();
    let net = await service().subnet(CIDR);
    const first = await net.allocate('web.1', { node: 'a' });
    assert.deepEqual(await net.pin('web.1', '10.0.0.5'), { address: '10.0.0.5', waits: true });
    assert.equal(await net.comeHome('web.1'), false, 'it runs');
    assert.deepEqual([net.lookup('web.1')?.address, net.lookup('web.1')?.nodes], [first, ['a']]);
    await assert.rejects(net.pin('other', '10.0.0.5'), refuses('OCCUPIED', 'web.1'));
    await net.release('web.1', 'a');
    if (durable) await reopen();
    net = service().find(CIDR) ?? net;
    assert.deepEqual(net.pinOf('web.1'), { address: '10.0.0.5', waits: true });
    assert.equal(await net.comeHome('web.1'), true);
    assert.equal(await net.comeHome('web.1'), false);
    assert.equal(await net.claim('web.1', { node: 'b' }), '10.0.0.5');
    assert.equal(net.inspect(first).state, 'free');
    if (durable) await reopen();
    net = service().find(CIDR) ?? net;
    assert.deepEqual(net.pinOf('web.1'), { address: '10.0.0.5', waits: false });
    assert.deepEqual(net.lookup('web.1')?.nodes, durable ? net.lookup('web.1')?.nodes : ['b']);
    assert.equal([...net.list()].length, 1);
  });

  test('a pin moves who is reserved, and another pin moves him on', async () => {
    const { service } = await begin();
    const net = await service().subnet(CIDR);
    const first = await net.allocate('web.1', { node: 'a' });
    await net.release('web.1', 'a');
    assert.deepEqual(await net.pin('web.1', '10.0.0.5'), { address: '10.0.0.5', waits: false });
    assert.equal(net.inspect(first).state, 'free');
    assert.deepEqual(await net.pin('web.1', '10.0.0.6'), { address: '10.0.0.6', waits: false });
    assert.equal(net.inspect('10.0.0.5').state, 'free');
    await net.allocate('web.1', { node: 'a' });
    await net.pin('web.1', '10.0.0.2');
    await net.pin('web.1', '10.0.0.3');
    assert.equal(net.inspect('10.0.0.2').state, 'free', 'only the last one waits');
    await net.pin('web.1', '10.0.0.6');
    assert.deepEqual(net.pinOf('web.1'), { address: '10.0.0.6', waits: false }, 'what it has is chosen again');
    assert.equal(net.inspect('10.0.0.3').state, 'free');
    await net.pin('web.1', '10.0.0.3');
    assert.equal(await net.unpin('web.1'), true);
    assert.equal(net.inspect('10.0.0.3').state, 'free');
    assert.deepEqual([net.lookup('web.1')?.address, net.stats.pinned], ['10.0.0.6', 0]);
  });

  test('a pin takes nothing that somebody has, and says who', async () => {
    const { service } = await begin();
    const net = await service().subnet(CIDR, { gateway: '10.0.0.1', exclude: ['10.0.0.6'] });
    await net.allocate('db', { node: 'a', ticket: '10.0.0.2' });
    await net.hold('10.0.0.3');
    const before = seen(net);
    await assert.rejects(net.pin('web.1', '10.0.0.2'), refuses('OCCUPIED', 'db'));
    await assert.rejects(net.pin('web.1', '10.0.0.1'), refuses('OCCUPIED'));
    await assert.rejects(net.pin('web.1', '10.0.0.3'), refuses('OCCUPIED'));
    await assert.rejects(net.pin('web.1', '10.0.0.6'), refuses('EXCLUDED'));
    await assert.rejects(net.pin('web.1', '10.0.0.8'), refuses('OUT_OF_RANGE'));
    await assert.rejects(net.pin('web.1', 'fd00::1'), refuses('BAD_INPUT'));
    await assert.rejects(net.pin('', '10.0.0.4'), refuses('BAD_INPUT'));
    assert.deepEqual(seen(net), before);
    assert.deepEqual(await net.pin('web.1', '10.0.0.3', { ticket: '10.0.0.3' }), { address: '10.0.0.3', waits: false });
    assert.equal(net.isHeld('10.0.0.3'), true);
  });

  test('a subnet with a pin is not given up, and other settings keep it', async () => {
    const { service, reopen, durable } = await begin();
    let net = await service().subnet(CIDR);
    await net.pin('web.1', '10.0.0.4');
    assert.equal(net.isNeeded, true);
    assert.equal(await service().removeUnused(CIDR), 'in-use');
    net = await service().change(CIDR, { exclude: ['10.0.0.5'] });
    assert.deepEqual(net.pinOf('web.1'), { address: '10.0.0.4', waits: false });
    await assert.rejects(service().change(CIDR, { exclude: ['10.0.0.4'] }), refuses('OCCUPIED'));
    if (durable) await reopen();
    net = service().find(CIDR) ?? net;
    assert.deepEqual(net.pinOf('web.1'), { address: '10.0.0.4', waits: false });
    await net.unpin('web.1');
    assert.equal(await service().removeUnused(CIDR), 'removed');
  });
}
