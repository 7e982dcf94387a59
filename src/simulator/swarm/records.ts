// What the managers of a swarm have agreed on: its nodes, networks, services and tasks. Kept by raft, so it is one for
// all, and changes only while there is a leader.

import type { Timeline } from './timeline.js';

export type TaskState =
  | 'new'
  | 'pending'
  | 'assigned'
  | 'preparing'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected';

export type Desired = 'running' | 'complete' | 'shutdown' | 'remove';

export interface TaskRecord {
  readonly id: string;
  /** Counts the tasks, in the order in which they were made. */
  readonly nth: number;
  version: number;
  /** Empty for a plain container on a swarm network. */
  readonly serviceId: string;
  readonly slot: number;
  /** Set by {@link Records.assign}. */
  readonly nodeId: string;
  state: TaskState;
  desired: Desired;
  readonly networkId: string;
  /** What the leader was given for it; empty until then. It stays when it has been given back. */
  address: string;
  /** The leader has it no more. */
  isGivenBack: boolean;
  container: string | undefined;
  readonly attached: boolean;
  /** Of which of the service's specs it is. */
  readonly spec: number;
  readonly since: number;
  /** When its record changed last: true time. */
  updated: number;
}

export interface ServiceRecord {
  readonly id: string;
  readonly name: string;
  readonly mode: 'replicated' | 'global' | 'replicated job';
  replicas: number;
  order: 'stop-first' | 'start-first';
  /** Slots that an update takes at once; all when it is 0 or absent. */
  parallelism?: number | undefined;
  readonly networkId: string;
  /** Empty until it is allocated, and where it has none. */
  virtual: string;
  readonly hasVirtual: boolean;
  spec: number;
  /** When its specification changed last: true time. */
  updated: number;
  /** So many of its next containers fail when they start. */
  failing: number;
  /** Of its containers: what its author says to Limpet. */
  labels?: Readonly<Record<string, string>> | undefined;
}

export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  readonly options: Readonly<Record<string, string>>;
  /** Empty until the leader has asked for its pool. */
  pool: string;
  gateway: string;
}

export interface NodeRecord {
  readonly id: string;
  /** The machine, as the network knows it. */
  readonly hostname: string;
  /** What people call it now: a host can be renamed. */
  title: string;
  readonly manager: boolean;
  isReady: boolean;
  isActive: boolean;
  /** Its ends of the load balancers, by network. */
  readonly ends: Map<string, string>;
  /** Those of them that a leader has given back, and not written down so. */
  readonly givenBack: Set<string>;
}

const ENDED: readonly string[] = ['complete', 'shutdown', 'failed', 'rejected'];

export function hasEnded({ state }: Pick<TaskRecord, 'state'>): boolean {
  return ENDED.includes(state);
}

/** The slot as Swarm has it: a job's are counted from 0 on. */
export function slotOf({ slot }: Pick<TaskRecord, 'slot'>, service: Pick<ServiceRecord, 'mode'> | undefined): number {
  return service?.mode === 'replicated job' ? slot - 1 : slot;
}

export class Records {
  readonly nodes = new Map<string, NodeRecord>();
  readonly networks = new Map<string, NetworkRecord>();
  readonly services = new Map<string, ServiceRecord>();
  /** In the order in which they were made. */
  readonly #tasks = new Map<string, TaskRecord>();
  /** The same by service, and by node. */
  readonly #byService = new Map<string, Map<string, TaskRecord>>();
  readonly #byNode = new Map<string, Map<string, TaskRecord>>();
  readonly #timeline: Timeline;
  readonly #watchers: (() => void)[] = [];
  readonly #pace: number | undefined;
  #version = 10;
  #isTelling = false;
  #count = 0;
  /** How often something has changed. */
  changes = 0;

  /** @param pace milliseconds in which changes are told of together; without it a few */
  constructor(timeline: Timeline, pace?: number) {
    this.#timeline = timeline;
    this.#pace = pace;
  }

  get tasks(): ReadonlyMap<string, TaskRecord> {
    return this.#tasks;
  }

  /** Calls a moment after something has changed. */
  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }

  /** Something has changed. */
  changed(task?: TaskRecord): void {
    if (task !== undefined) [task.version, task.updated] = [++this.#version, this.#timeline.now];
    this.changes++;
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#timeline.after(this.#pace ?? 5 + this.#timeline.chance.below(20), () => {
      this.#isTelling = false;
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** The service has another specification. */
  renewed(service: ServiceRecord): void {
    service.spec++;
    service.updated = this.#timeline.now;
    this.changed();
  }

  newTask(about: Pick<TaskRecord, 'serviceId' | 'slot' | 'networkId' | 'spec' | 'attached'> & Partial<TaskRecord>) {
    const task: TaskRecord = {
      id: this.#timeline.chance.id(),
      nth: this.#count++,
      version: 0,
      nodeId: '',
      state: 'new',
      desired: 'running',
      address: '',
      isGivenBack: false,
      container: undefined,
      since: this.#timeline.now,
      updated: this.#timeline.now,
      ...about,
    };
    this.#tasks.set(task.id, task);
    under(this.#byService, task.serviceId).set(task.id, task);
    under(this.#byNode, task.nodeId).set(task.id, task);
    this.changed(task);
    return task;
  }

  /** The node is to run the task. */
  assign(task: TaskRecord, nodeId: string): void {
    this.#byNode.get(task.nodeId)?.delete(task.id);
    (task as { nodeId: string }).nodeId = nodeId;
    under(this.#byNode, nodeId).set(task.id, task);
  }

  /** The task is history, and not even kept as that. */
  drop({ id, serviceId, nodeId }: TaskRecord): void {
    this.#tasks.delete(id);
    this.#byService.get(serviceId)?.delete(id);
    this.#byNode.get(nodeId)?.delete(id);
  }

  /** In the order in which they were made. */
  tasksOf(serviceId: string): TaskRecord[] {
    return [...(this.#byService.get(serviceId)?.values() ?? [])];
  }

  /** Those that the node is to run or has run, in the order in which they were made. */
  tasksOn(nodeId: string): TaskRecord[] {
    return [...(this.#byNode.get(nodeId)?.values() ?? [])].sort((one, other) => one.nth - other.nth);
  }

  serviceNamed(name: string): ServiceRecord | undefined {
    return [...this.services.values()].find((service) => service.name === name);
  }

  networkNamed(name: string): NetworkRecord | undefined {
    return [...this.networks.values()].find((network) => network.name === name);
  }
}

function under(index: Map<string, Map<string, TaskRecord>>, key: string): Map<string, TaskRecord> {
  const found = index.get(key) ?? new Map<string, TaskRecord>();
  index.set(key, found);
  return found;
}
