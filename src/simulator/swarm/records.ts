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
  version: number;
  /** Empty for a plain container on a swarm network. */
  readonly serviceId: string;
  readonly slot: number;
  nodeId: string;
  state: TaskState;
  desired: Desired;
  readonly networkId: string;
  /** What the leader was given for it; empty until then, and again when it has been given back. */
  address: string;
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
  readonly tasks = new Map<string, TaskRecord>();
  readonly #timeline: Timeline;
  readonly #watchers: (() => void)[] = [];
  #version = 10;
  #isTelling = false;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Calls a moment after something has changed. */
  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }

  /** Something has changed. */
  changed(task?: TaskRecord): void {
    if (task !== undefined) [task.version, task.updated] = [++this.#version, this.#timeline.now];
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#timeline.after(5 + this.#timeline.chance.below(20), () => {
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
      version: 0,
      nodeId: '',
      state: 'new',
      desired: 'running',
      address: '',
      container: undefined,
      since: this.#timeline.now,
      updated: this.#timeline.now,
      ...about,
    };
    this.tasks.set(task.id, task);
    this.changed(task);
    return task;
  }

  tasksOf(serviceId: string): TaskRecord[] {
    return [...this.tasks.values()].filter((task) => task.serviceId === serviceId);
  }

  serviceNamed(name: string): ServiceRecord | undefined {
    return [...this.services.values()].find((service) => service.name === name);
  }

  networkNamed(name: string): NetworkRecord | undefined {
    return [...this.networks.values()].find((network) => network.name === name);
  }
}
