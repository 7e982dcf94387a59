// One process of the storm: an allocator service on etcd, as one node has it. Argument: a Setup as JSON. It says
// `ready` when it has opened, starts its identities when it reads a line, and then says what it cost it, as JSON. Its
// marks stay until its input ends.
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { LimpetError } from '../../src/entries/index.js';
import { AllocatorService, Deadline, type SubnetService, systemClock } from '../../src/service/index.js';

export interface Setup {
  readonly endpoint: string;
  readonly node: string;
  readonly cidr: string;
  readonly identities: readonly string[];
  /** Calls under way at once. */
  readonly atOnce: number;
}

export interface Cost {
  /** Milliseconds until the last identity had its address. */
  readonly took: number;
  readonly refusals: number;
  readonly conflicts: number;
  readonly leasesLost: number;
  readonly readings: number;
  /** Milliseconds: the longest that the process answered nothing. */
  readonly block: number;
}

/** Milliseconds that a caller waits for one answer: as long as the plugin lets Docker wait. */
const PATIENCE = 20_000;
/** Milliseconds before a caller that was refused asks again. */
const PAUSE = 100;

const setup: Setup = JSON.parse(process.argv[2] ?? '');
const reports: string[] = [];
let refusals = 0;

async function start(net: SubnetService, identity: string): Promise<void> {
  for (;;) {
    try {
      await net.allocate(identity, { node: setup.node, deadline: new Deadline(systemClock, PATIENCE) });
      return;
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      refusals++;
      await sleep(PAUSE);
    }
  }
}

/** Tried until it is open: processes that begin together have little of the machine each. */
async function open(): Promise<AllocatorService> {
  for (;;) {
    try {
      const store = new EtcdStore({ endpoints: [setup.endpoint], node: setup.node });
      return await AllocatorService.open(store, { report: ({ message }) => reports.push(message) });
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      await sleep(PAUSE);
    }
  }
}

const service = await open();
reports.length = 0;
const net = service.find(setup.cidr);
if (net === undefined) throw new Error(`${setup.cidr} is not there`);
process.stdout.write('ready\n');
await once(process.stdin, 'data');

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const began = performance.now();
const queue = setup.identities.values();
const lane = async () => {
  for (const identity of queue) await start(net, identity);
};
await Promise.all(Array.from({ length: setup.atOnce }, lane));
delay.disable();
const times = (what: string) => reports.filter((message) => message.includes(what)).length;
const cost: Cost = {
  took: performance.now() - began,
  refusals,
  conflicts: net.stats.conflicts,
  leasesLost: times('lease had ended'),
  readings: times('everything was read again'),
  block: delay.max / 1e6,
};
process.stdout.write(`${JSON.stringify(cost)}\n`);
await once(process.stdin.resume(), 'end');
await service.close();
