// `npm run simulate`: worlds from a seed on, judged. A world that fails is shrunk, and its history is printed; --world
// plays that one alone and prints all of it. --store has all worlds with one store; else each seed says which. With
// --nodes and --tasks it plays worlds of that size, a third of whose machines are lost at once (large.ts), and prints
// what that came to; --write puts the table into docs/SCALE.md.
import { fork } from 'node:child_process';
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { between } from '../../bench/marks.js';
import { upToDate } from '../fresh.js';
import { campaign } from './campaign.js';
import { hasDisk, playDisk } from './disk/play.js';
import { draw } from './draw.js';
import type { LargeOutcome, Size } from './large.js';
import { needsOf } from './large-needs.js';
import { effortOf, tableOf } from './large-table.js';
import { type Options, optionsOf, USAGE } from './options.js';
import { type Outcome, play } from './play.js';
import { shrink } from './shrink.js';
import { never } from './sometimes.js';

type Told<K extends Options['kind']> = Extract<Options, { readonly kind: K }>;

/** Lines of a large world's history that are printed when it fails. */
const SHOWN = 200;
const SCALE = new URL('../../docs/SCALE.md', import.meta.url);
/** Of the machine's memory so much may be a large world's, in bytes of its heap. */
const SHARE = 0.7;

const options = told();
await upToDate('core');
process.exit(await run(options));

function told(): Options {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return process.exit(2);
  }
}

function run(of: Options): Promise<number> {
  switch (of.kind) {
    case 'help':
      console.log(USAGE);
      return Promise.resolve(0);
    case 'world':
      return show(of);
    case 'campaign':
      return playMany(of);
    case 'large':
      return playSizes(of);
  }
}

async function playMany({ seed, seeds, store, time }: Told<'campaign'>): Promise<number> {
  const { worlds, events, seconds, failed, sometimes } = await campaign({
    first: seed,
    seeds,
    store,
    failures: 3,
    time,
  });
  const rate = `${(worlds / seconds).toFixed(1)} worlds/s, ${Math.round(events / seconds)} events/s`;
  console.log(`${worlds} worlds from seed ${seed}, ${events} events in ${seconds.toFixed(1)} s: ${rate}`);
  for (const { seed: one, failure } of failed) console.log(`FAIL seed ${one}: ${failure}`);
  const [worst] = failed;
  if (worst !== undefined) {
    console.log(`shrinking seed ${worst.seed} …`);
    print(await shrink(draw(worst.seed, store)));
    console.log(`\nagain: npm run simulate -- --world ${worst.seed}${store === undefined ? '' : ` --store ${store}`}`);
  }
  const missed = never(sometimes, worlds, store);
  for (const what of missed) console.log(`FAIL never happened: ${what}`);
  if (failed.length === 0 && missed.length === 0) console.log('all is well');
  return failed.length + missed.length === 0 ? 0 : 1;
}

async function show({ world, store }: Told<'world'>): Promise<number> {
  const outcome = await play(draw(world, store));
  print(outcome);
  const disk = hasDisk(world) ? await playDisk(world) : undefined;
  if (disk?.failure !== undefined) console.log(`FAIL ${disk.failure}`);
  return (outcome.failure ?? disk?.failure) === undefined ? 0 : 1;
}

function print({ plan, history, failure, digest }: Outcome): void {
  console.log(history.join('\n'));
  console.log(JSON.stringify(plan));
  console.log(`history ${digest}`);
  if (failure !== undefined) console.log(`FAIL ${failure}`);
}

async function playSizes({ sizes, output }: Told<'large'>): Promise<number> {
  const outcomes: LargeOutcome[] = [];
  for (const size of sizes) {
    const outcome = await playApart(size);
    outcomes.push(outcome);
    console.log(effortOf(outcome));
    if (outcome.failure === undefined) continue;
    console.log(outcome.history.slice(-SHOWN).join('\n'));
    console.log(`FAIL ${outcome.failure}`);
    return 1;
  }
  const effort = outcomes.map((outcome) => `- ${effortOf(outcome)}`).join('\n');
  const text = [`Seed ${sizes[0]?.seed}.`, tableOf(outcomes), needsOf(outcomes) ?? '', `Played:\n\n${effort}`].join(
    '\n\n',
  );
  console.log(text);
  const of = `--nodes ${sizes.map(({ nodes }) => nodes)} --tasks ${sizes.map(({ tasks }) => tasks)}`;
  if (output === 'write') await between(SCALE, 'simulation', `npm run simulate -- ${of} --write`, text);
  return 0;
}

/** In a process of its own, which may take more memory than others. */
function playApart(size: Size): Promise<LargeOutcome> {
  const heap = Math.floor((totalmem() / 2 ** 20) * SHARE);
  const worker = fork(fileURLToPath(new URL('large-worker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${heap}`, '--max-semi-space-size=64'],
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('exit', (code) => reject(new Error(`the large world's process ended with ${code}`)));
    worker.send(size);
  });
}
