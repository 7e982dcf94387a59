// The etcd store's figures, on a real etcd of one member: round trips, counted; what a new binding takes beside a bare
// put with the same client; and a start with many bindings beside the bare reading of the same keys.

import { Etcd3 } from 'etcd3';
import { Etcd } from '../tests/etcd/etcd.js';
import { counted } from '../tests/etcd/harness.js';
import { EtcdStore } from '../tests/etcd/library.js';
import { AllocatorService, type SubnetService } from '../tests/service/library.js';
import { identities } from './inputs.js';
import { median } from './measure.js';

const CALLERS = 64;
const NODE = 'node-1';
const PAGE = 2000;

export interface RoundTrips {
  readonly what: string;
  readonly count: number;
}

export interface EtcdFigures {
  readonly version: string;
  readonly roundTrips: readonly RoundTrips[];
  /** Microseconds. */
  readonly commits: { readonly one: number; readonly many: number; readonly bare: number; readonly bareMany: number };
  readonly start: {
    readonly bindings: number;
    /** Of those that are read: without the index by address. */
    readonly keys: number;
    readonly pages: number;
    readonly revisions: number;
    /** Milliseconds: the whole start, and reading the same pages with the bare client. */
    readonly open: number;
    readonly read: number;
  };
}

/** @param bindings how many are there at the start that is measured */
export async function etcdFigures(bindings: number, rounds: number): Promise<EtcdFigures> {
  const { etcd, remove } = await Etcd.start();
  const services: AllocatorService[] = [];
  const bare = new Etcd3({ hosts: etcd.endpoint });
  const open = async (prefix: string) => {
    const store = new EtcdStore({ endpoints: [etcd.endpoint], node: NODE, prefix });
    const service = await AllocatorService.open(store);
    services.push(service);
    return service;
  };
  try {
    const roundTrips = await countRoundTrips(await open('/count/'));
    const commits = await timeCommits(await (await open('/time/')).subnet('10.0.0.0/8', { reclaim: {} }), bare, rounds);
    await fill(await (await open('/start/')).subnet('10.0.0.0/8', { reclaim: {} }), bindings);
    const start = await timeStart(open, bare, bindings, rounds);
    const { etcdserver: version } = await (await fetch(`http://${etcd.endpoint}/version`)).json();
    return { version, roundTrips, commits, start };
  } finally {
    for (const service of services) await service.close();
    bare.close();
    remove();
  }
}

async function countRoundTrips(service: AllocatorService): Promise<RoundTrips[]> {
  const counts: RoundTrips[] = [];
  const count = async <T>(what: string, action: () => Promise<T>): Promise<T> => {
    let answer: T | undefined;
    const calls = await counted(async () => {
      answer = await action();
    });
    counts.push({ what, count: calls.length });
    return answer as T;
  };
  const net = await count('a subnet that is made', () => service.subnet('10.0.0.0/24'));
  await count('a new identity', () => net.allocate('web.1', { node: NODE }));
  await count('an identity that is live on this node already', () => net.allocate('web.1', { node: NODE }));
  await count('a release', () => net.release('web.1', NODE));
  await count('an identity that comes back', () => net.allocate('web.1', { node: NODE }));
  await net.release('web.1', NODE);
  await count('the same as a claim', () => net.claim('web.1', { node: NODE }));
  const ticket = await count('a hold (a ticket)', () => net.holdNext());
  await count('a new identity that trades a ticket', () => net.allocate('web.2', { node: NODE, ticket }));
  await count('the end of a hold', () => net.unhold(ticket));
  await net.release('web.2', NODE);
  await count('a reclaim', () => net.reclaim('web.2'));
  await count('a refresh of the subnets', () => service.refresh());
  return counts;
}

async function each(count: number, action: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await action();
}

function crowd(count: number, action: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: CALLERS }, () => each(count / CALLERS, action)));
}

/** Microseconds for each of `count`. */
async function time(count: number, work: (count: number) => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint();
  await work(count);
  return Number(process.hrtime.bigint() - started) / 1e3 / count;
}

/** All ways in turn, round after round, so that what disturbs the disk disturbs all. */
async function timeCommits(net: SubnetService, bare: Etcd3, rounds: number): Promise<EtcdFigures['commits']> {
  let n = 0;
  const name = () => `production-frontend.${String(n++).padStart(7, '0')}`;
  const allocate = () => net.allocate(name(), { node: NODE });
  const put = async () => bare.put(`/bare/${name()}`).value('10.0.0.1');
  const ways: Record<keyof EtcdFigures['commits'], () => Promise<number>> = {
    one: () => time(200, (count) => each(count, allocate)),
    bare: () => time(200, (count) => each(count, put)),
    many: () => time(1280, (count) => crowd(count, allocate)),
    bareMany: () => time(1280, (count) => crowd(count, put)),
  };
  const times = { one: [] as number[], bare: [] as number[], many: [] as number[], bareMany: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
      const taken = await ways[way]();
      if (round >= 0) times[way].push(taken);
    }
  }
  return {
    one: median(times.one),
    bare: median(times.bare),
    many: median(times.many),
    bareMany: median(times.bareMany),
  };
}

async function fill(net: SubnetService, bindings: number): Promise<void> {
  const queue = identities(bindings).values();
  const lane = async () => {
    for (const identity of queue) await net.allocate(identity, { node: NODE });
  };
  await Promise.all(Array.from({ length: CALLERS }, lane));
}

async function timeStart(
  open: (prefix: string) => Promise<AllocatorService>,
  bare: Etcd3,
  bindings: number,
  rounds: number,
): Promise<EtcdFigures['start']> {
  const opens: number[] = [];
  const reads: number[] = [];
  let calls: Awaited<ReturnType<typeof counted>> = [];
  for (let round = 0; round < rounds; round++) {
    let net: SubnetService | undefined;
    calls = await counted(async () => {
      const took = await time(1, async () => {
        net = (await open('/start/')).find('10.0.0.0/8');
      });
      opens.push(took / 1e3);
    });
    if (net?.stats.live !== bindings) throw new Error(`${net?.stats.live} of ${bindings} bindings were read`);
    reads.push((await time(1, () => readBare(bare))) / 1e3);
  }
  const pages = calls.filter(({ method, request }) => method === 'range' && request.limit === PAGE);
  const all = await bare.getAll().prefix('/start/').count();
  const keys = all - (await bare.getAll().prefix('/start/address/').count());
  // The first page asks for no revision: its answer names the one that all others ask for.
  const revisions = new Set(pages.slice(1).map(({ request }) => request.revision)).size;
  return { bindings, keys, pages: pages.length, revisions, open: median(opens), read: median(reads) };
}

/** The same keys page by page, and nothing done with them. */
async function readBare(bare: Etcd3): Promise<void> {
  const range_end = Buffer.from('/start0');
  for (let key = Buffer.from('/start/held/'); ; ) {
    const { kvs, more } = await bare.kv.range({ key, range_end, limit: PAGE });
    if (!more) return;
    key = Buffer.concat([kvs.at(-1)?.key ?? key, Buffer.from([0])]);
  }
}
