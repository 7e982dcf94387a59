// Step l: a subnet that is too small. Nobody who runs is disturbed, whoever finds no address waits and is told why, and
// when others have left there is room again.
import assert from 'node:assert/strict';
import { pictureOf } from '../picture.js';
import { DRIVER } from '../plugin.js';
import { toldFull } from '../plugin-log.js';
import { until } from '../rig/run.js';
import { type Replica, running, settled } from '../services.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const NET = { name: 'tight', prefix: '10.77.1.' };
const SUBNET = `${NET.prefix}0/28`;
const CALM = 4000;
const FEW = 4;
const MANY = 20;

export const exhaustionSteps: readonly Step[] = [
  { name: 'l', title: 'a /28 is driven to exhaustion and back', play: exhaust },
];

async function exhaust(world: World): Promise<void> {
  await world.web();
  const flags = ['--driver', 'overlay', '--ipam-driver', DRIVER, '--ipam-opt', 'limpet.reclaim=when-full=1s'];
  await world.docker('network', 'create', ...flags, '--subnet', SUBNET, NET.name);
  await world.createAlone('tight', NET.name, '--replicas', `${FEW}`);
  const homes = await look(world);
  await scale(world, MANY);
  await until('a plugin says that the subnet is full', 60_000, async () => toldFull(world.swarm, SUBNET));
  const full = await addresses(await calm(world));
  assert.ok(full.size > FEW && full.size < MANY, `${full.size} of ${MANY} tasks run in a full ${SUBNET}`);
  assert.equal(new Set(full.values()).size, full.size, `two containers have one address: ${[...full.values()]}`);
  compare(homes, full, 'was disturbed');
  await scale(world, FEW);
  const few = await look(world);
  compare(full, few, 'was disturbed when others left');
  // One more needs a ticket: an address that was reserved for somebody who left is reclaimed for it.
  await scale(world, FEW + 1);
  const more = await look(world);
  compare(few, more, 'was disturbed when another came');
  assert.equal(new Set(more.values()).size, FEW + 1);
  await world.docker('service', 'rm', 'tight');
}

async function scale(world: World, replicas: number): Promise<void> {
  await world.docker('service', 'scale', '--detach', `tight=${replicas}`);
}

/** Those who were there before have what they had. */
function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, what: string): void {
  const there = [...after].filter(([identity]) => before.has(identity));
  assert.ok(there.length > 0, 'nobody is there who was there before');
  for (const [identity, address] of there) assert.equal(address, before.get(identity), `${identity} ${what}`);
}

/** What runs, when it has been the same for some seconds. */
async function calm(world: World): Promise<Replica[]> {
  let last = '';
  let since = Date.now();
  return until('no more tasks start', 60_000, async () => {
    const found = await running(world.swarm, 'tight');
    const now = found.map(({ container }) => container).join();
    if (now !== last) [last, since] = [now, Date.now()];
    return Date.now() - since > CALM ? found : undefined;
  });
}

async function look(world: World): Promise<Map<string, string>> {
  return addresses(await settled(world.swarm, 'tight', 90_000));
}

async function addresses(replicas: readonly Replica[]): Promise<Map<string, string>> {
  const picture = await pictureOf(replicas, NET.prefix);
  return new Map([...picture].map(([identity, { address }]) => [identity, address]));
}
