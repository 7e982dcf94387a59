// Step k: what happens when etcd loses a member, and when it is not there at all.
import { sleep } from '../rig/run.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const AWAY = 20_000;

/** Where etcd is the store. */
export const etcdSteps: readonly Step[] = [
  { name: 'k1', title: 'an etcd member is killed while a node is drained', play: loseMember },
  { name: 'k2', title: 'etcd is away for 20 s while a container dies', play: away },
];

async function loseMember(world: World): Promise<void> {
  const node = await world.worker(await world.web());
  const { etcd } = world.rig;
  const [member] = etcd?.members ?? [];
  const drained = world.drain(node);
  await sleep(500); // Swarm has begun, and the new containers ask for their addresses
  await member?.halt();
  await drained;
  await world.settle();
  await member?.launch();
  await etcd?.healthy();
  await world.activateAll();
}

async function away(world: World): Promise<void> {
  const web = await world.web();
  const node = await world.worker(web);
  await world.rig.etcd?.halt();
  await world.killOne(web, node);
  await sleep(AWAY);
  await world.rig.etcd?.launch();
}
