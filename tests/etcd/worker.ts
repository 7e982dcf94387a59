// One process of the contention tests: asks its own allocator service for addresses, at random and many at once, and
// writes down every answer before it counts. Argument: a WorkerSetup as JSON. Ends when its standard input does.
import { openSync, writeSync } from 'node:fs';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { LimpetError } from '../../src/entries/index.js';
import { AllocatorService, type SubnetService } from '../../src/service/index.js';
import { type Ledger, Recorded } from '../simulation/claims.js';
import type { Entry, WorkerSetup } from './crowd.js';

const setup: WorkerSetup = JSON.parse(process.argv[2] ?? '');
const log = openSync(setup.log, 'a');
const write = (entry: Entry) => writeSync(log, `${JSON.stringify(entry)}\n`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const random = (below: number) => Math.floor(Math.random() * below);

/** Of one clock for all processes of the machine. */
const moment = () => Number(process.hrtime.bigint()) / 1e6;
let commits = 0;
const ledger: Ledger = {
  begin: (_, changes, at) => {
    const id = commits++;
    write({ at: Date.now(), op: 'commit', id, moment: at, changes });
    return (outcome, answered) => write({ at: Date.now(), op: 'committed', id, moment: answered, outcome });
  },
};

let isOver = false;
process.stdin.resume().once('end', () => {
  isOver = true;
});

async function open(): Promise<AllocatorService> {
  for (;;) {
    const etcd = new EtcdStore({ endpoints: setup.endpoints, node: setup.node, ttl: setup.ttl });
    const store = new Recorded(etcd, ledger, { now: moment, isAlive: () => true, mayRepeat: () => false });
    try {
      return await AllocatorService.open(store, {
        report: ({ level, message }) => write({ at: Date.now(), op: 'report', why: `${level}: ${message}` }),
      });
    } catch (error) {
      write({ at: Date.now(), op: 'refused', why: (error as Error).message });
      await pause(200);
    }
  }
}

/** All identities in an order of this process's own: those without an address first, as far as it knows. */
const wanted = Array.from({ length: setup.identities }, (_, i) => `web.${i}`).sort(() => Math.random() - 0.5);

function choose(net: SubnetService): string {
  while (wanted.length > 0 && net.lookup(wanted.at(-1) as string) !== undefined) wanted.pop();
  const next = random(4) === 0 ? undefined : wanted.pop();
  return next ?? `web.${random(setup.identities)}`;
}

/** One call and its answer; a call that is refused counts as not answered. */
async function ask(net: SubnetService): Promise<void> {
  const dice = random(100);
  const node = setup.node;
  if (dice < 78) {
    const identity = choose(net);
    const address = await net.allocate(identity, { node }).catch((error) => {
      wanted.push(identity); // or nobody might ask for it again
      throw error;
    });
    write({ at: Date.now(), op: 'allocated', identity, address, node });
  } else if (dice < 88) {
    const identity = `web.${random(setup.identities)}`;
    if (!net.lookup(identity)?.nodes.includes(node)) return;
    write({ at: Date.now(), op: 'releasing', identity, node });
    await net.release(identity, node);
    write({ at: Date.now(), op: 'released', identity, node });
  } else if (dice < 93) {
    const identity = `short.${random(100)}`;
    const address = await net.allocate(identity, { node });
    write({ at: Date.now(), op: 'allocated', identity, address, node });
    write({ at: Date.now(), op: 'releasing', identity, node });
    await net.release(identity, node);
    write({ at: Date.now(), op: 'released', identity, node });
  } else if (dice < 97) {
    const identity = `short.${random(100)}`;
    if (net.lookup(identity)?.state !== 'reserved') return;
    write({ at: Date.now(), op: 'reclaiming', identity });
    await net.reclaim(identity).catch((error) => {
      if (error.code === 'UNAVAILABLE') throw error; // it may still be done
    });
    write({ at: Date.now(), op: 'reclaimed', identity });
  } else {
    const address = await net.holdNext();
    write({ at: Date.now(), op: 'held', address });
    if (random(2) === 0) return;
    write({ at: Date.now(), op: 'unholding', address });
    await net.unhold(address);
  }
}

const EXPECTED = ['UNAVAILABLE', 'CONTENDED', 'UNKNOWN', 'LIVE', 'FULL'];

async function lane(net: SubnetService): Promise<void> {
  while (!isOver) {
    try {
      await ask(net);
    } catch (error) {
      if (!(error instanceof LimpetError) || !EXPECTED.includes(error.code)) throw error;
      write({ at: Date.now(), op: 'refused', why: error.code });
      if (error.code !== 'UNKNOWN' && error.code !== 'LIVE') await pause(100);
    }
  }
}

async function subnet(service: AllocatorService): Promise<SubnetService> {
  for (;;) {
    try {
      return await service.subnet(setup.cidr, { reclaim: {} });
    } catch (error) {
      write({ at: Date.now(), op: 'refused', why: (error as Error).message });
      await pause(200);
    }
  }
}

const service = await open();
const net = await subnet(service);
write({ at: Date.now(), op: 'began' });
const count = () => write({ at: Date.now(), op: 'counted', conflicts: net.stats.conflicts });
const counting = setInterval(count, 500);
await Promise.all(Array.from({ length: setup.lanes }, () => lane(net)));
clearInterval(counting);
count();
process.stdout.write('over\n');
await new Promise((resolve) => process.stdout.once('close', resolve).once('error', resolve)).catch(() => {});
