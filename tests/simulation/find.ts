// Plays the kept plans, and then worlds, until one fails, for `npm run simulate:mutants`, in the mutant's copy of the
// sources. Prints which, and writes a world's plan down, shrunk, when a file is named.
import { writeFile } from 'node:fs/promises';
import { campaign } from './campaign.js';
import { draw } from './draw.js';
import { keptOf } from './near.js';
import { play } from './play.js';
import { shrink } from './shrink.js';

const [first = '1', seeds = '2000', of = '', file] = process.argv.slice(2);
const store = of === 'etcd' || of === 'swarm' ? of : undefined;
for (const { name, plan } of keptOf(store)) {
  const { failure } = await play(plan);
  if (failure === undefined) continue;
  console.log(`FOUND by ${name}: ${failure.slice(0, 120)}`);
  process.exit(0);
}
const { failed, worlds } = await campaign({ first: Number(first), seeds: Number(seeds), store, failures: 1 });
const [found] = failed;
if (found === undefined) {
  console.log(`none of the kept plans and of ${worlds} worlds fails`);
  process.exit(1);
}
console.log(`FOUND by seed ${found.seed}, ${worlds} played: ${found.failure?.slice(0, 120)}`);
if (file) {
  const { plan, failure } = await shrink(draw(found.seed, store));
  if (failure !== undefined) await writeFile(file, `${JSON.stringify(plan)}\n`);
}
process.exit(0);
