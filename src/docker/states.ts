// Swarm's task states, and what a task in each of them still has: its ticket, which the leader keeps for it, and its
// container, which runs or may yet. The order of the states is Swarm's own (swarmkit, api/types.proto).

import type { BindingState } from '../host/types.js';
import type { Task } from './shapes.js';

/** The task's container runs, or may yet: its address counts as live. */
export const LIVE_STATES: readonly string[] = [
  'new',
  'allocated',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
];

/** The task will never run again: it can only tell what its slot's reserved address was. */
export const ENDED_STATES: readonly string[] = ['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'];

const states = new Map<string, BindingState>([
  ...LIVE_STATES.map((name) => [name, 'live'] as const),
  ...ENDED_STATES.map((name) => [name, 'reserved'] as const),
]);

/** What a task in this state makes of its binding; undefined for a state that Swarm does not have. */
export function bindingStateOf(taskState: string): BindingState | undefined {
  return states.get(taskState);
}

/**
 * Whether the task's container runs, or may yet. For so long the leader keeps its ticket too, whatever is meant of it;
 * the record shows the ticket on (swarmkit, `doTaskAlloc` in manager/allocator/network.go). A state that nobody knows
 * may be a new one of Swarm's: it counts as running.
 */
export function mayRun({ state }: Pick<Task, 'state'>): boolean {
  return !ENDED_STATES.includes(state);
}

/** Whether Swarm means the task to run: a job's task is meant to be `complete`, and runs towards that. */
export function isWanted({ desiredState }: Pick<Task, 'desiredState'>): boolean {
  return desiredState === 'running' || desiredState === 'complete';
}
