// A claim that rests on something that was seen: where that is no longer so when its turn comes, nothing is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllocatorService } from '../../src/service/index.js';
import { MemoryStore } from '../../src/stores/memory/memory-store.js';

test('a claim that is not due any more gives nothing', async (context) => {
  const service = await AllocatorService.open(new MemoryStore());
  context.after(() => service.close());
  const net = await service.subnet('10.0.0.0/24');
  const claim = (isDue: () => boolean) => net.claim('web.1', { node: 'a', isDue });
  await assert.rejects(
    claim(() => false),
    { code: 'CONTENDED' },
  );
  assert.equal(net.lookup('web.1'), undefined);
  assert.equal(await claim(() => true), '10.0.0.1');
});

test('what is not due any more once room was made gives nothing', async (context) => {
  const service = await AllocatorService.open(new MemoryStore());
  context.after(() => service.close());
  const net = await service.subnet('10.0.0.0/30', { reclaim: { whenFull: { holdDown: 0 } } });
  for (const identity of ['web.1', 'web.2']) {
    await net.allocate(identity, { node: 'a' });
    await net.release(identity, 'a');
  }
  let isDue = true;
  const gone = async () => {
    isDue = false;
    return ['web.1'];
  };
  await assert.rejects(net.claim('web.3', { node: 'a', gone, isDue: () => isDue }), { code: 'CONTENDED' });
  assert.equal(net.lookup('web.3'), undefined);
});

test('a pin that is not due any more chooses nothing', async (context) => {
  const service = await AllocatorService.open(new MemoryStore());
  context.after(() => service.close());
  const net = await service.subnet('10.0.0.0/24');
  await assert.rejects(net.pin('web.1', '10.0.0.9', { isDue: () => false }), { code: 'CONTENDED' });
  assert.equal(net.pinOf('web.1'), undefined);
  await net.pin('web.1', '10.0.0.9', { isDue: () => true });
  assert.equal(net.lookup('web.1')?.address, '10.0.0.9');
});
