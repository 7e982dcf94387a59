// The whole rig: what an earlier run left is removed, three Docker nodes and etcd come up, and all of it goes down again,
// whatever happened.
import { DockerNode } from './docker-node.js';
import { EtcdCluster } from './etcd-cluster.js';
import { loadImage, makeImage } from './image.js';
import { Machine } from './machine.js';
import { Network } from './network.js';
import { demandPrograms } from './programs.js';
import { sleep } from './run.js';
import { RunFolder, removeLeftOvers } from './run-folder.js';
import { Swarm } from './swarm.js';

export interface Rig {
  readonly folder: RunFolder;
  readonly swarm: Swarm;
  readonly etcd: EtcdCluster;
}

export interface RigOptions {
  readonly etcdMembers: 1 | 3;
  readonly say: (line: string) => void;
}

/** Brings the rig up, has it used, and takes it down: after an error and after SIGINT or SIGTERM too. */
export async function withRig<T>(options: RigOptions, use: (rig: Rig) => Promise<T>): Promise<T> {
  await demandPrograms();
  for (const path of await removeLeftOvers()) options.say(`removed what an earlier run left in ${path}`);
  const folder = await RunFolder.make();
  const interruption = onSignal();
  const work = makeRig(folder, options).then(use);
  try {
    return await Promise.race([interruption.promise, work]);
  } finally {
    await folder.close();
    await Promise.race([work.catch(() => {}), sleep(10_000)]); // what it does in machines that are gone fails soon
    await folder.remove();
    interruption.forget();
  }
}

async function makeRig(folder: RunFolder, { etcdMembers, say }: RigOptions): Promise<Rig> {
  const network = await Network.make(folder);
  const numbers = Array.from({ length: etcdMembers }, (_, i) => i + 1);
  const machines = numbers.map((n) => Machine.make(`etcd${n}`, `10.9.0.${20 + n}`, folder, network));
  const etcd = await EtcdCluster.make(await Promise.all(machines));
  say(`etcd: ${etcd.url}`);
  const image = await makeImage(folder);
  const nodes = await Promise.all(
    [1, 2, 3].map(async (n) => {
      const node = await DockerNode.make(await Machine.make(`n${n}`, `10.9.0.${10 + n}`, folder, network), folder);
      await loadImage(node, image);
      return node;
    }),
  );
  const swarm = await Swarm.make(nodes);
  say(`swarm: ${nodes.map(({ name }) => name).join(', ')}, all managers`);
  return { folder, swarm, etcd };
}

/** A promise that fails when somebody wants this process to end. */
function onSignal(): { promise: Promise<never>; forget: () => void } {
  let stop: (signal: NodeJS.Signals) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    stop = (signal) => reject(new Error(`ended by ${signal}`));
  });
  promise.catch(() => {}); // where nobody waits any more
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const forget = () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  };
  return { promise, forget };
}
