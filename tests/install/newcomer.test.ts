// README's own text, played by who has three machines, Docker 29 and nothing else: from nothing to a service whose
// addresses survive a drain, in under ten commands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';
import { addressOf } from '../swarm/inside.js';
import { useDocker } from '../swarm/rig/docker-version.js';
import { makeNginx } from '../swarm/rig/image.js';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';
import { until } from '../swarm/rig/run.js';
import { Shell } from '../swarm/rig/shell.js';
import { Swarm } from '../swarm/rig/swarm.js';
import { settled } from '../swarm/services.js';
import { blocksOf } from './typed.js';

const MOST = 10;

interface Command {
  readonly text: string;
  readonly where: 'every machine' | 'first machine';
}

/** The lines of README's section, and where its comments say that they belong. */
const commands = (blocksOf('README.md', 'On Docker Swarm')[0]?.command ?? '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line): Command => {
    const where = line.includes('# on every machine') ? 'every machine' : 'first machine';
    return { text: line.replace(/\s+# .*/, ''), where };
  });

test("README's commands, word for word, on three machines with Docker 29", { timeout: 540_000 }, async () => {
  await useDocker('29', () => {});
  await withMachines(
    () => {},
    async (site) => {
      const nodes = await makeNodes(site, 3);
      const shells = await Promise.all(nodes.map((node) => Shell.on(node, cliPath)));
      await Promise.all(nodes.map(makeNginx)); // there is no registry to pull it from
      let typed = 0;
      const type = async (shell: Shell, command: string) => {
        typed++;
        const { code, out } = await shell.type(command);
        assert.equal(code, 0, `${command}\n${out}`);
        return out;
      };
      let before: Map<string, string> | undefined;
      let swarm: Swarm | undefined;
      let drained = '';
      for (const { text, where } of commands) {
        const isDrain = text.includes('NODE');
        if (isDrain) {
          before = await addresses(swarm as Swarm);
          drained = nodes[1]?.name as string;
        }
        const on = where === 'every machine' ? shells : shells.slice(0, 1);
        for (const shell of on) {
          const said = await type(shell, text.replace('NODE', drained));
          const join = /docker swarm join --token \S+ \S+/.exec(said)?.[0];
          if (join === undefined) continue;
          for (const other of shells.slice(1)) await type(other, join);
          swarm = await Swarm.of(nodes.slice(0, 1), nodes.slice(1));
        }
      }
      assert.ok(typed < MOST, `${typed} commands`);
      assert.equal(before?.size, 10);
      await until('the drained node is empty', 120_000, async () => {
        const replicas = await settled(swarm as Swarm, 'helloworld', 100_000);
        return replicas.length === 10 && replicas.every(({ node }) => node.name !== drained);
      });
      assert.deepEqual(await addresses(swarm as Swarm), before);
    },
  );
});

/** Each replica's address, as its container has it. */
async function addresses(swarm: Swarm): Promise<Map<string, string>> {
  const replicas = await settled(swarm, 'helloworld', 120_000);
  const pairs = replicas.map(async (each) => [each.identity, await addressOf(each, '10.77.0.')] as const);
  return new Map((await Promise.all(pairs)).sort());
}
