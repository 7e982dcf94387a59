// What both stores have, and not alike: that alone is left out, whatever identities are called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllocatorService, MemoryStore } from '../../src/entries/service.js';
import { copyStore } from '../../src/operate/copy.js';
import { upToDate } from '../fresh.js';

await upToDate('core');

test('an identity that is called as a conflict is told is copied', async () => {
  const [from, to] = await Promise.all([0, 1].map(() => AllocatorService.open(new MemoryStore())));
  assert.ok(from && to);
  const [there, here] = [await to.subnet('10.0.0.0/24'), await from.subnet('10.0.0.0/24')];
  await there.pin('web', '10.0.0.9');
  await there.pin('other', '10.0.0.3');
  for (const identity of ['web', 'web has x', 'db']) await here.allocate(identity, { node: 'n' });
  const copying = { from, to, setTime: () => {}, isWanted: () => true };
  const [planned] = await copyStore({ ...copying, dryRun: true });
  const [step] = await copyStore({ ...copying, dryRun: false });
  const conflicts = ['web has 10.0.0.9 there, not 10.0.0.1', "10.0.0.3 is other's there, not db's"];
  for (const each of [planned, step]) assert.deepEqual(each?.conflicts, conflicts);
  assert.equal(there.lookup('web has x')?.address, '10.0.0.2');
  assert.equal(there.lookup('db'), undefined);
  await Promise.all([from.close(), to.close()]);
});
