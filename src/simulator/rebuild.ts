// A new leader's allocator: the bindings rebuilt from the task list by the package's own rebuild (docs/ABI.md,
// "Rebuild"), and what is held replayed from the records. The old state is really lost; it is looked at only to report
// what differs.

import type { Limpet } from '../host/limpet.js';
import type { Binding, RebuildReport } from '../host/types.js';
import type { Draft } from './draft.js';
import type { Plan } from './plan.js';
import { subnetOf } from './sticky.js';
import { NETWORK, serviceList, taskList } from './task-list.js';
import type { RebuildView } from './types.js';
import { hasContainer, type TaskRecord } from './world.js';

export interface RebuildEnvironment {
  readonly limpet: Limpet;
  readonly plan: Plan;
}

/** Replaces the draft's sticky allocator by one that knows the task list and nothing else. */
export function rebuildSticky(
  draft: Draft,
  tasks: readonly TaskRecord[],
  { limpet, plan }: RebuildEnvironment,
): RebuildView {
  const before = new Map([...draft.sticky.net.bindings()].map((binding) => [binding.identity, binding]));
  draft.sticky.net.destroy();
  const { sticky } = draft;
  sticky.replace(subnetOf(limpet, plan));
  const { early, late } = heldAddresses(draft, tasks);
  for (const { address } of early) sticky.net.hold(address);
  const list = { tasks: { values: () => tasks } };
  const report = sticky.net.rebuild(JSON.stringify(taskList(list, 'sticky', plan.prefix)), {
    network: NETWORK.id,
    services: serviceList(draft, 'sticky', plan.prefix),
    time: draft.time * 1000,
  });
  for (const { address } of late) sticky.net.rehold(address);
  endLeases(draft, tasks);
  keepMarks(draft, tasks);
  sticky.readBack([...early, ...late, { address: plan.gateway, purpose: 'gateway' }]);
  draft.say('sticky', `rebuilt from ${tasks.length} tasks: ${report.live} live, ${report.reserved} reserved`);
  return view(draft, tasks.length, report, before, early.length + late.length);
}

interface Held {
  readonly address: string;
  readonly purpose: string;
}

/**
 * Those that are surely nobody's own go in before the bindings, so that no old claim gets them; the others stay beside
 * theirs.
 */
function heldAddresses(draft: Draft, tasks: readonly TaskRecord[]): { early: Held[]; late: Held[] } {
  const early: Held[] = [];
  const late: Held[] = [];
  for (const { name, virtualAddress } of draft.services) {
    if (virtualAddress.sticky !== undefined)
      early.push({ address: virtualAddress.sticky, purpose: `virtual IP of ${name}` });
  }
  for (const { name, loadBalancer } of draft.nodes) {
    if (loadBalancer.sticky !== undefined)
      early.push({ address: loadBalancer.sticky, purpose: `load balancer of ${name}` });
  }
  for (const { ticket, sticky, stay, identity, freed } of tasks) {
    if (ticket === undefined || freed) continue;
    const isHome = ticket === sticky && stay === 'home';
    (isHome ? late : early).push({ address: ticket, purpose: `ticket of ${identity}` });
  }
  return { early, late };
}

/** The list says `running` of tasks on a node that is gone; their live marks ended with its lease. */
function endLeases(draft: Draft, tasks: readonly TaskRecord[]): void {
  const marked = new Set(tasks.filter((task) => task.marked).map(({ identity }) => identity));
  for (const task of tasks) {
    if (!hasContainer(task) || task.marked || marked.has(task.identity)) continue;
    if (draft.sticky.net.lookup(task.identity)?.state === 'live')
      draft.sticky.net.release(task.identity, draft.time * 1000);
  }
}

/**
 * A lease outlives a leader: who has one is live, though the newest record of its slot may be another task's that has
 * ended.
 */
function keepMarks(draft: Draft, tasks: readonly TaskRecord[]): void {
  for (const { number, identity, sticky, marked } of tasks) {
    if (!marked) continue;
    // A service that was removed while its containers stop: the list names them no more, and so nothing is left to
    // release.
    if (draft.sticky.net.lookup(identity)?.address !== sticky) draft.note(number, { marked: false });
    else draft.sticky.net.allocate(identity);
  }
}

function view(
  draft: Draft,
  tasks: number,
  { live, reserved, superseded, conflicts, skipped }: RebuildReport,
  before: ReadonlyMap<string, Binding>,
  held: number,
): RebuildView {
  const after = new Map([...draft.sticky.net.bindings()].map((binding) => [binding.identity, binding]));
  const only = (one: ReadonlyMap<string, Binding>, other: ReadonlyMap<string, Binding>) =>
    [...one.values()]
      .filter(({ identity, address }) => other.get(identity)?.address !== address)
      .map(({ identity, address }) => ({ identity, address }));
  return {
    leader: draft.leader as string,
    at: draft.time,
    tasks,
    live,
    reserved,
    superseded,
    conflicts,
    skipped: skipped.map(({ reason, record, detail }) => ({ reason, record, detail })),
    held,
    forgotten: only(before, after),
    recalled: only(after, before),
  };
}
