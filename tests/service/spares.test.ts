// Addresses held ahead: who asks in a row waits for a block now and then, and soon for none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AllocatorService } from '../../src/entries/service.js';
import { upToDate } from '../fresh.js';
import { HeldBack } from './held-back.js';

await upToDate('core');

async function inARow(count: number) {
  const store = new HeldBack(64);
  const service = await AllocatorService.open(store);
  const net = await service.subnet('10.0.0.0/16');
  const given: string[] = [];
  for (let n = 0; n < count; n++) given.push(await net.holdNext());
  return { store, service, net, given };
}

test('the next block is held when half of the last one is used, and who asks meanwhile does not wait', async () => {
  // Four alone, then blocks of 2, 4, 8, 16, 32 and 64.
  const { store, service, net, given } = await inARow(100);
  store.holdBack();
  const before = store.commits;
  while (store.commits === before) given.push(await net.holdNext());
  const left = 31;
  for (let n = 0; n < left; n++) given.push(await net.holdNext());
  assert.equal(store.commits, before + 1);
  const next = net.holdNext(); // nothing is left: this one waits for the block that comes
  await turn();
  store.letGo();
  given.push(await next);
  assert.equal(store.commits, before + 1);
  assert.equal(new Set(given).size, given.length);
  await service.close();
});

test('no home is given up for a spare', async () => {
  const store = new HeldBack(64);
  const service = await AllocatorService.open(store);
  const net = await service.subnet('10.0.0.0/25', { reclaim: { whenFull: { holdDown: 0 } } });
  for (let n = 0; n < 60; n++) {
    await net.allocate(`web.${n}`, { node: 'n1' });
    await net.release(`web.${n}`, 'n1');
  }
  for (let n = 0; n < 66; n++) await net.holdNext();
  await turn();
  assert.equal([...net.list()].length, 60);
  await service.close();
});

test('a spare that somebody asks for by name is his alone', async () => {
  const { service, net, given } = await inARow(20);
  const spare = [...net.held()].find((address) => !given.includes(address)) as string;
  assert.equal(await net.hold(spare), spare);
  for (let n = 0; n < 40; n++) given.push(await net.holdNext());
  assert.ok(!given.includes(spare));
  const freed = [...net.held()].find((address) => ![...given, spare].includes(address)) as string;
  await net.unhold(freed);
  assert.equal(await net.hold(freed), freed);
  for (let n = 0; n < 40; n++) given.push(await net.holdNext());
  assert.ok(!given.includes(freed));
  assert.equal(new Set(given).size, given.length);
  await service.close();
});
