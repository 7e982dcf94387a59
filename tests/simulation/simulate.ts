// `npm run simulate -- [--seeds N] [--seed S] [--minutes M] [--world W] [--store etcd|swarm]`: worlds from seed S on,
// judged. A world that fails is shrunk, and its history is printed; --world plays that one alone and prints all of it.
// --store has all worlds with one store; else each seed says which.
import { parseArgs } from 'node:util';
import { upToDate } from '../fresh.js';
import { campaign } from './campaign.js';
import { hasDisk, playDisk } from './disk/play.js';
import { draw } from './draw.js';
import { type Outcome, play } from './play.js';
import { shrink } from './shrink.js';
import { never } from './sometimes.js';

const USAGE = 'usage: npm run simulate -- [--seeds N] [--seed S] [--minutes M] [--world W] [--store etcd|swarm]';

await upToDate('core');
const { seeds, seed, minutes, world, store } = options();
process.exit(world === undefined ? await run() : await show(world));

async function run(): Promise<number> {
  const time = minutes === undefined ? undefined : minutes * 60_000;
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
  const missed = never(sometimes, worlds);
  for (const what of missed) console.log(`FAIL never happened: ${what}`);
  if (failed.length === 0 && missed.length === 0) console.log('all is well');
  return failed.length + missed.length === 0 ? 0 : 1;
}

async function show(one: number): Promise<number> {
  const outcome = await play(draw(one, store));
  print(outcome);
  const disk = hasDisk(one) ? await playDisk(one) : undefined;
  if (disk?.failure !== undefined) console.log(`FAIL ${disk.failure}`);
  return (outcome.failure ?? disk?.failure) === undefined ? 0 : 1;
}

function print({ plan, history, failure, digest }: Outcome): void {
  console.log(history.join('\n'));
  console.log(JSON.stringify(plan));
  console.log(`history ${digest}`);
  if (failure !== undefined) console.log(`FAIL ${failure}`);
}

function options(): {
  seeds: number;
  seed: number;
  minutes: number | undefined;
  world: number | undefined;
  store: Store | undefined;
} {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string' },
        world: { type: 'string' },
        store: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const minutes = values.minutes === undefined ? undefined : numberOf('minutes', values.minutes);
    const many = minutes === undefined ? 300 : Number.MAX_SAFE_INTEGER / 2;
    return {
      seeds: values.seeds === undefined ? many : numberOf('seeds', values.seeds),
      seed: numberOf('seed', values.seed),
      minutes,
      world: values.world === undefined ? undefined : numberOf('world', values.world),
      store: storeNamed(values.store),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return process.exit(2);
  }
}

type Store = 'etcd' | 'swarm';

function storeNamed(name: string | undefined): Store | undefined {
  if (name === undefined || name === 'etcd' || name === 'swarm') return name;
  throw new Error(`--store ${name}: etcd or swarm`);
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new Error(`--${name} ${text}: a number from 0 on`);
}
