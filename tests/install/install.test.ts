// `limpet install`, `upgrade` and `uninstall` on a real dockerd: one machine of the swarm rig, and the command line as
// it is packed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import { IMAGE, STAY } from '../swarm/rig/image.js';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Host {
  readonly node: DockerNode;
  readonly state: string;
  readonly #temporary: string;

  constructor(node: DockerNode, temporary: string) {
    this.node = node;
    this.state = join(node.machine.disk, 'limpet');
    this.#temporary = temporary;
  }

  limpet(...args: string[]): Promise<Said> {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.node.socket}`, TMPDIR: this.#temporary, NO_COLOR: '1' };
    return new Promise((resolve) => {
      execFile(process.execPath, [cliPath, ...args], { env, timeout: 240_000 }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 99), out, err });
      });
    });
  }

  /** This node's own paths: elsewhere nobody needs to say them. */
  install(...settings: string[]): Promise<Said> {
    const own = { 'socket.source': this.node.socket, 'state.source': this.state, 'tls.source': this.state };
    return this.limpet('install', ...Object.entries(own).map(([name, value]) => `${name}=${value}`), ...settings);
  }

  async plugins(): Promise<string> {
    return (await this.node.docker(['plugin', 'ls', '--format', '{{.Name}} {{.Enabled}}'])).trim();
  }

  async setting(name: string): Promise<string | undefined> {
    const env = JSON.parse(
      await this.node.docker(['plugin', 'inspect', '--format', '{{json .Settings.Env}}', 'limpet']),
    );
    return (env as string[]).find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  /** What is left of the folders that the plugin was made in. */
  leftOvers(): Promise<string[]> {
    return readdir(this.#temporary);
  }

  async run(name: string): Promise<string> {
    await this.node.docker(['run', '--detach', '--name', name, '--network', 'web', IMAGE, ...STAY]);
    return this.address(name);
  }

  async address(name: string): Promise<string> {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    return (await this.node.docker(['inspect', '--format', format, name])).trim();
  }
}

test('install, a network, upgrade under a running container, uninstall, and install again', async (t) => {
  const temporary = await mkdtemp(join(tmpdir(), 'limpet-test-install-'));
  t.after(() => rm(temporary, { recursive: true, force: true }));
  await withMachines(
    () => {},
    async (site) => {
      const [node] = (await makeNodes(site, 1)) as [DockerNode];
      await through(new Host(node, temporary));
    },
  );
});

async function through(host: Host): Promise<void> {
  const dry = await host.install('--dry-run', 'LIMPET_LOG_LEVEL=debug');
  assert.equal(dry.code, 0, dry.err);
  assert.match(dry.out, /docker plugin create limpet /);
  assert.match(dry.out, /LIMPET_LOG_LEVEL=debug/);
  assert.match(dry.out, /Nothing was changed/);
  assert.equal(await host.plugins(), '', 'a dry run');

  const absent = await host.limpet('upgrade');
  assert.deepEqual([absent.code, absent.err], [1, 'limpet: limpet is not installed on this node\n']);

  const failed = await host.install('tls.source=/nowhere');
  assert.equal(failed.code, 1, failed.out);
  assert.match(failed.err, /nowhere/);
  assert.equal(await host.plugins(), '', 'one that cannot be enabled');

  const made = await host.install('LIMPET_LOG_LEVEL=debug', 'LIMPET_STORE=file:///var/lib/limpet');
  assert.equal(made.code, 0, made.err);
  assert.match(made.out, /To undo: npx limpet uninstall/);
  assert.equal(await host.plugins(), 'limpet:latest true');
  const twice = await host.install();
  assert.deepEqual([twice.code, twice.err], [1, 'limpet: limpet is already installed: see limpet upgrade\n']);

  await host.node.docker(['network', 'create', '--ipam-driver', 'limpet:latest', '--subnet', '10.83.0.0/24', 'web']);
  const before = await host.run('one');
  const started = await startedAt(host, 'one');
  const upgraded = await host.limpet('upgrade', 'LIMPET_HOME_WAIT=4s');
  assert.equal(upgraded.code, 0, upgraded.err);
  assert.equal(await host.setting('LIMPET_LOG_LEVEL'), 'debug', 'kept');
  assert.equal(await host.setting('LIMPET_HOME_WAIT'), '4s', 'new');
  assert.equal(await startedAt(host, 'one'), started, 'it was not disturbed');
  await host.node.docker(['restart', '--time', '0', 'one']);
  assert.equal(await host.address('one'), before, 'through the new one');

  const used = await host.limpet('uninstall');
  assert.equal(used.code, 1, used.out);
  assert.match(used.err, /networks use limpet: "web"/);
  await host.node.docker(['rm', '--force', 'one']);
  await host.node.docker(['network', 'rm', 'web']);
  const gone = await host.limpet('uninstall');
  assert.equal(gone.code, 0, gone.err);
  assert.equal(await host.plugins(), '');
  await access(host.state); // its addresses are kept

  const again = await host.install('LIMPET_STORE=file:///var/lib/limpet');
  assert.equal(again.code, 0, again.err);
  await host.node.docker(['network', 'create', '--ipam-driver', 'limpet:latest', '--subnet', '10.83.0.0/24', 'web']);
  await host.run('other');
  assert.equal(await host.run('one'), before, 'it had this address before');
  await host.node.docker(['rm', '--force', 'one', 'other']);
  await host.node.docker(['network', 'rm', 'web']);
  assert.equal((await host.limpet('uninstall')).code, 0);
  assert.deepEqual(await host.leftOvers(), []);
}

async function startedAt(host: Host, name: string): Promise<string> {
  return (await host.node.docker(['inspect', '--format', '{{.State.StartedAt}}', name])).trim();
}
