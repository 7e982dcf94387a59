// A process that opens what etcd has, once bare and once as the store does, and says what each took. Arguments: the
// endpoint, the subnet, and `bare` or `store`.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Etcd3 } from 'etcd3';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService } from '../../src/service/index.js';

export interface Opening {
  readonly bindings: number;
  /** Milliseconds: the whole, of processor, and the longest in which the process did nothing else. */
  readonly took: number;
  readonly cpu: number;
  readonly block: number;
  /** Bytes of memory at most. */
  readonly peak: number;
  readonly leasesLost: number;
}

/** Few pages: for each etcd counts all keys that are left (src/stores/etcd/pages.ts). */
const PAGE = 10_000;
const [endpoint = '', cidr = '', what = ''] = process.argv.slice(2);

/** The same keys page by page, and nothing done with them. */
async function readBare(): Promise<number> {
  const client = new Etcd3({ hosts: endpoint });
  const range_end = Buffer.from('/limpet/v20');
  let count = 0;
  for (let key = Buffer.from('/limpet/v2/held/'); ; ) {
    const { kvs, more } = await client.kv.range({ key, range_end, limit: PAGE });
    count += kvs.filter((kv) => kv.key.includes('/identity/')).length;
    if (!more) return count;
    key = Buffer.concat([kvs.at(-1)?.key ?? key, Buffer.from([0])]);
  }
}

const reports: string[] = [];

async function openStore(): Promise<number> {
  const store = new EtcdStore({ endpoints: [endpoint], node: 'late' });
  const service = await AllocatorService.open(store, { report: ({ message }) => reports.push(message) });
  const { live = 0, reserved = 0 } = service.find(cidr)?.stats ?? {};
  return live + reserved;
}

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const [began, before] = [performance.now(), process.cpuUsage()];
const bindings = await (what === 'bare' ? readBare() : openStore());
const took = performance.now() - began;
await new Promise((resolve) => setTimeout(resolve, 50)); // a block that has just ended is told at the next turn
delay.disable();
const { user, system } = process.cpuUsage(before);
const opening: Opening = {
  bindings,
  took,
  cpu: (user + system) / 1000,
  block: delay.max / 1e6,
  peak: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024,
  leasesLost: reports.filter((message) => message.includes('lease had ended')).length,
};
console.log(JSON.stringify(opening));
process.exit(0);
