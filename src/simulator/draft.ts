// The next world while it is being made: the rules change it here, and nowhere else. It keeps what must always agree in
// agreement: who is on which node, who is in which slot, the counters, and whose timer runs.

import { Chance } from './random.js';
import type { StickyDraft } from './sticky.js';
import type { StockDraft } from './stock.js';
import { Tally } from './tally.js';
import type { LogLine, NodeName, RebuildView, SwarmEvent } from './types.js';
import { Vector, type VectorEditor } from './vector.js';
import {
  hasEnded,
  isWanted,
  NEVER,
  type NodeRecord,
  type ServiceRecord,
  type TaskRecord,
  type World,
} from './world.js';

type NewTask = Pick<TaskRecord, 'desired' | 'startAt'> & Partial<Pick<TaskRecord, 'follows' | 'node'>>;

export class Draft {
  readonly chance: Chance;
  readonly nodes: NodeRecord[];
  services: ServiceRecord[];
  readonly log: LogLine[] = [];
  readonly events: SwarmEvent[] = [];
  readonly tally: Tally;
  /** Tasks that an allocator has no address for, in order. */
  readonly thirsty: { stock: number[]; sticky: number[] };
  leader: NodeName | undefined;
  lastNode: NodeName | undefined;
  electionAt: number;
  rebuild: RebuildView | undefined;
  next: number;
  private version: number;
  private readonly tasks: VectorEditor<TaskRecord>;
  private readonly open: Set<number>;

  constructor(
    private readonly before: World,
    readonly time: number,
    readonly stock: StockDraft,
    readonly sticky: StickyDraft,
    readonly gateway: string,
    indexOf: (identity: string) => number,
  ) {
    this.chance = new Chance(before.chance);
    this.nodes = [...before.nodes];
    this.services = [...before.services];
    this.tasks = before.tasks.edit();
    this.open = new Set(before.open);
    this.tally = new Tally(before, indexOf);
    this.thirsty = { stock: [...before.stock.thirsty], sticky: [...before.sticky.thirsty] };
    ({
      leader: this.leader,
      lastNode: this.lastNode,
      electionAt: this.electionAt,
      rebuild: this.rebuild,
      next: this.next,
      version: this.version,
    } = before);
  }

  seal(): World {
    const open = [...this.open].filter((number) => this.find(number) !== undefined).sort((a, b) => a - b);
    const { stock, sticky, seen } = this.tally.seal();
    const thirsty = (which: 'stock' | 'sticky') => ({
      thirsty: this.thirsty[which],
      waiting: this.thirsty[which].length,
    });
    return {
      step: this.before.step + 1,
      time: this.time,
      atRest: false,
      events: this.events,
      leader: this.leader,
      nodes: this.nodes,
      services: this.services,
      tasks: this.tasks.seal(),
      stock: { ...this.before.stock, ...this.stock.seal(), ...stock, ...thirsty('stock') },
      sticky: { ...this.before.sticky, ...this.sticky.seal(), ...sticky, ...thirsty('sticky') },
      log: this.log,
      rebuild: this.rebuild,
      chance: this.chance.state,
      version: this.version,
      open,
      electionAt: this.electionAt,
      seen,
      lastNode: this.lastNode,
      next: this.next,
    };
  }

  say(kind: LogLine['kind'], text: string, about: Pick<LogLine, 'identity' | 'node'> = {}): void {
    this.log.push({ at: this.time, kind, text, ...about });
  }

  /** Numbers of the tasks whose time has come, ascending. */
  due(): number[] {
    return [...this.open].filter((number) => (this.find(number)?.due ?? NEVER) <= this.time).sort((a, b) => a - b);
  }

  find(number: number): TaskRecord | undefined {
    return this.tasks.get(number);
  }

  task(number: number): TaskRecord {
    const task = this.tasks.get(number);
    if (task === undefined) throw new Error(`no task has the number ${number}`);
    return task;
  }

  /** The task list as it is right now. */
  *allTasks(): Iterable<TaskRecord> {
    for (const [, task] of this.tasks.entries()) yield task;
  }

  create(service: ServiceRecord, slot: number, { desired, startAt, follows, node }: NewTask): TaskRecord {
    const key = service.mode === 'global' ? (this.nodes[slot]?.name ?? '') : String(slot);
    const task: TaskRecord = {
      number: this.tasks.length,
      id: this.chance.id(),
      identity: `${service.name}.${key}`,
      service: service.name,
      serviceId: service.id,
      slot: service.mode === 'global' ? 0 : slot,
      ...(node === undefined ? {} : { node }),
      state: 'new',
      desired,
      revision: service.revision,
      message: 'created',
      version: ++this.version,
      createdAt: this.time,
      updatedAt: this.time,
      due: this.time + 1,
      startAt,
      ...(follows === undefined ? {} : { follows }),
      marked: false,
      killed: false,
      freed: false,
    };
    this.put(task);
    this.inSlot(task, (numbers) => [...numbers, task.number]);
    return task;
  }

  /** A task's next record. Unless the changes say when, it is looked at again a second from now. */
  change(number: number, changes: Partial<TaskRecord>): TaskRecord {
    const before = this.task(number);
    const after: TaskRecord = {
      ...before,
      due: this.time + 1,
      ...changes,
      version: ++this.version,
      updatedAt: this.time,
    };
    this.put(after);
    this.tally.move(before, after);
    const was = isOn(before);
    const is = isOn(after);
    if (was !== is && was !== undefined) this.onNode(was, (numbers) => numbers.filter((one) => one !== number));
    if (was !== is && is !== undefined) this.onNode(is, (numbers) => [...numbers, number]);
    if (hasEnded(after) && !hasEnded(before)) this.wakeFollowers(after);
    return after;
  }

  /** Sets what is no part of Swarm's record. */
  note(
    number: number,
    changes: Partial<Pick<TaskRecord, 'due' | 'marked' | 'killed' | 'freed' | 'follows' | 'startAt'>>,
  ): void {
    this.put({ ...this.task(number), ...changes });
  }

  /** Sets a task's timer. */
  wake(number: number, at = this.time + 1): void {
    if (this.task(number).due !== at) this.note(number, { due: at });
  }

  /** Wakes what waits for a node, and has global services looked at: a node has come, gone or changed. */
  wakePending(): void {
    for (const task of [...this.allTasks()]) if (task.state === 'pending') this.wake(task.number);
    for (const { id } of this.services) this.changeService(id, { check: true });
  }

  /** The tasks that wait for this one to end, or for its node to be found down. */
  wakeFollowers(task: TaskRecord): void {
    for (const number of this.slotOf(task)) {
      const other = this.find(number);
      if (other?.follows === task.number && isWanted(other)) this.wake(number);
    }
  }

  forget(task: TaskRecord): void {
    this.tasks.set(task.number, undefined);
    this.open.delete(task.number);
    this.inSlot(task, (numbers) => numbers.filter((one) => one !== task.number));
    this.version++;
  }

  service(id: string): ServiceRecord | undefined {
    return this.services.find((service) => service.id === id);
  }

  changeService(id: string, changes: Partial<ServiceRecord>): ServiceRecord {
    const index = this.services.findIndex((service) => service.id === id);
    const after = { ...(this.services[index] as ServiceRecord), ...changes };
    this.services[index] = after;
    return after;
  }

  node(name: NodeName): NodeRecord {
    const node = this.nodes.find((one) => one.name === name);
    if (node === undefined) throw new Error(`no node is named ${name}`);
    return node;
  }

  changeNode(name: NodeName, changes: Partial<NodeRecord>): NodeRecord {
    const index = this.nodes.findIndex((node) => node.name === name);
    const after = { ...(this.nodes[index] as NodeRecord), ...changes };
    this.nodes[index] = after;
    return after;
  }

  /** Numbers of the tasks of the same slot, itself too. */
  slotOf(task: TaskRecord): readonly number[] {
    return this.service(task.serviceId)?.slots.get(this.keyOf(task)) ?? [task.number];
  }

  /** A slot's number; for a global service, its node's index. */
  keyOf(task: TaskRecord): number {
    return task.slot > 0 ? task.slot : this.nodes.findIndex((node) => node.name === task.node);
  }

  private put(task: TaskRecord): void {
    this.tasks.set(task.number, task);
    if (task.due === NEVER) this.open.delete(task.number);
    else this.open.add(task.number);
  }

  private onNode(name: NodeName, edit: (numbers: readonly number[]) => readonly number[]): void {
    this.changeNode(name, { tasks: edit(this.node(name).tasks) });
  }

  private inSlot(task: TaskRecord, edit: (numbers: readonly number[]) => readonly number[]): void {
    const service = this.service(task.serviceId);
    if (service === undefined) return;
    const slots = service.slots.edit();
    const numbers = edit(slots.get(this.keyOf(task)) ?? []);
    slots.set(this.keyOf(task), numbers.length === 0 ? undefined : numbers);
    this.changeService(service.id, { slots: slots.seal() });
  }
}

export const NO_SLOTS = Vector.empty<readonly number[]>();

/** The node that has the task; a global service's task knows its node before it is assigned. */
function isOn(task: TaskRecord): NodeName | undefined {
  return task.state === 'new' || task.state === 'pending' || hasEnded(task) ? undefined : task.node;
}
