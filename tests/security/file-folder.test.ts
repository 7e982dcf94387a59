// The file store's folder, where somebody else can write or has laid a link: nothing is followed, and such a folder is
// refused in words.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AllocatorService, FileStore } from '../service/library.js';

let folder: string;
let victim: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'limpet-folder-'));
  victim = join(folder, 'shadow');
  writeFileSync(victim, 'root:*\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Makes bindings until a snapshot has been written, and answers what a fresh process finds. */
async function work(path: string): Promise<number> {
  const service = await AllocatorService.open(new FileStore(path, { compactAfter: 2000 }));
  const net = await service.subnet('10.0.0.0/24');
  for (let n = 0; n < 60; n++) await net.allocate(`web.${n}`, { node: 'n1' });
  await service.close();
  const again = await AllocatorService.open(new FileStore(path));
  const { live } = again.find('10.0.0.0/24')!.stats;
  await again.close();
  return live;
}

describe('a planted link', () => {
  for (const name of ['00000001.journal.tmp', '00000002.journal.tmp', '00000002.snapshot.tmp']) {
    test(`${name} is not followed: what it points to stays as it is`, async () => {
      const store = join(folder, 'store');
      mkdirSync(store, { mode: 0o700 });
      symlinkSync(victim, join(store, name));
      assert.equal(await work(store), 60);
      assert.equal(readFileSync(victim, 'utf8'), 'root:*\n');
      const entries = readdirSync(store, { withFileTypes: true });
      assert.ok(entries.some((entry) => entry.name.endsWith('.snapshot')));
      assert.deepEqual(
        entries.filter((entry) => !entry.isFile()),
        [],
      );
    });
  }

  test('for the lock, or for a journal, ends the start: nothing is written through it', async () => {
    for (const name of ['lock', '00000001.journal']) {
      const store = join(folder, `store-${name}`);
      mkdirSync(store, { mode: 0o700 });
      symlinkSync(victim, join(store, name));
      const opening = AllocatorService.open(new FileStore(store)).then((service) => service.close());
      await (name === 'lock' ? assert.rejects(opening, { code: 'UNAVAILABLE', message: /ELOOP/ }) : opening);
      assert.equal(readFileSync(victim, 'utf8'), 'root:*\n');
    }
  });
});

test('what a process left behind that died while it wrote a snapshot is no matter', async () => {
  const store = join(folder, 'store');
  mkdirSync(store, { mode: 0o700 });
  for (const name of ['00000001.journal.tmp', '00000002.snapshot.tmp']) writeFileSync(join(store, name), 'limpet-');
  assert.equal(await work(store), 60);
});

describe('a folder that others may write', () => {
  for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
    test(`${mode.toString(8)}: refused, with what to do; nothing is written there`, async () => {
      const open = join(folder, 'open');
      mkdirSync(open);
      chmodSync(open, mode);
      await assert.rejects(AllocatorService.open(new FileStore(open)), {
        code: 'BAD_INPUT',
        message: /the store's folder .*open may be written by others, who .*: chmod go-w .*, or name another folder/,
      });
      assert.throws(() => lstatSync(join(open, 'lock')), /ENOENT/);
    });
  }

  test('since another user owns it: refused', {
    skip: process.getuid?.() !== 0 && 'only root can give it away',
  }, async () => {
    const foreign = join(folder, 'foreign');
    mkdirSync(foreign, { mode: 0o700 });
    chownSync(foreign, 65534, 65534);
    await assert.rejects(AllocatorService.open(new FileStore(foreign)), {
      code: 'BAD_INPUT',
      message: /belongs to the user 65534, .*: chown 0 /,
    });
  });
});
