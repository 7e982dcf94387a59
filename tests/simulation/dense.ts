// Small worlds in which much happens: few machines, few kinds of acts, one soon after the other and mostly to the same
// machine or service. What needs three rare acts on one container within a second hardly ever comes in a large world.
// In worlds of one theme all acts are about one matter, and the subnet is so small that addresses change hands.
import { Chance } from '../../src/simulator/random.js';
import { type ActName, acts } from './acts.js';
import type { Act, Plan } from './plan.js';

const START = 9000;

/** Kinds of acts that are about one matter: half of the worlds have most of one such set. */
const THEMES = [
  ['failing', 'update', 'scale', 'plugin dies', 'depose leader', 'drain'],
  ['plugin is late', 'cut from etcd', 'away from the store', 'drain', 'update', 'scale', 'machine dies', 'failing'],
  ['failing', 'scale', 'drain', 'depose leader', 'machine dies', 'cut from all', 'plugin dies', 'etcd away', 'attach'],
  ['answers get lost', 'bad line', 'etcd away', 'the store is away', 'scale', 'update', 'failing'],
  ['stop or start', 'restart', 'run', 'the store is away', 'away from the store', 'etcd away', 'stands still'],
  ['depose leader', 'cut from swarm', 'failing', 'update', 'docker dies', 'docker restarts', 'machine dies'],
  ['docker dies', 'docker restarts', 'machine dies', 'the store is away', 'clock jumps', 'scale', 'has a slow Docker'],
  ['cut from all', 'away from the store', 'pin', 'unpin', 'label', 'reclaim', 'update', 'restart', 'run'],
  ['messages come twice', 'is answered late', 'slow network', 'bad line', 'compaction', 'scale', 'restart', 'run'],
  ['scale', 'update', 'failing', 'attach', 'stop attached', 'has a slow Docker', 'slow network', 'depose leader'],
  ['pin', 'unpin', 'label', 'plugin dies', 'has no plugin', 'update', 'scale', 'restart'],
  ['is answered late', 'etcd away', 'bad line', 'compaction', 'pin', 'unpin', 'reclaim', 'reclaim service', 'scale'],
  ['make network anew', 'depose leader', 'machine dies', 'etcd away', 'plugin dies', 'cut from all'],
] satisfies readonly (readonly ActName[])[];

/** A world of one theme: the acts of one matter, and a few kinds of others. */
export function drawThemed(seed: number, only?: 'etcd' | 'swarm'): Plan {
  const chance = new Chance(Math.imul(seed, 0x2c1b3c6d) >>> 0);
  const names = Object.keys(acts);
  const theme = [...chance.pick(THEMES), ...Array.from({ length: chance.below(4) }, () => chance.pick(names))];
  const plan = drawDense(seed, only);
  return {
    ...plan,
    cidr: '10.77.0.0/28',
    policy: chance.pick(['lowest', 'lowest', 'serial']),
    reclaim: chance.pick([plan.reclaim, plan.reclaim, 'after=8s']),
    acts: plan.acts.map((act) => ({ ...act, act: chance.pick(theme) })),
  };
}

/** @param only the store that all worlds of a campaign have */
export function drawDense(seed: number, only?: 'etcd' | 'swarm'): Plan {
  const chance = new Chance(Math.imul(seed, 0x7feb352d) >>> 0);
  const one = <T>(...items: readonly T[]) => chance.pick(items);
  const names = Object.keys(acts);
  const theme: readonly string[] = chance.below(2) === 0 ? chance.pick(THEMES) : [];
  const few = theme.filter(() => chance.below(100) < 75);
  const known = [...few, ...Array.from({ length: theme.length > 0 ? 1 : 3 + chance.below(6) }, () => one(...names))];
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
