// Swarm's task states, sorted by whether a task in that state can still hold an address.

import type { BindingState } from '../host/types.js';

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
