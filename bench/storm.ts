// `npm run bench:storm`: many processes, each with many identities, start them all at the same moment, on a real etcd:
// what that takes beside the same with few calls under way, and what it costs. Nothing here passes or fails on a time.
// `--processes N` and `--each N` make it smaller; `--write` puts the table into docs/SCALE.md.

import { availableParallelism, loadavg } from 'node:os';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { Etcd } from '../tests/etcd/etcd.js';
import { between } from './marks.js';
import { machine } from './report.js';
import { type Storm, storm } from './storm/crowd.js';
import { prepare } from './storm/known.js';
import type { Cost } from './storm/process.js';

const values = readArguments('usage: npm run bench:storm -- [--processes N] [--each N] [--write]', {
  processes: { type: 'string', default: '20' },
  each: { type: 'string', default: '500' },
  write: { type: 'boolean' },
});
const processes = wholeNumber('processes', values.processes);
const each = wholeNumber('each', values.each);
/** Calls under way in each process, where they are few. */
const FEW = 8;
const CIDR = '10.0.0.0/17';

const COLUMNS = [
  ...['all have their addresses after', 'as many times as with few at once', 'refusals', 'conflicts', 'leases lost'],
  ...['longest block of a process', 'transactions an identity', 'bytes of history an identity'],
];

interface Line extends Cost {
  readonly what: string;
  /** Bytes of etcd's file for each identity that was started. */
  readonly bytes: number;
  readonly revisions: number;
}

async function run(kind: 'known' | 'new', atOnce: number): Promise<Line> {
  const { etcd, remove } = await Etcd.start();
  try {
    const count = processes * each;
    await prepare(etcd.endpoint, CIDR, kind === 'known' ? count : 0);
    const before = [etcd.size(), etcd.revision()] as const;
    const weather = { endpoint: etcd.endpoint, cidr: CIDR, processes, each, atOnce };
    const { took, costs }: Storm = await storm(weather);
    const live = etcd.count('/limpet/v2/live/');
    if (live !== count) throw new Error(`${live} of ${count} identities are live`);
    const sum = (of: 'refusals' | 'conflicts' | 'leasesLost' | 'readings') =>
      costs.reduce((total, cost) => total + cost[of], 0);
    return {
      what: `${kind}, ${atOnce === each ? 'all' : atOnce} at once`,
      took,
      refusals: sum('refusals'),
      conflicts: sum('conflicts'),
      leasesLost: sum('leasesLost'),
      readings: sum('readings'),
      block: Math.max(...costs.map(({ block }) => block)),
      bytes: (etcd.size() - before[0]) / count,
      revisions: (etcd.revision() - before[1]) / count,
    };
  } finally {
    remove();
  }
}

const lines: Line[] = [];
for (const kind of ['known', 'new'] as const) for (const atOnce of [FEW, each]) lines.push(await run(kind, atOnce));
const load = loadavg()[0]?.toFixed(1);
const many = (count: number) => count.toLocaleString('en').replaceAll(',', ' ');
const row = ({ what, took, refusals, conflicts, leasesLost, block, bytes, revisions }: Line, n: number): string => {
  const few = lines[n - (n % 2)] as Line;
  const ratio = n % 2 === 0 ? '' : (took / few.took).toFixed(2);
  const cells = [what, `${(took / 1000).toFixed(1)} s`, ratio, many(refusals), many(conflicts), many(leasesLost)];
  return `| ${[...cells, `${block.toFixed(0)} ms`, revisions.toFixed(2), bytes.toFixed(0)].join(' | ')} |`;
};
const table = [
  `${many(processes)} processes with ${many(each)} identities each, on ${machine()}, etcd ${Etcd.version()} with one ` +
    `member on the same machine, all on ${availableParallelism()} of its cores. One run; load average of the machine ` +
    `at its end: ${load}.`,
  '',
  `| | ${COLUMNS.join(' | ')} |`,
  '|---|---|---|---|---|---|---|---|---|',
  ...lines.map(row),
].join('\n');
console.log(table);
if (values.write)
  await between(new URL('../docs/SCALE.md', import.meta.url), 'storm', 'npm run bench:storm -- --write', table);
