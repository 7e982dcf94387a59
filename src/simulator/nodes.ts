// What becomes of nodes: they are drained, crash, reboot, are missed by Swarm, and come back. Their tasks' part in it
// is leader.ts (successors elsewhere) and agent.ts (containers); who leads then is election.ts.

import { end } from './agent.js';
import type { Draft } from './draft.js';
import type { NodeName } from './types.js';
import { hasContainer, isWanted, NEVER, type NodeRecord, SECONDS, type TaskRecord } from './world.js';

export function setAvailability(draft: Draft, name: NodeName, availability: NodeRecord['availability']): void {
  draft.changeNode(name, { availability });
  wakeTasks(draft, name);
  draft.wakePending();
}

/** Its containers are gone at once, and nobody is told. */
export function crash(draft: Draft, name: NodeName): void {
  draft.changeNode(name, {
    ...leaving(draft, name),
    status: draft.node(name).lost ? 'down' : 'crashed',
    bootsAt: NEVER,
  });
}

/** Its containers are gone at once; it comes back by itself. A node that had crashed is switched on. */
export function reboot(draft: Draft, name: NodeName): void {
  draft.changeNode(name, { ...leaving(draft, name), status: 'rebooting', bootsAt: draft.time + SECONDS.reboot });
}

/** Whatever of nodes has come due. */
export function passTime(draft: Draft): void {
  for (const { name, status, lost } of draft.nodes) {
    if (status === 'up' && !lost) continue;
    if (draft.node(name).leaseEnds <= draft.time) endLease(draft, name);
    if (draft.node(name).bootsAt <= draft.time) draft.changeNode(name, { bootsAt: NEVER, booted: true });
    if (draft.leader === undefined) continue;
    if (draft.node(name).lostAt <= draft.time) lose(draft, name);
    if (draft.node(name).lost && draft.time - draft.node(name).lostSince >= SECONDS.orphans) orphan(draft, name);
  }
}

/** Booted nodes are back as soon as there is a leader to register with. */
export function welcome(draft: Draft): void {
  for (const { name, status, booted } of draft.nodes) if (status === 'rebooting' && booted) comeBack(draft, name);
}

/** The new leader has heard of nobody yet: it waits as long for heartbeats as it would for an old one's. */
export function waitAnew(draft: Draft): void {
  for (const { name, lostAt } of draft.nodes) {
    if (lostAt < NEVER) draft.changeNode(name, { lostAt: Math.max(lostAt, draft.time + SECONDS.heartbeats) });
  }
}

function leaving(draft: Draft, name: NodeName): Partial<NodeRecord> {
  const { status, lost, lostAt, leaseEnds } = draft.node(name);
  if (status !== 'up') return { booted: false, leaseEnds, lostAt };
  return {
    booted: false,
    leaseEnds: draft.time + SECONDS.lease,
    lostAt: lost ? NEVER : draft.time + SECONDS.heartbeats,
  };
}

/** Nobody has renewed its live marks: its identities' addresses are reserved from now on. */
function endLease(draft: Draft, name: NodeName): void {
  const marked = tasksOf(draft, name).filter((task) => task.marked);
  for (const task of marked) unmark(draft, task);
  draft.changeNode(name, { leaseEnds: NEVER });
  if (marked.length > 0)
    draft.say('sticky', `the lease of ${name} has run out: ${marked.length} addresses are reserved`, { node: name });
}

function unmark(draft: Draft, task: TaskRecord): void {
  draft.sticky.release(task.identity, draft.time);
  draft.note(task.number, { marked: false });
}

function lose(draft: Draft, name: NodeName): void {
  const { status } = draft.node(name);
  draft.changeNode(name, {
    lost: true,
    lostAt: NEVER,
    lostSince: draft.time,
    status: status === 'crashed' ? 'down' : status,
  });
  draft.say('swarm', `${name} is down: no heartbeat for ${SECONDS.heartbeats} seconds`, { node: name });
  wakeTasks(draft, name);
  for (const task of tasksOf(draft, name)) draft.wakeFollowers(task);
  draft.wakePending();
}

function comeBack(draft: Draft, name: NodeName): void {
  draft.changeNode(name, { status: 'up', lost: false, lostAt: NEVER, leaseEnds: NEVER });
  draft.say('swarm', `${name} is back`, { node: name });
  for (const task of tasksOf(draft, name)) {
    if (hasContainer(task))
      end(draft, task, isWanted(task) ? 'failed' : 'shutdown', 'its container ended with the node');
    else draft.wake(task.number);
  }
  draft.wakePending();
}

function orphan(draft: Draft, name: NodeName): void {
  for (const task of tasksOf(draft, name))
    if (!isWanted(task)) end(draft, task, 'orphaned', 'its node was down for a day');
}

function wakeTasks(draft: Draft, name: NodeName): void {
  for (const { number } of tasksOf(draft, name)) draft.wake(number);
}

function tasksOf(draft: Draft, name: NodeName): TaskRecord[] {
  return draft.node(name).tasks.map((number) => draft.task(number));
}
