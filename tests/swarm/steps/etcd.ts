// Step k: what happens when etcd loses a member, and when it is not there at all.
import { sleep, until } from '../rig/run.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

const AWAY = 20_000;

export const etcdSteps: readonly Step[] = [
  { name: 'k1', title: 'an etcd member is killed while a node is drained', play: loseMember },
  { name: 'k2', title: 'etcd is away for 20 s while a container dies', play: away },
];

async function loseMember(world: World): Promise<void> {
  await world.web();
  const node = await world.worker();
  const [member] = world.rig.etcd.members;
  const drained = world.drain(node);
  await sleep(500); // Swarm has begun, and the new containers ask for their addresses
  await member?.halt();
  await drained;
  await world.settle();
  await member?.launch();
  await world.rig.etcd.healthy();
  await world.activateAll();
}

async function away(world: World): Promise<void> {
  const { limpet } = await world.web();
  await world.rig.etcd.cut();
  const node = await world.worker();
  const filter = `label=com.docker.swarm.service.name=${limpet}`;
  const [container] = (await node.docker(['ps', '--quiet', '--filter', filter])).trim().split('\n');
  if (!container) throw new Error(`${node.name} runs nothing of ${limpet}`);
  await node.docker(['kill', container]);
  await until(
    `${container} has ended`,
    30_000,
    async () => !(await node.docker(['ps', '-q', '-f', `id=${container}`])),
  );
  await sleep(AWAY);
  await world.rig.etcd.mend();
}
