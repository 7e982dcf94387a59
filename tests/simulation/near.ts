// Worlds near those in which something went wrong once: a kept plan (kept/), with another chance and its acts a little
// earlier or later. What was hard to come by is looked at from all sides.
import { readdirSync, readFileSync } from 'node:fs';
import { Chance } from '../../src/simulator/random.js';
import type { Plan } from './plan.js';

const KEPT = new URL('kept/', import.meta.url);
/** One world in so many. */
const SHARE = 10;
/** Milliseconds by which an act comes earlier or later, at the most. */
const SHIFT = 300;

interface Kept {
  readonly name: string;
  readonly plan: Plan;
}

/** Every plan that has found something, in the order of their names. */
export const kept: readonly Kept[] = readdirSync(KEPT)
  .sort()
  .map((name) => ({ name, plan: JSON.parse(readFileSync(new URL(name, KEPT), 'utf8')) }));

/** Those with one store; all of them without one. */
export function keptOf(store?: 'etcd' | 'swarm'): readonly Kept[] {
  return kept.filter(({ plan }) => store === undefined || (plan.store ?? 'etcd') === store);
}

/** Undefined for the seeds of other worlds. @param store of those that are asked for alone */
export function drawNear(seed: number, store?: 'etcd' | 'swarm'): Plan | undefined {
  if (seed % SHARE !== SHARE - 1) return undefined;
  const plans = keptOf(store);
  const plan = plans[Math.floor(seed / SHARE) % plans.length]?.plan;
  if (plan === undefined) return undefined;
  const chance = new Chance(Math.imul(seed, 0x27d4eb2f) >>> 0);
  const acts = plan.acts.map((act) => ({ ...act, at: Math.max(act.at + chance.below(2 * SHIFT) - SHIFT, 0) }));
  return { ...plan, seed, acts: acts.sort((a, b) => a.at - b.at) };
}
