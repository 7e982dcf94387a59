// What the store costs a swarm: a thousand replicas from nothing under a constraint that no node meets (Swarm gives
// addresses before it schedules, so no container is needed), and some that run; with Docker's own IPAM, with Limpet on
// Swarm's own raft, and with Limpet on etcd, in turn, in one swarm of three managers. And what a restart adds to the
// raft log of Swarm. `npm run bench:swarm [-- --replicas N] [--running N] [--rounds N]`, as root; `--write` puts the
// table into docs/SCALE.md.

import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { copyOfPlugin, DRIVER, installPlugin, pluginProcesses } from '../tests/swarm/plugin.js';
import type { DockerNode } from '../tests/swarm/rig/docker-node.js';
import { IMAGE, STAY } from '../tests/swarm/rig/image.js';
import { makeEtcd, makeNodes, type Site, withMachines } from '../tests/swarm/rig/rig.js';
import { sleep, until } from '../tests/swarm/rig/run.js';
import { Swarm } from '../tests/swarm/rig/swarm.js';
import { settled } from '../tests/swarm/services.js';
import { between } from './marks.js';
import { median } from './measure.js';
import { machine } from './report.js';

const values = readArguments('usage: npm run bench:swarm -- [--replicas N] [--running N] [--rounds N] [--write]', {
  replicas: { type: 'string', default: '1000' },
  running: { type: 'string', default: '100' },
  rounds: { type: 'string', default: '3' },
  write: { type: 'boolean' },
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
/** So long nobody asks: a list of a thousand tasks keeps the leader busy, and those who ask for addresses waiting. */
const UNASKED = 4000;

const CONTESTANTS: readonly Contestant[] = [
  { name: "Docker's own IPAM", driver: 'default', prefix: '10.70' },
  { name: "Limpet, Swarm's raft", driver: DRIVER, prefix: '10.71' },
  { name: 'Limpet, etcd', driver: 'limpet-etcd:latest', prefix: '10.72' },
];

interface Task {
  readonly DesiredState: string;
  readonly CreatedAt: string;
  /** Of its last change: the leader's allocator has given it its addresses. */
  readonly Status: { readonly Timestamp: string };
  readonly NetworksAttachments?: readonly { readonly Addresses?: readonly string[] }[];
}

/** A line of the table: a figure for each contestant. */
interface Line {
  readonly what: string;
  readonly digits: number;
  readonly figures: ReadonlyMap<string, readonly number[]>;
}

await withMachines(console.log, async (site) => {
  const table = tableOf(await bench(site));
  console.log(table);
  if (values.write)
    await between(new URL('../docs/SCALE.md', import.meta.url), 'swarm', 'npm run bench:swarm -- --write', table);
});
process.exit(0);

async function bench(site: Site): Promise<Line[]> {
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
  const rest = await atRest(leader);
  const pending = figures();
  for (let round = 0; round < ROUNDS; round++)
    for (const each of CONTESTANTS) pending.get(each.name)?.push(await addressed(leader, each));
  const running = figures();
  const bytes = figures();
  for (const each of CONTESTANTS) {
    const { seconds, restart } = await run(swarm, leader, each);
    running.get(each.name)?.push(seconds);
    bytes.get(each.name)?.push(restart);
  }
  return [
    { what: `${REPLICAS} replicas that no node takes: seconds until all have an address`, digits: 2, figures: pending },
    { what: `${RUNNING} replicas: seconds until all run`, digits: 1, figures: running },
    { what: "KB in the leader's raft log for each task that is started again", digits: 1, figures: bytes },
    { what: 'plugin at rest: percent of a processor', digits: 2, figures: rest.share },
    { what: 'plugin at rest: MB of memory', digits: 0, figures: rest.memory },
  ];
}

function figures(): Map<string, number[]> {
  return new Map(CONTESTANTS.map(({ name }) => [name, []]));
}

/** The plugins of one node while nothing happens: percent of a processor, and MB of resident memory. */
async function atRest(node: DockerNode) {
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
  const [share, memory] = [figures(), figures()];
  for (const [pid, after] of ticks()) {
    const isEtcd = /LIMPET_STORE=etcd/.test(readFileSync(node.procFile(pid, 'environ'), 'utf8'));
    const { name } = CONTESTANTS[isEtcd ? 2 : 1] as Contestant;
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(node.procFile(pid, 'status'), 'utf8'))?.[1]) / 1024;
    share.get(name)?.push((((after - (before.get(pid) ?? after)) * 10) / REST) * 100);
    memory.get(name)?.push(rss);
  }
  return { share, memory };
}

function netOf(driver: string): string {
  return `net-${driver.replace(':latest', '')}`;
}

/** From the first task that Swarm made to the last one that its allocator gave an address, by Swarm's own times. */
async function addressed(leader: DockerNode, { driver }: Contestant): Promise<number> {
  await create(leader, driver, REPLICAS, '--constraint', 'node.labels.nowhere==1');
  await sleep(UNASKED);
  const tasks = await until('all have an address', 600_000, async () => {
    const all = await leader.api<Task[]>(`/tasks?filters=${encodeURIComponent('{"service":["bench"]}')}`);
    const given = all.filter(({ NetworksAttachments: on }) => (on?.[0]?.Addresses?.length ?? 0) > 0);
    return given.length === REPLICAS && all;
  });
  await remove(leader);
  const began = Math.min(...tasks.map(({ CreatedAt }) => Date.parse(CreatedAt)));
  return (Math.max(...tasks.map(({ Status }) => Date.parse(Status.Timestamp))) - began) / 1000;
}

async function run(swarm: Swarm, leader: DockerNode, { driver }: Contestant) {
  const began = performance.now();
  await create(leader, driver, RUNNING, '--update-parallelism', '0', '--update-monitor', '1s');
  await settled(swarm, 'bench', 600_000);
  const seconds = (performance.now() - began) / 1000;
  const before = await walBytes(leader);
  await leader.docker(['service', 'update', '--detach', '--quiet', '--force', 'bench'], { timeout: 180_000 });
  await settled(swarm, 'bench', 600_000);
  const restart = ((await walBytes(leader)) - before) / RUNNING / 1024;
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

function tableOf(lines: readonly Line[]): string {
  const names = CONTESTANTS.map(({ name }) => name);
  const cell = (all: readonly number[] | undefined, stock: number | undefined, digits: number) => {
    if (all === undefined || all.length === 0) return '–';
    const value = median([...all]);
    const [least, most] = [Math.min(...all), Math.max(...all)].map((each) => each.toFixed(digits));
    const about = [
      ...(all.length > 1 ? [`${least} to ${most}`] : []),
      ...(stock === undefined ? [] : [`ratio ${(value / stock).toFixed(2)}`]),
    ];
    return `${value.toFixed(digits)}${about.length > 0 ? ` (${about.join('; ')})` : ''}`;
  };
  const rows = lines.map(({ what, digits, figures: of }) => {
    const [first, ...others] = names.map((name) => of.get(name));
    const stock = first === undefined || first.length === 0 ? undefined : median([...first]);
    const cells = [cell(first, undefined, digits), ...others.map((all) => cell(all, stock, digits))];
    return `| ${[what, ...cells].join(' | ')} |`;
  });
  return [
    `Three managers on ${machine()}. ${ROUNDS} rounds of the first line, medians; load average of the machine at its ` +
      `end: ${loadavg()[0]?.toFixed(1)}.`,
    '',
    `| | ${names.join(' | ')} |`,
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
