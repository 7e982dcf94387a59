// What the store costs a swarm: a thousand replicas from nothing under a constraint that no node meets (Swarm gives
// addresses before it schedules, so no container is needed), and some that run; with Docker's own IPAM, with Limpet on
// Swarm's own raft, and with Limpet on etcd, in turn, in one swarm of three managers. And what a restart adds to the
// raft log of Swarm. `npm run bench:swarm [-- --replicas N] [--running N] [--rounds N]`, as root.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { copyOfPlugin, DRIVER, installPlugin, pluginProcesses } from '../tests/swarm/plugin.js';
import type { DockerNode } from '../tests/swarm/rig/docker-node.js';
import { IMAGE, STAY } from '../tests/swarm/rig/image.js';
import { makeEtcd, makeNodes, type Site, withMachines } from '../tests/swarm/rig/rig.js';
import { sleep, until } from '../tests/swarm/rig/run.js';
import { Swarm } from '../tests/swarm/rig/swarm.js';
import { settled } from '../tests/swarm/services.js';
import { median } from './measure.js';

const values = readArguments('usage: npm run bench:swarm -- [--replicas N] [--running N] [--rounds N]', {
  replicas: { type: 'string', default: '1000' },
  running: { type: 'string', default: '100' },
  rounds: { type: 'string', default: '3' },
});
const REPLICAS = wholeNumber('replicas', values.replicas);
const RUNNING = wholeNumber('running', values.running);
const ROUNDS = wholeNumber('rounds', values.rounds);

interface Contestant {
  readonly name: string;
  readonly driver: string;
  /** Of each network's addresses. */
  readonly prefix: string;
}

/** Milliseconds. */
const REST = 30_000;

const CONTESTANTS: readonly Contestant[] = [
  { name: "Docker's own IPAM", driver: 'default', prefix: '10.70' },
  { name: "Limpet, Swarm's raft", driver: DRIVER, prefix: '10.71' },
  { name: 'Limpet, etcd', driver: 'limpet-etcd:latest', prefix: '10.72' },
];

interface Task {
  readonly DesiredState: string;
  readonly NetworksAttachments?: readonly { readonly Addresses?: readonly string[] }[];
}

await withMachines(console.log, bench);
process.exit(0);

async function bench(site: Site): Promise<void> {
  const etcd = await makeEtcd(site, 3);
  const nodes = await makeNodes(site, 3);
  const swarm = await Swarm.make(nodes);
  const folder = await copyOfPlugin(site, 'limpet-etcd:latest');
  for (const node of nodes) {
    await installPlugin(node, {});
    await installPlugin(node, { LIMPET_STORE: etcd.url }, { name: 'limpet-etcd:latest', folder });
  }
  const leader = await swarm.leader();
  for (const { driver, prefix } of CONTESTANTS) {
    const flags = ['--driver', 'overlay', '--ipam-driver', driver, '--subnet', `${prefix}.0.0/16`];
    await leader.docker(['network', 'create', ...flags, netOf(driver)]);
  }
  for (const line of await atRest(leader)) console.log(line);
  const pending = new Map(CONTESTANTS.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++)
    for (const each of CONTESTANTS) pending.get(each.name)?.push(await addressed(leader, each));
  print(`${REPLICAS} replicas that no node takes: seconds until all have an address, ${ROUNDS} rounds`, pending);
  const running = new Map(CONTESTANTS.map(({ name }) => [name, [] as number[]]));
  const bytes = new Map(CONTESTANTS.map(({ name }) => [name, [] as number[]]));
  for (const each of CONTESTANTS) {
    const { seconds, restart } = await run(swarm, leader, each);
    running.get(each.name)?.push(seconds);
    bytes.get(each.name)?.push(restart);
  }
  print(`${RUNNING} replicas that run: seconds until all do`, running);
  print(`bytes in the raft log of the leader for each restart (forced update of ${RUNNING})`, bytes);
}

/** The plugins of one node while nothing happens: share of a processor, and resident memory. */
async function atRest(node: DockerNode): Promise<string[]> {
  await sleep(10_000);
  const ticks = () =>
    new Map(
      pluginProcesses(node).map((pid) => {
        const fields = readFileSync(node.procFile(pid, 'stat'), 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        return [pid, Number(fields[11]) + Number(fields[12])] as const;
      }),
    );
  const before = ticks();
  await sleep(REST);
  return [...ticks()].map(([pid, after]) => {
    const store = /LIMPET_STORE=([^:\0]*)/.exec(readFileSync(node.procFile(pid, 'environ'), 'utf8'))?.[1];
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(node.procFile(pid, 'status'), 'utf8'))?.[1]) / 1024;
    const share = ((after - (before.get(pid) ?? after)) * 10) / REST;
    return `at rest, ${store}: ${(share * 100).toFixed(2)} % of a processor, ${rss.toFixed(0)} MB resident`;
  });
}

function netOf(driver: string): string {
  return `net-${driver.replace(':latest', '')}`;
}

async function addressed(leader: DockerNode, { driver }: Contestant): Promise<number> {
  const began = performance.now();
  await create(leader, driver, REPLICAS, '--constraint', 'node.labels.nowhere==1');
  await until('all have an address', 600_000, async () => {
    const tasks = await leader.api<Task[]>(`/tasks?filters=${encodeURIComponent('{"service":["bench"]}')}`);
    const given = tasks.filter(({ NetworksAttachments: on }) => (on?.[0]?.Addresses?.length ?? 0) > 0);
    return given.length === REPLICAS;
  });
  const seconds = (performance.now() - began) / 1000;
  await remove(leader);
  return seconds;
}

async function run(swarm: Swarm, leader: DockerNode, { driver }: Contestant) {
  const began = performance.now();
  await create(leader, driver, RUNNING, '--update-parallelism', '0', '--update-monitor', '1s');
  await settled(swarm, 'bench', 600_000);
  const seconds = (performance.now() - began) / 1000;
  const before = await walBytes(leader);
  await leader.docker(['service', 'update', '--detach', '--quiet', '--force', 'bench'], { timeout: 180_000 });
  await settled(swarm, 'bench', 600_000);
  const restart = ((await walBytes(leader)) - before) / RUNNING;
  await remove(leader);
  return { seconds, restart };
}

async function create(leader: DockerNode, driver: string, replicas: number, ...options: string[]): Promise<void> {
  const flags = ['--detach', '--quiet', '--no-resolve-image', '--name', 'bench', '--network', netOf(driver)];
  await leader.docker(['service', 'create', ...flags, '--replicas', `${replicas}`, ...options, IMAGE, ...STAY]);
}

async function remove(leader: DockerNode): Promise<void> {
  await leader.docker(['service', 'rm', 'bench']);
  // By its name they are not found any more; the swarm has no other service.
  await until('its tasks are gone', 60_000, async () => (await leader.api<Task[]>('/tasks')).length === 0);
  await sleep(5000);
}

/** What is written of the log: its files are made large, and end with zeros. */
async function walBytes({ machine }: DockerNode): Promise<number> {
  const raft = join(machine.disk, 'docker/swarm/raft');
  let sum = 0;
  for (const folder of readdirSync(raft).filter((name) => name.startsWith('wal'))) {
    for (const file of readdirSync(join(raft, folder)).filter((name) => name.endsWith('.wal'))) {
      const content = readFileSync(join(raft, folder, file));
      let end = content.length;
      while (end > 0 && content[end - 1] === 0) end--;
      sum += end;
    }
  }
  return sum;
}

function print(what: string, figures: ReadonlyMap<string, readonly number[]>): void {
  const [first] = figures.values();
  const stock = median([...(first ?? [])]);
  console.log(`\n${what}`);
  for (const [name, all] of figures) {
    const value = median([...all]);
    const ratio = stock === 0 ? '' : `   ratio ${(value / stock).toFixed(2)}`;
    const rounds = all.map((each) => each.toFixed(1)).join(', ');
    console.log(`  ${name.padEnd(22)} ${value.toFixed(value > 100 ? 0 : 1)}${ratio}   (${rounds})`);
  }
}
