// `npm run bench:peers`: Limpet's core, driven three ways, beside other allocators at the same work.
//
//   --write    docs/bench/, docs/BENCHMARKS.md and README.md are made anew from this run
//   --check    compares with the committed ratios, with as many operations, and fails when one has fallen by more than
//              half
//   --short    few rounds, small budgets, no curves, no million identities: under two minutes; for CI
//   --case A,B only these; with --write they take the place of the same cases among the committed ones, which must be
//              of the same machine and versions, so that a long race can be run in parts
//   --render   no race: the documents anew from the committed results, after a change of their wording
//   --keep FOLDER  leaves the scripts and Go programs there

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from '../../scripts/arguments.js';
import { judge, type Ratio } from '../check.js';
import { machine } from '../report.js';
import { type Field, gather, labelOf } from './contestants.js';
import { type Limits, type Result, race, weigh } from './race.js';
import { summary, write } from './report.js';
import { committed, merged, OURS, type Results, ratio, type Weight } from './results.js';
import { CASES, type Case, CURVES, writeScript } from './script.js';
import { isOurs } from './tables.js';

const values = readArguments(
  'usage: npm run bench:peers -- [--write] [--check] [--render] [--short] [--case NAME,…] [--keep FOLDER]',
  {
    write: { type: 'boolean' },
    check: { type: 'boolean' },
    render: { type: 'boolean' },
    short: { type: 'boolean' },
    case: { type: 'string' },
    keep: { type: 'string' },
  },
);
const LIMITS: Limits = values.short
  ? { rounds: 3, budget: 40, least: 0, setUp: 3 }
  : { rounds: 5, budget: 120, least: 30, setUp: 10 };

const before = await committed();
if (values.render) {
  if (!before) throw new Error('there are no committed results to render: run with --write first');
  await write(before);
} else await raceAndReport();

async function raceAndReport(): Promise<void> {
  const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'limpet-peers-')));
  await mkdir(folder, { recursive: true });
  const field = await gather(folder);
  try {
    const results = await raceAll(field, folder);
    console.log(summary(results));
    for (const { peer, why } of field.missing) console.log(`left out: ${labelOf(peer)}: ${why}`);
    if (values.write) await write(values.case === undefined ? results : merged(before, results));
    if (values.check) judge(before ? ratios(before.results) : [], ratios(results.results));
  } finally {
    await Promise.all(field.contestants.map((each) => each.end()));
    if (!values.keep) await rm(folder, { recursive: true });
  }
}

async function raceAll({ contestants, missing, versions }: Field, folder: string): Promise<Results> {
  const results: Result[] = [];
  const memory: Weight[] = [];
  for (const each of chosen()) {
    const started = performance.now();
    const file = await writeScript(each, folder);
    results.push(await race(each, file, contestants, LIMITS, (peer) => sameAsBefore(each, peer)));
    if (each.memory && !values.short)
      memory.push({ name: each.name, ...(await weigh(file, contestants, LIMITS.setUp)) });
    console.error(`${each.title}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  const date = new Date().toISOString().slice(0, 10);
  const { rounds, budget, least } = LIMITS;
  return { machine: machine(), date, go: goVersion(), rounds, budget, least, versions, missing, results, memory };
}

/** Under --check as many operations as were committed: ratios of other counts are not of the same work. */
function sameAsBefore({ name }: Case, peer: string): number | undefined {
  if (!values.check) return undefined;
  return before?.results.find((each) => each.name === name)?.entries.find((each) => each.peer === peer)?.count;
}

function chosen(): readonly Case[] {
  const all = values.short ? CASES.filter((each) => each.identities < 1_000_000) : [...CASES, ...CURVES];
  if (values.case === undefined) return all;
  const names = values.case.split(',');
  const unknown = names.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new Error(`no case is named ${unknown}: there are ${all.map((each) => each.name).join(', ')}`);
  return all.filter((each) => names.includes(each.name));
}

function ratios(results: readonly Result[]): Ratio[] {
  return results.flatMap((result) =>
    result.entries.flatMap(({ peer }) => {
      const times = isOurs(peer) ? undefined : ratio(result, peer, OURS);
      return times === undefined ? [] : [{ what: `${result.name}, ${labelOf(peer)}`, ratio: times }];
    }),
  );
}

function goVersion(): string {
  try {
    return execFileSync('go', ['version'], { encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local' } }).trim();
  } catch (error) {
    return `without Go (${(error as NodeJS.ErrnoException).code ?? error})`;
  }
}
