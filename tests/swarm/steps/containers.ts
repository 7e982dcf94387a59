// Step j: containers that somebody runs by hand on an attachable network. Their identity is their name.
import assert from 'node:assert/strict';
import { addressOf } from '../inside.js';
import { free } from '../listing.js';
import { DRIVER } from '../plugin.js';
import type { DockerNode } from '../rig/docker-node.js';
import { IMAGE, STAY } from '../rig/image.js';
import { RunError, until } from '../rig/run.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const CIDR = '10.77.0.0/24';
/** A network of one host's own. */
const OWN = { name: 'own', cidr: '10.79.0.0/24', prefix: '10.79.0.' };

export const containerSteps: readonly Step[] = [
  { name: 'j1', title: 'a container by hand, on one node and another', play: byName },
  { name: 'j2', title: 'the same with --ip of an address that nobody has', play: byAddress },
  { name: 'j3', title: "--ip of somebody else's address is refused", play: refused },
  { name: 'j4', title: 'a container that runs is connected, twice', play: connected },
  { name: 'j5', title: "stopped and started again on a host's own network, one after the other", play: again },
];

async function byName(world: World): Promise<void> {
  await world.web();
  const addresses = [];
  for (const node of await knowing(world)) addresses.push(await runOnce(world, node, 'solo'));
  assert.equal(new Set(addresses).size, 1, `solo had ${addresses} on one node after the other`);
}

async function byAddress(world: World): Promise<void> {
  await world.web();
  const address = await free(world.swarm, CIDR);
  for (const node of world.swarm.nodes) assert.equal(await runOnce(world, node, 'fixed', '--ip', address), address);
}

async function refused(world: World): Promise<void> {
  await world.web();
  const address = world.homes.get('web.3') as string;
  for (const node of world.swarm.nodes) {
    const error = await runOnce(world, node, 'thief', '--ip', address).then(
      (got) => assert.fail(`thief got ${got} on ${node.name}, which is web.3's`),
      (reason) => reason as Error,
    );
    assert.ok(error instanceof RunError, `${error}`);
    assert.match(error.stderr, /web\.3/, `the refusal on ${node.name} names the owner`);
    await node.docker(['rm', '--force', 'thief']);
  }
}

/** Where it is connected when it runs already, Docker's list of containers does not tell who asks. */
async function connected(world: World): Promise<void> {
  await world.web();
  const { name: network, prefix } = world.sticky;
  const addresses = [];
  for (const node of await knowing(world)) {
    const run = ['run', '--detach', '--name', 'late', '--network', world.stock.name, IMAGE, ...STAY];
    const container = (await node.docker(run)).trim();
    for (let round = 0; round < 2; round++) {
      await node.docker(['network', 'connect', network, 'late']);
      addresses.push(await addressOf({ node, container }, prefix));
      await node.docker(['network', 'disconnect', network, 'late']);
    }
    await remove(node, 'late');
  }
  assert.equal(new Set(addresses).size, 1, `late had ${addresses} on one node after the other`);
}

/** Docker before 29 says nothing of who asks, not even the address that is wanted. */
async function again({ swarm }: World): Promise<void> {
  const node = swarm.nodes.at(-1) as DockerNode;
  const network = ['--driver', 'bridge', '--ipam-driver', DRIVER, '--subnet', OWN.cidr, OWN.name];
  await node.docker(['network', 'create', ...network]);
  const names = ['nginx', 'php', 'db'];
  const addressIn = (container: string) => addressOf({ node, container }, OWN.prefix);
  const had = new Map<string, string>();
  for (const name of names) {
    await node.docker(['run', '--detach', '--name', name, '--network', OWN.name, IMAGE, ...STAY]);
    had.set(name, await addressIn(name));
  }
  await node.docker(['stop', ...names]);
  for (const name of ['db', 'nginx', 'php']) {
    await node.docker(['start', name]);
    assert.equal(await addressIn(name), had.get(name), name);
  }
  await node.docker(['stop', 'php']);
  await node.docker(['run', '--detach', '--name', 'late', IMAGE, ...STAY]);
  await node.docker(['network', 'connect', OWN.name, 'late']);
  const late = await addressIn('late');
  await node.docker(['network', 'disconnect', OWN.name, 'late']);
  await node.docker(['start', 'php']);
  assert.equal(await addressIn('php'), had.get('php'), 'php, beside one that was connected');
  await node.docker(['network', 'connect', OWN.name, 'late']);
  assert.equal(await addressIn('late'), late, 'connected again');
  for (const name of [...names, 'late']) await remove(node, name);
  await node.docker(['network', 'rm', OWN.name]);
}

/** Nodes that can know which container it is: before Docker 29 only managers, who see Swarm's records. */
async function knowing({ swarm }: World): Promise<readonly DockerNode[]> {
  return (await swarm.saysWhoAsks()) ? swarm.nodes : swarm.managers;
}

/** Runs it, asks it for its address, and removes it. */
async function runOnce(world: World, node: DockerNode, name: string, ...options: string[]): Promise<string> {
  const flags = ['--detach', '--name', name, '--network', world.sticky.name];
  const container = (await node.docker(['run', ...flags, ...options, IMAGE, ...STAY])).trim();
  const address = await addressOf({ node, container }, world.sticky.prefix);
  await remove(node, name);
  return address;
}

async function remove(node: DockerNode, name: string): Promise<void> {
  await node.docker(['rm', '--force', name]);
  await until(`${name} is gone`, 30_000, async () => !(await node.docker(['ps', '-aq', '-f', `name=${name}`])).trim());
}
