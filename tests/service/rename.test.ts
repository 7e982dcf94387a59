// Who ran under a name that was made up for it is known by its own from now on.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AllocatorService, FileStore } from './library.js';

const CIDR = '10.0.0.0/24';
const FROM = '@unnamed/a/1';

test('it has that address, through a restart too', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-rename-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const open = () => AllocatorService.open(new FileStore(folder));
  let service = await open();
  let net = await service.subnet(CIDR);
  const address = await net.allocate(FROM, { node: 'a' });
  assert.equal(await net.rename(FROM, 'db', { node: 'b' }), false, 'it runs elsewhere');
  assert.equal(await net.rename(FROM, 'db', { node: 'a' }), true);
  assert.equal(await net.rename(FROM, 'db', { node: 'a' }), false, 'once');
  await net.allocate('@unnamed/a/2', { node: 'a' });
  assert.equal(await net.rename('@unnamed/a/2', 'db', { node: 'a' }), false, 'it has a home');
  await service.close();
  service = await open();
  net = service.find(CIDR) as typeof net;
  assert.equal(net.lookup(FROM), undefined);
  assert.deepEqual([net.lookup('db')?.address, net.lookup('db')?.nodes], [address, ['a']]);
  await net.release('db', 'a');
  assert.equal(net.inspect(address).state, 'reserved');
  await service.close();
});
