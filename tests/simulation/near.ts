// Worlds near those in which something went wrong once: a kept plan (kept/), with another chance and its acts a little
// earlier or later. What was hard to come by is looked at from all sides.
import { readdirSync, readFileSync } from 'node:fs';
import { Chance } from '../../src/simulator/random.js';
import type { Act, Plan } from './plan.js';

const KEPT = new URL('kept/', import.meta.url);
/** Milliseconds by which an act comes earlier or later, at the most. */
const SHIFT = 300;
/** Of a hundred acts of the kept plan so many stay, and so many of the other one's come in. */
const STAYS = 92;
const COMES = 15;

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

/**
 * The kept plan of that number, as this seed has it; undefined where none is kept. @param store of those that are asked
 * for alone
 */
export function drawNear(seed: number, number: number, store?: 'etcd' | 'swarm'): Plan | undefined {
  const plans = keptOf(store);
  const plan = plans[number % plans.length]?.plan;
  if (plan === undefined) return undefined;
  const chance = new Chance(Math.imul(seed, 0x27d4eb2f) >>> 0);
  return { ...plan, seed, acts: inOrder(shifted(plan.acts, chance)) };
}

/** A kept plan into which acts of another world have come. @param other draws that, with the plan's store */
export function drawCross(seed: number, other: (store: 'etcd' | 'swarm') => Plan, store?: 'etcd' | 'swarm'): Plan {
  const chance = new Chance(Math.imul(seed, 0x2545f491) >>> 0);
  const { plan } = chance.pick(keptOf(store));
  const stay = shifted(plan.acts, chance).filter(() => chance.below(100) < STAYS);
  const come = other(plan.store ?? 'etcd').acts.filter(({ at }) => at < plan.duration && chance.below(100) < COMES);
  return { ...plan, seed, acts: inOrder([...stay, ...come]) };
}

function shifted(acts: readonly Act[], chance: Chance): Act[] {
  return acts.map((act) => ({ ...act, at: Math.max(act.at + chance.below(2 * SHIFT) - SHIFT, 0) }));
}

function inOrder(acts: readonly Act[]): Act[] {
  return [...acts].sort((a, b) => a.at - b.at);
}
