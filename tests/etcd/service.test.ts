// The allocator service on etcd, where the two meet: what the service takes for granted must be so in etcd.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdStore } from '../../src/etcd-store/index.js';
import { AllocatorService, type SubnetService } from '../../src/service/index.js';
import { Etcd } from './etcd.js';
import { counted, eventually, refuses, sleep, Wire } from './harness.js';

describe('the service on etcd', () => {
  let etcd: Etcd;
  let remove = () => {};
  const services: AllocatorService[] = [];

  before(async () => {
    ({ etcd, remove } = await Etcd.start());
  });
  after(async () => {
    for (const service of services) await service.close();
    remove();
  });

  async function open(prefix: string, endpoint = etcd.endpoint): Promise<AllocatorService> {
    const service = await AllocatorService.open(
      new EtcdStore({ endpoints: [endpoint], node: 'n1', ttl: 2, deadline: 1000, prefix }),
    );
    services.push(service);
    return service;
  }

  test('a process that starts anew keeps what it answers live, though the one before left its mark', async () => {
    const first = await open('/anew/');
    await (await first.subnet('10.0.0.0/24')).allocate('web.1', { node: 'n1' });
    await first.close();
    const net = await (await open('/anew/')).subnet('10.0.0.0/24');
    await net.allocate('web.1', { node: 'n1' });
    await sleep(4000);
    assert.equal(etcd.count('/anew/live/'), 1, 'etcd says that it is live');
    assert.deepEqual(net.lookup('web.1')?.nodes, ['n1']);
  });

  test('while etcd is away for longer than the lease, nobody is told that what he had is live', async () => {
    const wire = await Wire.to(etcd.endpoint);
    const net = await (await open('/away/', wire.endpoint)).subnet('10.0.0.0/24');
    const address = await net.allocate('web.1', { node: 'n1' });
    await wire.cut();
    assert.equal(await net.allocate('web.1', { node: 'n1' }), address, 'while the lease is certain');
    await sleep(2500);
    assert.equal(net.lookup('web.1')?.address, address, 'known stays known');
    await assert.rejects(net.allocate('web.1', { node: 'n1' }), refuses('UNAVAILABLE', 'none'));
    await wire.mend();
    await eventually('the mark is there again', () => etcd.count('/away/live/') === 1);
    assert.equal(await net.allocate('web.1', { node: 'n1' }), address);
    await wire.cut();
  });

  test('of many processes that claim one identity at the same moment, one gets it', async () => {
    const services = await Promise.all(Array.from({ length: 6 }, () => open('/claim/')));
    await (services[0] as AllocatorService).subnet('10.0.0.0/24');
    for (const service of services) await service.refresh();
    for (const identity of ['new.1', 'new.2', 'new.1', 'new.2', 'new.1']) {
      const claims = services.map(async (service, node) =>
        (service.find('10.0.0.0/24') as SubnetService).claim(identity, { node: `n${node}` }),
      );
      const outcomes = await Promise.allSettled(claims);
      const winners = outcomes.flatMap(({ status }, node) => (status === 'fulfilled' ? [node] : []));
      assert.equal(winners.length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') refuses('LIVE')(outcome.reason);
      }
      const winner = services[winners[0] as number] as AllocatorService;
      await winner.find('10.0.0.0/24')?.release(identity, `n${winners[0]}`);
      await eventually('everybody has seen the end of it', () =>
        services.every((service) => service.find('10.0.0.0/24')?.lookup(identity)?.nodes.length === 0),
      );
    }
  });

  test('a refresh knows the subnets that others have made and removed, whether or not the watch has told', async () => {
    const wire = await Wire.to(etcd.endpoint);
    const [maker, other] = [await open('/refresh/'), await open('/refresh/', wire.endpoint)];
    for (let n = 0; n < 20; n++) {
      await maker.subnet('10.0.0.0/24');
      await other.refresh();
      assert.ok(other.find('10.0.0.0/24'));
      await maker.remove('10.0.0.0/24');
      await other.refresh();
      assert.equal(other.find('10.0.0.0/24'), undefined);
    }
    await wire.cut();
    await assert.rejects(other.refresh(), refuses('UNAVAILABLE'));
  });

  test('a new identity costs one round trip, one that is live here none', async () => {
    const net = await (await open('/cost/')).subnet('10.0.0.0/24');
    const calls = await counted(() => net.allocate('web.1', { node: 'n1' }));
    assert.equal(calls.length, 1);
    assert.equal((await counted(() => net.allocate('web.1', { node: 'n1' }))).length, 0);
    assert.equal((await counted(() => net.release('web.1', 'n1'))).length, 1);
    assert.equal((await counted(() => net.allocate('web.1', { node: 'n1' }))).length, 1);
  });
});
