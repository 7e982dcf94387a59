// Upgrade and rollback of the plugin under running services, on a real swarm of one node: no task is disturbed, and
// every address stays. The release before is this one under another version: what an upgrade does is what is looked at.
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';
import { addressOf } from '../swarm/inside.js';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import { makeNginx } from '../swarm/rig/image.js';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';
import { Shell } from '../swarm/rig/shell.js';
import { Swarm } from '../swarm/rig/swarm.js';
import { settled } from '../swarm/services.js';

const OLDER = '0.0.9';

test('an upgrade and the way back disturb no task and move no address', { timeout: 400_000 }, async () => {
  await withMachines(
    () => {},
    async (site) => {
      const [node] = (await makeNodes(site, 1)) as [DockerNode];
      await makeNginx(node);
      await play(node, await Swarm.make([node]));
    },
  );
});

async function play(node: DockerNode, swarm: Swarm): Promise<void> {
  const older = join(node.machine.disk, 'older');
  const before = await Shell.on(node, await olderRelease(older));
  const done = async (shell: Shell, script: string) => {
    const { code, out } = await shell.type(script);
    assert.equal(code, 0, `${script}\n${out}`);
    return out;
  };
  const version = async () => /Limpet (\S+):/.exec(await node.docker(['plugin', 'inspect', 'limpet']))?.[1];
  const state = async () => {
    const pairs = (await settled(swarm, 'helloworld', 120_000)).map(async (each) => {
      return [each.identity, each.container, await addressOf(each, '10.77.0.')];
    });
    return (await Promise.all(pairs)).sort();
  };
  const addresses = async () => (await state()).map(([identity, , address]) => [identity, address]);

  await done(before, 'npx limpet install LIMPET_LOG_LEVEL=debug');
  assert.equal(await version(), OLDER);
  await done(before, 'docker network create -d overlay --ipam-driver limpet:latest --subnet 10.77.0.0/24 web');
  await done(before, 'docker service create --detach --name helloworld --replicas 4 --network web nginx');
  const first = await state();

  const now = await Shell.on(node, cliPath, 'again');
  await done(now, 'npx limpet upgrade');
  assert.notEqual(await version(), OLDER);
  assert.deepEqual(await state(), first, 'the same containers at the same addresses');
  await done(now, 'docker service update --quiet --force helloworld');
  const second = await state();
  assert.deepEqual(
    second.map(([identity, , address]) => [identity, address]),
    first.map(([identity, , address]) => [identity, address]),
    'a start of each, by the new release',
  );

  await done(before, 'npx limpet upgrade'); // the release before, by its own command
  assert.equal(await version(), OLDER);
  assert.deepEqual(await state(), second, 'and back');
  await done(before, 'docker service update --quiet --force helloworld');
  assert.deepEqual(
    await addresses(),
    first.map(([identity, , address]) => [identity, address]),
  );
  const set = await node.docker(['plugin', 'inspect', '--format', '{{json .Settings.Env}}', 'limpet']);
  assert.match(set, /LIMPET_LOG_LEVEL=debug/, 'settings are kept through both');
}

/** The package with another version in it; answers its command line. */
async function olderRelease(folder: string): Promise<string> {
  const own = join(dirname(cliPath), '..');
  const unneeded = /\/dist\/(debug|docker-plugin|playground|release|site)(\/|$)/;
  await cp(join(own, 'dist'), join(folder, 'dist'), { recursive: true, filter: (path) => !unneeded.test(path) });
  const text = await readFile(join(own, 'package.json'), 'utf8');
  await writeFile(join(folder, 'package.json'), text.replace(/"version": "[^"]+"/, `"version": "${OLDER}"`));
  return join(folder, 'dist/cli.js');
}
