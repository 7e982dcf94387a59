// What the node does with a task that it was given: through the states up to running, and down again. Limpet's plugin
// on the node trades the task's ticket for its identity's own address when the container starts, and lets go of it when
// the container stops.

import type { Draft } from './draft.js';
import { hasContainer, isWanted, NEVER, SECONDS, type TaskRecord } from './world.js';

/** One move of the node; its task rests (until somebody wakes it) when there is none. */
export function act(draft: Draft, task: TaskRecord): void {
  const node = draft.nodes.find(({ name }) => name === task.node);
  if (node?.status !== 'up') draft.wake(task.number, NEVER);
  else if (!isWanted(task)) end(draft, task, 'shutdown', 'shutdown');
  else if (task.killed) end(draft, task, 'failed', 'task: non-zero exit (137)');
  else goOn(draft, task);
}

/** The container is no more, or will never be. */
export function end(draft: Draft, task: TaskRecord, state: 'shutdown' | 'failed' | 'orphaned', message: string): void {
  if (task.marked) draft.sticky.release(task.identity, draft.time);
  draft.change(task.number, { state, message, marked: false, killed: false });
}

/**
 * A task without an address gets one, its container being there already; a guest's one at once if it cannot go home.
 */
export function settle(draft: Draft, task: TaskRecord, ticket: string): void {
  const address = draft.sticky.trade(task.identity, ticket);
  draft.change(task.number, { ticket, ...(address === 'busy' ? asGuest(ticket) : atHome(address)) });
}

function goOn(draft: Draft, task: TaskRecord): void {
  switch (task.state) {
    case 'assigned':
      draft.change(task.number, { state: 'accepted', message: 'accepted' });
      break;
    case 'accepted': {
      const due = draft.time + 1 + draft.chance.below(2); // images are there already, or nearly
      draft.change(task.number, { state: 'preparing', message: 'preparing', due });
      break;
    }
    case 'preparing':
      draft.change(task.number, { state: 'ready', message: 'prepared' });
      break;
    case 'ready':
      if (task.desired === 'running') begin(draft, task);
      else draft.wake(task.number, task.startAt > draft.time ? task.startAt : NEVER);
      break;
    case 'starting':
      started(draft, task);
      break;
    default:
      draft.wake(task.number, NEVER);
  }
}

/** The container starts: its endpoint asks for an address. */
function begin(draft: Draft, task: TaskRecord): void {
  const answer = task.ticket === undefined ? undefined : draft.sticky.trade(task.identity, task.ticket);
  if (answer === 'busy') {
    draft.say('sticky', `${task.identity} waits: its address is still in use`, { identity: task.identity });
    draft.change(task.number, { state: 'starting', message: 'starting', guestAt: draft.time + SECONDS.guestWait });
  } else {
    const address = answer === undefined ? {} : atHome(answer);
    draft.change(task.number, { state: 'starting', message: 'starting', ...address });
  }
}

function started(draft: Draft, task: TaskRecord): void {
  const waits = task.sticky === undefined && task.ticket !== undefined;
  const answer = waits ? draft.sticky.trade(task.identity, task.ticket as string) : task.sticky;
  if (answer === 'busy' && draft.time < (task.guestAt ?? 0)) {
    draft.wake(task.number);
    return;
  }
  const place =
    answer === 'busy' ? asGuest(task.ticket as string) : waits && answer !== undefined ? atHome(answer) : {};
  const past = draft.tally.past(task.identity);
  const { identity, node, stock, sticky, stay } = draft.change(task.number, {
    state: 'running',
    message: 'started',
    ...place,
  });
  const limpet = `Limpet ${told(sticky, past.sticky?.last)}${stay === 'guest' ? ', as a guest' : ''}`;
  const text = `${identity} runs on ${node}: Docker ${told(stock, past.stock?.last)}; ${limpet}`;
  draft.say('task', text, { identity, node: node as string });
}

function told(address: string | undefined, before: string | undefined): string {
  if (address === undefined) return 'has no address left';
  return before === undefined ? address : before === address ? `${address}, kept` : `${address}, was ${before}`;
}

function atHome(address: string): Partial<TaskRecord> {
  return { sticky: address, stay: 'home', marked: true };
}

function asGuest(ticket: string): Partial<TaskRecord> {
  return { sticky: ticket, stay: 'guest', marked: false };
}

/** Whether a container of this task runs right now, whatever Swarm's record says. */
export function isThere(draft: Draft, task: TaskRecord): boolean {
  return hasContainer(task) && draft.nodes.some(({ name, status }) => name === task.node && status === 'up');
}
