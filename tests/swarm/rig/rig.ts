// The rig: what an earlier run left is removed, machines with Docker and etcd come up, and all of them go down again,
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
  /** What the plugins are set to; with Swarm's own raft as the store, nothing. */
  readonly settings: Readonly<Record<string, string>>;
  /** Undefined where Swarm's own raft is the store. */
  readonly etcd: EtcdCluster | undefined;
}

/** `swarm`: no process but Docker's. */
export const STORES = ['swarm', 'etcd'] as const;
export type StoreName = (typeof STORES)[number];

export interface RigOptions {
  readonly store: StoreName;
  readonly say: (line: string) => void;
}

/** What machines are made with. */
export interface Site {
  readonly folder: RunFolder;
  readonly network: Network;
}

/** Has machines made and used, and takes them all down: after an error and after SIGINT or SIGTERM too. */
export async function withMachines<T>(say: (line: string) => void, use: (site: Site) => Promise<T>): Promise<T> {
  await demandPrograms();
  for (const path of await removeLeftOvers()) say(`removed what an earlier run left in ${path}`);
  const folder = await RunFolder.make();
  const interruption = onSignal();
  const work = Network.make(folder).then((network) => use({ folder, network }));
  try {
    return await Promise.race([interruption.promise, work]);
  } finally {
    await folder.close();
    await Promise.race([work.catch(() => {}), sleep(10_000)]); // what it does in machines that are gone fails soon
    await folder.remove();
    interruption.forget();
  }
}

/** Three managers, a worker, and etcd where that is the store. */
export function withRig<T>({ store, say }: RigOptions, use: (rig: Rig) => Promise<T>): Promise<T> {
  return withMachines(say, async (site) => {
    const etcd = store === 'etcd' ? await makeEtcd(site, 3) : undefined;
    say(`store: ${etcd?.url ?? "Swarm's own raft"}`);
    const nodes = await makeNodes(site, 4);
    const swarm = await Swarm.make(nodes.slice(0, 3), nodes.slice(3));
    say(`swarm: ${nodes.map(({ name }) => name).join(', ')}; the last one is a worker`);
    return use({ folder: site.folder, swarm, settings: etcd === undefined ? {} : { LIMPET_STORE: etcd.url }, etcd });
  });
}

export async function makeEtcd({ folder, network }: Site, members: 1 | 3): Promise<EtcdCluster> {
  const machines = numbers(members).map((n) => Machine.make(`etcd${n}`, `10.9.0.${20 + n}`, folder, network));
  return EtcdCluster.make(await Promise.all(machines));
}

/** Docker, each on a machine of its own and with the test's image. */
export async function makeNodes({ folder, network }: Site, count: number): Promise<DockerNode[]> {
  const image = await makeImage(folder);
  return Promise.all(
    numbers(count).map(async (n) => {
      const node = await DockerNode.make(await Machine.make(`n${n}`, `10.9.0.${10 + n}`, folder, network), folder);
      await loadImage(node, image);
      return node;
    }),
  );
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

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
