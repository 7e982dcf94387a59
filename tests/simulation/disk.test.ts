// The file store on a simulated disk: killed, without power, full, failing. `npm run simulate` plays more of them, one
// beside every fourth world.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllocatorService } from '../../src/service/index.js';
import { MemoryStore } from '../../src/stores/memory/memory-store.js';
import { upToDate } from '../fresh.js';
import { playDisk } from './disk/play.js';

await upToDate('core');

const DISKS = 12;

test(`${DISKS} disks hold what was answered`, async () => {
  const seed = Math.abs(Number(process.env.LIMPET_SEED ?? 1)) % 1e6;
  for (let one = seed; one < seed + DISKS; one++) assert.equal((await playDisk(one)).failure, undefined, `seed ${one}`);
});

test('an unhold of what is free does not undo the hold of it that is under way', async () => {
  const service = await AllocatorService.open(new MemoryStore());
  const net = await service.subnet('10.0.0.0/28', { policy: 'lowest' });
  for (const hold of [() => net.hold('10.0.0.1'), () => net.holdNext()]) {
    const [, held] = await Promise.all([net.unhold('10.0.0.1'), hold()]);
    assert.equal(held, '10.0.0.1');
    assert.equal(net.isHeld('10.0.0.1'), true);
    await net.unhold('10.0.0.1');
  }
  await service.close();
});
