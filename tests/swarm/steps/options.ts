// Step i2: Docker cannot change a network's options, so that operators remove it and create it again. Nobody may lose
// an address by that.
import assert from 'node:assert/strict';
import { pictureOf } from '../picture.js';
import { DRIVER } from '../plugin.js';
import { until } from '../rig/run.js';
import { settled } from '../services.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const NET = { name: 'options', prefix: '10.77.2.' };
const SERVICE = 'kept';

export const optionSteps: readonly Step[] = [
  { name: 'i2', title: 'a network is made again with other options', play: makeAgain },
];

async function makeAgain(world: World): Promise<void> {
  await world.web();
  const before = await run(world);
  const after = await run(world, '--ipam-opt', 'limpet.reclaim=never', '--ipam-opt', 'limpet.policy=lowest');
  assert.deepEqual(after, before, 'addresses under the options of the second time');
}

/** The network and a service on it, from the beginning to the end. */
async function run(world: World, ...options: string[]): Promise<[identity: string, address: string][]> {
  const flags = ['--driver', 'overlay', '--ipam-driver', DRIVER, ...options];
  await world.docker('network', 'create', ...flags, '--subnet', `${NET.prefix}0/24`, NET.name);
  await world.createAlone(SERVICE, NET.name, '--replicas', '4');
  const replicas = await settled(world.swarm, SERVICE, 90_000);
  const picture = await pictureOf(replicas, NET.prefix);
  await world.docker('service', 'rm', SERVICE);
  // Refused for as long as a task has an endpoint on it.
  await until(`${NET.name} is removed`, 60_000, async () => {
    await world.docker('network', 'rm', NET.name).catch(() => {});
    return !(await world.docker('network', 'ls', '--format', '{{.Name}}')).split('\n').includes(NET.name);
  });
  return [...picture].map(([identity, { address }]) => [identity, address] as [string, string]).sort();
}
