// Small worlds in which much happens: few machines, few kinds of acts, one soon after the other and mostly to the same
// machine or service. What needs three rare acts on one container within a second hardly ever comes in a large world.
import { Chance } from '../../src/simulator/random.js';
import { acts } from './acts.js';
import type { Act, Plan } from './plan.js';

const START = 9000;

/** @param only the store that all worlds of a campaign have */
export function drawDense(seed: number, only?: 'etcd' | 'swarm'): Plan {
  const chance = new Chance(Math.imul(seed, 0x7feb352d) >>> 0);
  const one = <T>(...items: readonly T[]) => chance.pick(items);
  const names = Object.keys(acts);
  const known = Array.from({ length: 3 + chance.below(6) }, () => chance.pick(names));
  const targets = Array.from({ length: 1 + chance.below(2) }, () => chance.below(1000));
  const who = () => (chance.below(100) < 80 ? chance.pick(targets) : chance.below(1000));
  const howLong = () => (chance.below(100) < 60 ? chance.below(150) : chance.below(1000));
  const pause = one(200, 500, 1000, 2000);
  const duration = START + 15_000 + chance.below(30_000);
  const drawn: Act[] = [];
  for (let at = START; at < duration; at += chance.below(2 * pause)) {
    // Some at once: what is done while another act is under way.
    const of = [who(), howLong(), chance.below(1000)] as const;
    drawn.push({ at, act: chance.pick(known), of });
  }
  return {
    seed,
    managers: one(1, 1, 3),
    workers: one(0, 0, 1),
    version: one('20.10.24', '29.7.2'),
    store: only ?? one('etcd', 'etcd', 'swarm'),
    etcd: one(1, 1, 3),
    cidr: one('10.77.0.0/27', '10.77.0.0/28', '10.77.0.0/24'),
    policy: one('serial', 'lowest'),
    reclaim: one('', '', 'never', 'when-full=20s', 'after=40s,when-full=10s'),
    replicas: 1 + chance.below(3),
    order: one('stop-first', 'start-first'),
    hasAgents: chance.below(3) === 0,
    hasJobs: chance.below(5) === 0,
    own: one(28, 29, 30),
    lan: one('none', 'none', 'ranges', 'whole'),
    page: one(3, 7, 10_000),
    skew: 3_600_000,
    duration,
    acts: drawn,
  };
}
