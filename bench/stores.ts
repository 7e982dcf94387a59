// What the stores cost, each figure beside its plain peer in the same run: `npx tsx bench/stores.ts` after a build. Nothing here
// passes or fails on a time. `--bindings N` and `--rounds N` make it shorter.

import { parseArgs } from 'node:util';
import { fileCommits, fileStart } from './file-store.js';

const { values } = parseArgs({
  options: { bindings: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '15' } },
});

const commits = await fileCommits(Number(values.rounds));
const us = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} µs`;
console.log(
  `file store, commits of ${commits.bytes} bytes (a new binding and its live mark), medians of ${values.rounds} rounds`,
);
console.log(`  one caller                       ${us(commits.one)}`);
console.log(
  `  bare append + fdatasync, awaited ${us(commits.bare)}   ratio ${(commits.one / commits.bare).toFixed(2)}`,
);
console.log(
  `  the same, blocking the process   ${us(commits.blocking)}   ratio ${(commits.one / commits.blocking).toFixed(2)}`,
);
console.log(
  `  64 callers, each commit          ${us(commits.many)}   ${(commits.one / commits.many).toFixed(1)} times the throughput`,
);
console.log(`  through the service: one caller  ${us(commits.serviceOne)}`);
console.log(
  `  64 callers, each new binding     ${us(commits.serviceMany)}   ${(commits.serviceOne / commits.serviceMany).toFixed(1)} times`,
);

for (const reserved of [0, 0.5]) {
  const start = await fileStart(Number(values.bindings), reserved);
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(
    `file store, start with ${values.bindings} bindings, ${reserved * 100} % of them reserved: ${mb(start.bytes)} on disk`,
  );
  for (const [what, { read, open, cpu, rss, peak, idle }] of Object.entries(start.runs)) {
    console.log(
      `  ${what.padEnd(10)} ${open.toFixed(0)} ms, ${cpu.toFixed(0)} ms of processor, reading the bytes ${read.toFixed(0)} ms; ` +
        `resident ${mb(rss)} (peak ${mb(peak)}, an idle process ${mb(idle)})`,
    );
  }
}
