// `npm run bench:plugin`: what the plugin as it is shipped takes to answer Docker over its socket, with each store,
// beside the emptiest call of the same run: a sticky hit, a new binding, a restart with the releases before it, and two
// hundred containers started at once.
// Docker is a small server that lists real containers' JSON. Needs a build and, for its row, etcd. Nothing here passes
// or fails on a time.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { network, taskContainer } from '../tests/docker/json.js';
import { ServedDocker } from '../tests/docker/served.js';
import { Etcd } from '../tests/etcd/etcd.js';
import { Client } from '../tests/plugin/client.js';
import { until } from '../tests/plugin/plugins.js';
import { machine } from './report.js';

const values = readArguments('usage: npm run bench:plugin -- [--rounds N] [--crowd N]', {
  rounds: { type: 'string', default: '1500' },
  crowd: { type: 'string', default: '200' },
});
const rounds = wholeNumber('rounds', values.rounds);
const crowd = wholeNumber('crowd', values.crowd);

const CIDR = '10.64.0.0/16';
const [G, L] = [`global/swarm/${CIDR}`, `local/swarm/${CIDR}`];
/** Containers that run on the node beside those that are measured. */
const AROUND = 20;

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

interface Figures {
  readonly empty: Percentiles;
  readonly hit: Percentiles;
  /** The same with the ticket that Swarm's leader asks for before: what a start waits for. */
  readonly start: Percentiles;
  /** Both releases, the ticket and the hit: a release that is answered early may have the next call wait. */
  readonly restart: Percentiles;
  readonly bind: Percentiles;
  /** Milliseconds until the last of the crowd has its address, and the questions that Docker was asked for it. */
  readonly all: number;
  readonly lists: number;
}

class Bench {
  readonly #client: Client;
  readonly #docker: ServedDocker;
  #tasks = 0;

  constructor(client: Client, docker: ServedDocker) {
    this.#client = client;
    this.#docker = docker;
  }

  async run(): Promise<Figures> {
    await this.#ask('RequestPool', { AddressSpace: 'limpet.global', Pool: CIDR });
    for (let n = 0; n < AROUND; n++) await this.#start('around', n);
    const empty: number[] = [];
    const hit: number[] = [];
    const start: number[] = [];
    const restart: number[] = [];
    const bind: number[] = [];
    await this.#start('home', 1).then((life) => this.#stop(life)); // warm, and at home from now on
    for (let n = 0; n < rounds; n++) {
      empty.push((await timed(() => this.#ask('GetCapabilities', ''))).took);
      const home = await this.#start('home', 1);
      hit.push(home.took);
      start.push(home.waited + home.took);
      const { took: stopped } = await timed(() => this.#stop(home));
      restart.push(home.waited + home.took + stopped);
      const fresh = await this.#start('fresh', n);
      bind.push(fresh.took);
      await this.#stop(fresh);
    }
    return {
      empty: percentiles(empty),
      hit: percentiles(hit),
      start: percentiles(start),
      restart: percentiles(restart),
      bind: percentiles(bind),
      ...(await this.#crowd()),
    };
  }

  async #crowd(): Promise<{ all: number; lists: number }> {
    const tickets: string[] = [];
    for (let n = 0; n < crowd; n++) tickets.push(await this.#create('crowd', n).then(({ ticket }) => ticket));
    const before = this.#docker.asked.length;
    const { took } = await timed(() =>
      Promise.all(tickets.map((Address) => this.#ask('RequestAddress', { PoolID: L, Address }))),
    );
    return { all: took, lists: this.#docker.asked.length - before };
  }

  async #create(service: string, slot: number) {
    const task = `task${++this.#tasks}`;
    const { took: waited, result } = await timed(() => this.#ask('RequestAddress', { PoolID: G }));
    const ticket = bare(result);
    this.#docker.put(taskContainer(service, slot, task, { asked: ticket, created: Math.floor(Date.now() / 1000) }));
    return { ticket, task, waited };
  }

  async #start(service: string, slot: number) {
    const { ticket, task, waited } = await this.#create(service, slot);
    const { took, result } = await timed(() => this.#ask('RequestAddress', { PoolID: L, Address: ticket }));
    const address = bare(result);
    this.#docker.put(taskContainer(service, slot, task, { asked: ticket, address }));
    return { took, waited, ticket, address, name: `${service}.${slot}.${task}` };
  }

  async #stop({ ticket, address, name }: { ticket: string; address: string; name: string }): Promise<void> {
    await this.#ask('ReleaseAddress', { PoolID: L, Address: address });
    this.#docker.remove(name);
    await this.#ask('ReleaseAddress', { PoolID: G, Address: ticket });
  }

  async #ask(call: string, request: unknown): Promise<any> {
    const { status, body } = await this.#client.call(call, request);
    if (status !== 200) throw new Error(`${call}: ${body?.Err}`);
    return body;
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ took: number; result: T }> {
  const started = performance.now();
  const result = await work();
  return { took: performance.now() - started, result };
}

function bare({ Address }: { Address: string }): string {
  return Address.replace(/\/\d+$/, '');
}

function percentiles(samples: number[]): Percentiles {
  samples.sort((a, b) => a - b);
  const at = (part: number) => samples[Math.min(samples.length - 1, Math.floor(samples.length * part))] as number;
  return { p50: at(0.5), p99: at(0.99) };
}

async function measure(store: (folder: string) => string): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-bench-'));
  const docker = await ServedDocker.start({ networks: [network('web', CIDR)] });
  const socket = join(folder, 'limpet.sock');
  const client = new Client(socket, crowd);
  const flags = ['--socket', socket, '--store', store(folder), '--docker', docker.socket, '--node', 'node-1'];
  const plugin = spawn(
    process.execPath,
    [resolve('dist/cli.js'), 'docker-plugin', ...flags, '--state', join(folder, 'node')],
    {
      stdio: ['ignore', 'ignore', 'ignore'],
    },
  );
  try {
    await until(
      'the plugin is ready',
      async () => {
        const health = await client.ask('/healthz', '', 'GET').catch(() => undefined); // not listening yet
        return health?.status === 200;
      },
      20_000,
    );
    return await new Bench(client, docker).run();
  } finally {
    client.close();
    await end(plugin);
    await docker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const etcd = await Etcd.cluster(1);
const figures: [string, Figures][] = [];
try {
  figures.push(['memory', await measure(() => 'memory:')]);
  figures.push(['file', await measure((folder) => `file://${folder}/store`)]);
  figures.push(['etcd, one member', await measure(() => `etcd://${etcd.members[0]?.endpoint}`)]);
} finally {
  etcd.remove();
}

const ms = (value: number) => value.toFixed(2);
const pair = ({ p50, p99 }: Percentiles) => `${ms(p50)} / ${ms(p99)}`;
console.log(
  `${machine()} ${rounds} rounds, ${AROUND} containers around. Milliseconds, p50 / p99; the ratio is of the ` +
    'p50 to that of the emptiest call.\n',
);
console.log(
  '| store | emptiest call | sticky hit | ratio | with its ticket | ratio | restart | ratio | new binding | ratio | ' +
    `${crowd} at once, the last one | lists asked for |`,
);
console.log(`|${'---|'.repeat(12)}`);
for (const [store, { empty, hit, start, restart, bind, all, lists }] of figures) {
  const ratio = (value: Percentiles) => (value.p50 / empty.p50).toFixed(1);
  console.log(
    `| ${store} | ${pair(empty)} | ${pair(hit)} | ${ratio(hit)} | ${pair(start)} | ${ratio(start)} | ` +
      `${pair(restart)} | ${ratio(restart)} | ` +
      `${pair(bind)} | ${ratio(bind)} | ` +
      `${all.toFixed(0)} | ${lists} |`,
  );
}
