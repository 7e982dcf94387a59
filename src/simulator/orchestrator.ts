// What Swarm's leader wants of slots: as many as the service has replicas (or one for each node), a successor for a
// task that failed or whose node is gone, and a short history. Rolling updates are update.ts; which node, is the
// scheduler's affair.

import type { Draft } from './draft.js';
import { isEligible } from './scheduler.js';
import { hasEnded, isWanted, SECONDS, type ServiceRecord, type TaskRecord } from './world.js';

/** Gives every service that must be looked at the tasks that it should have. */
export function reconcile(draft: Draft): void {
  for (const service of draft.services.filter(({ check }) => check)) {
    if (service.mode === 'global') reconcileGlobal(draft, service);
    else reconcileReplicated(draft, service);
    draft.changeService(service.id, { check: false });
  }
}

/** Ends a task and begins its successor, unless the slot has another one, or the service is gone. */
export function restart(draft: Draft, task: TaskRecord): void {
  draft.change(task.number, { desired: 'shutdown' });
  const service = draft.service(task.serviceId);
  const others = draft.slotOf(task).filter((number) => number !== task.number && isWanted(draft.task(number)));
  if (service === undefined || others.length > 0) return;
  const node = task.node === undefined ? undefined : draft.node(task.node);
  const waitsForEnd = !hasEnded(task) && node?.lost !== true;
  draft.create(service, draft.keyOf(task), {
    desired: 'ready',
    startAt: draft.time + (node?.availability === 'drain' ? 0 : SECONDS.restartDelay),
    ...(waitsForEnd ? { follows: task.number } : {}),
    ...(service.mode === 'global' && task.node !== undefined ? { node: task.node } : {}),
  });
}

/** Forgets a slot's oldest ended tasks as far as there are more in it than the history may hold. */
export function tidy(draft: Draft, task: TaskRecord, historyLimit: number): void {
  const tasks = draft.slotOf(task).flatMap((number) => draft.find(number) ?? []);
  const old = tasks.filter((one) => hasEnded(one) && one.freed && !isWanted(one));
  for (const one of old.slice(0, Math.max(0, tasks.length - historyLimit))) draft.forget(one);
}

/** Swarm wants nothing of this slot any more; what has ended is forgotten at once. */
export function removeSlot(draft: Draft, numbers: readonly number[]): void {
  for (const number of numbers) {
    const task = draft.task(number);
    if (hasEnded(task) && task.freed) draft.forget(task);
    else if (task.desired !== 'remove') draft.change(number, { desired: 'remove' });
  }
}

/** By slot, the slot's tasks that Swarm wants; slots without any are left out. */
export function wantedSlots(draft: Draft, service: ServiceRecord): [slot: number, wanted: TaskRecord[]][] {
  const found: [number, TaskRecord[]][] = [];
  for (const [slot, numbers] of service.slots.entries()) {
    const wanted = numbers.map((number) => draft.task(number)).filter(isWanted);
    if (wanted.length > 0) found.push([slot, wanted]);
  }
  return found;
}

function reconcileGlobal(draft: Draft, service: ServiceRecord): void {
  const taken = new Set(wantedSlots(draft, service).map(([slot]) => slot));
  for (const [index, node] of draft.nodes.entries()) {
    if (!isEligible(node) || taken.has(index)) continue;
    draft.create(service, index, { desired: 'running', startAt: draft.time, node: node.name });
  }
  draft.changeService(service.id, { replicas: draft.nodes.filter(isEligible).length });
}

function reconcileReplicated(draft: Draft, service: ServiceRecord): void {
  const slots = wantedSlots(draft, service);
  const taken = new Set(slots.map(([slot]) => slot));
  for (let slot = 1; taken.size < service.replicas; slot++) {
    if (taken.has(slot)) continue;
    taken.add(slot);
    draft.create(service, slot, { desired: 'running', startAt: draft.time });
  }
  const surplus = leaving(slots).slice(service.replicas);
  for (const [slot] of surplus) removeSlot(draft, service.slots.get(slot) ?? []);
  // Slots that nothing runs in go with their history as soon as there are fewer replicas than their number says.
  for (const [slot, numbers] of service.slots.entries()) {
    if (!taken.has(slot) && slot > service.replicas) removeSlot(draft, numbers);
  }
}

/** The slots that stay come first: those that run, and of each node's the first few, so that what stays is spread. */
function leaving(slots: readonly [number, TaskRecord[]][]): [number, TaskRecord[]][] {
  const runsFirst = [...slots].sort(([, a], [, b]) => Number(runs(b)) - Number(runs(a)));
  const onNode = new Map<string | undefined, number>();
  const ranked = runsFirst.map((slot) => {
    const node = slot[1][0]?.node;
    const nth = onNode.get(node) ?? 0;
    onNode.set(node, nth + 1);
    return { slot, nth };
  });
  return ranked.sort((a, b) => a.nth - b.nth).map(({ slot }) => slot);
}

function runs(tasks: readonly TaskRecord[]): boolean {
  return tasks.some(({ state }) => state === 'running');
}
