// Disks that fill up, fail, or fail and then cannot take back what they wrote half: a call says what became of it,
// nothing that was answered is lost, and the store goes on once it can.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Change, SubnetKey } from '../../src/service/store.js';
import { type Disk, disk } from '../../src/stores/file/disk.js';
import { filesOf, freshFolder, recordsOf } from './file-folders.js';
import { AllocatorService, FileStore, type LimpetError } from './library.js';
import { commitTo, PlainState, readBack, specOf } from './plain-state.js';

const KEY: SubnetKey = { space: 'default', cidr: '10.0.0.0/16' };
const CREATE: Change = { op: 'create', spec: specOf(KEY.cidr) };
const bind = (identity: string): Change => ({ op: 'bind', identity, address: '10.0.0.1' });

const outcome = (expected: 'none' | 'unknown', code?: string) => (error: LimpetError) => {
  assert.equal(error.code, 'UNAVAILABLE', String(error));
  assert.equal(error.details.outcome, expected, error.message);
  if (code !== undefined) assert.equal((error.details.cause as NodeJS.ErrnoException).code, code, error.message);
  return true;
};

async function eventually(check: () => boolean): Promise<void> {
  for (let i = 0; !check(); i++) {
    assert.ok(i < 500, `never came true: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A disk of a few pages, or why there is none. */
function tinyDisk(kilobytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-tiny-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'limpet-test', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  after(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe('a full disk', () => {
  const tiny = tinyDisk(128);
  const skip = tiny === undefined && 'a tmpfs can be mounted by root only';

  test('refuses commits, loses nothing, and works on when there is room', { skip }, async () => {
    const ballast = join(tiny!, 'ballast');
    const folder = join(tiny!, 'store');
    const [store, state] = [new FileStore(folder), new PlainState()];
    await store.open(state);
    await commitTo(store, state, KEY, [CREATE]);
    writeFileSync(ballast, Buffer.alloc(64 << 10));
    // Long ones, so that the write that hits the end is cut off in the middle.
    const identity = (i: number) => `${i}-${'x'.repeat(i % 7 === 0 ? 240 : 20)}`;
    for (let round = 0, i = 0; round < 3; round++) {
      let refusals = 0;
      while (refusals < 5) {
        const batch = Array.from({ length: 20 }, () => bind(identity(i++)));
        const answers = await Promise.allSettled(batch.map((change) => commitTo(store, state, KEY, [change])));
        if (answers.every(({ status }) => status === 'fulfilled')) continue;
        refusals++;
        for (const answer of answers) {
          assert.equal(answer.status, 'rejected', 'one write, one fate');
          outcome('none', 'ENOSPC')((answer as PromiseRejectedResult).reason);
        }
        const journal = filesOf(folder)['00000001.journal']!;
        assert.equal(recordsOf(journal).at(-1), journal.length, 'cut back to the last whole record');
      }
      await assert.rejects(
        store.commit(
          KEY,
          Array.from({ length: 200 }, (_, n) => bind(`${n}`.repeat(50))),
        ),
      );
      writeFileSync(ballast, Buffer.alloc((32 << 10) >> round)); // some room again
    }
    await commitTo(store, state, KEY, [bind('last')]);
    await store.close();
    const back = await readBack(new FileStore(folder));
    assert.deepEqual(back.subnets, state.subnets);
    assert.deepEqual(back.alarms, []);
  });

  test('leaves the service as it was', { skip }, async () => {
    const ballast = join(tiny!, 'ballast');
    const folder = join(tiny!, 'of-a-service');
    const warnings: string[] = [];
    const report = ({ level, message }: { level: string; message: string }) => {
      if (level !== 'info') warnings.push(message);
    };
    writeFileSync(ballast, Buffer.alloc(8 << 10));
    let service = await AllocatorService.open(new FileStore(folder, { compactAfter: 3000 }), { report });
    let net = await service.subnet('10.0.0.0/20');
    const answered = new Map<string, string>();
    for (let refusals = 0, i = 0; refusals < 10; i++) {
      const identity = `web.${i}`;
      try {
        answered.set(identity, await net.allocate(identity, { node: 'n1' }));
      } catch (error) {
        outcome('none')(error as LimpetError);
        assert.equal(net.lookup(identity), undefined);
        refusals++;
      }
    }
    assert.ok(answered.size > 50, `${answered.size}`);
    assert.equal(net.stats.live, answered.size);
    rmSync(ballast);
    rmSync(join(tiny!, 'store'), { recursive: true, force: true });
    answered.set('after', await net.allocate('after', { node: 'n1' }));
    const seen = [...net.list()];
    await service.close();
    service = await AllocatorService.open(new FileStore(folder));
    net = service.find('10.0.0.0/20')!;
    assert.deepEqual([...net.list()], seen);
    for (const [identity, address] of answered) assert.equal(net.lookup(identity)?.address, address);
    await service.close();
    assert.ok(
      warnings.every((message) => /no snapshot was written/.test(message)),
      warnings.join('\n'),
    );
  });

  test('that is full at the start says so', { skip }, async () => {
    const ballast = join(tiny!, 'ballast');
    mkdirSync(join(tiny!, 'fresh'));
    assert.throws(() => writeFileSync(ballast, Buffer.alloc(256 << 10)), { code: 'ENOSPC' });
    await assert.rejects(new FileStore(join(tiny!, 'fresh')).open(new PlainState()), outcome('none', 'ENOSPC'));
    rmSync(ballast);
    await readBack(new FileStore(join(tiny!, 'fresh')));
  });
});

/** A disk that can be told to fail. A write that fails has written `part` of its bytes. */
class FailingDisk implements Disk {
  part: number | undefined;
  stuck = false;
  readonly #error = () => Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'write' });

  async append(fd: number, bytes: Uint8Array, position: number): Promise<void> {
    if (this.part === undefined) return disk.append(fd, bytes, position);
    writeSync(fd, bytes, 0, Math.round(bytes.length * this.part), position);
    throw this.#error();
  }

  async truncate(fd: number, length: number): Promise<void> {
    if (this.stuck) throw this.#error();
    return disk.truncate(fd, length);
  }
}

describe('a disk that fails', () => {
  test('takes back what it wrote', async () => {
    const [folder, failing] = [freshFolder(), new FailingDisk()];
    const [store, state] = [new FileStore(folder, { disk: failing }), new PlainState()];
    await store.open(state);
    await commitTo(store, state, KEY, [CREATE]);
    for (const part of [0, 0.1, 0.5, 0.99, 1]) {
      failing.part = part;
      const batch = Array.from({ length: 5 }, (_, i) => store.commit(KEY, [bind(`lost.${i}`)]));
      for (const each of batch) await assert.rejects(each, outcome('none', 'EIO'));
      failing.part = undefined;
      await commitTo(store, state, KEY, [bind(`kept.${part}`)]);
    }
    await store.close();
    assert.deepEqual((await readBack(new FileStore(folder))).subnets, state.subnets);
  });

  for (const part of [0, 0.5, 1]) {
    test(`and cannot take back the ${part} that it wrote stops the store until everything is read again`, async () => {
      const [folder, failing] = [freshFolder(), new FailingDisk()];
      const [store, state] = [new FileStore(folder, { disk: failing }), new PlainState()];
      await store.open(state);
      await commitTo(store, state, KEY, [CREATE, bind('web.1')]);
      const before = structuredClone(state.subnets);
      failing.part = part;
      failing.stuck = true;
      const first = assert.rejects(store.commit(KEY, [bind('web.2')]), outcome('unknown', 'EIO'));
      await new Promise(process.nextTick);
      await new Promise(setImmediate); // the first one is being written
      await Promise.all([first, assert.rejects(store.commit(KEY, [bind('web.3')]), outcome('none'))]);
      await assert.rejects(store.commit(KEY, [bind('web.4')]), outcome('none'));
      assert.deepEqual(
        state.alarms.map(({ level }) => level),
        ['error'],
      );
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.equal(state.readies, 0);
      await assert.rejects(store.commit(KEY, [bind('web.5')]), outcome('none'));
      failing.stuck = false;
      failing.part = undefined;
      await eventually(() => state.readies === 1);
      assert.equal(state.resets, 1);
      assert.deepEqual(state.subnets, before);
      await commitTo(store, state, KEY, [bind('web.6')]);
      await store.close();
      assert.deepEqual((await readBack(new FileStore(folder))).subnets, state.subnets);
    });
  }

  test('can be closed', async () => {
    const [folder, failing] = [freshFolder(), new FailingDisk()];
    const store = new FileStore(folder, { disk: failing });
    await store.open(new PlainState());
    await store.commit(KEY, [CREATE]);
    failing.part = 0.5;
    failing.stuck = true;
    await assert.rejects(store.commit(KEY, [bind('web.1')]), outcome('unknown'));
    await store.close();
    const back = await readBack(new FileStore(folder));
    assert.deepEqual(Object.keys(back.subnets), ['default 10.0.0.0/16']);
    assert.match(back.alarms[0]!.message, /torn/);
  });

  test('has the service answer again once it has read everything', async () => {
    const [folder, failing] = [freshFolder(), new FailingDisk()];
    const service = await AllocatorService.open(new FileStore(folder, { disk: failing }));
    const net = await service.subnet('10.0.0.0/24');
    const own = await net.allocate('web.1', { node: 'n1' });
    failing.part = 1;
    failing.stuck = true;
    await assert.rejects(net.allocate('web.2', { node: 'n1' }), outcome('unknown'));
    await assert.rejects(net.allocate('web.3', { node: 'n1' }), outcome('none'));
    failing.stuck = false;
    failing.part = undefined;
    let again: string | undefined;
    for (let i = 0; again === undefined && i < 300; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      again = await net.allocate('web.2', { node: 'n1' }).catch((error) => void outcome('none')(error));
    }
    assert.notEqual(again, own);
    assert.deepEqual(
      [...net.list()].map(({ identity, address }) => [identity, address]).sort(),
      [
        ['web.1', own],
        ['web.2', again],
      ].sort(),
    );
    const seen = [...net.list()];
    await service.close();
    const later = await AllocatorService.open(new FileStore(folder));
    assert.deepEqual([...later.find('10.0.0.0/24')!.list()], seen);
    await later.close();
  });
});

test('a journal is written through to the disk', { skip: process.platform !== 'linux' && 'reads /proc' }, async () => {
  const flags: string[] = [];
  const watched: Disk = {
    append: (fd, bytes, position) => {
      flags.push(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!);
      return disk.append(fd, bytes, position);
    },
    truncate: disk.truncate,
  };
  const folder = freshFolder();
  for (let i = 0; i < 2; i++) {
    const store = new FileStore(folder, { disk: watched, compactAfter: 100 });
    await store.open(new PlainState());
    for (let n = 0; n < 5; n++) await store.commit(KEY, [CREATE]);
    await store.close();
  }
  assert.equal(flags.length, 10);
  for (const each of flags) assert.ok(Number.parseInt(each, 8) & 0o10000, `O_DSYNC is among ${each}`);
  assert.ok(statSync(folder).isDirectory());
});
