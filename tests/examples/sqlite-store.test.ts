// examples/sqlite-store passes the contract, which it takes from the package as any author of a store would.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { upToDate } from '../fresh.js';

await upToDate('bundles');
const { storeContract } = await import('limpet/store-contract');
const { AllocatorService } = await import('limpet/service');
const { SqliteStore } = await import('../../examples/sqlite-store/sqlite-store.js');

const folderFor = () => mkdtemp(join(tmpdir(), 'limpet-sqlite-'));

storeContract('SQLite', async () => {
  const folder = await folderFor();
  return {
    open: async () => new SqliteStore(join(folder, 'limpet.db')),
    durable: true,
    remove: () => rm(folder, { recursive: true }),
  };
});

test('a second process is refused while the first has the file', async (context) => {
  const folder = await folderFor();
  context.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'limpet.db');
  const service = await AllocatorService.open(new SqliteStore(file));
  await (await service.subnet('10.0.0.0/24')).allocate('web.1', { node: 'a' });
  await assert.rejects(AllocatorService.open(new SqliteStore(file)), { code: 'LOCKED' });
  await service.close();
  const again = await AllocatorService.open(new SqliteStore(file));
  assert.equal((await again.subnet('10.0.0.0/24')).lookup('web.1')?.address, '10.0.0.1');
  await again.close();
});

test('it has under 200 lines, as docs/STORE-AUTHORS.md says', async () => {
  const text = await readFile('examples/sqlite-store/sqlite-store.ts', 'utf8');
  assert.ok(text.split('\n').length < 200);
  assert.match(await readFile('docs/STORE-AUTHORS.md', 'utf8'), /under 200 lines/);
});
