// docs/TROUBLESHOOTING.md: its commands on a real swarm of one node, and what the page says that they show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import { makeNginx } from '../swarm/rig/image.js';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';
import { until } from '../swarm/rig/run.js';
import { Shell } from '../swarm/rig/shell.js';
import { Swarm } from '../swarm/rig/swarm.js';
import { blocksOf, patternOf, type Shown } from './typed.js';

const PAGE = 'docs/TROUBLESHOOTING.md';
/** Each block by what it is about; the page's order is kept. */
const blocks = blocksOf(PAGE);

test('every command of the page shows what the page says', async () => {
  assert.ok(blocks.length >= 9, `${blocks.length} blocks`);
  await withMachines(
    () => {},
    async (site) => {
      const [node] = (await makeNodes(site, 1)) as [DockerNode];
      await makeNginx(node);
      await Swarm.make([node]);
      await play(await Shell.on(node, cliPath));
    },
  );
});

async function play(shell: Shell): Promise<void> {
  const done = async (script: string) => {
    const { code, out } = await shell.type(script);
    assert.equal(code, 0, `${script}\n${out}`);
    return out;
  };
  await done('npx limpet install');
  // Small enough for twelve tasks to find it full: 14 addresses, of which the gateway, the virtual IP and the node's
  // end of the load balancer take one each.
  await done('docker network create -d overlay --ipam-driver limpet:latest --subnet 10.77.0.0/28 web');
  await done('docker service create --detach --name helloworld --replicas 4 --network web nginx');
  const running = async () => (await shell.type('docker service ps --filter desired-state=running helloworld')).out;
  await until(
    'four tasks run',
    60_000,
    async () => (await running()).match(/Running \d|Running about|Running less/g)?.length === 4,
  );
  const amiss: string[] = [];
  const shows = async ({ command, text = '' }: Shown, within = 10_000) => {
    // Which task is left without a ticket is Swarm's choice: it asks for them in any order.
    const wanted = patternOf(
      text.replaceAll('10.77.0.0/24', '10.77.0.0/28').replace('helloworld.9 New', 'helloworld.… New'),
    );
    let last = '';
    await until(command, within, async () => {
      last = (await shell.type(command)).out;
      return wanted.test(last);
    }).catch(() => amiss.push(`${command}shows\n${last}and not\n${text}`));
  };
  const isOfFull = ({ text = '' }: Shown) => / New |full|no available/.test(text);
  for (const block of blocks.filter((each) => !isOfFull(each))) await shows(block);
  await done('docker service scale --detach helloworld=12');
  for (const block of blocks.filter(isOfFull)) await shows(block, 30_000);
  assert.equal(amiss.join('\n'), '');
}
