// Where a task goes, as Swarm spreads: to the node with the fewest tasks of its service, then with the fewest tasks;
// chance decides between equals. Tasks that shall stop do not count.

import type { Draft } from './draft.js';
import type { NodeName } from './types.js';
import { isWanted, type NodeRecord, type TaskRecord } from './world.js';

interface Load {
  readonly node: NodeRecord;
  total: number;
  readonly ofService: Map<string, number>;
}

/** Swarm gives tasks to it: not drained, and not known to be down. */
export function isEligible(node: NodeRecord): boolean {
  return node.availability === 'active' && !node.lost;
}

/** For one step: the loads are counted once, when the first task asks. */
export class Scheduler {
  private loads: readonly Load[] | undefined;

  constructor(private readonly draft: Draft) {}

  /** The node for a task, which counts there from now on; undefined when there is none for it. */
  place(task: TaskRecord): NodeName | undefined {
    this.loads ??= loadsOf(this.draft);
    const loads = this.loads.filter(({ node }) => task.node === undefined || node.name === task.node);
    if (loads.length === 0) return undefined;
    const best = this.draft.chance.pick(lightest(loads, task.serviceId));
    best.total++;
    best.ofService.set(task.serviceId, (best.ofService.get(task.serviceId) ?? 0) + 1);
    return best.node.name;
  }
}

function loadsOf(draft: Draft): Load[] {
  return draft.nodes.filter(isEligible).map((node) => {
    const tasks = node.tasks.map((number) => draft.task(number)).filter(isWanted);
    const ofService = new Map<string, number>();
    for (const { serviceId } of tasks) ofService.set(serviceId, (ofService.get(serviceId) ?? 0) + 1);
    return { node, total: tasks.length, ofService };
  });
}

function lightest(loads: readonly Load[], serviceId: string): Load[] {
  let best: Load[] = [];
  let least: readonly [own: number, total: number] = [Number.POSITIVE_INFINITY, 0];
  for (const load of loads) {
    const own = load.ofService.get(serviceId) ?? 0;
    if (own > least[0] || (own === least[0] && load.total > least[1])) continue;
    if (own < least[0] || load.total < least[1]) best = [];
    best.push(load);
    least = [own, load.total];
  }
  return best;
}
