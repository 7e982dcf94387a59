// One step of the simulated swarm: a world in, the next world out. The order within a second is fixed: events, nodes,
// election, the leader's and the nodes' work on every task whose time has come, updates, and whoever still lacks an
// address.

import type { Limpet } from '../host/limpet.js';
import type { Subnet } from '../host/subnet.js';
import { act, isThere, settle } from './agent.js';
import { Draft } from './draft.js';
import { elect, govern } from './election.js';
import { happen } from './events.js';
import { lead } from './leader.js';
import { passTime, welcome } from './nodes.js';
import { reconcile } from './orchestrator.js';
import type { Plan } from './plan.js';
import { Scheduler } from './scheduler.js';
import { StickyDraft } from './sticky.js';
import { StockDraft } from './stock.js';
import type { SwarmEvent } from './types.js';
import { update } from './update.js';
import { hasEnded, NEVER, type World } from './world.js';

export interface Environment {
  readonly limpet: Limpet;
  readonly plan: Plan;
  readonly historyLimit: number;
  readonly events: readonly SwarmEvent[];
  /** A number for each identity, the same for ever. */
  readonly indexOf: (identity: string) => number;
}

/** The next world, and the core's subnet that belongs to it; undefined when nothing is left to happen. */
export function advance(
  world: World,
  net: Subnet,
  environment: Environment,
): { world: World; net: Subnet } | undefined {
  const { plan, events } = environment;
  const time = nextTime(world, events);
  if (time === NEVER) return undefined;
  const stock = new StockDraft(plan, world.stock);
  const sticky = new StickyDraft(net, plan, world.sticky);
  const draft = new Draft(world, time, stock, sticky, plan.gateway, environment.indexOf);
  for (const event of eventsAt(world, time, events)) happen(draft, event);
  draft.next += draft.events.length;
  passTime(draft);
  govern(draft);
  elect(draft, environment);
  if (draft.leader !== undefined) work(draft, environment.historyLimit);
  for (const { identity, address } of sticky.reclaimed)
    draft.say('sticky', `the subnet is full: ${address} of ${identity} is reclaimed, the oldest reserved one`, {
      identity,
    });
  const next = draft.seal();
  return { world: { ...next, atRest: workAt(next) === NEVER }, net: sticky.net };
}

function work(draft: Draft, historyLimit: number): void {
  welcome(draft);
  reconcile(draft);
  const scheduler = new Scheduler(draft);
  for (const number of draft.due()) {
    const task = draft.find(number);
    if (task !== undefined && !lead(draft, scheduler, task, historyLimit)) act(draft, task);
  }
  update(draft);
  quench(draft);
}

/** When something happens next; NEVER when nothing does. */
function nextTime(world: World, events: readonly SwarmEvent[]): number {
  const work = workAt(world);
  const event = events[world.next];
  if (event === undefined) return work;
  if (event.at === undefined) return work === NEVER ? world.time + 1 : work;
  return Math.min(work, Math.max(event.at, world.time + 1));
}

/** The next second in which the swarm has work of its own; NEVER when all is at rest. */
function workAt({ time, leader, nodes, electionAt, open, tasks }: World): number {
  let next = electionAt;
  for (const { leaseEnds, bootsAt, lostAt } of nodes)
    next = Math.min(next, leaseEnds, bootsAt, leader ? lostAt : NEVER);
  // Without a leader no task moves: nobody could be told.
  if (leader !== undefined) for (const number of open) next = Math.min(next, tasks.get(number)?.due ?? NEVER);
  return next === NEVER ? NEVER : Math.max(next, time + 1);
}

/** The events of this second, in the scenario's order. One without a time comes alone, when all was at rest before. */
function eventsAt(world: World, time: number, events: readonly SwarmEvent[]): SwarmEvent[] {
  const first = events[world.next];
  if (first === undefined) return [];
  if (first.at === undefined) return workAt(world) === NEVER ? [first] : [];
  let end = world.next;
  while ((events[end]?.at ?? NEVER) <= time) end++;
  return events.slice(world.next, end);
}

/** Addresses for those that lack one, as far as some have become free, the longest waiting first. */
function quench(draft: Draft): void {
  draft.thirsty.stock = draft.thirsty.stock.filter((number) => {
    const task = draft.find(number);
    if (task === undefined || hasEnded(task)) return false;
    const stock = draft.stock.take({ identity: task.identity });
    if (stock !== undefined) {
      draft.change(number, { stock });
      draft.say('stock', `${task.identity} waited for an address and gets ${stock}`, { identity: task.identity });
    }
    return stock === undefined;
  });
  draft.thirsty.sticky = draft.thirsty.sticky.filter((number) => {
    const task = draft.find(number);
    if (task === undefined || hasEnded(task)) return false;
    const ticket = draft.sticky.hold(`ticket of ${task.identity}`);
    if (ticket === undefined) return true;
    if (isThere(draft, task)) settle(draft, task, ticket);
    else draft.change(number, { ticket });
    draft.say('sticky', `${task.identity} waited for an address and gets one`, { identity: task.identity });
    return false;
  });
}
