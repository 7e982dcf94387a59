// What meets by chance once in a year of a real swarm: a node has been away from the store, or its plugin has stood
// still, or its Docker was slow, and just as that ends containers start and stop there, and etcd's history is
// compacted. Or it hears by the store's news what others do, before it has the answers to what it did itself. Drawn
// apart from all else, in worlds of their own: a seed without them is the world that it was before.
import { Chance } from '../../src/simulator/random.js';
import { type Deed, pick, rare } from './deed.js';
import { cutFromStore, losePlugin, standStill, takeStoreAway } from './faults.js';
import type { Act } from './plan.js';

/** One world in so many has them. */
const SHARE = 3;
/** One world in so many has late answers. */
const SHARE_OF_LATE = 5;
/** What is done in the moment in which it ends, or while it is waited for. */
const DONE = [
  ...['stop or start', 'stop or start', 'restart', 'run', 'remove container'],
  ...['scale', 'scale', 'update', 'depose leader'],
];
/** Milliseconds for a unit of an act's length. */
const UNIT = 10;
/** Milliseconds around the end, and before it. */
const AROUND = 1200;
const BEFORE = 4000;

/** Acts of this seed's meetings, none in most worlds. */
export function drawMeetings(seed: number, start: number, duration: number): Act[] {
  const chance = new Chance(Math.imul(seed, 0xc2b2ae35) >>> 0);
  const acts: Act[] = [];
  if (chance.below(SHARE) !== 0) return acts;
  const names = Object.keys(meetings).filter((name) => name !== 'is answered late');
  for (let at = start; at < duration; at += 4000 + chance.below(12_000)) {
    const node = chance.below(1000);
    // In half of them a lease ends meanwhile.
    const length = chance.below(2) === 0 ? 20 + chance.below(400) : 1000 + chance.below(600);
    const end = at + length * UNIT;
    acts.push({ at, act: chance.pick(names), of: [node, length, chance.below(1000)] });
    if (chance.below(2) === 0) acts.push({ at: end - 1 - chance.below(300), act: 'compaction', of: [0, 0, 0] });
    for (let n = 1 + chance.below(4); n > 0; n--) {
      const of = [node, chance.below(1000), chance.below(1000)] as const;
      const from = chance.below(2) === 0 ? -AROUND / 2 + chance.below(AROUND) : -chance.below(BEFORE);
      acts.push({ at: Math.max(end + from, at), act: chance.pick(DONE), of });
    }
  }
  return acts.filter(({ at }) => at < duration);
}

/** Acts while a machine's answers are late: what others do at that moment counts. */
export function drawLate(seed: number, start: number, duration: number): Act[] {
  const chance = new Chance(Math.imul(seed, 0x165667b1) >>> 0);
  const acts: Act[] = [];
  if (chance.below(SHARE_OF_LATE) !== 0) return acts;
  for (let at = start; at < duration; at += 3000 + chance.below(9000)) {
    const length = 100 + chance.below(300);
    acts.push({ at, act: 'is answered late', of: [chance.below(1000), length, chance.below(1000)] });
    for (let n = 2 + chance.below(5); n > 0; n--) {
      const of = [chance.below(1000), chance.below(1000), chance.below(1000)] as const;
      acts.push({ at: at + chance.below(length * UNIT), act: chance.pick([...DONE, 'depose leader']), of });
    }
  }
  return acts.filter(({ at }) => at < duration);
}

/** Of the numbers of each, the first says who, the second for how long, the third how. */
export const meetings = {
  'away from the store': rare((world, [a, length, way]) =>
    cutFromStore(world, pick(world.swarm.nodes, a), { members: world.shared.members, way }, length * UNIT),
  ),
  'the store is away': rare((world, [, length]) => takeStoreAway(world, length * UNIT)),
  'stands still': rare((world, [a, length]) => standStill(world, pick(world.plugins, a), length * UNIT)),
  /** Its lists are of a while ago when they come. */
  'has a slow Docker': rare((world, [a, length, c]) => {
    const { engine } = pick(world.swarm.nodes, a);
    engine.slowest = 50 + c;
    world.lasting(length * UNIT, () => {
      engine.slowest = 2;
    });
  }),
  'is answered late': rare((world, [a, length, lag]) => {
    const node = pick(world.swarm.nodes, a);
    const { lagging } = world.network;
    lagging.set(node.record.hostname, 200 + lag);
    const settle = world.judge.lapses.disturb(node);
    world.lasting(length * UNIT, () => {
      lagging.delete(node.record.hostname);
      settle();
    });
  }),
  'has no plugin': rare((world, [a, length]) => losePlugin(world, pick(world.plugins, a), length * UNIT)),
} satisfies Record<string, Deed>;
