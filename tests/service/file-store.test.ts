// The file store by itself: what is committed comes back, one flush serves many, and one store at a time has the
// folder.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LimpetError } from '../../src/host/errors.js';
import type { Change, SubnetKey } from '../../src/service/store.js';
import { type Disk, disk } from '../../src/stores/file/disk.js';
import { filesOf, freshFolder, recordsOf } from './file-folders.js';
import { FileStore } from './library.js';
import { commitTo, PlainState, readBack, specOf } from './plain-state.js';

const KEY: SubnetKey = { space: 'default', cidr: '10.0.0.0/24' };
const CREATE: Change = { op: 'create', spec: specOf(KEY.cidr) };

/** A disk that counts. */
function counted(): Disk & { appends: number } {
  const counts = { appends: 0 };
  return Object.assign(counts, {
    append: (fd: number, bytes: Uint8Array, position: number) => {
      counts.appends++;
      return disk.append(fd, bytes, position);
    },
    truncate: disk.truncate,
  });
}

async function opened(folder: string, options = {}) {
  const [store, state] = [new FileStore(folder, options), new PlainState()];
  await store.open(state);
  return { store, state };
}

describe('what is committed', () => {
  test('comes back: every change there is, in order', async () => {
    const folder = freshFolder();
    const { store, state } = await opened(folder);
    const other: SubnetKey = { space: 'another "space"', cidr: 'fd00::/64' };
    const spec = {
      ...specOf(other.cidr, other.space),
      gateway: 'fd00::1',
      exclude: ['fd00::ff'],
      reclaim: { after: 5000, whenFull: { holdDown: 600_000 } },
    };
    await commitTo(store, state, KEY, [CREATE]);
    await commitTo(store, state, other, [{ op: 'create', spec }]);
    await commitTo(store, state, KEY, [
      { op: 'bind', identity: 'web.1', address: '10.0.0.1' },
      { op: 'live', identity: 'web.1', node: 'n1' },
    ]);
    await commitTo(store, state, KEY, [{ op: 'live', identity: 'web.1', node: 'n2' }]);
    await commitTo(store, state, KEY, [{ op: 'gone', identity: 'web.1', node: 'n1', time: 1_700_000_000_000 }]);
    await commitTo(store, state, KEY, [{ op: 'hold', address: '10.0.0.9' }]);
    await commitTo(store, state, KEY, [{ op: 'hold', address: '10.0.0.8' }]);
    await commitTo(store, state, KEY, [
      { op: 'bind', identity: 'ünï "q" \u0000\n\u{1f41a}', address: '10.0.0.9', ticket: true },
    ]);
    await commitTo(store, state, KEY, [{ op: 'unhold', address: '10.0.0.8' }]);
    await commitTo(store, state, KEY, [{ op: 'gone', identity: 'web.1', node: 'n2', time: 1_700_000_000_001 }]);
    await commitTo(store, state, KEY, [{ op: 'reclaim', identity: 'web.1', address: '10.0.0.1' }]);
    await commitTo(store, state, other, [{ op: 'remove' }]);
    await commitTo(store, state, other, [{ op: 'create', spec }]);
    await store.close();
    const back = await readBack(new FileStore(folder));
    assert.deepEqual(back.subnets, state.subnets);
    assert.deepEqual(back.alarms, []);
  });

  test('comes back in records that no read of the file takes whole', async () => {
    const folder = freshFolder();
    const { store, state } = await opened(folder);
    const wide: SubnetKey = { space: 'default', cidr: '10.0.0.0/8' };
    await commitTo(store, state, wide, [{ op: 'create', spec: specOf(wide.cidr) }]);
    for (const count of [1, 30_000, 2, 7000, 60_000]) {
      const changes = Array.from({ length: count }, (_, i): Change => {
        return { op: 'bind', identity: `${count}.${i}`, address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` };
      });
      await commitTo(store, state, wide, changes);
    }
    await store.close();
    const back = await readBack(new FileStore(folder));
    assert.deepEqual(back.subnets, state.subnets);
  });

  test('is on disk before it is answered, and is one record', async () => {
    const folder = freshFolder();
    const { store } = await opened(folder);
    for (let i = 1; i < 20; i++) {
      await store.commit(KEY, [CREATE, { op: 'hold', address: `10.0.0.${i}` }]);
      const records = recordsOf(filesOf(folder)['00000001.journal']!);
      assert.equal(records.length - 1, i);
    }
    await store.close();
  });

  test('is refused when the store is not open', async () => {
    const store = new FileStore(freshFolder());
    const refused = { code: 'UNAVAILABLE', details: { outcome: 'none' } };
    await assert.rejects(store.commit(KEY, [CREATE]), refused);
    await store.open(new PlainState());
    const last = store.commit(KEY, [CREATE]);
    const closed = store.close();
    await assert.rejects(store.commit(KEY, [CREATE]), refused);
    assert.equal(await last, 'done', 'what was asked before is written');
    await closed;
    await store.close();
    await assert.rejects(store.commit(KEY, [CREATE]), refused);
    const state = new PlainState();
    await store.open(state);
    assert.deepEqual(Object.keys(state.subnets), ['default 10.0.0.0/24']);
    await store.close();
  });
});

describe('group commit', () => {
  test('writes once for all that waits', async () => {
    const counts = counted();
    const { store } = await opened(freshFolder(), { disk: counts });
    const hold = (i: number) => store.commit(KEY, [{ op: 'hold', address: `10.0.0.${i}` }]);
    await store.commit(KEY, [CREATE]);
    assert.equal(counts.appends, 1);
    await Promise.all(Array.from({ length: 200 }, (_, i) => hold(i)));
    assert.equal(counts.appends, 2);
    // 64 callers in a row: each asks again as soon as it is answered.
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        for (let i = 0; i < 10; i++) await hold(i);
      }),
    );
    assert.equal(counts.appends, 12);
    await store.close();
  });

  test('keeps the order of the calls', async () => {
    const folder = freshFolder();
    const { store } = await opened(folder);
    await store.commit(KEY, [CREATE]);
    const asked: string[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, caller) => {
        for (let i = 0; i < 20; i++) {
          const identity = `${caller}.${i}`;
          asked.push(identity);
          await store.commit(KEY, [{ op: 'bind', identity, address: '10.0.0.1' }]);
        }
      }),
    );
    await store.close();
    assert.deepEqual(Object.keys((await readBack(new FileStore(folder))).subnets['default 10.0.0.0/24']!.bound), asked);
  });
});

describe('the folder', () => {
  test('is made for its owner only, with all folders above it', async () => {
    const folder = join(freshFolder(), 'a/b');
    const { store } = await opened(folder);
    await store.commit(KEY, [CREATE]);
    const mode = (path: string) => statSync(path).mode & 0o777;
    assert.equal(mode(folder), 0o700);
    assert.equal(mode(dirname(folder)), 0o700);
    for (const name of Object.keys(filesOf(folder))) assert.equal(mode(join(folder, name)), 0o600, name);
    assert.equal(store.name, pathToFileURL(folder).href);
    await store.close();
  });

  test('that cannot be used is told with its reason', async () => {
    const folder = freshFolder();
    mkdirSync(join(folder, '00000001.journal'), { recursive: true });
    await assert.rejects(new FileStore('/dev/null/store').open(new PlainState()), (error: LimpetError) => {
      assert.equal(error.code, 'UNAVAILABLE');
      assert.equal(error.details.outcome, 'none');
      return (error.details.cause as NodeJS.ErrnoException).code === 'ENOTDIR';
    });
    await assert.rejects(new FileStore(folder).open(new PlainState()), { code: 'UNAVAILABLE' });
    await assert.rejects(new FileStore('/dev/null').open(new PlainState()), {
      code: 'BAD_INPUT',
      message: '/dev/null is a file, not a directory',
    });
  });

  test('is one of the wrong type', () => {
    assert.throws(() => new FileStore(7 as never), TypeError);
    assert.throws(() => new FileStore('x', { compactAfter: '7' as never }), TypeError);
    for (const compactAfter of [0, -1, Number.NaN]) {
      assert.throws(() => new FileStore('x', { compactAfter }), { code: 'BAD_INPUT' });
    }
  });

  test('has one store at a time in a process', async () => {
    const folder = freshFolder();
    const { store } = await opened(folder);
    const second = new FileStore(folder);
    await assert.rejects(second.open(new PlainState()), { code: 'LOCKED', details: { file: join(folder, 'lock') } });
    await assert.rejects(store.open(new PlainState()), { code: 'LOCKED' });
    assert.equal(await store.commit(KEY, [CREATE]), 'done', 'the first one goes on');
    await store.close();
    assert.deepEqual(Object.keys((await readBack(second)).subnets), ['default 10.0.0.0/24']);
  });

  test('has one process at a time, and is free when that is killed', async () => {
    const folder = freshFolder();
    const script = fileURLToPath(new URL('file-holder.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
    const store = new FileStore(folder);
    await assert.rejects(store.open(new PlainState()), { code: 'LOCKED' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(Object.keys((await readBack(store)).subnets), ['default 10.0.0.0/24']);
  });
});
