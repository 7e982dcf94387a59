// The allocator service on etcd, where the two meet: what the service takes for granted must be so in etcd.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdStore, type EtcdStoreOptions } from '../../src/entries/etcd-store.js';
import { overlap } from '../../src/host/cidr.js';
import { AllocatorService, Deadline, type SubnetService, systemClock } from '../../src/service/index.js';
import { Etcd } from './etcd.js';
import { counted, eventually, refuses, sleep, Wire } from './harness.js';

describe('the service on etcd', () => {
  let etcd: Etcd;
  let remove = () => {};
  const services: AllocatorService[] = [];
  const wires: Wire[] = [];

  before(async () => {
    ({ etcd, remove } = await Etcd.start());
  });
  after(async () => {
    for (const service of services) await service.close();
    for (const wire of wires) await wire.cut();
    remove();
  });

  async function wired(): Promise<Wire> {
    const wire = await Wire.to(etcd.endpoint);
    wires.push(wire);
    return wire;
  }

  const told: string[] = [];

  async function open(prefix: string, options: Partial<EtcdStoreOptions> = {}): Promise<AllocatorService> {
    const store = new EtcdStore({
      ...{ endpoints: [etcd.endpoint], node: 'n1', ttl: 2, deadline: 1000, prefix },
      ...options,
    });
    told.length = 0;
    const service = await AllocatorService.open(store, { report: ({ message }) => told.push(message) });
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
    const wire = await wired();
    const net = await (await open('/away/', { endpoints: [wire.endpoint] })).subnet('10.0.0.0/24');
    const address = await net.allocate('web.1', { node: 'n1' });
    await wire.cut();
    assert.equal(await net.allocate('web.1', { node: 'n1' }), address, 'while the lease is certain');
    await sleep(2500);
    assert.equal(net.lookup('web.1')?.address, address, 'known stays known');
    await assert.rejects(net.allocate('web.1', { node: 'n1' }), refuses('UNAVAILABLE', 'none'));
    await wire.mend();
    await eventually('the mark is there again', () => etcd.count('/away/live/') === 1);
    assert.equal(await net.allocate('web.1', { node: 'n1' }), address);
  });

  test('of many processes that claim one identity at the same moment, one gets it', async () => {
    const services = await Promise.all(Array.from({ length: 6 }, () => open('/claim/')));
    await (services[0] as AllocatorService).subnet('10.0.0.0/24');
    for (const service of services) await service.refresh();
    for (let round = 0; round < 30; round++) {
      const identity = `new.${round % 3}`; // new at first, then reserved
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
      await winner.find('10.0.0.0/24')?.release(identity, `n${winners[0]}`); // the news of it is on its way
    }
  });

  test('an identity whose release has not been told yet is not refused as live', async () => {
    const [wire, other] = [await wired(), await wired()];
    const [here, there] = [await open('/late/'), await open('/late/', { endpoints: [wire.endpoint, other.endpoint] })];
    const net = await here.subnet('10.0.0.0/24');
    await there.refresh();
    const late = there.find('10.0.0.0/24') as SubnetService;
    const address = await net.allocate('web.1', { node: 'n1' });
    await eventually('it is known', () => late.lookup('web.1')?.nodes.length === 1);
    await assert.rejects(late.claim('web.1', { node: 'n2' }), refuses('LIVE'));
    // The one it has turned to as well: the watch stands still, and nobody says so.
    for (const each of [wire, other]) each.deafen();
    await net.release('web.1', 'n1');
    await sleep(100);
    assert.deepEqual(late.lookup('web.1')?.nodes, ['n1'], 'the news has not come');
    assert.equal(await late.claim('web.1', { node: 'n2' }), address);
    await net.allocate('web.2', { node: 'n1' });
    await eventually('the watch has turned to the other one, too', () => late.lookup('web.2') !== undefined, 3000);
  });

  test('a refresh knows the subnets that others have made and removed, whether or not the watch has told', async () => {
    const wire = await wired();
    const [maker, other] = [await open('/refresh/'), await open('/refresh/', { endpoints: [wire.endpoint] })];
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

  test('other settings are known to all: what is asked for at once goes by them, news or not', async () => {
    const [here, there] = [await open('/settings/'), await open('/settings/')];
    const net = await here.subnet('10.0.0.0/28');
    await there.refresh();
    const late = there.find('10.0.0.0/28') as SubnetService;
    const own = await net.allocate('web.1', { node: 'n1' });
    await eventually('it is known', () => late.lookup('web.1') !== undefined);
    await here.change('10.0.0.0/28', { exclude: ['10.0.0.2-10.0.0.9'], policy: 'lowest' });
    assert.equal(await late.allocate('web.2', { node: 'n1' }), '10.0.0.10');
    assert.deepEqual([late.spec, late.stats.excluded], [net.spec, 10n]);
    assert.equal(late.lookup('web.1')?.address, own);
    const other = await open('/settings/');
    assert.deepEqual(other.find('10.0.0.0/28')?.spec, net.spec);
    assert.equal(other.find('10.0.0.0/28')?.lookup('web.1')?.address, own);
  });

  test('settings never exclude what another process has taken meanwhile', async () => {
    const services = await Promise.all(Array.from({ length: 3 }, () => open('/race/')));
    for (let round = 0; round < 15; round++) {
      const space = `s${round}`;
      await services[0]?.subnet('10.0.0.0/28', { space });
      const nets = await Promise.all(services.map((service) => service.subnet('10.0.0.0/28', { space })));
      const change = services[0]?.change('10.0.0.0/28', { space, exclude: ['10.0.0.1-10.0.0.4'] });
      const taken = nets.slice(1).flatMap((net, n) => [1, 2].map((i) => net.allocate(`web.${n}.${i}`, { node: 'n1' })));
      const [outcome] = await Promise.allSettled([change]);
      const addresses = await Promise.all(taken);
      assert.equal(new Set(addresses).size, 4);
      await eventually('all know the same', () => {
        const known = nets.map((net) => JSON.stringify([net.spec, [...net.list()]]));
        return known.every((one) => one === known[0]) && nets[0]?.stats.live === 4;
      });
      const excluded = addresses.filter((address) => Number(address.split('.')[3]) <= 4);
      if (outcome.status === 'fulfilled') assert.deepEqual(excluded, [], 'those that came after know the settings');
      else refuses('OCCUPIED')(outcome.reason);
    }
  });

  test('of many processes that make subnets at the same moment, no two of one space overlap', async () => {
    const services = await Promise.all(Array.from({ length: 6 }, () => open('/overlap/')));
    const cidrs = ['10.0.0.0/8', '10.0.0.0/9', '10.1.0.0/16', '10.1.1.0/24', '10.128.0.0/9', '10.0.0.0/16'];
    for (let round = 0; round < 25; round++) {
      const space = `s${round}`;
      const asked = services.map((service, n) =>
        service.subnet(cidrs[(n + round) % cidrs.length] as string, { space }),
      );
      const outcomes = await Promise.allSettled(asked);
      const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.cidr] : []));
      const others = outcomes.flatMap((outcome) => {
        if (outcome.status === 'fulfilled') return [];
        refuses('OVERLAP')(outcome.reason);
        return [outcome.reason.details.other];
      });
      for (const [i, cidr] of made.entries())
        for (const other of made.slice(i + 1)) assert.ok(!overlap(cidr, other), `${cidr} and ${other}`);
      assert.ok(made.length > 0);
      for (const other of others) assert.ok(made.includes(other), `${other}, which is in the way, is there`);
      for (const service of services) {
        await service.refresh(space);
        const known = [...service.subnets()].filter(({ spec }) => spec.space === space).map(({ cidr }) => cidr);
        assert.deepEqual(known.sort(), [...made].sort());
      }
    }
  });

  test("processes that bind many at once are seldom in each other's way; the lowest stay the lowest", async () => {
    const stores = Array.from({ length: 6 }, (_, n) => {
      const options = { endpoints: [etcd.endpoint], prefix: '/rush/', ttl: 60, deadline: 10_000 };
      return new EtcdStore({ ...options, node: `n${n}` });
    });
    const opened = await Promise.all(stores.map((store) => AllocatorService.open(store)));
    services.push(...opened);
    await eventually('all know of all', () => stores.every(({ rank }) => rank?.of === stores.length));
    for (const [cidr, policy] of [
      ['10.0.0.0/20', 'serial'],
      ['10.1.0.0/20', 'lowest'],
    ] as const) {
      const nets = await Promise.all(opened.map((service) => service.subnet(cidr, { policy, reclaim: {} })));
      const asked = nets.flatMap((net, n) =>
        Array.from({ length: 300 }, (_, i) => net.allocate(`web.${n}.${i}`, { node: `n${n}` })),
      );
      const addresses = await Promise.all(asked);
      assert.equal(new Set(addresses).size, 1800);
      const conflicts = nets.reduce((sum, net) => sum + net.stats.conflicts, 0);
      if (policy === 'serial') assert.ok(conflicts < 36, `${conflicts} of 1800`);
      else
        assert.ok(
          addresses.every((address) => inside(address, '10.1.0.0/21')),
          'the lowest ones',
        );
    }
  });

  test('a subnet whose key cannot be read is refused, and keeps nobody from starting', async () => {
    etcd.ctl('put', '/broken/subnet/default/10.0.0.0%2F24', 'nonsense');
    etcd.ctl('put', '/broken/subnet/default/10.0.1.0%2F24', '{"space":"default","cidr":"10.0.1.0/24"}');
    const service = await open('/broken/');
    for (const cidr of ['10.0.0.0/24', '10.0.1.0/24']) await assert.rejects(service.subnet(cidr), refuses('DAMAGED'));
    etcd.ctl('del', '/broken/subnet/default/10.0.0.0%2F24');
    await sleep(300); // for the watch
    assert.equal((await service.subnet('10.0.0.0/24')).cidr, '10.0.0.0/24');
    assert.equal((await service.subnet('10.0.2.0/24')).cidr, '10.0.2.0/24');
  });

  test('an answer that is lost: only who asks for the same waits, and then gets what etcd has', async () => {
    const wire = await wired();
    const service = await open('/lost/', { endpoints: [wire.endpoint], ttl: 30 });
    const net = await service.subnet('10.0.0.0/24');
    const first = await net.allocate('web.1', { node: 'n1' });
    wire.deafen();
    const ask = (within: number) => net.allocate('web.2', { node: 'n1', deadline: new Deadline(systemClock, within) });
    await assert.rejects(ask(300), refuses('UNAVAILABLE', 'unknown'));
    assert.equal(await net.allocate('web.1', { node: 'n1' }), first, 'whoever is live here is answered');
    await assert.rejects(ask(100), refuses('UNAVAILABLE', 'none', /ask for the same/));
    assert.equal(net.lookup('web.2'), undefined, 'what is not known does not show');
    const second = JSON.parse(
      etcd.keys('/lost/identity/').get('/lost/identity/default/10.0.0.0%2F24/web.2')?.value ?? '',
    );
    await eventually('it is known', () => net.lookup('web.2') !== undefined, 20_000);
    assert.equal(await net.allocate('web.2', { node: 'n1' }), second.address);
    assert.equal(await net.allocate('web.1', { node: 'n1' }), first);
    assert.equal(new Set([first, second.address, await net.allocate('web.3', { node: 'n1' })]).size, 3);
    assert.ok(!told.some((message) => message.includes('read again')), 'not everything was read again');
  });

  test('an answer that is lost, of what was not written: it is written while somebody waits', async () => {
    const wire = await wired();
    const service = await open('/held/', { endpoints: [wire.endpoint], ttl: 30 });
    const net = await service.subnet('10.0.0.0/24');
    const deadline = new Deadline(systemClock, 30_000);
    const held = wire.hold();
    const [one, two] = ['web.1', 'web.2'].map((identity) => net.allocate(identity, { node: 'n1', deadline }));
    await eventually('the request is on its way', () => held.waiting() > 0);
    await wire.cut();
    await wire.mend();
    assert.equal(new Set([await one, await two]).size, 2);
    assert.equal(etcd.count('/held/identity/'), 2);
  });

  test('a hold whose answer is lost is whose it was', async () => {
    const wire = await wired();
    const service = await open('/ticket/', { endpoints: [wire.endpoint], ttl: 30 });
    const net = await service.subnet('10.0.0.0/24');
    wire.deafen();
    const address = await net.holdNext({ deadline: new Deadline(systemClock, 30_000) });
    assert.deepEqual([...net.held()], [address]);
    assert.equal(etcd.count('/ticket/held/'), 1);
  });

  test('after a gap in the watch all is as etcd has it: subnets, bindings, what is due', async () => {
    const wire = await wired();
    const [here, there] = [await open('/gap/', { endpoints: [wire.endpoint] }), await open('/gap/')];
    const settings = { reclaim: { after: 1500 } };
    const [ended, net] = [await here.subnet('10.0.0.0/24'), await here.subnet('10.0.1.0/24', settings)];
    for (let i = 0; i < 10; i++) await net.allocate(`web.${i}`, { node: 'n1' });
    await there.refresh();
    const other = there.find('10.0.1.0/24') as SubnetService;
    await eventually('it is known', () => other.lookup('web.9') !== undefined);
    await wire.cut();
    await there.remove('10.0.0.0/24');
    await there.subnet('10.0.2.0/24');
    for (let i = 0; i < 5; i++) await other.allocate(`late.${i}`, { node: 'n2' });
    await other.allocate('due', { node: 'n2' });
    await other.release('due', 'n2');
    const ticket = await other.holdNext();
    await there.change('10.0.1.0/24', { ...settings, exclude: ['10.0.1.200'] });
    etcd.ctl('compact', String(etcd.revision()));
    await wire.mend();
    await eventually('it has been read', () => net.lookup('late.4') !== undefined);
    assert.equal(here.find('10.0.0.0/24'), undefined);
    await assert.rejects(ended.allocate('web.1', { node: 'n1' }), refuses('ENDED'));
    assert.equal(here.find('10.0.1.0/24'), net, 'the object that callers have goes on');
    assert.deepEqual([...net.held()], [ticket]);
    assert.deepEqual(net.spec.exclude, ['10.0.1.200']);
    assert.equal(net.inspect('10.0.1.200').state, 'excluded');
    assert.ok(here.find('10.0.2.0/24'));
    for (let i = 0; i < 10; i++) assert.equal(net.lookup(`web.${i}`)?.address, other.lookup(`web.${i}`)?.address);
    await there.close(); // which leaves the reclaiming to the other
    await eventually('it is reclaimed by age', () => net.stats.reclaimed.age === 1);
    assert.equal(net.lookup('due'), undefined);
    assert.equal(etcd.count('/gap/identity/default/10.0.1.0%2F24/due'), 0);
  });

  test('an address that is no longer held is free in etcd too, however it was written', async () => {
    const net = await (await open('/notation/')).subnet('fd00::/64');
    await net.hold('fd00::5');
    assert.equal(await net.unhold('FD00:0::5'), true);
    assert.equal(etcd.count('/notation/held/'), 0);
    assert.equal(net.isHeld('fd00::5'), false);
  });

  test('a new identity costs one round trip, one that is live here none', async () => {
    const net = await (await open('/cost/')).subnet('10.0.0.0/24');
    // Of this store alone: those of the tests before are open still, and have marks to put.
    const trips = async (action: () => Promise<unknown>) => {
      const calls = await counted(action);
      return calls.filter(({ request }) => textOfRequest(request).includes('/cost/')).length;
    };
    assert.equal(await trips(() => net.allocate('web.1', { node: 'n1' })), 1);
    assert.equal(await trips(() => net.allocate('web.1', { node: 'n1' })), 0);
    assert.equal(await trips(() => net.release('web.1', 'n1')), 1);
    assert.equal(await trips(() => net.allocate('web.1', { node: 'n1' })), 1);
  });
});

function inside(address: string, cidr: string): boolean {
  return overlap(`${address}/32`, cidr);
}

/** With its keys as text. */
function textOfRequest(request: unknown): string {
  return JSON.stringify(request, (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString() : value));
}
