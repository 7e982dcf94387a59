// Step m: what people have reported of container networks (tests/plugin/field.test.ts has them all, on a Docker that is
// played), on a real Docker: containers that are run by hand on a bridge of one node, and a service whose start fails.
// What must come is the same for every Docker: no two running containers with one address, and none without one. Where
// Docker says who asks, also the home.
import assert from 'node:assert/strict';
import { addressOf } from '../inside.js';
import { DRIVER } from '../plugin.js';
import type { DockerNode } from '../rig/docker-node.js';
import { IMAGE, STAY } from '../rig/image.js';
import { RunError, until } from '../rig/run.js';
import { settled } from '../services.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

export const fieldSteps: readonly Step[] = [
  { name: 'm1', title: 'a container that was only created, beside a restart', play: onBridge(createdLeftover) },
  { name: 'm2', title: 'a running container is renamed, another takes its name', play: onBridge(renamed) },
  { name: 'm3', title: 'the daemon restarts, with containers that restart by themselves', play: onBridge(boot) },
  { name: 'm4', title: 'a second network of the same subnet', play: onBridge(sameSubnet) },
  { name: 'm5', title: "a service's start fails, and is mended", play: failedStart },
];

const NET = { name: 'bridge-of-limpet', prefix: '10.63.0.' };

/** A node with a bridge network of its own, for as long as the step plays. */
interface Bridge {
  readonly node: DockerNode;
  readonly run: (name: string, ...options: string[]) => Promise<string>;
  readonly address: (name: string) => Promise<string>;
  /** Whether this Docker says who asks for an address. */
  readonly saysWho: boolean;
}

function onBridge(play: (bridge: Bridge) => Promise<void>): (world: World) => Promise<void> {
  return async ({ swarm }) => {
    const [node] = swarm.nodes as [DockerNode];
    const { Version } = await node.api<{ Version: string }>('/version');
    const address = (container: string) => addressOf({ node, container }, NET.prefix);
    const run = async (name: string, ...options: string[]) => {
      await node.docker(['run', '--detach', '--name', name, '--network', NET.name, ...options, IMAGE, ...STAY]);
      return address(name);
    };
    await node.docker(['network', 'create', '--ipam-driver', DRIVER, '--subnet', `${NET.prefix}0/24`, NET.name]);
    await play({ node, run, address, saysWho: !(Number.parseInt(Version, 10) < 29) });
    const left = (await node.docker(['ps', '--all', '--quiet', '--filter', `network=${NET.name}`])).split('\n');
    await node.docker(['rm', '--force', ...left.filter((id) => id !== '')]);
    await node.docker(['network', 'rm', NET.name]);
  };
}

async function createdLeftover({ node, run, address, saysWho }: Bridge): Promise<void> {
  const home = await run('web');
  await node.docker(['create', '--name', 'job', '--network', NET.name, IMAGE, ...STAY]);
  await node.docker(['restart', '--time', '1', 'web']);
  await node.docker(['start', 'job']);
  const [web, job] = [await address('web'), await address('job')];
  assert.notEqual(job, web);
  assert.notEqual(job, home, 'job has the home of web');
  if (saysWho) assert.equal(web, home);
}

async function renamed({ node, run, address, saysWho }: Bridge): Promise<void> {
  const home = await run('app');
  await node.docker(['rename', 'app', 'app-old']);
  assert.notEqual(await run('app'), home, 'two running containers with one address');
  assert.equal(await address('app-old'), home);
  await node.docker(['rm', '--force', 'app-old']);
  await node.docker(['restart', '--time', '1', 'app']);
  if (saysWho) assert.equal(await address('app'), home);
  else assert.ok(await address('app'));
}

async function boot({ node, run, address, saysWho }: Bridge): Promise<void> {
  const names = ['boot-a', 'boot-b', 'boot-c'];
  const homes = new Map<string, string>();
  for (const name of names) homes.set(name, await run(name, '--restart', 'always'));
  await node.stop();
  await node.start();
  const now = new Map<string, string>();
  for (const name of names) {
    await until(`${name} is up again`, 30_000, async () => (await address(name).catch(() => '')) !== '');
    now.set(name, await address(name));
  }
  assert.equal(new Set(now.values()).size, names.length, `${[...now.values()]}`);
  for (const name of names) {
    if (saysWho) assert.equal(now.get(name), homes.get(name), name);
    const others = names.filter((other) => other !== name).map((other) => homes.get(other));
    assert.ok(!others.includes(now.get(name)), `${name} has the home of another`);
  }
}

async function sameSubnet({ node, run }: Bridge): Promise<void> {
  const create = ['network', 'create', '--ipam-driver', DRIVER, '--subnet', `${NET.prefix}0/24`];
  await assert.rejects(node.docker([...create, 'second']), (error) => {
    assert.ok(error instanceof RunError);
    assert.match(error.stderr, /Pool overlaps with other one on this address space/);
    return true;
  });
  const first = await run('first');
  assert.notEqual(first, `${NET.prefix}1`, "the network's gateway");
  // Docker asks for it again when it starts.
  await node.stop();
  await node.start();
  await node.docker(['start', 'first']);
}

async function failedStart(world: World): Promise<void> {
  const name = 'fails';
  await world.createAlone(name, world.sticky.name, '--replicas', '1', '--restart-condition', 'none');
  const home = await homeOf(world, name);
  const update = ['service', 'update', '--detach', '--quiet', '--force', '--no-resolve-image'];
  await world.docker(...update, '--entrypoint', '/no/such/program', name);
  await until(`${name} has failed`, 60_000, async () => {
    const tasks = await world.docker('service', 'ps', '--format', '{{.CurrentState}}', name);
    return /Failed|Rejected/.test(tasks);
  });
  await world.docker(...update, '--entrypoint', '', '--restart-condition', 'any', name);
  assert.equal(await homeOf(world, name), home);
  await world.docker('service', 'rm', name);
}

async function homeOf(world: World, name: string): Promise<string> {
  const [replica] = await settled(world.swarm, name, 90_000).catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await world.docker('service', 'ps', '--no-trunc', name)}`);
  });
  return addressOf(replica as NonNullable<typeof replica>, world.sticky.prefix);
}
