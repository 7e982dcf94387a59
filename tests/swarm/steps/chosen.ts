// Steps p1 to p3: addresses that a person chose, by command and in a stack file, and a service with a pool. What they
// are is asked from inside each container.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pictureOf } from '../picture.js';
import { DRIVER } from '../plugin.js';
import { IMAGE, STAY } from '../rig/image.js';
import { until } from '../rig/run.js';
import { running, settled } from '../services.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

/** As an operator runs it on the node: it finds the plugin's socket there. */
const CLI = resolve('dist/cli.js');
const NET = { name: 'chosen', prefix: '10.77.3.' };
const BY_COMMAND = 'pinned';
const SECONDS = `${NET.prefix}14-${NET.prefix}17`;
const STACK = 'shop';
const POOLED = 'pooled';
/** Its pool is the network's option. */
const OPTIONED = 'optioned';

export const chosenSteps: readonly Step[] = [
  { name: 'p1', title: 'addresses are pinned by command', play: byCommand },
  { name: 'p2', title: 'and by labels in a stack file', play: byLabel },
  { name: 'p3', title: 'a pool is driven to its end', play: pool },
];

async function makeNetwork(world: World): Promise<void> {
  await world.web();
  // Not by a filter: a manager reads the name in it as a whole name where no container of its own is on the network.
  const names = await world.docker('network', 'ls', '--format', '{{.Name}}');
  if (names.split('\n').includes(NET.name)) return;
  const flags = ['--driver', 'overlay', '--ipam-driver', DRIVER, '--subnet', `${NET.prefix}0/24`];
  const pool = ['--ipam-opt', `limpet.pool.${OPTIONED}=${NET.prefix}44-${NET.prefix}45`];
  await world.docker('network', 'create', ...flags, ...pool, '--ip-range', `${NET.prefix}128/25`, NET.name);
}

/** The service's slots have these addresses, from the first on. */
async function expect(world: World, service: string, first: number, what: string): Promise<void> {
  const picture = await pictureOf(await settled(world.swarm, service, 120_000), NET.prefix);
  const wanted = [...picture.keys()].map((identity) => {
    const slot = Number(identity.split('.').at(-1));
    return [identity, `${NET.prefix}${first + slot - 1}`] as const;
  });
  const has = [...picture].map(([identity, { address }]) => [identity, address] as const);
  assert.deepEqual(new Map(has), new Map(wanted), `${service} ${what}`);
  assert.ok(has.length > 0);
}

async function byCommand(world: World): Promise<void> {
  await makeNetwork(world);
  await world.createAlone(BY_COMMAND, NET.name, '--replicas', '4');
  await settled(world.swarm, BY_COMMAND, 120_000);
  const { machine } = await world.swarm.leader();
  await machine.run(process.execPath, CLI, 'pin', BY_COMMAND, `${NET.prefix}10-${NET.prefix}13`);
  await world.docker('service', 'update', '--detach', '--quiet', '--force', BY_COMMAND);
  await expect(world, BY_COMMAND, 10, 'after it was pinned and started again');
  const node = await world.worker({ limpet: BY_COMMAND, stock: '' });
  await world.drain(node);
  await expect(world, BY_COMMAND, 10, 'after a drain');
  await world.activateAll();
  await world.docker('service', 'scale', '--detach', `${BY_COMMAND}=1`);
  await expect(world, BY_COMMAND, 10, 'scaled down');
  await world.docker('service', 'scale', '--detach', `${BY_COMMAND}=4`);
  await expect(world, BY_COMMAND, 10, 'and up again');
  await (await world.swarm.leader()).machine.run(process.execPath, CLI, 'pin', BY_COMMAND, '--second', SECONDS);
  for (const first of [14, 10]) {
    const flags = ['--detach', '--quiet', '--force', '--update-order', 'start-first', '--update-parallelism', '4'];
    await world.docker('service', 'update', ...flags, BY_COMMAND);
    await expect(world, BY_COMMAND, first, 'updated, start-first, with both homes pinned');
  }
  await remove(world, BY_COMMAND);
  await world.createAlone(BY_COMMAND, NET.name, '--replicas', '4');
  await expect(world, BY_COMMAND, 10, 'removed, and made again');
  await (await world.swarm.leader()).halt();
  await world.swarm.complete();
  await expect(world, BY_COMMAND, 10, 'after the leader was lost');
  for (const each of world.swarm.nodes) if (!each.isUp) await each.start();
  await world.swarm.complete();
  await remove(world, BY_COMMAND);
}

async function byLabel(world: World): Promise<void> {
  await makeNetwork(world);
  await deploy(world, { 'limpet.address': `${NET.prefix}20-${NET.prefix}23` }, 4);
  await expect(world, `${STACK}_web`, 20, 'in a stack, by label');
  await deploy(world, { 'limpet.address': `${NET.prefix}30-${NET.prefix}33` }, 4);
  await expect(world, `${STACK}_web`, 30, 'with another label');
  await world.docker('stack', 'rm', STACK);
  await gone(world, `${STACK}_web`);
  await deploy(world, { 'limpet.address': `${NET.prefix}30-${NET.prefix}33` }, 4);
  await expect(world, `${STACK}_web`, 30, 'removed, and deployed again');
  // A label that cannot be: the task says why, and whoever runs is not disturbed.
  await world.createAlone('thief', NET.name, '--container-label', `limpet.address=${NET.prefix}30`);
  const said = await until('a task says why it cannot start', 60_000, async () => {
    const errors = await world.docker('service', 'ps', '--no-trunc', '--format', '{{.Error}}', 'thief');
    return /limpet\.address/.test(errors) ? errors : undefined;
  });
  assert.match(said, /the label limpet\.address of thief\.1\.\w+: 10\.77\.3\.30 .* belongs to "shop_web\.1"/);
  await world.docker('service', 'rm', 'thief');
  await expect(world, `${STACK}_web`, 30, 'when somebody else wanted one of them');
  await world.docker('stack', 'rm', STACK);
  await gone(world, `${STACK}_web`);
}

async function pool(world: World): Promise<void> {
  await makeNetwork(world);
  await toItsEnd(world, POOLED, [40, 41, 42], '--container-label', `limpet.pool=${NET.prefix}40-${NET.prefix}42`);
  await toItsEnd(world, OPTIONED, [44, 45]);
}

/** The service has these addresses, and one replica more has none. */
async function toItsEnd(world: World, service: string, pool: readonly number[], ...options: string[]): Promise<void> {
  const wanted = pool.map((n) => `${NET.prefix}${n}`);
  await world.createAlone(service, NET.name, '--replicas', `${pool.length}`, ...options);
  const picture = await pictureOf(await settled(world.swarm, service, 120_000), NET.prefix);
  assert.deepEqual([...picture.values()].map(({ address }) => address).sort(), wanted);
  await world.docker('service', 'scale', '--detach', `${service}=${pool.length + 1}`);
  const said = await until('a task says that the pool is full', 60_000, async () => {
    const errors = await world.docker('service', 'ps', '--no-trunc', '--format', '{{.Error}}', service);
    return /is full/.test(errors) ? errors : undefined;
  });
  assert.match(said, new RegExp(`the range ${wanted[0]}-${wanted.at(-1)} of ${NET.prefix}0/24 is full`));
  assert.equal((await running(world.swarm, service)).length, pool.length, 'nobody got an address from outside');
  await remove(world, service);
}

/** A stack file, as docs/ADDRESSES.md has one. */
async function deploy(world: World, labels: Readonly<Record<string, string>>, replicas: number): Promise<void> {
  const leader = await world.swarm.leader();
  const web = {
    image: IMAGE,
    command: STAY,
    networks: [NET.name],
    labels,
    deploy: { replicas, restart_policy: { delay: '1s' } },
  };
  const stack = { version: '3.8', services: { web }, networks: { [NET.name]: { external: true } } };
  const file = join(leader.machine.disk, 'stack.json');
  writeFileSync(file, JSON.stringify(stack));
  await leader.docker(['stack', 'deploy', '--resolve-image', 'never', '--compose-file', file, STACK]);
}

async function remove(world: World, service: string): Promise<void> {
  await world.docker('service', 'rm', service);
  await gone(world, service);
}

async function gone(world: World, service: string): Promise<void> {
  await until(`no container of ${service} is left`, 60_000, async () => {
    const filter = ['--filter', `label=com.docker.swarm.service.name=${service}`];
    const left = await Promise.all(world.swarm.up.map((node) => node.docker(['ps', '--quiet', ...filter])));
    return left.join('').trim() === '';
  });
}
