// An etcd that is full reads on and writes no more: who asks after health hears of it, and of its end, though nobody
// changes anything meanwhile.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService } from '../../src/service/index.js';
import { Hand } from './by-hand.js';
import { Etcd } from './etcd.js';
import { refuses } from './harness.js';

const ends: (() => unknown)[] = [];
after(async () => {
  for (const end of ends.reverse()) await end();
});

test('an etcd that is full: refused, told, and well again when there is room', async () => {
  const { etcd, remove } = await Etcd.start({ flags: ['--quota-backend-bytes', String(8 << 20)] });
  ends.push(remove);
  const hand = new Hand(etcd.endpoint);
  ends.push(() => hand.close());
  const service = await AllocatorService.open(
    new EtcdStore({ endpoints: [etcd.endpoint], node: 'n1', ttl: 5, deadline: 1000 }),
  );
  ends.push(() => service.close());
  const net = await service.subnet('10.0.0.0/24');
  assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1');
  const fill = async () => {
    for (let n = 0; n < 100; n++) await hand.put([[`/fill/${n % 4}`, Buffer.alloc(1 << 20)]]);
  };
  await assert.rejects(fill(), /database space exceeded/);
  await assert.rejects(net.allocate('web.2', { node: 'n1' }), refuses('UNAVAILABLE', 'none', /space exceeded/));
  assert.match((await service.whyAway()) ?? '', /database space exceeded/);
  assert.equal(await net.allocate('web.1', { node: 'n1' }), '10.0.0.1', 'who is live here has his address');
  etcd.ctl('del', '--prefix', '/fill/');
  etcd.ctl('compact', String(etcd.revision()));
  etcd.ctl('defrag');
  etcd.ctl('alarm', 'disarm');
  assert.equal(await service.whyAway(), undefined);
  assert.ok(await net.allocate('web.2', { node: 'n1' }));
});
