// docs/OPERATIONS.md's drills on a real swarm of one node, word for word: back up, lose everything, restore; and the
// way back to Docker's own IPAM.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';
import { addressOf } from '../swarm/inside.js';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import { makeNginx } from '../swarm/rig/image.js';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';
import { until } from '../swarm/rig/run.js';
import { Shell } from '../swarm/rig/shell.js';
import { Swarm } from '../swarm/rig/swarm.js';
import { settled } from '../swarm/services.js';
import { blocksOf } from './typed.js';

const PAGE = 'docs/OPERATIONS.md';
const LIMPET_ON_PATH = (blocksOf('docs/TROUBLESHOOTING.md')[0]?.command ?? '').replace(/limpet status\n/, '');

test('backup, loss, restore, and the way back', { timeout: 540_000 }, async () => {
  await withMachines(
    () => {},
    async (site) => {
      const [node] = (await makeNodes(site, 1)) as [DockerNode];
      await makeNginx(node);
      await play(node, await Swarm.make([node]), await Shell.on(node, cliPath));
    },
  );
});

async function play(node: DockerNode, swarm: Swarm, shell: Shell): Promise<void> {
  const done = async (script: string) => {
    const { code, out } = await shell.type(
      script.replaceAll('/var/backups', join(node.machine.disk, 'backups')),
      LIMPET_ON_PATH,
    );
    assert.equal(code, 0, `${script}\n${out}`);
    return out;
  };
  const addresses = async () => {
    const pairs = (await settled(swarm, 'helloworld', 120_000)).map(async (each) => {
      return [each.identity, await addressOf(each, '10.77.0.')] as const;
    });
    return new Map((await Promise.all(pairs)).sort());
  };
  await done('npx limpet install');
  await done('docker network create -d overlay --ipam-driver limpet:latest --subnet 10.77.0.0/24 web');
  await done('docker service create --detach --name helloworld --replicas 3 --network web nginx');
  // Another start of each, so that no home is a ticket any more and none is given in order again.
  await settled(swarm, 'helloworld', 120_000);
  await done('docker service update --quiet --force helloworld');
  const before = await addresses();
  await done('limpet pin db 10.77.0.200');
  await done('docker service create --detach --name once --replicas 1 --network web nginx');
  await settled(swarm, 'once', 60_000);
  await done('docker service rm once');

  const [backup, disable, restore, enable, after, ...more] = blocksOf(PAGE, 'Backup and restore');
  assert.deepEqual(more, []);
  const saved = await done(backup?.command as string);
  assert.match(saved, /10\.77\.0\.200 +db +reserved, pinned/);
  assert.match(saved, /once\.1/);
  await done(disable?.command as string);
  await done('docker config rm $(docker config ls --quiet --filter name=limpet.)');
  assert.match((await shell.type('limpet ls --store swarm:', LIMPET_ON_PATH)).out, /nothing matches/);
  await done(restore?.command as string);
  await done(enable?.command as string);
  // What has stopped since the backup is noticed at the plugin's next look.
  await until(
    'nothing is amiss',
    90_000,
    async () => (await shell.type(after?.command as string, LIMPET_ON_PATH)).code === 0,
  );
  assert.match(await done('limpet ls'), /10\.77\.0\.200 +db +reserved, pinned/);
  await done('docker service update --quiet --force helloworld');
  assert.deepEqual(await addresses(), before, 'each replica came back to its address');
  await done('docker service create --detach --name once --replicas 1 --network web nginx');
  await settled(swarm, 'once', 60_000);
  assert.match(
    await done('limpet lookup once.1'),
    new RegExp(String(/\S+(?= +once\.1)/.exec(saved)?.[0]).replaceAll('.', '\\.')),
  );
  await done('docker service rm once');

  const [back, remove] = blocksOf(PAGE, "Back to Docker's own IPAM");
  // The page's third line waits for the second to have moved every task.
  const [create, move, drop] = (back?.command ?? '').trim().split('\n') as [string, string, string];
  await done(create);
  await done(move);
  assert.equal((await addresses()).size, 3, "on Docker's own network, in the same subnet");
  await done(drop);
  await done('npx limpet uninstall');
  await done(remove?.command as string);
  assert.equal((await shell.type('docker config ls --quiet')).out.trim(), '');
}
