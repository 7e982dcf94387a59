// The world before anything has happened: nodes that are up, a leader, an empty network.

import type { Subnet } from '../host/subnet.js';
import type { Plan } from './plan.js';
import { StickyDraft } from './sticky.js';
import type { Cell, Scenario } from './types.js';
import { Vector } from './vector.js';
import { type AllocatorRecord, NEVER, type NodeRecord, type World } from './world.js';

export function beginning({ managers = 3, workers = 0, seed = 1 }: Scenario, plan: Plan, net: Subnet): World {
  const stock = emptyNetwork(plan);
  return {
    step: 0,
    time: 0,
    atRest: true,
    events: [],
    leader: 'node-1',
    nodes: Array.from({ length: managers + workers }, (_, index) => nodeRecord(index + 1, managers)),
    services: [],
    tasks: Vector.empty(),
    stock,
    sticky: { ...stock, ...new StickyDraft(net, plan, stock).seal() },
    log: [],
    rebuild: undefined,
    chance: seed,
    version: 10,
    open: [],
    electionAt: NEVER,
    seen: Vector.empty(),
    lastNode: undefined,
    next: 0,
  };
}

function nodeRecord(number: number, managers: number): NodeRecord {
  return {
    name: `node-${number}`,
    role: number <= managers ? 'manager' : 'worker',
    availability: 'active',
    status: 'up',
    tasks: [],
    loadBalancer: {},
    lost: false,
    lostAt: NEVER,
    leaseEnds: NEVER,
    bootsAt: NEVER,
    booted: true,
    lostSince: NEVER,
  };
}

function emptyNetwork(plan: Plan): AllocatorRecord {
  const cells = Vector.empty<Cell>().edit();
  const holds = Vector.empty<string>().edit();
  const excludedCell: Cell = { state: 'excluded' };
  const excluded = new Set(plan.excluded());
  for (const ordinal of excluded) cells.set(ordinal, excludedCell);
  const gateway = plan.ordinal(plan.gateway);
  const held = excluded.has(gateway) ? 0 : 1;
  if (held === 1) {
    cells.set(gateway, { state: 'held', held: 'gateway' });
    holds.set(gateway, 'gateway');
  }
  const free = plan.size - excluded.size - held;
  return {
    cells: cells.seal(),
    counts: { size: plan.size, live: 0, reserved: 0, held, excluded: excluded.size, free },
    kept: 0,
    changed: 0,
    running: 0,
    home: 0,
    waiting: 0,
    cursor: 0,
    holds: holds.seal(),
    thirsty: [],
  };
}
