// Step l: a subnet that is too small. Nobody who runs is disturbed, whoever finds no address waits and is told why, and when
// there is room again everybody comes home.
import assert from 'node:assert/strict';
import { pictureOf } from '../picture.js';
import { DRIVER } from '../plugin.js';
import { until } from '../rig/run.js';
import { type Replica, running, settled } from '../services.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const NET = { name: 'tight', prefix: '10.77.1.' };
const FEW = 4;
const MANY = 20;

export const exhaustionSteps: readonly Step[] = [
  { name: 'l', title: 'a /28 is driven to exhaustion and back', play: exhaust },
];

async function exhaust(world: World): Promise<void> {
  await world.web();
  const flags = ['--driver', 'overlay', '--ipam-driver', DRIVER, '--subnet', `${NET.prefix}0/28`];
  await world.docker('network', 'create', ...flags, NET.name);
  await world.createAlone('tight', NET.name, '--replicas', `${FEW}`);
  const first = await look(world);
  await world.docker('service', 'scale', '--detach', `tight=${MANY}`);
  await until('Swarm says that there is no address left', 60_000, async () => waiting(world));
  const full = await addresses(await running(world.swarm, 'tight'));
  assert.equal(new Set(full.values()).size, full.size, `two containers have one address: ${[...full.values()]}`);
  for (const [identity, address] of first) assert.equal(full.get(identity), address, `${identity} was disturbed`);
  await world.docker('service', 'scale', '--detach', `tight=${FEW}`);
  const last = await look(world);
  for (const [identity, address] of last) {
    const home = first.get(identity) ?? full.get(identity);
    assert.equal(address, home, `${identity} is not at home after the exhaustion`);
  }
  await world.docker('service', 'rm', 'tight');
}

async function look(world: World): Promise<Map<string, string>> {
  return addresses(await settled(world.swarm, 'tight', 90_000));
}

async function addresses(replicas: readonly Replica[]): Promise<Map<string, string>> {
  const picture = await pictureOf(replicas, NET.prefix);
  return new Map([...picture].map(([identity, { address }]) => [identity, address]));
}

/** Whether tasks wait and Swarm or a node gives the full subnet as the reason. */
async function waiting(world: World): Promise<boolean> {
  const format = '{{.CurrentState}} {{.Error}}';
  const lines = await world.docker('service', 'ps', '--no-trunc', '--format', format, 'tight');
  return /^(New|Pending|Rejected|Failed|Allocated)/m.test(lines);
}
