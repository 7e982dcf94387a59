// `npm run bench`: what the core costs, each figure beside the same work in plain JavaScript in the same run.
// `--write` puts the table into docs/BENCHMARKS.md and the figures into docs/bench/core.json. `--check` compares the
// ratios with those and fails when one has fallen by more than half. Nothing here passes or fails on a time.

import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { judge } from './check.js';
import { growthCases, memoryCases, pauseCases, sizeCases } from './figures.js';
import { committed, machine, ratios, render, write } from './report.js';
import { timedCases } from './timed.js';

const values = readArguments('usage: npm run bench -- [--write] [--check] [--rounds N]', {
  write: { type: 'boolean' },
  check: { type: 'boolean' },
  rounds: { type: 'string', default: '7' },
});
const rounds = wholeNumber('rounds', values.rounds);

const before = values.check ? await committed() : undefined;
if (values.check && !before) throw new Error('--check has nothing to compare with: run with --write first');

// First, while there is little for a garbage collector to look at: it may do so when the core's memory grows.
const pauses = pauseCases();
const results = {
  machine: machine(),
  timed: timedCases(rounds),
  growth: growthCases(rounds),
  pauses,
  memory: memoryCases(),
  sizes: sizeCases(),
};
console.log(render(results));
if (before) judge(ratios(before), ratios(results));
if (values.write) await write(results);
