// docs/ADDRESSES.md's script for a VPN server, as it stands there: a client keeps its address.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { upToDate } from '../fresh.js';

await upToDate('bundles');

test('a client that comes again gets the same address, and nobody else gets it meanwhile', async (context) => {
  const page = await readFile('docs/ADDRESSES.md', 'utf8');
  const [, script = ''] = /<!-- example: vpn -->\n```js\n([\s\S]*?)```/.exec(page) ?? [];
  const temporary = await mkdtemp(join(tmpdir(), 'limpet-vpn-'));
  context.after(() => rm(temporary, { recursive: true }));
  const answer = join(temporary, 'answer');
  const tell = async (client: string, event: string) => {
    await rm(answer, { force: true });
    const env = {
      PATH: process.env.PATH,
      common_name: client,
      script_type: event,
      LIMPET_VPN: join(temporary, 'store'),
    };
    execFileSync(process.execPath, ['--input-type=module', '-', answer], { env, input: script });
    return event === 'client-connect' ? readFile(answer, 'utf8') : '';
  };
  const first = await tell('anna', 'client-connect');
  assert.equal(first, 'ifconfig-push 10.88.0.2 255.255.255.0\n');
  await tell('anna', 'client-disconnect');
  assert.equal(await tell('ben', 'client-connect'), 'ifconfig-push 10.88.0.3 255.255.255.0\n');
  assert.equal(await tell('anna', 'client-connect'), first);
});
