// An etcd that is full reads on and writes no more: who asks after health hears of it, and of its end, though nobody
// changes anything meanwhile.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService, Deadline, type SubnetService, systemClock } from '../../src/service/index.js';
import { Hand } from './by-hand.js';
import { Etcd } from './etcd.js';
import { eventually, refuses } from './harness.js';

const ends: (() => unknown)[] = [];
after(async () => {
  for (const end of ends.reverse()) await end();
});

test('an etcd that is full: refused, told, and well again when there is room', async () => {
  const { etcd, remove } = await Etcd.start({ flags: ['--quota-backend-bytes', String(8 << 20)] });
  ends.push(remove);
  const hand = new Hand(etcd.endpoint);
  ends.push(() => hand.close());
  const told: string[] = [];
  const open = async (node: string) => {
    const store = new EtcdStore({ endpoints: [etcd.endpoint], node, ttl: 5, deadline: 1000 });
    const service = await AllocatorService.open(store, { report: ({ message }) => told.push(`${node}: ${message}`) });
    ends.push(() => service.close());
    return service;
  };
  const service = await open('n1');
  const net = await service.subnet('10.0.0.0/24');
  assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1');
  const fill = async () => {
    for (let n = 0; n < 100; n++) await hand.put([[`/fill/${n % 4}`, Buffer.alloc(1 << 20)]]);
  };
  await assert.rejects(fill(), /database space exceeded/);
  await assert.rejects(net.allocate('web.2', { node: 'n1' }), refuses('UNAVAILABLE', 'none', /space exceeded/));
  assert.match((await service.whyAway()) ?? '', /full \(NOSPACE, database space exceeded\).*docs\/ETCD\.md/);
  assert.equal(service.isFull, true);
  assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1', 'who is live here has his address');
  const late = await open('n2');
  assert.match((await late.whyAway()) ?? '', /NOSPACE/);
  const other = late.find('10.0.0.0/24') as SubnetService;
  assert.equal(other.lookup('web.1')?.address, '10.0.0.1', 'what is known is answered by who starts meanwhile');
  const asked = Date.now();
  const deadline = new Deadline(systemClock, 20_000);
  await assert.rejects(other.allocate('web.3', { node: 'n2', deadline }), refuses('UNAVAILABLE', 'none', /NOSPACE/));
  assert.ok(Date.now() - asked < 5000, 'nobody waits for what does not pass by itself');
  for (const node of ['n1', 'n2'])
    assert.equal(told.filter((line) => line.startsWith(`${node}: etcd is full (NOSPACE`)).length, 1, told.join('\n'));
  etcd.ctl('del', '--prefix', '/fill/');
  etcd.ctl('compact', String(etcd.revision()));
  etcd.ctl('defrag');
  etcd.ctl('alarm', 'disarm');
  assert.equal(await service.whyAway(), undefined);
  assert.equal(service.isFull, false);
  assert.ok(await net.allocate('web.2', { node: 'n1' }));
  await eventually('it has its lease', () => told.includes('n2: etcd takes writes again'));
  assert.ok(await other.allocate('web.3', { node: 'n2' }));
  assert.equal(await late.whyAway(), undefined);
});
