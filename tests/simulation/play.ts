// Plays a plan to its end: the acts, then the healing, then a bounded while in which all must come right.
import { createHash } from 'node:crypto';
import { type ActName, acts } from './acts.js';
import { begin } from './begin.js';
import { boot } from './faults.js';
import { isFull, lacking } from './liveness.js';
import type { Plan } from './plan.js';
import { prepared } from './prepare.js';
import { World } from './world.js';

/**
 * Milliseconds after the last fault in which everything must have come right: Swarm's leader tries again five minutes
 * after a refusal, and what is left over then has to be swept.
 */
const BOUND = 540_000;
const LOOK = 20_000;
/** Looks after which what is amiss in a full subnet lasts: tickets come and go there for as long as it is full. */
const LASTING = 6;

export interface Outcome {
  readonly plan: Plan;
  /** What went wrong; undefined when nothing did. */
  readonly failure: string | undefined;
  readonly events: number;
  readonly history: readonly string[];
  readonly digest: string;
  readonly sometimes: ReadonlyMap<string, number>;
}

export async function play(plan: Plan): Promise<Outcome> {
  const world = await played(plan, run);
  const hash = createHash('sha256');
  for (const line of world.history) hash.update(`${line}\n`);
  return {
    plan,
    failure: world.judge.violation,
    events: world.timeline.passed,
    history: world.history,
    digest: hash.digest('hex'),
    sometimes: world.sometimes,
  };
}

/** A world with what happens there; judged, also by what its stores have answered. */
export async function played(plan: Plan, run: (world: World) => Promise<void>): Promise<World> {
  await prepared;
  const world = new World(plan);
  const failed = (error: unknown) => world.judge.fail(`a promise was left alone: ${(error as Error)?.stack ?? error}`);
  process.on('unhandledRejection', failed);
  try {
    await run(world);
  } finally {
    process.off('unhandledRejection', failed);
    for (const plugin of world.plugins) plugin.die();
  }
  world.judge.violation ?? judgeClaims(world);
  return world;
}

async function run(world: World): Promise<void> {
  const { plan, timeline, judge } = world;
  const isOver = () => judge.violation !== undefined;
  begin(world);
  for (const { at, act, of } of plan.acts) {
    await timeline.run(Math.max(at - timeline.age, 0), isOver);
    if (isOver()) return;
    world.note(`ACT ${act} ${of.join(' ')}`);
    world.happened(`act ${act}`);
    acts[act as ActName].play(world, of);
  }
  await timeline.run(Math.max(plan.duration - timeline.age, 0), isOver);
  world.note('HEAL');
  world.heal();
  for (const plugin of world.plugins) {
    if (plugin.node.engine.state === 'down') boot(world, plugin.node);
    else plugin.start();
  }
  await untilRight(world, isOver);
}

/** Lets time pass until all is right, or a bounded while is over: then the judge says so. */
export async function untilRight(world: World, isOver: () => boolean): Promise<void> {
  const end = world.timeline.now + BOUND;
  const before: (readonly string[])[] = [];
  for (;;) {
    await world.timeline.run(LOOK, isOver);
    if (isOver()) return;
    const lacks = await lacking(world);
    if (lacks.length === 0) return world.note('ALL IS WELL');
    before.push(lacks);
    if (world.timeline.now < end) continue;
    const last = before.slice(-LASTING);
    const lasting = isFull(world) ? lacks.filter((lack) => last.every((each) => each.includes(lack))) : lacks;
    if (lasting.length === 0) return world.note('ALL IS WELL, as far as there is room');
    describe(world);
    return world.judge.fail(`never comes right: ${lasting.join('; ')}`);
  }
}

/** How it stands, for who reads the history. */
function describe(world: World): void {
  const { records, nodes } = world.swarm;
  for (const task of records.tasks.values()) world.note(`TASK ${JSON.stringify(task)}`);
  for (const { record, engine } of nodes) {
    world.note(`NODE ${record.hostname} ${record.id} ${engine.state} ${JSON.stringify([...record.ends])}`);
    for (const { name, state, has, shown, asked } of engine.containers.values())
      world.note(`CONTAINER ${record.hostname} ${name} ${state} has ${has} shows ${shown} asked for ${asked}`);
  }
}

function judgeClaims(world: World): void {
  const verdict = world.claims.verdict();
  if (verdict !== undefined) world.judge.fail(verdict);
}
