// What a caller of the service gets for a slip: a word about it, and no address.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AllocatorService, MemoryStore } from './library.js';

let service: AllocatorService;
let net: ReturnType<AllocatorService['find']> & {};
beforeEach(async () => {
  service = await AllocatorService.open(new MemoryStore());
  net = await service.subnet('10.0.0.0/28', { gateway: '10.0.0.1' });
});
afterEach(() => service.close());

describe('options', () => {
  const cases: [string, () => Promise<unknown>, string][] = [
    [
      'allocate',
      () => net.allocate('x', { node: 'n', tikcet: '10.0.0.9' } as never),
      'allocate has no option "tikcet"; it can have node, ticket, range, gone, isDue, deadline',
    ],
    [
      'claim',
      () => net.claim('x', { node: 'n', Range: '10.0.0.8/30' } as never),
      'claim has no option "Range"; it can have node, ticket, range, gone, isDue, deadline',
    ],
    ['hold', () => net.hold('10.0.0.9', { dead: 1 } as never), 'hold has no option "dead"; it can have deadline'],
    [
      'holdNext',
      () => net.holdNext({ rnage: '10.0.0.8/30' } as never),
      'holdNext has no option "rnage"; it can have range, gone, deadline',
    ],
    ['none at all', () => (net as any).allocate('x'), 'options are an object, not undefined'],
    ['no node', () => net.allocate('x', {} as never), 'the ID of the node is a string, not undefined'],
  ];
  for (const [name, call, message] of cases) {
    test(`${name}: a TypeError, and nothing is taken`, async () => {
      const before = JSON.stringify(net.stats);
      await assert.rejects(call(), { name: 'TypeError', message });
      assert.equal(JSON.stringify(net.stats), before);
    });
  }
});

test('counts are JSON, wide ones too', async () => {
  const { size, free, reclaimed, conflicts } = JSON.parse(JSON.stringify(net.stats));
  assert.deepEqual([size, free, conflicts], [16, 13, 0]);
  assert.deepEqual(reclaimed, { asked: 0, age: 0, full: 0, gone: 0 });
  const wide = await service.subnet('fd00::/64', {});
  assert.equal(JSON.parse(JSON.stringify(wide.stats)).size, String(2n ** 64n));
  assert.equal(typeof net.stats.size, 'bigint');
});

test('after the end of the service it is the service that has ended', async () => {
  await service.close();
  for (const call of [
    () => net.allocate('x', { node: 'n' }),
    () => net.claim('x', { node: 'n' }),
    () => net.hold('10.0.0.9'),
    () => net.holdNext(),
    () => net.unhold('10.0.0.9'),
    () => net.pin('x', '10.0.0.9'),
    () => net.release('x', 'n'),
  ]) {
    await assert.rejects(call(), { code: 'ENDED', message: 'the allocator service has been closed' });
  }
});

test('of a subnet that has been removed it is the subnet', async () => {
  await service.remove('10.0.0.0/28');
  for (const call of [() => net.allocate('x', { node: 'n' }), () => net.hold('10.0.0.9')]) {
    await assert.rejects(call(), { code: 'ENDED', message: 'the subnet 10.0.0.0/28 has been removed' });
  }
});
