// `npm run bench:stores`: what the stores cost, each figure beside its plain peer in the same run; it needs a real
// etcd. `--write` puts the table into docs/STORES.md. Nothing here passes or fails on a time. `--bindings N` and
// `--rounds N` make it shorter.

import { loadavg } from 'node:os';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { type EtcdFigures, etcdFigures } from './etcd-store.js';
import { type Commits, fileCommits, fileStart, type Start } from './file-store.js';
import { between } from './marks.js';
import { machine } from './report.js';

const values = readArguments('usage: npm run bench:stores -- [--write] [--bindings N] [--rounds N]', {
  bindings: { type: 'string', default: '1000000' },
  rounds: { type: 'string', default: '15' },
  write: { type: 'boolean' },
});
const bindings = wholeNumber('bindings', values.bindings);
const rounds = wholeNumber('rounds', values.rounds);

const us = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} µs`;
const ms = (value: number) => `${value.toFixed(0)} ms`;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const many = (count: number) => count.toLocaleString('en').replaceAll(',', ' ');

const times = (ratio: number) => `${ratio.toFixed(ratio < 10 ? 2 : 1)} times`;

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function commitRows({ one, bare, blocking, many: crowd, serviceOne, serviceMany }: Commits): string[] {
  const plain = `${us(bare)} bare append and fdatasync`;
  const ratios = `**${(one / bare).toFixed(2)}** and ${times(one / blocking)} as long`;
  return [
    row('one caller', us(one), `${plain}, awaited; ${us(blocking)} when it blocks the process`, ratios),
    row('64 callers', `${us(crowd)} a commit`, `${us(one)} one caller`, `**${times(one / crowd)}** the throughput`),
    row('through the service, one caller', us(serviceOne), plain, `${times(serviceOne / bare)} as long`),
    row(
      'through the service, 64 callers',
      `${us(serviceMany)} a new binding`,
      `${us(serviceOne)} one caller`,
      `${times(serviceOne / serviceMany)} the throughput`,
    ),
  ];
}

function startRows(reserved: number, { bytes, runs }: Start): string[] {
  return Object.entries(runs).map(([what, { read, open, cpu, rss, peak, idle }]) =>
    row(
      `${what}, ${reserved * 100} % reserved`,
      ...[mb(bytes), ms(read), `${ms(open)} (${ms(cpu)} of processor)`, `${mb(rss)} (${mb(peak)}; ${mb(idle)})`],
    ),
  );
}

function etcdRows({ commits, start, roundTrips }: EtcdFigures): string[] {
  const { one, bare, many: crowd, bareMany } = commits;
  const reading = `${ms(start.open)}; ${ms(start.read)} for the bare reading`;
  return [
    '| what | round trips |',
    '|---|---|',
    ...roundTrips.map(({ what, count }) => `| ${what} | ${count} |`),
    row(
      `a start with ${many(start.bindings)} bindings, ${many(start.keys)} keys`,
      `${start.pages} pages of one read at ${start.revisions} revision, ${reading}`,
    ),
    '',
    '| commits to etcd | Limpet | bare put with the same client | ratio |',
    '|---|---|---|---|',
    `| one caller, a new binding | ${us(one)} | ${us(bare)} | ${(one / bare).toFixed(2)} |`,
    `| 64 callers, each | ${us(crowd)} | ${us(bareMany)} | ${(crowd / bareMany).toFixed(2)} |`,
  ];
}

const commits = await fileCommits(rounds);
const starts: [number, Start][] = [];
for (const reserved of [0, 0.5]) starts.push([reserved, await fileStart(bindings, reserved)]);
const etcd = await etcdFigures(10_000, Math.min(rounds, 7));

const load = loadavg()[0]?.toFixed(1);
const table = [
  `Measured on ${machine()}, etcd ${etcd.version} with one member on the same machine. Medians of ${rounds} rounds, ` +
    `all variants in turn. Load average of the machine: ${load}, of which the bench itself makes 1 to 2.`,
  '',
  `| file store, commits of ${commits.bytes} bytes | takes | compared with | |`,
  '|---|---|---|---|',
  ...commitRows(commits),
  '',
  row(
    `file store, start with ${many(bindings)} bindings`,
    ...['on disk', 'reading the bytes', 'start', 'resident memory (at most; an idle Node)'],
  ),
  '|---|---|---|---|---|',
  ...starts.flatMap(([reserved, start]) => startRows(reserved, start)),
  '',
  ...etcdRows(etcd),
].join('\n');
console.log(table);
if (values.write)
  await between(new URL('../docs/STORES.md', import.meta.url), 'bench', 'npm run bench:stores -- --write', table);
