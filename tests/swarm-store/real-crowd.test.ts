// Eight processes on three managers and two workers of a real swarm, which want two thousand identities in one subnet
// and are killed and stopped at random: one address each, and nothing that was answered is lost.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildSync } from 'esbuild';
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { AllocatorService, type SubnetService } from '../../src/service/index.js';
import { SwarmStore } from '../../src/stores/swarm/swarm-store.js';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import type { Service } from '../swarm/rig/machine.js';
import { type Entry, readLog, type Setup } from './crowd.js';
import { sleep } from './open.js';
import { realSwarm } from './real.js';

const CIDR = '10.64.0.0/20';
const IDENTITIES = 2000;
/** Milliseconds. */
const CHAOS = 30_000;
const MOST = 120_000;

test('eight processes on five nodes, killed and stopped: one address each, nothing answered is lost', {
  timeout: 400_000,
}, async (context) => {
  const swarm = await realSwarm(3, 2);
  const bundle = join(import.meta.dirname, `../../node_modules/.cache/limpet/crowd-${process.pid}.mjs`);
  const entryPoints = [join(import.meta.dirname, 'crowd-child.ts')];
  buildSync({ entryPoints, outfile: bundle, bundle: true, packages: 'external', platform: 'node', format: 'esm' });
  context.after(() => rmSync(bundle, { force: true }));
  const { nodes } = swarm;
  const places = [...nodes, ...swarm.managers]; // two processes on each manager
  const ids = new Map([...(await swarm.names())].map(([id, name]) => [name, id]));
  const logs: string[] = [];
  const running: Service[] = [];
  const start = (place: number) => {
    const node = places[place] as DockerNode;
    const log = join(node.machine.disk, `crowd-${logs.length}.jsonl`);
    logs.push(log);
    const setup: Setup = {
      ...{ socket: node.socket, cidr: CIDR, identities: IDENTITIES, lanes: 8, log },
      certificates: join(node.machine.disk, 'docker/swarm/certificates'),
      node: ids.get(node.name) as string,
    };
    running[place] = node.machine.start(`crowd-${place}.log`, process.execPath, bundle, JSON.stringify(setup));
  };
  for (const place of places.keys()) start(place);
  const store = new SwarmStore({ connect: () => new DockerSwarm({ host: (nodes[0] as DockerNode).socket }) });
  const service = await AllocatorService.open(store);
  context.after(() => service.close());
  const figures = { killed: 0, stopped: 0 };
  const began = Date.now();
  const count = () => [...((service.find(CIDR, 'swarm') as SubnetService | undefined)?.list() ?? [])].length;
  while (Date.now() - began < CHAOS || (count() < IDENTITIES && Date.now() - began < MOST)) {
    await sleep(2000 + 1000 * Math.random());
    if (Date.now() - began > CHAOS) continue;
    const place = Math.floor(Math.random() * places.length);
    if (Math.random() < 0.3) {
      figures.stopped++;
      running[place]?.signal('SIGSTOP');
      await sleep(7000);
      running[place]?.signal('SIGCONT');
    } else {
      figures.killed++;
      await running[place]?.end('SIGKILL');
      start(place);
    }
  }
  const seconds = (Date.now() - began) / 1000;
  await sleep(1000);
  for (const each of running) await each.end('SIGKILL');
  await service.refresh('swarm');
  await store.refreshBinding({ space: 'swarm', cidr: CIDR }, 'web.0');
  const net = service.find(CIDR, 'swarm') as SubnetService;
  const entries = logs.map(readLog);
  const told = verdict(entries, net);
  const sums = summed(entries);
  console.log('crowd', JSON.stringify({ seconds: Math.round(seconds), processes: logs.length, ...figures, ...sums }));
  assert.deepEqual(told, []);
  assert.equal(count(), IDENTITIES, 'all have an address');
  assert.ok(figures.killed >= 3);
});

/** What does not hold, in words. */
function verdict(logs: readonly Entry[][], net: SubnetService): string[] {
  const wrong: string[] = [];
  const owners = new Map<string, string>();
  for (const entry of logs.flat()) {
    if (entry.op !== 'allocated') continue;
    const { identity, address } = entry;
    const owner = owners.get(address) ?? identity;
    if (owner !== identity) wrong.push(`${address} was answered for ${owner} and ${identity}`);
    owners.set(address, identity);
    const has = net.lookup(identity)?.address;
    if (has !== address) wrong.push(`${identity} was answered ${address}, and has ${has}`);
  }
  return wrong;
}

function summed(logs: readonly Entry[][]): Record<string, number> {
  const sums = { answers: 0, commits: 0, writes: 0, stale: 0, conflicts: 0, refused: 0, unknown: 0 };
  for (const log of logs) {
    const last = log.filter((entry) => entry.op === 'counted').at(-1);
    if (last?.op === 'counted')
      for (const name of ['commits', 'writes', 'stale', 'conflicts'] as const) sums[name] += last[name];
    for (const entry of log) {
      if (entry.op === 'allocated') sums.answers++;
      if (entry.op === 'refused') sums.refused++;
      if (entry.op === 'refused' && /not known what became/.test(entry.why)) sums.unknown++;
    }
  }
  return sums;
}
