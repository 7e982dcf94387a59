// Whoever asks after the health of the service asks its store: many at once put one question, and none waits for long.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Disk, disk } from '../../src/stores/file/disk.js';
import { freshFolder } from './file-folders.js';
import { AllocatorService, FileStore, LimpetError, MemoryStore } from './library.js';

describe('whyAway', () => {
  test('a hundred that ask at once put one question, and the next one another', async () => {
    const store = new MemoryStore() as InstanceType<typeof MemoryStore> & { answers?: () => Promise<void> };
    let asked = 0;
    store.answers = () => new Promise((resolve) => setTimeout(resolve, 20 * ++asked));
    const service = await AllocatorService.open(store);
    const all = await Promise.all(Array.from({ length: 100 }, () => service.whyAway()));
    assert.deepEqual([new Set(all), asked], [new Set([undefined]), 1]);
    store.answers = async () => {
      throw new LimpetError('UNAVAILABLE', 'the disk is on fire', { outcome: 'none' });
    };
    assert.equal(await service.whyAway(), 'the disk is on fire');
    await service.close();
    assert.match((await service.whyAway()) ?? '', /has been closed/);
  });

  test('a store that never answers is given up in time', async () => {
    const store = new MemoryStore() as InstanceType<typeof MemoryStore> & { answers?: () => Promise<void> };
    store.answers = () => new Promise(() => {});
    const service = await AllocatorService.open(store);
    const started = performance.now();
    assert.match((await service.whyAway()) ?? '', /no time is left to ask memory/);
    assert.ok(performance.now() - started < 2500);
    await service.close();
  });

  test('a file store whose last write failed asks its disk, and is well again when that is', async () => {
    let isFull = false;
    let writes = 0;
    const tried: Disk = {
      append: async (...args) => {
        writes++;
        if (isFull) throw Object.assign(new Error('ENOSPC: no space left'), { syscall: 'write', code: 'ENOSPC' });
        await disk.append(...args);
      },
      truncate: disk.truncate,
    };
    const folder = freshFolder();
    const service = await AllocatorService.open(new FileStore(folder, { disk: tried }));
    const net = await service.subnet('10.0.0.0/24');
    const before = writes;
    assert.equal(await service.whyAway(), undefined);
    assert.equal(writes, before, 'nothing is written while all is well');
    isFull = true;
    await assert.rejects(net.allocate('web.1', { node: 'n1' }), { code: 'UNAVAILABLE' });
    assert.match((await service.whyAway()) ?? '', /ENOSPC/);
    isFull = false;
    assert.equal(await service.whyAway(), undefined);
    await net.allocate('web.1', { node: 'n1' });
    await service.close();
    const again = await AllocatorService.open(new FileStore(folder));
    assert.deepEqual([again.find('10.0.0.0/24')?.stats.live, [...again.subnets()].length], [1, 1]);
    await again.close();
  });
});
