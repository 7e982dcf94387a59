// `npm run e2e:swarm [-- --store swarm|etcd] [--docker 20.10|29] [--only a,b,c] [--logs FOLDER]`: the whole scenario on
// a real swarm, with a table at the end. Stops at the first step that fails, prints what the plugins said, and leaves
// all logs in the folder.
import { readArguments } from '../../scripts/arguments.js';
import { Answering, type Answers } from './answering.js';
import { check, type Outcome } from './checks.js';
import { installPlugin } from './plugin.js';
import { lastWords, saveLogs, toldTickets } from './plugin-log.js';
import { DOCKERS, useDocker } from './rig/docker-version.js';
import { type Rig, STORES, withRig } from './rig/rig.js';
import { Sampler } from './sampler.js';
import { steps } from './steps/index.js';
import type { Step } from './steps/step.js';
import { answersTable, type Row, table } from './table.js';
import { type Pictures, World } from './world.js';

const NOTHING: Pictures = { limpet: new Map(), stock: new Map() };
const NO_CHANGES = { replaced: 0, moved: 0, kept: 0 };

const started = Date.now();
const say = (line: string) => console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}`);

const values = readArguments(
  'usage: npm run e2e:swarm -- [--store swarm|etcd] [--docker 20.10|29] [--only STEP,…] [--logs FOLDER]',
  {
    store: { type: 'string', default: 'swarm' },
    docker: { type: 'string', default: '20.10' },
    only: { type: 'string' },
    logs: { type: 'string', default: 'e2e-swarm-logs' },
  },
);
const store = oneOf('store', values.store, STORES);
const docker = oneOf('docker', values.docker, DOCKERS);
const chosen = steps(values.only?.split(',') ?? [], store);
const rows: Row[] = [];
const answers: Answers[] = [];
let trouble: unknown;
try {
  await useDocker(docker, say);
  await withRig({ store, say }, scenario);
} catch (error) {
  trouble = error;
}
console.log(`\n${table(rows)}\n`);
if (answers.length > 0) console.log(`${answersTable(answers)}\n`);
if (trouble !== undefined) console.error(trouble instanceof Error ? trouble.stack : trouble);
const passed = rows.filter(({ isGood }) => isGood).length;
console.log(`${passed} passed, ${Math.max(rows.length - passed, trouble === undefined ? 0 : 1)} failed`);
process.exit(trouble === undefined && passed === chosen.length ? 0 : 1);

function oneOf<T extends string>(name: string, said: string | undefined, all: readonly T[]): T {
  const found = all.find((each) => each === said);
  if (found !== undefined) return found;
  console.error(`--${name} is ${all.join(' or ')}, not ${said}`);
  process.exit(2);
}

async function scenario(rig: Rig): Promise<void> {
  const world = new World(rig, say);
  const sampler = new Sampler(rig.swarm, [world.sticky.prefix, world.lan.prefix]);
  try {
    await Promise.all(rig.swarm.nodes.map((node) => installPlugin(node, rig.settings)));
    say('the plugin is enabled on every node');
    await world.makeNetworks();
    sampler.start();
    await playAll(world, sampler);
    say(`${sampler.samples} samples, ${sampler.doubles.length} addresses of two running containers`);
    if (sampler.samples === 0) throw new Error('the sampler has seen nothing');
  } catch (error) {
    await saveLogs(rig, values.logs);
    console.error(await lastWords(rig.swarm));
    console.error(`logs of all nodes: ${values.logs}`);
    throw error;
  } finally {
    await sampler.stop();
  }
}

async function playAll(world: World, sampler: Sampler): Promise<void> {
  let before = NOTHING; // where each replica was last seen, be it some steps ago
  const answering = new Answering(world);
  for (const step of chosen) {
    say(`${step.name}: ${step.title}`);
    if (step.isTimed) {
      await world.web();
      before = later(before, await world.look());
      await answering.begin([...before.limpet.values()].map(({ address }) => address));
    }
    const { after, failures } = await playOne(world, step, before);
    if (step.isTimed && failures.length === 0)
      answers.push(await answering.end(step.name, before.limpet, after.limpet, sampler.arrived));
    failures.push(
      ...sampler.doubles.map(({ at, address, containers }) => `${at.toISOString()} ${address}: ${containers}`),
    );
    if (failures.length > 0) throw new Error(`step ${step.name}:\n  ${failures.join('\n  ')}`);
    before = later(before, after);
  }
}

function later(before: Pictures, after: Pictures): Pictures {
  return {
    limpet: new Map([...before.limpet, ...after.limpet]),
    stock: new Map([...before.stock, ...after.stock]),
  };
}

/** Its row is in the table, whatever happens. */
async function playOne(world: World, step: Step, before: Pictures): Promise<{ after: Pictures; failures: string[] }> {
  const since = Date.now();
  const told = toldTickets(world.swarm);
  const row = { step: step.name, title: step.title, limpet: NO_CHANGES, stock: NO_CHANGES, isGood: false };
  const end = (outcome: Partial<Outcome>, isGood: boolean) => {
    const { limpet = NO_CHANGES, stock = NO_CHANGES } = outcome;
    const { homes, all } = toldTickets(world.swarm);
    const tickets = { homes: homes - told.homes, all: all - told.all };
    rows.push({ ...row, limpet, stock, tickets, seconds: (Date.now() - since) / 1000, isGood });
  };
  try {
    await step.play(world);
    const outcome = await check(world, before);
    end(outcome, outcome.failures.length === 0);
    return { after: outcome.after, failures: [...outcome.failures] };
  } catch (error) {
    end({}, false);
    throw error;
  }
}
