// Steps s1 and s2: a service on a macvlan network of the whole swarm, made from a configuration that each node has.
// Swarm's leader is not asked there and gives no tickets: the nodes share the subnet among themselves.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { unreachable } from '../inside.js';
import { pictureOf } from '../picture.js';
import { DRIVER } from '../plugin.js';
import { toldShared } from '../plugin-log.js';
import { until } from '../rig/run.js';
import { settled } from '../services.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const CLI = resolve('dist/cli.js');
const SERVICE = 'lan-web';
const REPLICAS = 4;
/** What a node's plugin may take to see a network that Docker does not tell it of. */
const LOOK = 45_000;

export const sharedSteps: readonly Step[] = [
  { name: 's1', title: 'macvlan across the swarm: a service, updated, killed, drained', play: move },
  { name: 's2', title: 'and removed, and made again', play: again },
];

async function move(world: World): Promise<void> {
  await makeNetwork(world);
  await create(world);
  const first = await look(world);
  await world.docker('service', 'update', '--detach', '--quiet', '--force', SERVICE);
  await same(world, first, 'after an update');
  const node = await world.worker({ limpet: SERVICE, stock: '' });
  for (const replica of await settled(world.swarm, SERVICE, 60_000))
    if (replica.node === node) await node.docker(['kill', replica.container]);
  await same(world, first, 'after its containers were killed');
  await world.drain(node);
  await same(world, first, 'after a drain');
  await world.activateAll();
}

async function again(world: World): Promise<void> {
  await makeNetwork(world);
  if (!(await names(world, 'service')).includes(SERVICE)) await create(world);
  const first = await look(world);
  await remove(world);
  await create(world);
  await same(world, first, 'removed, and made again');
  await remove(world);
}

async function makeNetwork(world: World): Promise<void> {
  const { name, prefix } = world.lan;
  if ((await names(world, 'network')).includes(name)) return;
  const options = ['--ipam-driver', DRIVER, '--ipam-opt', 'limpet.scope=cluster', '--opt', 'parent=eth0'];
  const subnet = ['--subnet', `${prefix}0/24`, '--gateway', `${prefix}1`];
  for (const node of world.swarm.nodes)
    await node.docker(['network', 'create', '--config-only', ...options, ...subnet, `${name}-config`]);
  if (!(await world.swarm.saysWhoAsks()))
    for (const node of world.swarm.nodes)
      await until(`the plugin of ${node.name} warns`, LOOK, async () => toldShared(node, `${name}-config`));
  await world.docker('network', 'create', '-d', 'macvlan', '--scope', 'swarm', '--config-from', `${name}-config`, name);
}

async function create(world: World): Promise<void> {
  await world.createAlone(SERVICE, world.lan.name, '--replicas', `${REPLICAS}`, '--update-monitor', '1s');
}

async function remove(world: World): Promise<void> {
  await world.docker('service', 'rm', SERVICE);
  await until(`no container of ${SERVICE} is left`, 60_000, async () => {
    const filter = ['--filter', `label=com.docker.swarm.service.name=${SERVICE}`];
    const left = await Promise.all(world.swarm.up.map((node) => node.docker(['ps', '--all', '--quiet', ...filter])));
    return left.join('').trim() === '';
  });
}

/** Everybody is where he was; before Docker 29 that cannot be, and what is left is that no two are at one address. */
async function same(world: World, first: ReadonlyMap<string, string>, when: string): Promise<void> {
  const now = await look(world);
  if (await world.swarm.saysWhoAsks()) assert.deepEqual(now, first, `${SERVICE} ${when}`);
}

/** Who has which address, asked from inside; all of them different, and reached from each of the nodes. */
async function look(world: World): Promise<Map<string, string>> {
  const placed = [...(await pictureOf(await settled(world.swarm, SERVICE, 120_000), world.lan.prefix)).values()];
  const addresses = placed.map(({ address }) => address);
  assert.equal(new Set(addresses).size, REPLICAS, `${addresses}`);
  for (const place of placed) assert.deepEqual(await unreachable(place, addresses), [], `seen from ${place.identity}`);
  await untouched(world, addresses);
  return new Map(placed.map(({ identity, address }) => [identity, address] as const).sort());
}

/** On Docker 29 a task takes one address and no ticket: nothing is held but the gateway. */
async function untouched(world: World, addresses: readonly string[]): Promise<void> {
  if (!(await world.swarm.saysWhoAsks())) return;
  assert.deepEqual(await listed(world, 'held'), [`${world.lan.prefix}1`]);
  assert.deepEqual(await listed(world, 'live'), [...addresses].sort());
}

/** As an operator on the leader sees them. */
async function listed({ swarm, lan }: World, state: 'held' | 'live'): Promise<string[]> {
  const { machine } = await swarm.leader();
  const options = ['--subnet', `${lan.prefix}0/24`, '--state', state, '--json'];
  const { rows } = JSON.parse(await machine.run(process.execPath, CLI, 'ls', ...options));
  return (rows as { address: string }[]).map(({ address }) => address).sort();
}

async function names(world: World, what: 'network' | 'service'): Promise<string[]> {
  return (await world.docker(what, 'ls', '--format', '{{.Name}}')).split('\n');
}
