// A state with what the rules need to go on from it, and nobody else: records of types.ts' shapes with timers and
// marks. A world is never changed; draft.ts makes the next one. Nothing that decides what happens lives outside of it,
// but for the core.

import { mayRun } from '../docker/states.js';
import type { AllocatorState, NodeName, Service, State, SwarmNode, Task } from './types.js';
import type { Vector } from './vector.js';

/** Never: the timer of what waits for something else than time. */
export const NEVER = Number.POSITIVE_INFINITY;

/** How long things take in the simulated swarm, in seconds; Docker's defaults where it has some. */
export const SECONDS = {
  /** From the loss of a leader to the next one. */
  election: 3,
  /** Missed heartbeats after which Swarm holds a node for down. */
  heartbeats: 15,
  /** The lease that a node's live marks hang on: shorter than the heartbeats, so that they end first. */
  lease: 10,
  reboot: 8,
  /** Between a failed task and the start of its successor. */
  restartDelay: 5,
  /** How long a start waits for the identity's own address to be let go of (start-first). */
  guestWait: 5,
  /** After which the tasks of a node that stays down are orphaned. */
  orphans: 24 * 60 * 60,
} as const;

export interface TaskRecord extends Task {
  /** When somebody next looks at it; NEVER while it waits for others. */
  readonly due: number;
  /** With desired state `ready`: not before this. */
  readonly startAt: number;
  /** With desired state `ready`: not before that task has ended or its node is known to be down. */
  readonly follows?: number;
  /** The live mark of its identity is this task's. */
  readonly marked: boolean;
  /** Waits for its identity's own address until then. */
  readonly guestAt?: number;
  /** Its container was killed and the node has not noticed yet. */
  readonly killed: boolean;
  /** The leader has given back what it got for it. */
  readonly freed: boolean;
}

export interface NodeRecord extends SwarmNode {
  /** Swarm knows that it is down. */
  readonly lost: boolean;
  /** When Swarm will notice; NEVER while it is up, or known to be down. */
  readonly lostAt: number;
  /** When its live marks end, unless it is back. */
  readonly leaseEnds: number;
  /** When its manager is back after a reboot; its agent follows as soon as there is a leader. */
  readonly bootsAt: number;
  readonly booted: boolean;
  /** When it was found down. */
  readonly lostSince: number;
}

/** A slot that an update is at, and the task that takes over there. */
export interface SlotUpdate {
  readonly slot: number;
  readonly task: number;
}

export interface ServiceRecord extends Service {
  /** Numbers of the slot's tasks in the list, oldest first. By slot; of a global service, by the node's index. */
  readonly slots: Vector<readonly number[]>;
  readonly updates: readonly SlotUpdate[];
  /** Whether it has what it should have must be looked at. */
  readonly check: boolean;
}

/** What the counters must know of an identity's past. */
export interface Seen {
  readonly stock?: { readonly first: string; readonly last: string };
  readonly sticky?: { readonly first: string; readonly last: string };
}

export interface AllocatorRecord extends AllocatorState {
  /** Stock: where the search for a free ordinal goes on. */
  readonly cursor: number;
  /** What a held ordinal is for, also while a binding lies on it. */
  readonly holds: Vector<string>;
  /** Tasks without an address because the subnet is full, in order. */
  readonly thirsty: readonly number[];
}

export interface World extends State {
  readonly nodes: readonly NodeRecord[];
  readonly services: readonly ServiceRecord[];
  readonly tasks: Vector<TaskRecord>;
  readonly stock: AllocatorRecord;
  readonly sticky: AllocatorRecord;
  readonly chance: number;
  readonly version: number;
  /** Numbers of the tasks whose timer runs, ascending. */
  readonly open: readonly number[];
  readonly electionAt: number;
  /** By the index that names.ts gives an identity. */
  readonly seen: Vector<Seen>;
  readonly lastNode: NodeName | undefined;
  /** Index of the scenario's next event. */
  readonly next: number;
}

export function hasEnded(task: Pick<Task, 'state'>): boolean {
  return !mayRun(task);
}

/** Swarm wants it to run, or to be ready for that. */
export function isWanted(task: Task): boolean {
  return task.desired === 'running' || task.desired === 'ready';
}

/** Its container is there, or was when its node was last heard of. */
export function hasContainer(task: Task): boolean {
  return task.state === 'starting' || task.state === 'running';
}
