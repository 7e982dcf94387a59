// The results as a table of Markdown: printed, and with --write put into docs/BENCHMARKS.md between its two marks.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import type { Ratio } from './check.js';
import type { Growth, Memory, Pause } from './figures.js';
import { format } from './format.js';
import { between } from './marks.js';
import type { TimedCase } from './timed.js';

export interface Results {
  readonly machine: string;
  readonly timed: readonly TimedCase[];
  readonly growth: readonly Growth[];
  readonly pauses: readonly Pause[];
  readonly memory: readonly Memory[];
  readonly sizes: { readonly raw: number; readonly gzip: number };
}

export const COMMAND = 'npm run bench -- --write';
const COMMITTED = new URL('../docs/bench/core.json', import.meta.url);

export function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  return (
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${gib} GiB, Node ${process.versions.node}, ` +
    `${process.platform} ${process.arch}`
  );
}

export function render(results: Results): string {
  const speed = ({ bytes }: TimedCase, ns: number) =>
    bytes === undefined ? `${format(ns)} ns` : `${format(ns)} ns (${format((bytes / ns) * 1000)} MB/s)`;
  return [
    `Measured on ${results.machine}. The quickest of several rounds. Ratio: how many times ` +
      'faster than plain JavaScript; below 1 JavaScript wins.',
    '',
    '| case | ratio | core | plain JavaScript |',
    '|---|---|---|---|',
    ...results.timed.map(
      (each) =>
        `| ${each.name} | **${format(each.ratio)}** | ${speed(each, each.ours)} | ${speed(each, each.plain)} ` +
        `(${each.against}) |`,
    ),
    ...results.pauses.map(
      (each) =>
        `| ${each.what} | **${format(each.plain / each.core)}** | ${format(each.core)} ms | ${format(each.plain)} ms |`,
    ),
    '',
    '| a new binding in a | time | over a /24 |',
    '|---|---|---|',
    ...results.growth.map((each) => `| ${each.subnet} | ${format(each.ns)} ns | ${format(each.ratio)} |`),
    '',
    '| memory | core | plain JavaScript |',
    '|---|---|---|',
    ...results.memory.map((each) => `| ${each.what} | ${each.core} | ${each.plain} |`),
    '',
    `\`core.wasm\`: ${results.sizes.raw} bytes, ${results.sizes.gzip} with gzip.`,
  ].join('\n');
}

export async function write(results: Results): Promise<void> {
  await mkdir(new URL('../docs/bench/', import.meta.url), { recursive: true });
  await writeFile(COMMITTED, `${JSON.stringify(results, null, 1)}\n`);
  await between(new URL('../docs/BENCHMARKS.md', import.meta.url), 'bench', COMMAND, render(results));
}

/** The results that were committed last; undefined when there are none. */
export async function committed(): Promise<Results | undefined> {
  const text = await readFile(COMMITTED, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

/** What --check compares: how many times faster than plain JavaScript. */
export function ratios(results: Results): Ratio[] {
  return [
    ...results.timed.map((each) => ({ what: each.name, ratio: each.ratio })),
    ...results.growth.map((each) => ({
      what: `a new binding in a ${each.subnet}, against a /24`,
      ratio: 1 / each.ratio,
    })),
  ];
}
