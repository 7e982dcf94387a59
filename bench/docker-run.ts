// What Limpet costs where it counts: `docker run` on a network of Limpet's beside the same on Docker's own IPAM, in
// turn, with each store, on a Docker of its own; and many containers started at once. `npm run bench:docker`, as root.
// `--rounds N` and `--crowd N` make it shorter. Nothing here passes or fails on a time; that two containers get one
// address does.

import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { DRIVER, installPlugin } from '../tests/swarm/plugin.js';
import type { DockerNode } from '../tests/swarm/rig/docker-node.js';
import { IMAGE, STAY } from '../tests/swarm/rig/image.js';
import { makeEtcd, makeNodes, type Site, withMachines } from '../tests/swarm/rig/rig.js';
import { median } from './measure.js';

const values = readArguments('usage: npm run bench:docker -- [--rounds N] [--crowd N]', {
  rounds: { type: 'string', default: '30' },
  crowd: { type: 'string', default: '200' },
});
const ROUNDS = wholeNumber('rounds', values.rounds);
const CROWD = wholeNumber('crowd', values.crowd);

await withMachines(console.log, bench);
process.exit(0);

async function bench(site: Site): Promise<void> {
  const etcd = await makeEtcd(site, 3);
  const stores = { memory: 'memory:', file: 'file:///var/lib/limpet', 'etcd, 3 members': etcd.url };
  const nodes = await makeNodes(site, Object.keys(stores).length);
  console.log(`docker run --rm, on a bridge network; medians of ${ROUNDS} rounds, in turn`);
  for (const [n, [name, url]] of Object.entries(stores).entries()) {
    const node = nodes[n] as DockerNode;
    await installPlugin(node, { LIMPET_STORE: url });
    await makeNetworks(node);
    await runs(node, name);
    await crowd(node);
  }
}

async function makeNetworks(node: DockerNode): Promise<void> {
  await node.docker(['network', 'create', '--ipam-driver', DRIVER, '--subnet', '10.77.0.0/16', 'limpet']);
  await node.docker(['network', 'create', '--subnet', '10.78.0.0/16', 'stock']);
}

async function runs(node: DockerNode, store: string): Promise<void> {
  const times = { limpet: [] as number[], fresh: [] as number[], stock: [] as number[] };
  for (let round = -1; round < ROUNDS; round++) {
    const sticky = await timed(() => runOnce(node, 'limpet', 'bench'));
    const stock = await timed(() => runOnce(node, 'stock', 'bench'));
    const fresh = await timed(() => runOnce(node, 'limpet', `bench-${round + 1}`));
    if (round < 0) continue; // the first warms all three up
    times.limpet.push(sticky);
    times.stock.push(stock);
    times.fresh.push(fresh);
  }
  const [stock, sticky, fresh] = [median(times.stock), median(times.limpet), median(times.fresh)];
  const line = (what: string, ms: number) =>
    `  ${what.padEnd(30)} ${ms.toFixed(0)} ms   ratio ${(ms / stock).toFixed(3)}`;
  console.log(
    `${store}\n${line("Docker's own IPAM", stock)}\n${line('sticky', sticky)}\n${line('a new binding', fresh)}`,
  );
}

function runOnce(node: DockerNode, network: string, name: string): Promise<unknown> {
  return node.docker(['run', '--rm', '--name', name, '--network', network, IMAGE, 'true']);
}

/** Created one by one, started all at once. */
async function crowd(node: DockerNode): Promise<void> {
  const seconds: Record<string, number> = {};
  for (const network of ['stock', 'limpet']) {
    const names = Array.from({ length: CROWD }, (_, n) => `crowd-${n}`);
    for (const name of names) await node.docker(['create', '--name', name, '--network', network, IMAGE, ...STAY]);
    seconds[network] =
      (await timed(() => Promise.all(names.map((name) => node.post(`/containers/${name}/start`))))) / 1000;
    await demandDistinct(node, network);
    await node.docker(['rm', '--force', ...names], { timeout: 600_000 });
  }
  const { stock, limpet } = seconds as { stock: number; limpet: number };
  console.log(
    `  ${CROWD} containers started at once: ${limpet.toFixed(1)} s, Docker's own IPAM ${stock.toFixed(1)} s   ratio ${(limpet / stock).toFixed(3)}`,
  );
}

async function demandDistinct(node: DockerNode, network: string): Promise<void> {
  const inspected = await node.api<{ Containers: Record<string, { IPv4Address: string }> }>(`/networks/${network}`);
  const addresses = Object.values(inspected.Containers).map(({ IPv4Address }) => IPv4Address);
  if (addresses.length === CROWD && new Set(addresses).size === CROWD) return;
  throw new Error(`${addresses.length} containers run on ${network}, with ${new Set(addresses).size} addresses`);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}
