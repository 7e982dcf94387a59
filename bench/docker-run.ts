// What Limpet adds where it counts: to a container's start on a network of Limpet's, beside the same start on one with
// Docker's own IPAM, in turn, for each store, on a real swarm of three managers; and many containers started at once.
// `npm run bench:docker`, as root. `--rounds N`, `--crowd N` and `--only swarm,etcd,file` make it shorter; `--write`
// puts the figures into docs/bench/start.json, in the place of the same stores' there, and all of them into README and
// docs/OPERATIONS.md. Nothing here passes or fails on a time; that two containers get one address does.

import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { Client } from '../tests/plugin/client.js';
import { copyOfPlugin, DRIVER, installPlugin, pluginProcesses } from '../tests/swarm/plugin.js';
import type { DockerNode } from '../tests/swarm/rig/docker-node.js';
import { IMAGE, STAY } from '../tests/swarm/rig/image.js';
import { makeEtcd, makeNodes, type Site, withMachines } from '../tests/swarm/rig/rig.js';
import { Swarm } from '../tests/swarm/rig/swarm.js';
import { between } from './marks.js';
import { median } from './measure.js';
import { machine } from './report.js';

const COMMAND = 'npm run bench:docker -- --write';
const KEPT = new URL('../docs/bench/start.json', import.meta.url);
const NAMES = ['swarm', 'etcd', 'file'] as const;
const values = readArguments('usage: npm run bench:docker -- [--rounds N] [--crowd N] [--only NAME,…] [--write]', {
  rounds: { type: 'string', default: '30' },
  crowd: { type: 'string', default: '100' },
  only: { type: 'string', default: NAMES.join() },
  write: { type: 'boolean', default: false },
});
const ROUNDS = wholeNumber('rounds', values.rounds);
const CROWD = wholeNumber('crowd', values.crowd);

interface Contestant {
  readonly name: (typeof NAMES)[number];
  readonly what: string;
  readonly driver: string;
  /** The plugin's LIMPET_STORE; none for what it takes by itself. */
  readonly store?: string;
  readonly network: 'overlay' | 'bridge';
}

/** Milliseconds. */
interface Figures {
  readonly what: string;
  readonly rounds: number;
  /** A start with Docker's own IPAM on a network of the same kind. */
  readonly stock: number;
  /** How much longer it takes with Limpet: for an identity that had its address before, and for a new one. */
  readonly known: number;
  readonly fresh: number;
  /** What the plugin takes of a start, by its own clock. */
  readonly answer: number;
  /** The whole crowd, with Docker's own IPAM and with Limpet. */
  readonly crowd: { readonly count: number; readonly stock: number; readonly limpet: number };
  readonly machine: string;
  /** Of the machine, on average, before. */
  readonly load: number;
}

type All = Partial<Record<Contestant['name'], Figures>>;

await withMachines(console.log, async (site) => {
  const figures = await bench(site);
  console.log(render(figures));
  if (!values.write) return;
  const all: All = { ...JSON.parse(await readFile(KEPT, 'utf8').catch(() => '{}')), ...figures };
  await writeFile(KEPT, `${JSON.stringify(all, null, 2)}\n`);
  await between(new URL('../docs/OPERATIONS.md', import.meta.url), 'start', COMMAND, render(all));
  if (all.swarm) await between(new URL('../README.md', import.meta.url), 'start', COMMAND, sentence(all.swarm));
});
process.exit(0);

async function bench(site: Site): Promise<All> {
  const load = loadavg()[0] as number;
  const wanted = values.only.split(',');
  const etcd = await makeEtcd(site, 3);
  const nodes = await makeNodes(site, 3);
  const swarm = await Swarm.make(nodes);
  const known: readonly Contestant[] = [
    { name: 'swarm', what: "Swarm's raft, three managers (the default)", driver: DRIVER, network: 'overlay' },
    { name: 'etcd', what: 'etcd, three members', driver: 'limpet-etcd:latest', store: etcd.url, network: 'overlay' },
    { name: 'file', what: 'file', driver: 'limpet-file:latest', store: 'file:///var/lib/limpet', network: 'bridge' },
  ];
  const contestants = known.filter(({ name }) => wanted.includes(name));
  if (contestants.length < wanted.length) throw new RangeError(`--only ${values.only}: of ${NAMES.join()}`);
  for (const node of nodes) await installPlugin(node, {});
  const leader = await swarm.leader();
  for (const { driver, store } of contestants) {
    if (store === undefined) continue;
    await installPlugin(leader, { LIMPET_STORE: store }, { name: driver, folder: await copyOfPlugin(site, driver) });
  }
  const figures: All = {};
  for (const [n, each] of contestants.entries()) {
    await makeNetwork(leader, each, `10.${70 + n}.0.0/16`);
    await makeNetwork(leader, { driver: 'default', network: each.network }, `10.${80 + n}.0.0/16`);
    const { what, network } = each;
    const crowd = { count: CROWD, ...(await crowds(leader, each)) };
    const about = { what: `${what}; ${network}`, rounds: ROUNDS, machine: machine(), load };
    figures[each.name] = { ...about, ...(await starts(leader, each)), crowd };
    await leader.docker(['network', 'rm', netOf(each), netOf({ driver: 'default', network })]);
  }
  return figures;
}

type Kind = Pick<Contestant, 'driver' | 'network'>;

function netOf({ driver, network }: Kind): string {
  return `${driver.replace(':latest', '')}-${network}`;
}

async function makeNetwork(node: DockerNode, kind: Kind, subnet: string): Promise<void> {
  const flags = kind.network === 'overlay' ? ['--driver', 'overlay', '--attachable'] : [];
  await node.docker(['network', 'create', ...flags, '--ipam-driver', kind.driver, '--subnet', subnet, netOf(kind)]);
}

type Times = Pick<Figures, 'stock' | 'known' | 'fresh' | 'answer'>;

async function starts(node: DockerNode, kind: Contestant): Promise<Times> {
  const own: Kind = { driver: 'default', network: kind.network };
  const plugin = new Client(socketOf(node, kind.store));
  const [stock, known, fresh]: [number[], number[], number[]] = [[], [], []];
  await startOnce(node, own, 'bench'); // warm, and the name is known from now on
  await startOnce(node, kind, 'bench');
  const before = await answers(plugin);
  for (let round = 0; round < ROUNDS; round++) {
    const took = await startOnce(node, own, 'bench');
    stock.push(took);
    known.push((await startOnce(node, kind, 'bench')) - took);
    fresh.push((await startOnce(node, kind, `bench-${round}`)) - took);
  }
  const after = await answers(plugin);
  plugin.close();
  const answer = ((after.seconds - before.seconds) * 1000) / (after.count - before.count);
  return { stock: median(stock), known: median(known), fresh: median(fresh), answer };
}

/** Milliseconds until a container runs that has been created before. */
async function startOnce(node: DockerNode, kind: Kind, name: string): Promise<number> {
  await node.docker(['create', '--name', name, '--network', netOf(kind), IMAGE, ...STAY]);
  const took = await timed(() => node.post(`/containers/${name}/start`));
  await node.docker(['rm', '--force', name]);
  return took;
}

/** Inside the plugin, where the path is short enough for a socket. */
function socketOf(node: DockerNode, store: string | undefined): string {
  const pid = pluginProcesses(node).find((each) => {
    const set = /LIMPET_STORE=([^\0]*)/.exec(readFileSync(node.procFile(each, 'environ'), 'utf8'))?.[1];
    return store === undefined ? !set || set === 'auto' : set === store;
  });
  if (pid === undefined) throw new Error(`no plugin runs with the store ${store ?? 'of its own choice'}`);
  return node.procFile(pid, 'root/run/docker/plugins/limpet.sock');
}

/** How many addresses the plugin has answered, and how long it took over them. */
async function answers(plugin: Client): Promise<{ seconds: number; count: number }> {
  const { text } = await plugin.ask('/metrics', '', 'GET');
  const read = (what: string) =>
    Number(
      new RegExp(`^limpet_request_seconds_${what}{call="IpamDriver.RequestAddress",status="200"} (.*)$`, 'm').exec(
        text,
      )?.[1],
    );
  return { seconds: read('sum'), count: read('count') };
}

/** Milliseconds for many containers, created one by one and started all at once. */
async function crowds(node: DockerNode, kind: Contestant): Promise<Omit<Figures['crowd'], 'count'>> {
  return { stock: await crowd(node, { driver: 'default', network: kind.network }), limpet: await crowd(node, kind) };
}

async function crowd(node: DockerNode, kind: Kind): Promise<number> {
  const names = Array.from({ length: CROWD }, (_, n) => `crowd-${n}`);
  for (const name of names) await node.docker(['create', '--name', name, '--network', netOf(kind), IMAGE, ...STAY]);
  const took = await timed(() => Promise.all(names.map((name) => node.post(`/containers/${name}/start`))));
  await demandDistinct(node, netOf(kind));
  await node.docker(['rm', '--force', ...names], { timeout: 600_000 });
  return took;
}

async function demandDistinct(node: DockerNode, network: string): Promise<void> {
  const inspected = await node.api<{ Containers: Record<string, { Name: string; IPv4Address: string }> }>(
    `/networks/${network}`,
  );
  const addresses = Object.values(inspected.Containers)
    .filter(({ Name }) => Name.startsWith('crowd-')) // an overlay has an end of its load balancer here as well
    .map(({ IPv4Address }) => IPv4Address);
  if (addresses.length === CROWD && new Set(addresses).size === CROWD) return;
  throw new Error(`${addresses.length} containers run on ${network}, with ${new Set(addresses).size} addresses`);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** Docker waits for the answer, which takes that long by the plugin's own clock; whole starts differ by chance too. */
function sentence({ answer, stock, known }: Figures): string {
  const whole = `Whole starts, in turn with Docker's own IPAM (${ms(stock)}), differ by ${signed(known)}.`;
  return `**A container's start waits ${ms(answer)} for Limpet's answer.** ${whole}`;
}

function render(all: All): string {
  const figures = NAMES.flatMap((name) => all[name] ?? []);
  const row = ({ what, stock, known, fresh, answer, crowd, rounds, load }: Figures) =>
    `| ${what} | ${ms(stock)} | ${signed(known)} | ${signed(fresh)} | ${ms(answer)} | ` +
    `${crowd.count}: ${(crowd.limpet / 1000).toFixed(1)} s (${(crowd.stock / 1000).toFixed(1)} s) | ` +
    `${rounds} rounds, load ${load.toFixed(1)} |`;
  const columns = [
    ...['store; network', "a start with Docker's own IPAM", 'added by Limpet', 'for a new identity', 'its answer'],
    ...["many at once (with Docker's own)", 'measured'],
  ];
  const machines = new Set(figures.map((each) => each.machine));
  return [
    `Measured on ${[...machines].join(' and ')}, with all nodes on it. Medians of the rounds, in turn; the answer is a`,
    'mean. The load is what the machine had to do before.',
    '',
    `| ${columns.join(' | ')} |`,
    `|${'---|'.repeat(columns.length)}`,
    ...figures.map(row),
  ].join('\n');
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function signed(value: number): string {
  return value < 0 ? `−${ms(-value)}` : ms(value);
}
