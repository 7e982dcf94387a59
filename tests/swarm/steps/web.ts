// Steps a to f1: what happens to a service of ten replicas.
import type { World } from '../world.js';
import type { Step } from './step.js';

export const webSteps: readonly Step[] = [
  { name: 'a', title: 'ten replicas', play: async (world) => void (await world.web()) },
  { name: 'b', title: 'a node is drained', isTimed: true, play: drain },
  { name: 'c', title: 'it is active again; the leader is killed', isTimed: true, play: killLeader },
  { name: 'd', title: 'the lost node comes back', play: comeBack },
  { name: 'e1', title: 'scaled from 10 to 3', play: (world) => scale(world, 3) },
  { name: 'e2', title: 'and to 10 again', play: (world) => scale(world, 10) },
  { name: 'f1', title: 'rolling update, stop-first', isTimed: true, play: stopFirst },
];

async function drain(world: World): Promise<void> {
  await world.drain(await world.worker(await world.web()));
}

async function killLeader(world: World): Promise<void> {
  await world.web();
  await world.activateAll();
  const leader = await world.swarm.leader();
  await leader.halt();
  await world.swarm.complete();
}

async function comeBack(world: World): Promise<void> {
  if (world.swarm.up.length === world.swarm.nodes.length) await killLeader(world);
  for (const node of world.swarm.nodes) if (!node.isUp) await node.start();
  await world.swarm.complete();
}

async function scale(world: World, replicas: number): Promise<void> {
  await world.both(await world.web(), 'scale', `${replicas}`);
}

async function stopFirst(world: World): Promise<void> {
  await world.both(await world.web(), 'update', '--detach', '--quiet', '--force', '--update-order', 'stop-first');
}
