// The leader's orchestrator, scheduler and reaper, as one pass over the records: which tasks there should be, where
// they go, and which are history. Timers are not needed: it is called whenever something has changed, and every
// second.

import { hasEnded, type NodeRecord, type Records, type ServiceRecord, type TaskRecord } from './records.js';
import type { Timeline } from './timeline.js';

/** After a task has failed the next one of its slot waits, in milliseconds. */
const RESTART_DELAY = 5000;
/** Ended tasks of a slot that are kept. */
const KEPT = 2;

export class Orchestrator {
  readonly #records: Records;
  readonly #timeline: Timeline;
  /** When the slot may have its next task, by service and slot. */
  readonly #waits = new Map<string, number>();
  /** Of nodes, as far as this pass has counted: tasks that have not ended. */
  readonly #load = new Map<string, number>();

  constructor(records: Records, timeline: Timeline) {
    this.#records = records;
    this.#timeline = timeline;
  }

  pass(): void {
    this.#load.clear();
    this.#giveUpLostNodes();
    for (const service of this.#records.services.values()) {
      if (service.mode === 'global') this.#global(service);
      else this.#replicated(service);
    }
    for (const task of this.#records.tasks.values()) {
      if (task.serviceId !== '' && !this.#records.services.has(task.serviceId)) this.#end(task, 'remove');
      else if (task.state === 'pending' && task.desired !== 'remove' && !task.attached) this.#schedule(task);
    }
    this.#reap();
  }

  #giveUpLostNodes(): void {
    for (const task of this.#records.tasks.values()) {
      if (task.nodeId === '' || hasEnded(task)) continue;
      const node = this.#records.nodes.get(task.nodeId);
      const isAway = node === undefined || !node.isReady || (!node.isActive && task.serviceId !== '');
      if (isAway) this.#end(task, 'shutdown');
    }
  }

  #replicated(service: ServiceRecord): void {
    const tasks = this.#records.tasksOf(service.id);
    for (const task of tasks) if (task.slot > service.replicas) this.#end(task, 'remove');
    const bySlot = grouped(tasks, ({ slot }) => slot);
    const slots = Array.from({ length: service.replicas }, (_, n) => ({ slot: n + 1, own: bySlot.get(n + 1) ?? [] }));
    const room = roomFor(service, slots);
    for (const { slot, own } of slots) {
      if (service.mode === 'replicated job' && own.some(({ state }) => state === 'complete')) continue;
      if (room.has(own)) this.#keep(service, slot, '', own);
    }
  }

  #global(service: ServiceRecord): void {
    const byNode = grouped(this.#records.tasksOf(service.id), ({ nodeId }) => nodeId);
    const usable = [...this.#records.nodes.values()].filter(isUsable);
    const slots = usable.map(({ id }) => ({ id, own: byNode.get(id) ?? [] }));
    const room = roomFor(service, slots);
    for (const { id, own } of slots) if (room.has(own)) this.#keep(service, 0, id, own);
  }

  /** One slot has one task that is meant to run, of the newest spec. */
  #keep(service: ServiceRecord, slot: number, nodeId: string, own: readonly TaskRecord[]): void {
    const wanted = own.filter((task) => isMeant(task) && !hasEnded(task));
    const newest = wanted.filter(({ spec }) => spec === service.spec);
    for (const task of own) {
      if (!hasEnded(task) || !isMeant(task) || task.state === 'complete') continue;
      this.#waits.set(`${service.id} ${slot} ${nodeId}`, this.#timeline.now + RESTART_DELAY);
      this.#end(task, 'shutdown');
    }
    if (newest.length > 0) {
      const runs = newest.some(({ state }) => state === 'running');
      if (runs) for (const task of wanted) if (task.spec !== service.spec) this.#end(task, 'shutdown');
      for (const task of newest.slice(1)) this.#end(task, 'shutdown');
      return;
    }
    if (service.order === 'stop-first') {
      for (const task of wanted) this.#end(task, 'shutdown');
      if (own.some((task) => !hasEnded(task) && this.#isReachable(task))) return;
    }
    if ((this.#waits.get(`${service.id} ${slot} ${nodeId}`) ?? 0) > this.#timeline.now) return;
    const desired = service.mode === 'replicated job' ? 'complete' : 'running';
    const about = { serviceId: service.id, slot, networkId: service.networkId, spec: service.spec, attached: false };
    this.#records.newTask({ ...about, nodeId, desired });
  }

  /** Whether its node can say that it has ended: what is lost is not waited for. */
  #isReachable({ nodeId }: TaskRecord): boolean {
    return nodeId !== '' && this.#records.nodes.get(nodeId)?.isReady === true;
  }

  #schedule(task: TaskRecord): void {
    const nodes = [...this.#records.nodes.values()].filter(isUsable);
    if (task.nodeId === '') {
      const load = ({ id }: NodeRecord) => this.#loadOf(id);
      const least = Math.min(...nodes.map(load));
      const fitting = nodes.filter((node) => load(node) === least);
      if (fitting.length === 0) return;
      const { id } = this.#timeline.chance.pick(fitting);
      this.#records.assign(task, id);
      this.#load.set(id, least + 1);
    } else if (!nodes.some(({ id }) => id === task.nodeId)) return;
    task.state = 'assigned';
    this.#records.changed(task);
  }

  /** How many tasks the node has that have not ended. */
  #loadOf(nodeId: string): number {
    const known = this.#load.get(nodeId);
    if (known !== undefined) return known;
    const count = this.#records.tasksOn(nodeId).filter((task) => !hasEnded(task)).length;
    this.#load.set(nodeId, count);
    return count;
  }

  #end(task: TaskRecord, desired: 'shutdown' | 'remove'): void {
    if (task.desired === desired || task.desired === 'remove') return;
    task.desired = desired;
    // What no node has is over at once.
    if (task.state === 'new' || task.state === 'pending') {
      task.state = 'shutdown';
      this.#load.delete(task.nodeId);
    }
    this.#records.changed(task);
  }

  #reap(): void {
    const slots = new Map<string, TaskRecord[]>();
    for (const task of this.#records.tasks.values()) {
      const { serviceId, slot, nodeId, desired } = task;
      const isGone = desired === 'remove' && (hasEnded(task) || !this.#isReachable(task));
      const isFree = task.address === '' || task.isGivenBack;
      if (isGone && isFree) this.#records.drop(task);
      else if (hasEnded(task) && isFree && serviceId !== '') {
        const key = `${serviceId} ${slot} ${slot === 0 ? nodeId : ''}`;
        slots.set(key, [...(slots.get(key) ?? []), task]);
      }
    }
    for (const ended of slots.values())
      for (const task of ended.slice(0, -KEPT)) if (task.state !== 'complete') this.#records.drop(task);
  }
}

/**
 * The slots that an update may be at, by their tasks: those that do not run the old spec undisturbed, and of the others
 * as many as it may take at once.
 */
function roomFor(
  { parallelism = 0, spec }: ServiceRecord,
  slots: readonly { readonly own: readonly TaskRecord[] }[],
): ReadonlySet<readonly TaskRecord[]> {
  if (parallelism === 0) return new Set(slots.map(({ own }) => own));
  const meant = (own: readonly TaskRecord[]) => own.filter((task) => isMeant(task) && !hasEnded(task));
  const isOld = (own: readonly TaskRecord[]) => {
    const tasks = meant(own);
    return tasks.length > 0 && tasks.every((task) => task.spec !== spec);
  };
  const isNew = (own: readonly TaskRecord[]) => {
    const tasks = meant(own);
    return tasks.length === 1 && tasks.every((task) => task.spec === spec && task.state === 'running');
  };
  const others = slots.filter(({ own }) => !isOld(own)).map(({ own }) => own);
  const underWay = others.filter((own) => !isNew(own)).length;
  const begun = slots.filter(({ own }) => isOld(own)).slice(0, Math.max(parallelism - underWay, 0));
  return new Set([...others, ...begun.map(({ own }) => own)]);
}

function grouped<K>(tasks: readonly TaskRecord[], keyOf: (task: TaskRecord) => K): Map<K, TaskRecord[]> {
  const groups = new Map<K, TaskRecord[]>();
  for (const task of tasks) {
    const key = keyOf(task);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [task]);
    else group.push(task);
  }
  return groups;
}

function isUsable({ isReady, isActive }: NodeRecord): boolean {
  return isReady && isActive;
}

function isMeant({ desired }: TaskRecord): boolean {
  return desired === 'running' || desired === 'complete';
}
