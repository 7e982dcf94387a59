// Step k where Swarm's own raft is the store: what happens when it loses a manager, and when it has no majority.
import { sleep } from '../rig/run.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const AWAY = 20_000;

export const managerSteps: readonly Step[] = [
  { name: 'k1', title: 'a manager is killed while a node is drained', play: loseManager },
  { name: 'k2', title: 'a majority of managers is gone for 20 s, then back', play: loseMajority },
  { name: 'k3', title: 'all but one are lost: --force-new-cluster, others join anew', play: forceNewCluster },
];

async function loseManager(world: World): Promise<void> {
  const node = await world.worker(await world.web());
  const leader = await world.swarm.leader();
  const other = world.swarm.managers.find((each) => each !== node && each !== leader);
  const drained = world.drain(node);
  await sleep(500); // Swarm has begun, and the new containers ask for their addresses
  await other?.halt();
  await drained;
  await world.settle();
  await other?.start();
  await world.swarm.complete();
  await world.activateAll();
}

/** What runs on the one that is left goes on; nothing new gets an address until the others are back. */
async function loseMajority(world: World): Promise<void> {
  await world.web();
  const leader = await world.swarm.leader();
  const others = world.swarm.managers.filter((each) => each !== leader);
  await Promise.all(others.map((node) => node.halt()));
  await sleep(AWAY);
  await Promise.all(others.map((node) => node.start()));
  await world.swarm.complete();
}

/** The swarm is made of one manager's copy of its state; the other nodes leave what they were in, and join it. */
async function forceNewCluster(world: World): Promise<void> {
  await world.web();
  const { swarm } = world;
  const one = await swarm.leader();
  const others = swarm.nodes.filter((node) => node !== one);
  await Promise.all(others.map((node) => node.halt()));
  await one.docker(['swarm', 'init', '--force-new-cluster', '--advertise-addr', one.machine.address]);
  await swarm.complete();
  // All first: who joins is sent to managers that are in the list and gone.
  for (const { name } of others) await one.docker(['node', 'rm', '--force', name]);
  for (const node of others) {
    await node.start();
    await node.docker(['swarm', 'leave', '--force']);
    await swarm.join(node, one);
  }
  await swarm.complete();
}
