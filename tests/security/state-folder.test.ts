// The state folder, where somebody else can write or has laid a link: root follows none, and says what is wrong.
import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { newHostState, readHostState, writeHostState } from '../../src/stores/host-state.js';
import { plugin, until } from '../plugin/plugins.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'limpet-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a planted link', () => {
  test('is not followed: what it points to stays as it is', async () => {
    const victim = join(folder, 'shadow');
    writeFileSync(victim, 'root:*\n');
    symlinkSync(victim, join(folder, 'host.json.tmp'));
    const state = newHostState();
    await writeHostState(join(folder, 'host.json'), state);
    assert.equal(readFileSync(victim, 'utf8'), 'root:*\n');
    assert.equal((await readHostState(join(folder, 'host.json')))?.id, state.id);
    assert.ok(lstatSync(join(folder, 'host.json')).isFile());
  });

  test('at the file itself is replaced, not written through', async () => {
    const victim = join(folder, 'shadow');
    writeFileSync(victim, 'root:*\n');
    symlinkSync(victim, join(folder, 'host.json'));
    await writeHostState(join(folder, 'host.json'), newHostState());
    assert.equal(readFileSync(victim, 'utf8'), 'root:*\n');
    assert.equal(lstatSync(join(folder, 'host.json')).mode & 0o777, 0o600);
  });
});

test('what a process left behind that died while it wrote is no matter', async () => {
  writeFileSync(join(folder, 'host.json.tmp'), '{"vers');
  await writeHostState(join(folder, 'host.json'), newHostState());
  assert.ok(await readHostState(join(folder, 'host.json')));
});

describe('a folder that others may write', () => {
  for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
    test(`${mode.toString(8)}: refused, with what to do`, async () => {
      const open = join(folder, 'open');
      mkdirSync(open);
      chmodSync(open, mode);
      const file = join(open, 'host.json');
      const refused = {
        code: 'BAD_INPUT',
        message: /may be written by others, who .*: chmod go-w .*, or name another/,
      };
      await assert.rejects(writeHostState(file, newHostState()), refused);
      await assert.rejects(readHostState(file), refused);
    });
  }

  test('the plugin serves nobody from there, and says why', async () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const running = await plugin(join(folder, 'docker.sock'), { stateFile: join(open, 'host.json') });
    const why = async () => (await running.client.ask('/healthz', '', 'GET')).text;
    await until('it says so', async () => /may be written by others/.test(await why()));
    await running.stop();
  });
});
