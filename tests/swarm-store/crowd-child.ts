// One process of the crowd (real-crowd.test.ts): asks its own allocator service for addresses at random, many at once,
// and writes down every answer before it counts. Argument: a Setup as JSON. Ends when it is killed.
import { openSync, writeSync } from 'node:fs';
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { LimpetError } from '../../src/host/errors.js';
import { AllocatorService, type SubnetService, systemClock } from '../../src/service/index.js';
import { NodeSwarm } from '../../src/stores/swarm/remote/node-swarm.js';
import { overTls } from '../../src/stores/swarm/remote/over-tls.js';
import { SwarmStore } from '../../src/stores/swarm/swarm-store.js';
import type { Entry, Setup } from './crowd.js';

const setup: Setup = JSON.parse(process.argv[2] ?? '');
const log = openSync(setup.log, 'a');
const write = (entry: Entry) => writeSync(log, `${JSON.stringify(entry)}\n`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const random = (below: number) => Math.floor(Math.random() * below);
const { node, identities } = setup;

async function open(): Promise<{ store: SwarmStore; service: AllocatorService }> {
  for (;;) {
    const docker = new DockerSwarm({ host: setup.socket });
    const store = new SwarmStore({
      connect: (report) => {
        const clock = systemClock;
        const lines = overTls({ clock, report, port: 2378, answers: 'workers', certificates: setup.certificates });
        return new NodeSwarm({ docker, clock, report, lines });
      },
    });
    try {
      const report = ({ level, message }: { level: string; message: string }) =>
        write({ at: Date.now(), op: 'told', why: `${level}: ${message}` });
      return { store, service: await AllocatorService.open(store, { report }) };
    } catch (error) {
      write({ at: Date.now(), op: 'refused', why: (error as Error).message });
      await pause(200);
    }
  }
}

const wanted = Array.from({ length: identities }, (_, n) => `web.${n}`).sort(() => Math.random() - 0.5);

function choose(net: SubnetService): string {
  while (wanted.length > 0 && net.lookup(wanted.at(-1) as string) !== undefined) wanted.pop();
  const next = random(4) === 0 ? undefined : wanted.pop();
  return next ?? `web.${random(identities)}`;
}

async function ask(net: SubnetService): Promise<void> {
  if (random(10) < 8) {
    const identity = choose(net);
    const address = await net.allocate(identity, { node }).catch((error) => {
      wanted.push(identity); // or nobody might ask for it again
      throw error;
    });
    write({ at: Date.now(), op: 'allocated', identity, address });
  } else {
    const identity = `web.${random(identities)}`;
    if (net.lookup(identity)?.nodes.includes(node)) await net.release(identity, node);
  }
}

async function lane(net: SubnetService): Promise<never> {
  for (;;) {
    try {
      await ask(net);
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      write({ at: Date.now(), op: 'refused', why: `${error.code} ${error.message}` });
      await pause(100);
    }
    await pause(random(20));
  }
}

async function subnet(service: AllocatorService): Promise<SubnetService> {
  for (;;) {
    try {
      return await service.subnet(setup.cidr, { space: 'swarm', reclaim: {} });
    } catch (error) {
      write({ at: Date.now(), op: 'refused', why: (error as Error).message });
      await pause(200);
    }
  }
}

const { store, service } = await open();
const net = await subnet(service);
write({ at: Date.now(), op: 'began' });
setInterval(() => write({ at: Date.now(), op: 'counted', ...store.figures, conflicts: net.stats.conflicts }), 500);
await Promise.all(Array.from({ length: setup.lanes }, () => lane(net)));
