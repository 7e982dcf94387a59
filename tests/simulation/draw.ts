// A seed's plan.
import { Chance } from '../../src/simulator/random.js';
import { drawn as common } from './acts.js';
import { drawDense, drawThemed } from './dense.js';
import { drawLate, drawMeetings } from './meetings.js';
import { drawCross, drawNear } from './near.js';
import { drawPins } from './pin-acts.js';
import type { Act, Plan } from './plan.js';

const START = 12_000;

/** Seeds from here on are crosses, then dense worlds, then worlds of one theme. */
const CROSSES = 1_000_000_000;
const DENSE = 2_000_000_000;
const THEMED = 3_000_000_000;
/** One world in so many is dense, or near a kept plan. */
const SHARE_OF_DENSE = 5;
const SHARE_OF_NEAR = 10;

/** One world in so many has the swarm store. */
const SHARE = 4;

/** Which store the seed's world has, unless a campaign is of one alone. */
function storeOf(seed: number): 'etcd' | 'swarm' {
  return seed % SHARE === 0 ? 'swarm' : 'etcd';
}

/** @param only the store that all worlds of a campaign have */
export function draw(seed: number, only?: 'etcd' | 'swarm'): Plan {
  if (seed >= THEMED) return drawThemed(seed, only);
  if (seed >= DENSE) return drawDense(seed, only);
  if (seed >= CROSSES) return drawCross(seed, (store) => drawAfresh(seed - CROSSES, store), only);
  if (seed % SHARE_OF_DENSE === SHARE_OF_DENSE - 3) return drawDense(seed, only);
  const near =
    seed % SHARE_OF_NEAR === SHARE_OF_NEAR - 1 ? drawNear(seed, Math.floor(seed / SHARE_OF_NEAR), only) : undefined;
  return near ?? drawAfresh(seed, only ?? storeOf(seed));
}

function drawAfresh(seed: number, store: 'etcd' | 'swarm'): Plan {
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) >>> 0);
  const one = <T>(...items: readonly T[]) => chance.pick(items);
  const names = Object.keys(common) as (keyof typeof common)[];
  // Each world knows only some kinds of acts: what always happens together hides what happens alone.
  const known = names.filter((name) => common[name].isUsual || chance.below(100) < 35);
  // Some last longer than any grace period.
  const duration = 30_000 + chance.below(90_000) + one(0, 0, 0, 0, 100_000);
  const pause = one(1500, 3000, 6000);
  const drawn: Act[] = [];
  for (let at = START; at < duration; at += chance.below(2 * pause)) {
    const of = [chance.below(1000), chance.below(1000), chance.below(1000)] as const;
    drawn.push({ at, act: one(...known), of });
  }
  const managers = one(1, 3, 3, 3);
  const workers = one(0, 0, 1, 2);
  // Tickets and homes share the subnet: a small one is full with many nodes, and then nothing is amiss.
  const isSmall = managers + workers <= 3 && chance.below(3) === 0;
  return {
    seed,
    managers,
    workers,
    version: one('20.10.24', '29.7.2'),
    store,
    etcd: one(1, 3),
    cidr: isSmall ? '10.77.0.0/27' : one('10.77.0.0/24', '10.77.0.0/25'),
    policy: one('serial', 'serial', 'lowest'),
    reclaim: one('', '', 'never', 'when-full=20s', 'after=40s,when-full=10s'),
    replicas: 1 + chance.below(5),
    order: one('stop-first', 'start-first'),
    hasAgents: chance.below(2) === 0,
    hasJobs: chance.below(3) === 0,
    own: one(28, 28, 29, 30),
    lan: one('none', 'none', 'ranges', 'whole'),
    page: one(3, 7, 10_000),
    skew: 3_600_000,
    duration,
    acts: [drawn, ...[drawPins, drawMeetings, drawLate].map((more) => more(seed, START, duration))]
      .flat()
      .sort((a, b) => a.at - b.at),
  };
}
