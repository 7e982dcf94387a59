// Calls that wait for each other: a change of settings waits for those that have begun, and they wait for nobody who
// waits for the change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AllocatorService, MemoryStore } from '../../src/entries/service.js';
import { upToDate } from '../fresh.js';

await upToDate('core');

const reclaim = { whenFull: { holdDown: 0 } };

test('settings change while a call makes room and another one asks for who gives way', { timeout: 5000 }, async () => {
  const service = await AllocatorService.open(new MemoryStore());
  const net = await service.subnet('10.0.0.0/30', { reclaim });
  for (const identity of ['web.1', 'web.2']) {
    await net.allocate(identity, { node: 'n1' });
    await net.release(identity, 'n1');
  }
  let answer = (_gone: readonly string[]) => {};
  const gone = () => new Promise<readonly string[]>((resolve) => (answer = resolve));
  const allocated = net.allocate('web.3', { node: 'n1', gone });
  await turn();
  const changed = service.change('10.0.0.0/30', { reclaim, policy: 'lowest' });
  await turn();
  const reclaimed = assert.rejects(net.reclaim('web.1'), { code: 'UNKNOWN' });
  await turn();
  answer([]);
  assert.equal(await allocated, '10.0.0.1');
  assert.equal((await changed).spec.policy, 'lowest');
  await reclaimed;
  await service.close();
});
