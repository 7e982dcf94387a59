// `npm run release:docker-plugin`: both architectures into a real registry, two nodes install theirs from it under the
// alias of the documentation, and the one for arm64 starts under an emulator.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import { IMAGE, STAY } from '../swarm/rig/image.js';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';
import { until } from '../swarm/rig/run.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const REGISTRY = '10.9.0.11:5000';

test('both architectures, pushed, installed on two nodes, and run', { timeout: 400_000 }, async () => {
  await withMachines(
    () => {},
    async (site) => {
      const nodes = (await makeNodes(site, 2)) as [DockerNode, DockerNode];
      const [first] = nodes;
      await serveRegistry(first);
      for (const node of nodes) await trust(node);
      const env = { ...process.env, DOCKER_HOST: `unix://${first.socket}` };
      const args = ['--import', 'tsx', 'scripts/release.ts', '--to', `${REGISTRY}/limpet`];
      const said = execFileSync(process.execPath, args, { env, encoding: 'utf8', timeout: 300_000 });
      for (const kind of ['amd64', 'arm64']) assert.match(said, new RegExp(`limpet:${version}-${kind} pushed`));
      assert.equal((await first.docker(['plugin', 'ls', '--quiet'])).trim(), '', 'nothing stays behind');
      assert.match(emulated(), new RegExp(`^${version.replaceAll('.', '\\.')}\n$`));

      for (const node of nodes) {
        const own = {
          'socket.source': node.socket,
          'state.source': node.machine.disk,
          'tls.source': node.machine.disk,
        };
        const swarm = { 'swarm.source': join(node.machine.disk, 'docker/swarm') };
        const settings = Object.entries({ ...own, ...swarm }).map(([name, value]) => `${name}=${value}`);
        const name = `${REGISTRY}/limpet:${version}-amd64`;
        const install = ['plugin', 'install', '--grant-all-permissions', '--alias', 'limpet:latest', name, ...settings];
        await node.docker(install, { timeout: 180_000 });
        const found = await node.docker(['plugin', 'ls', '--format', '{{.Name}} {{.Enabled}}']);
        assert.equal(found.trim(), 'limpet:latest true');
        const create = ['network', 'create', '--ipam-driver', 'limpet:latest', '--subnet', '10.83.0.0/24', 'web'];
        await node.docker(create);
        const first = await start(node, 'one');
        await node.docker(['rm', '--force', 'one']);
        assert.notEqual(await start(node, 'other'), first);
        assert.equal(await start(node, 'one'), first, 'it had this address before');
      }
    },
  );
});

/** The command line of the plugin for arm64, by its own Node and its own libraries. */
function emulated(): string {
  const root = resolve(`dist/release/limpet-${version}-arm64/rootfs`);
  const args = ['-L', root, join(root, 'bin/node'), join(root, 'limpet/limpet.mjs'), '--version'];
  return execFileSync('qemu-aarch64-static', args, { encoding: 'utf8', timeout: 120_000 });
}

/** Debian's registry, on the node's machine. */
async function serveRegistry({ machine }: DockerNode): Promise<void> {
  const config = join(machine.disk, 'registry.yml');
  const storage = { filesystem: { rootdirectory: join(machine.disk, 'registry') } };
  writeFileSync(config, JSON.stringify({ version: 0.1, storage, http: { addr: REGISTRY } })); // JSON is YAML too
  machine.start('registry.log', 'docker-registry', 'serve', config);
  await until('the registry answers', 30_000, () => machine.run('curl', '-sf', `http://${REGISTRY}/v2/`));
}

/** A registry without TLS has to be named. */
async function trust(node: DockerNode): Promise<void> {
  writeFileSync(join(node.machine.disk, 'daemon.json'), JSON.stringify({ 'insecure-registries': [REGISTRY] }));
  await node.stop();
  await node.start();
}

/** Answers the address of a new container. */
async function start(node: DockerNode, name: string): Promise<string> {
  await node.docker(['run', '--detach', '--name', name, '--network', 'web', '--stop-timeout', '0', IMAGE, ...STAY]);
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  return (await node.docker(['inspect', '--format', format, name])).trim();
}
