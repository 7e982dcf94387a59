// What Swarm's leader does with one task after another: addresses, a node, leave to start, and the clearing up behind
// it. The two allocators are asked here in the leader's name, without saying who the address is for.

import type { Draft } from './draft.js';
import { restart, tidy } from './orchestrator.js';
import type { Scheduler } from './scheduler.js';
import { hasEnded, isWanted, NEVER, type TaskRecord } from './world.js';

/** True when there was something for the leader to do; the node's turn comes only when there was not. */
export function lead(draft: Draft, scheduler: Scheduler, task: TaskRecord, historyLimit: number): boolean {
  if (hasEnded(task)) {
    bury(draft, task, historyLimit);
    return true;
  }
  const assigned = task.state !== 'new' && task.state !== 'pending';
  if (isWanted(task)) {
    if (task.node !== undefined && isGone(draft, task.node)) replace(draft, task);
    else if (task.state === 'new') allocate(draft, task);
    else if (task.state === 'pending') place(draft, scheduler, task);
    else if (task.desired === 'ready' && mayStart(draft, task)) draft.change(task.number, { desired: 'running' });
    else return false;
    tidy(draft, task, historyLimit);
    return true;
  }
  if (assigned) return false;
  draft.change(task.number, { state: 'shutdown', message: 'shut down before it was assigned' });
  return true;
}

/** With desired state `ready`: the delay is over, and the task before it has ended or its node is down. */
function mayStart(draft: Draft, { startAt, follows }: TaskRecord): boolean {
  if (draft.time < startAt) return false;
  const before = follows === undefined ? undefined : draft.find(follows);
  if (before === undefined || hasEnded(before)) return true;
  return before.node !== undefined && draft.node(before.node).lost;
}

function isGone(draft: Draft, name: string): boolean {
  const node = draft.node(name);
  return node.lost || node.availability === 'drain';
}

/** Its node is drained or down: another node's task takes over, but for a global service. */
function replace(draft: Draft, task: TaskRecord): void {
  if (draft.service(task.serviceId)?.mode === 'global') draft.change(task.number, { desired: 'shutdown' });
  else restart(draft, task);
}

function allocate(draft: Draft, task: TaskRecord): void {
  const stock = draft.stock.take({ identity: task.identity });
  const ticket = draft.sticky.hold(`ticket of ${task.identity}`);
  if (stock === undefined) draft.thirsty.stock.push(task.number);
  if (ticket === undefined) draft.thirsty.sticky.push(task.number);
  draft.change(task.number, {
    state: 'pending',
    message: 'pending task scheduling',
    ...(stock === undefined ? {} : { stock }),
    ...(ticket === undefined ? {} : { ticket }),
  });
}

function place(draft: Draft, scheduler: Scheduler, task: TaskRecord): void {
  const name = scheduler.place(task);
  if (name === undefined) {
    draft.wake(task.number, NEVER); // until a node comes
    return;
  }
  balance(draft, name);
  draft.change(task.number, { node: name, state: 'assigned', message: 'scheduler assigned task to node' });
}

/** A node that has tasks of the network has a load-balancer endpoint there. */
function balance(draft: Draft, name: string): void {
  const { loadBalancer } = draft.node(name);
  const purpose = `load balancer of ${name}`;
  const stock = loadBalancer.stock ?? draft.stock.take({ held: purpose });
  const sticky = loadBalancer.sticky ?? draft.sticky.hold(purpose);
  if (stock === loadBalancer.stock && sticky === loadBalancer.sticky) return;
  draft.changeNode(name, {
    loadBalancer: { ...(stock === undefined ? {} : { stock }), ...(sticky === undefined ? {} : { sticky }) },
  });
}

/** An ended task: its successor begins, its addresses go back to the leader's pool, the list forgets the oldest. */
function bury(draft: Draft, task: TaskRecord, historyLimit: number): void {
  if (isWanted(task)) {
    if (task.node !== undefined && isGone(draft, task.node)) replace(draft, task);
    else restart(draft, task);
    return;
  }
  if (!task.freed) free(draft, task);
  if (task.desired === 'remove') draft.forget(task);
  else {
    draft.note(task.number, { freed: true, due: NEVER });
    tidy(draft, task, historyLimit);
  }
}

function free(draft: Draft, task: TaskRecord): void {
  if (task.stock !== undefined) draft.stock.release(task.stock);
  if (task.ticket !== undefined) draft.sticky.unhold(task.ticket);
  const node = draft.nodes.find(({ name }) => name === task.node);
  if (node === undefined || node.tasks.length > 0) return;
  if (node.loadBalancer.stock !== undefined) draft.stock.release(node.loadBalancer.stock);
  if (node.loadBalancer.sticky !== undefined) draft.sticky.unhold(node.loadBalancer.sticky);
  draft.changeNode(node.name, { loadBalancer: {} });
}
