// The results as a table of Markdown: printed, and with --write put into README.md between its two marks.

import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import type { Growth, Memory, Pause } from './figures.js';
import type { TimedCase } from './timed.js';

export interface Results {
  readonly machine: string;
  readonly timed: readonly TimedCase[];
  readonly growth: readonly Growth[];
  readonly pauses: readonly Pause[];
  readonly memory: readonly Memory[];
  readonly sizes: { readonly raw: number; readonly gzip: number };
}

const BEGIN = '<!-- bench:begin (npm run bench -- --write) -->';
const END = '<!-- bench:end -->';

export function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${gib} GiB, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
}

export function render(results: Results): string {
  const speed = ({ bytes }: TimedCase, ns: number) =>
    bytes === undefined ? `${format(ns)} ns` : `${format(ns)} ns (${format((bytes / ns) * 1000)} MB/s)`;
  return [
    `Measured on ${results.machine}. Ratio: how many times faster than plain JavaScript; below 1 JavaScript wins.`,
    '',
    '| case | ratio | core | plain JavaScript |',
    '|---|---|---|---|',
    ...results.timed.map(
      (each) =>
        `| ${each.name} | **${format(each.ratio)}** | ${speed(each, each.ours)} | ${speed(each, each.plain)} (${each.against}) |`,
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

/** Two significant digits, without an exponent. */
function format(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

export async function write(results: Results): Promise<void> {
  const path = new URL('../README.md', import.meta.url);
  const text = await readFile(path, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`README.md has lost its marks ${BEGIN} and ${END}`);
  await writeFile(path, `${text.slice(0, from)}${BEGIN}\n${render(results)}\n${text.slice(to)}`);
}
