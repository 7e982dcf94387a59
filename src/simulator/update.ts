// Rolling updates, as Swarm's updater does them: so many slots at once, in each the new task behind the old one
// (stop-first) or before it (start-first). How a task that failed is replaced is orchestrator.ts.

import type { Draft } from './draft.js';
import { wantedSlots } from './orchestrator.js';
import { hasEnded, isWanted, type ServiceRecord, type SlotUpdate, type TaskRecord } from './world.js';

export function update(draft: Draft): void {
  for (const service of draft.services.filter(({ updating }) => updating)) roll(draft, service);
}

function roll(draft: Draft, service: ServiceRecord): void {
  const underWay = service.updates.filter((one) => !isDone(draft, service, one));
  const dirty = wantedSlots(draft, service).filter(([slot, tasks]) => {
    if (underWay.some((one) => one.slot === slot)) return false;
    return tasks.length > 1 || tasks.some(({ revision }) => revision !== service.revision);
  });
  const room = service.parallelism === 0 ? dirty.length : Math.max(0, service.parallelism - underWay.length);
  const begun = dirty.slice(0, room).flatMap(([slot, tasks]) => begin(draft, service, slot, tasks));
  const updates = [...underWay, ...begun];
  const updating = updates.length > 0 || dirty.length > 0;
  draft.changeService(service.id, { updates, updating });
  if (!updating) draft.say('swarm', `the update of ${service.name} is complete`);
}

/** Over when the new task runs (the old one must go then, if it is still there), or has come to nothing. */
function isDone(draft: Draft, service: ServiceRecord, { slot, task: number }: SlotUpdate): boolean {
  const task = draft.find(number);
  if (task === undefined || hasEnded(task) || !isWanted(task)) return true;
  if (task.state !== 'running') return false;
  const others = (service.slots.get(slot) ?? []).filter((one) => one !== number).map((one) => draft.task(one));
  shutDown(draft, others.filter(isWanted));
  return true;
}

function begin(draft: Draft, service: ServiceRecord, slot: number, tasks: readonly TaskRecord[]): SlotUpdate[] {
  const fresh = tasks.find(({ revision }) => revision === service.revision);
  const old = tasks.filter((task) => task !== fresh);
  if (fresh !== undefined) {
    shutDown(draft, old);
    if (fresh.desired === 'ready') draft.note(fresh.number, { startAt: draft.time, ...following(draft, old[0]) });
    return [];
  }
  if (service.order === 'stop-first') shutDown(draft, old);
  const node = old[0]?.node;
  const { number } = draft.create(service, slot, {
    desired: 'ready',
    startAt: draft.time,
    ...(service.order === 'stop-first' ? following(draft, old[0]) : {}),
    ...(service.mode === 'global' && node !== undefined ? { node } : {}),
  });
  return [{ slot, task: number }];
}

function shutDown(draft: Draft, tasks: readonly TaskRecord[]): void {
  for (const { number } of tasks) draft.change(number, { desired: 'shutdown', message: 'replaced by an update' });
}

/** The new task waits for this one, unless nothing will ever be heard of it. */
function following(draft: Draft, old: TaskRecord | undefined): { follows?: number } {
  if (old === undefined || hasEnded(old)) return {};
  return old.node !== undefined && draft.node(old.node).lost ? {} : { follows: old.number };
}
