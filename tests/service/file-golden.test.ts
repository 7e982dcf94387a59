// The format of the folder, held against one that was written by format version 2 and is kept in golden/: it must be
// read for ever, and the same work must still write the same bytes. LIMPET_GOLDEN=write makes it anew, which is right
// only together with a new VERSION and code that reads the old one.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HandClock, seen } from './contract.js';
import { filesOf, freshFolder, putFiles } from './file-folders.js';
import { AllocatorService, FileStore } from './library.js';

const GOLDEN = fileURLToPath(new URL('golden', import.meta.url));

/** Work of every kind: some that a snapshot has taken in, and some that a journal holds. */
async function work(folder: string): Promise<void> {
  const clock = new HandClock();
  const open = (options = {}) => AllocatorService.open(new FileStore(folder, options), { clock });
  let service = await open();
  let four = await service.subnet('10.0.0.0/24', {
    gateway: '10.0.0.1',
    exclude: ['10.0.0.128/25'],
    policy: 'serial',
    reclaim: {},
  });
  let six = await service.subnet('fd00::/64', {
    space: 'global "ä"',
    policy: 'lowest',
    reclaim: { after: 86_400_000, whenFull: { holdDown: 600_000 } },
  });
  for (const id of ['node-1', 'node-2']) await service.introduce({ id, name: `${id} in German: Knöten` });
  for (let i = 1; i <= 5; i++) await four.allocate(`web.${i}`, { node: i % 2 ? 'node-1' : 'node-2' });
  await four.allocate('web.1', { node: 'node-2' });
  clock.turn(1000);
  await four.release('web.2', 'node-2');
  await six.allocate('ünï.\u{1f41a}', { node: 'node-1' });
  await six.hold('fd00::77');
  for (const user of ['swarm', 'node-1']) await four.use(user);
  await service.close();

  service = await open({ compactAfter: 1 });
  four = service.find('10.0.0.0/24')!;
  await four.allocate('in the first journal, and in the snapshot', { node: 'node-1' });
  await service.close(); // with generation 2

  service = await open();
  four = service.find('10.0.0.0/24')!;
  six = service.find('fd00::/64', 'global "ä"')!;
  await service.subnet('192.168.0.0/16', { policy: 'serial', reclaim: { after: 1 } });
  await service.remove('192.168.0.0/16');
  await service.introduce({ id: 'node-2', name: 'renamed' });
  const ticket = await four.holdNext();
  await four.allocate('by ticket', { node: 'node-1', ticket });
  await four.unhold(ticket);
  await four.hold('10.0.0.99');
  clock.turn(1000);
  await four.release('web.1', 'node-1');
  await four.release('web.3', 'node-1');
  await four.release('web.4', 'node-2');
  await four.reclaim('web.4');
  await four.disuse('node-1');
  await six.use('node-2');
  await six.allocate('later', { node: 'node-3' });
  await service.close();
}

/** What is found in a folder. */
async function found(folder: string): Promise<string> {
  const service = await AllocatorService.open(new FileStore(folder), { clock: new HandClock() });
  const names = ['node-1', 'node-2', 'node-3'].map((id) => [id, service.nodeName(id)]);
  const subnets = [...service.subnets()].map((net) => ({
    spec: net.spec,
    ...(seen(net) as object),
    releasedAt: Object.fromEntries([...net.list()].map(({ identity, releasedAt }) => [identity, releasedAt])),
  }));
  await service.close();
  return [names, ...subnets].map((each) => `${JSON.stringify(each)}\n`).join('');
}

describe('the golden folder', () => {
  const made = freshFolder();

  before(async () => {
    await work(made);
    if (process.env.LIMPET_GOLDEN !== 'write') return;
    const { lock: _, ...files } = filesOf(made);
    putFiles(GOLDEN, files);
    writeFileSync(join(GOLDEN, 'expected.ndjson'), await found(made));
  });

  test('is read as it was meant', async () => {
    const { 'expected.ndjson': expected, ...files } = filesOf(GOLDEN);
    assert.deepEqual(Object.keys(files), ['00000002.journal', '00000002.snapshot']);
    const copy = freshFolder();
    putFiles(copy, files);
    assert.equal(await found(copy), expected!.toString());
    const { lock: _, ...after } = filesOf(copy);
    assert.deepEqual(after, files, 'reading changes nothing');
  });

  test('is what the same work writes now', () => {
    for (const [name, bytes] of Object.entries(filesOf(made))) {
      if (name === 'lock') continue;
      assert.ok(bytes.equals(readFileSync(join(GOLDEN, name))), `${name} is written in another way than before`);
    }
  });
});
