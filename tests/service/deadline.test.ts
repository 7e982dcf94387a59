// One deadline goes down with a call: nothing is waited for longer, and nothing is committed once it has passed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disk } from '../../src/stores/file/disk.js';
import { disk } from '../../src/stores/file/disk.js';
import { freshFolder } from './file-folders.js';
import {
  AllocatorService,
  type Commit,
  Deadline,
  FileStore,
  LimpetError,
  MemoryStore,
  type Store,
  systemClock,
} from './library.js';

const within = (ms: number) => new Deadline(systemClock, ms);

const late = (error: unknown) =>
  error instanceof LimpetError && error.code === 'UNAVAILABLE' && error.details.outcome === 'none';

/** A memory store that answers as it is told to, and counts. */
function slowStore(answer: () => Commit | Promise<Commit>): Store & { commits: number } {
  const store = Object.assign(new MemoryStore(), { commits: 0 });
  store.commit = async () => {
    store.commits++;
    return answer();
  };
  return store;
}

describe('a deadline', () => {
  test('whose asker is gone has passed: nobody waits for his turn any longer, and nothing is committed', async () => {
    let answer = (_: Commit) => {};
    const answered = new Promise<Commit>((resolve) => {
      answer = resolve;
    });
    const store = slowStore(() => (store.commits === 2 ? answered : 'done'));
    const service = await AllocatorService.open(store);
    const net = await service.subnet('10.0.0.0/24');
    const first = net.allocate('web.1', { node: 'a' });
    const connection = new AbortController();
    const deadline = new Deadline(systemClock, 60_000, connection.signal);
    const second = net.release('web.1', 'a', { deadline });
    connection.abort();
    await assert.rejects(second, late);
    assert.equal(deadline.left, 0);
    answer('done');
    await first;
    assert.equal(store.commits, 2);
    assert.equal(net.lookup('web.1')?.state, 'live');
  });

  test('that has passed: what is begun all the same may fail, and ends no process', async () => {
    await assert.rejects(within(0).wait(Promise.reject(new Error('of nobody')), 'ask'), late);
    await sleep(1); // an unhandled rejection would fail this test
  });

  test('that has passed: no call commits anything', async () => {
    const store = slowStore(() => 'done');
    const service = await AllocatorService.open(store);
    const net = await service.subnet('10.0.0.0/24');
    await net.allocate('reserved', { node: 'a' });
    await net.release('reserved', 'a');
    await net.allocate('web.1', { node: 'a' });
    const before = store.commits;
    const deadline = within(0);
    const calls: Promise<unknown>[] = [
      net.allocate('web.2', { node: 'a', deadline }),
      net.allocate('web.1', { node: 'b', deadline }),
      net.claim('web.2', { node: 'a', deadline }),
      net.release('web.1', 'a', { deadline }),
      net.hold('10.0.0.9', { deadline }),
      net.holdNext({ deadline }),
      net.unhold('10.0.0.9', { deadline }),
      net.reclaim('reserved', { deadline }),
      net.use('swarm', { deadline }),
      net.disuse('swarm', { deadline }),
      service.subnet('10.1.0.0/24', {}, { deadline }),
      service.change('10.0.0.0/24', { policy: 'lowest' }, { deadline }),
      service.remove('10.0.0.0/24', 'default', { deadline }),
      service.removeUnused('10.0.0.0/24', 'default', { deadline }),
    ];
    for (const call of calls) await assert.rejects(call, late);
    assert.equal(store.commits, before);
    assert.deepEqual([net.lookup('web.2'), net.stats.live, net.stats.held], [undefined, 1, 0]);
    await service.close();
  });

  test('ends the waiting for those before, whose turn goes on', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const store = slowStore(() => 'done');
    const service = await AllocatorService.open(store);
    const net = await service.subnet('10.0.0.0/24');
    store.commit = async (_, [change]) => {
      if (change?.op !== 'live') await opened;
      return 'done';
    };
    const first = net.allocate('web.1', { node: 'a' });
    const began = Date.now();
    await assert.rejects(net.allocate('web.1', { node: 'b', deadline: within(50) }), late);
    assert.ok(Date.now() - began < 2000, 'it did not wait for the first');
    const third = net.allocate('web.1', { node: 'c', deadline: within(60_000) });
    await sleep(20);
    assert.equal(net.lookup('web.1'), undefined, 'the third waits for the first');
    open();
    assert.equal(await first, await third);
    assert.deepEqual(net.lookup('web.1')?.nodes, ['a', 'c']);
    await service.close();
  });

  test('ends the attempts of who always loses', async () => {
    const store = slowStore(() => 'done');
    const service = await AllocatorService.open(store);
    const net = await service.subnet('10.0.0.0/24');
    store.commit = async () => 'conflict';
    const began = Date.now();
    await assert.rejects(net.allocate('web.1', { node: 'a', deadline: within(100) }), late);
    assert.ok(Date.now() - began < 1500, '64 attempts take longer');
    assert.equal(net.stats.live, 0);
    await service.close();
  });

  test('that passes while another commit is written: the file store writes it no more', async () => {
    let open = () => {};
    let isShut = false;
    const slow: Disk = {
      ...disk,
      append: async (...rest) => {
        if (isShut) {
          await new Promise<void>((resolve) => {
            open = resolve;
          });
        }
        return disk.append(...rest);
      },
    };
    const folder = freshFolder();
    const service = await AllocatorService.open(new FileStore(folder, { disk: slow }));
    const net = await service.subnet('10.0.0.0/24');
    isShut = true;
    const first = net.allocate('web.1', { node: 'a', deadline: within(50) });
    await sleep(10);
    const second = net.allocate('web.2', { node: 'a', deadline: within(50) });
    const third = net.allocate('web.3', { node: 'a', deadline: within(60_000) });
    const refused = assert.rejects(second, late);
    await sleep(100);
    isShut = false;
    open();
    assert.equal(await first, '10.0.0.1', 'what has begun to be written is waited for');
    await refused;
    assert.equal(await third, '10.0.0.3');
    assert.equal(net.lookup('web.2'), undefined);
    await service.close();
    const again = await AllocatorService.open(new FileStore(folder));
    assert.deepEqual(
      [...(again.find('10.0.0.0/24')?.list() ?? [])].map(({ identity }) => identity),
      ['web.1', 'web.3'],
    );
    await again.close();
  });
});
