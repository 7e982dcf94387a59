// Many identities start at one moment in several processes' services: on an etcd that is well, and while it is gone for
// longer than a lease lasts.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService, Deadline, type SubnetService, systemClock } from '../../src/service/index.js';
import { Etcd } from './etcd.js';
import { counted, eventually, refuses, sleep } from './harness.js';

const CIDR = '10.0.0.0/20';
const SERVICES = 5;
const EACH = 200;

describe('a storm on etcd', () => {
  let etcd: Etcd;
  let remove = () => {};
  const services: AllocatorService[] = [];
  const reports: string[] = [];

  beforeEach(async () => {
    ({ etcd, remove } = await Etcd.start());
    reports.length = 0;
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
    remove();
  });

  async function open(): Promise<SubnetService[]> {
    const nets: SubnetService[] = [];
    for (let n = 0; n < SERVICES; n++) {
      const store = new EtcdStore({ endpoints: [etcd.endpoint], node: `n${n}` });
      const service = await AllocatorService.open(store, { report: ({ message }) => reports.push(message) });
      services.push(service);
      nets.push(await service.subnet(CIDR, { reclaim: {} }));
    }
    return nets;
  }

  /** Everybody's identities, each asked for once. */
  function start(nets: readonly SubnetService[], within: number): Promise<string[]> {
    const calls = nets.flatMap((net, n) =>
      Array.from({ length: EACH }, (_, i) =>
        net.allocate(`web.${n * EACH + i}`, { node: `n${n}`, deadline: new Deadline(systemClock, within) }),
      ),
    );
    return Promise.all(calls);
  }

  function checkLive(): void {
    assert.equal(etcd.count('/limpet/v2/identity/'), SERVICES * EACH);
    assert.equal(etcd.count('/limpet/v2/live/'), SERVICES * EACH);
  }

  test('nobody is refused, many go out together, and known identities keep their addresses', async () => {
    const nets = await open();
    const addresses = await start(nets, 30_000);
    assert.equal(new Set(addresses).size, SERVICES * EACH);
    checkLive();
    const moved = [...nets.slice(1), nets[0] as SubnetService]; // each starts what the next one had
    await eventually('all know', () => moved.every((net) => net.stats.live === SERVICES * EACH));
    let again: string[] = [];
    const calls = await counted(async () => {
      again = await start(moved, 30_000);
    });
    assert.deepEqual(again, addresses);
    const transactions = calls.filter(({ method }) => method === 'txn').length;
    assert.ok(transactions < (SERVICES * EACH) / 10, `${transactions} transactions`);
    assert.ok(!reports.some((message) => /read again|lease had ended/.test(message)), reports.join('\n'));
  });

  test('etcd is gone for 14 s in the middle of it: whoever asks on has an address, and all is live afterwards', {
    timeout: 90_000,
  }, async () => {
    const nets = await open();
    const ask = async (net: SubnetService, n: number, identity: string): Promise<string> => {
      const asked = Date.now();
      try {
        return await net.allocate(identity, { node: `n${n}`, deadline: new Deadline(systemClock, 20_000) });
      } catch (error) {
        refuses('UNAVAILABLE')(error);
        assert.ok(Date.now() - asked < 21_000, 'in time');
        await sleep(250); // as the plugin does
        return ask(net, n, identity);
      }
    };
    const storm = Promise.all(
      nets.flatMap((net, n) => Array.from({ length: EACH }, (_, i) => ask(net, n, `web.${n * EACH + i}`))),
    );
    await eventually('it has begun', () => nets.some((net) => net.stats.live > 0));
    await etcd.kill();
    await sleep(14_000);
    etcd.spawn();
    await etcd.healthy();
    const addresses = await storm;
    assert.equal(new Set(addresses).size, SERVICES * EACH);
    await eventually('all marks are there', () => etcd.count('/limpet/v2/live/') === SERVICES * EACH, 30_000);
    checkLive();
    assert.ok(!reports.some((message) => message.includes('read again')), reports.join('\n'));
  });
});
