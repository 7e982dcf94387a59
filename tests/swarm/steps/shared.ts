// Steps s1 to s3: a service on a macvlan network of the whole swarm, made from a configuration that each node has.
// Swarm's leader is not asked there and gives no tickets: the nodes share the subnet among themselves.
import assert from 'node:assert/strict';
import { unreachable } from '../inside.js';
import { listed } from '../listing.js';
import { pictureOf } from '../picture.js';
import { DRIVER } from '../plugin.js';
import { toldShared, toldTaken } from '../plugin-log.js';
import { until } from '../rig/run.js';
import { settled } from '../services.js';
import type { Net, World } from '../world.js';
import type { Step } from './step.js';

const REPLICAS = 4;
/** What a node's plugin may take to see a network that Docker does not tell it of. */
const LOOK = 45_000;
/**
 * Neighbours may look for a container that was replaced where it was before, until they have asked again: Linux keeps
 * what it knows for up to 45 s (half as long again as base_reachable_time), and then asks the old place for 8 s.
 */
const FORGET = 60_000;

/** A network with the service on it. */
interface Lan extends Net {
  readonly service: string;
}

/** Another one, on whose subnet nobody has been before. */
const ASKED: Lan = { name: 'asked', prefix: '10.79.1.', service: 'asked-web' };

const lanOf = ({ lan }: World): Lan => ({ ...lan, service: 'lan-web' });

export const sharedSteps: readonly Step[] = [
  { name: 's1', title: 'macvlan across the swarm: a service, updated, killed, drained', play: move },
  { name: 's2', title: 'and removed, and made again', play: again },
  { name: 's3', title: 'who answers on the wire keeps his address', play: asked },
];

async function move(world: World): Promise<void> {
  const lan = lanOf(world);
  await makeNetwork(world, lan);
  await create(world, lan);
  const first = await look(world, lan);
  await world.docker('service', 'update', '--detach', '--quiet', '--force', lan.service);
  await same(world, lan, first, 'after an update');
  const node = await world.worker({ limpet: lan.service, stock: '' });
  for (const replica of await settled(world.swarm, lan.service, 60_000))
    if (replica.node === node) await node.docker(['kill', replica.container]);
  await same(world, lan, first, 'after its containers were killed');
  await world.drain(node);
  await same(world, lan, first, 'after a drain');
  await world.activateAll();
}

async function again(world: World): Promise<void> {
  const lan = lanOf(world);
  await makeNetwork(world, lan);
  if (!(await names(world, 'service')).includes(lan.service)) await create(world, lan);
  const first = await look(world, lan);
  await remove(world, lan);
  await create(world, lan);
  await same(world, lan, first, 'removed, and made again');
  await remove(world, lan);
  await removeNetwork(world, lan);
}

/** The nodes have the first addresses of the subnet themselves, which Limpet is not told. */
async function asked(world: World): Promise<void> {
  const lan = ASKED;
  const { nodes } = world.swarm;
  const own = (n: number) => `${lan.prefix}${n + 2}`;
  // A node has one network on its interface.
  if ((await names(world, 'service')).includes(lanOf(world).service)) await remove(world, lanOf(world));
  await removeNetwork(world, lanOf(world));
  for (const [n, { machine }] of nodes.entries())
    await machine.run('ip', 'address', 'add', `${own(n)}/24`, 'dev', 'eth0');
  await makeNetwork(world, lan, '--ipam-opt', 'limpet.probe=arp');
  await create(world, lan);
  const has = await look(world, lan);
  const taken = nodes.map((_, n) => own(n));
  assert.deepEqual(
    [...has.values()].filter((address) => taken.includes(address)),
    [],
  );
  assert.ok(taken.includes(toldTaken(world.swarm)[0] ?? ''), 'a plugin says that somebody answers');
  await remove(world, lan);
  await removeNetwork(world, lan);
  for (const [n, { machine }] of nodes.entries())
    await machine.run('ip', 'address', 'del', `${own(n)}/24`, 'dev', 'eth0');
}

async function makeNetwork(world: World, lan: Lan, ...more: string[]): Promise<void> {
  const { name, prefix } = lan;
  if ((await names(world, 'network')).includes(name)) return;
  const options = [...more, '--ipam-driver', DRIVER, '--ipam-opt', 'limpet.scope=cluster', '--opt', 'parent=eth0'];
  const subnet = ['--subnet', `${prefix}0/24`, '--gateway', `${prefix}1`];
  for (const node of world.swarm.nodes)
    await node.docker(['network', 'create', '--config-only', ...options, ...subnet, `${name}-config`]);
  if (!(await world.swarm.saysWhoAsks()))
    for (const node of world.swarm.nodes)
      await until(`the plugin of ${node.name} warns`, LOOK, async () => toldShared(node, `${name}-config`));
  await world.docker('network', 'create', '-d', 'macvlan', '--scope', 'swarm', '--config-from', `${name}-config`, name);
}

/** With its configurations. A node lets go of it a moment after its last container. */
async function removeNetwork(world: World, lan: Lan): Promise<void> {
  const { name } = lan;
  await until(`${name} is removed`, 60_000, async () => {
    if ((await names(world, 'network')).includes(name)) await world.docker('network', 'rm', name).catch(() => {});
    for (const node of world.swarm.nodes) await node.docker(['network', 'rm', `${name}-config`]).catch(() => {});
    const left = await Promise.all(
      world.swarm.nodes.map((node) => node.docker(['network', 'ls', '--format', '{{.Name}}'])),
    );
    return !left
      .join('\n')
      .split('\n')
      .some((each) => each === name || each === `${name}-config`);
  });
}

async function create(world: World, lan: Lan): Promise<void> {
  await world.createAlone(lan.service, lan.name, '--replicas', `${REPLICAS}`, '--update-monitor', '1s');
}

async function remove(world: World, lan: Lan): Promise<void> {
  await world.docker('service', 'rm', lan.service);
  await until(`no container of ${lan.service} is left`, 60_000, async () => {
    const filter = ['--filter', `label=com.docker.swarm.service.name=${lan.service}`];
    const left = await Promise.all(world.swarm.up.map((node) => node.docker(['ps', '--all', '--quiet', ...filter])));
    return left.join('').trim() === '';
  });
}

/** Everybody is where he was; before Docker 29 that cannot be, and what is left is that no two are at one address. */
async function same(world: World, lan: Lan, first: ReadonlyMap<string, string>, when: string): Promise<void> {
  const now = await look(world, lan);
  if (await world.swarm.saysWhoAsks()) assert.deepEqual(now, first, `${lan.service} ${when}`);
}

/** Who has which address, asked from inside; all of them different, and reached from each of the nodes. */
async function look(world: World, lan: Lan): Promise<Map<string, string>> {
  const placed = [...(await pictureOf(await settled(world.swarm, lan.service, 120_000), lan.prefix)).values()];
  const addresses = placed.map(({ address }) => address);
  assert.equal(new Set(addresses).size, REPLICAS, `${addresses}`);
  for (const place of placed)
    await until(`${place.identity} reaches all others`, FORGET, async () => {
      return (await unreachable(place, addresses)).length === 0;
    });
  await untouched(world, lan, addresses);
  return new Map(placed.map(({ identity, address }) => [identity, address] as const).sort());
}

/** On Docker 29 a task takes one address and no ticket: nothing is held but the gateway. */
async function untouched(world: World, lan: Lan, addresses: readonly string[]): Promise<void> {
  if (!(await world.swarm.saysWhoAsks())) return;
  assert.deepEqual(await listed(world.swarm, `${lan.prefix}0/24`, 'held'), [`${lan.prefix}1`]);
  assert.deepEqual(await listed(world.swarm, `${lan.prefix}0/24`, 'live'), [...addresses].sort());
}

async function names(world: World, what: 'network' | 'service'): Promise<string[]> {
  return (await world.docker(what, 'ls', '--format', '{{.Name}}')).split('\n');
}
