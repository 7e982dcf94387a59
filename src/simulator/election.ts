// Who leads. A manager that is lost as leader is followed by another after an election, if more than half of the
// managers are there. The new leader knows the task list and nothing else: both allocators begin from it.

import type { Draft } from './draft.js';
import { waitAnew } from './nodes.js';
import { type RebuildEnvironment, rebuildSticky } from './rebuild.js';
import type { Holding } from './stock.js';
import { hasEnded, isWanted, NEVER, SECONDS, type TaskRecord } from './world.js';

/** After every change of nodes: a leader that is lost steps down, and an election begins when one can. */
export function govern(draft: Draft): void {
  const managers = draft.nodes.filter(({ role }) => role === 'manager');
  const there = managers.filter(({ booted }) => booted);
  const quorum = there.length * 2 > managers.length;
  if (draft.leader !== undefined && !(quorum && there.some(({ name }) => name === draft.leader))) {
    draft.say('swarm', `${draft.leader} leads no more`, { node: draft.leader });
    draft.leader = undefined;
    draft.electionAt = NEVER;
  }
  if (draft.leader !== undefined) return;
  if (!quorum && draft.electionAt !== NEVER) draft.electionAt = NEVER;
  if (quorum && draft.electionAt === NEVER) draft.electionAt = draft.time + SECONDS.election;
  if (!quorum) draft.say('swarm', `no leader: ${there.length} of ${managers.length} managers are too few`);
}

/** Elects when it is time. */
export function elect(draft: Draft, environment: RebuildEnvironment): void {
  if (draft.electionAt > draft.time) return;
  const candidates = draft.nodes.filter(({ role, booted }) => role === 'manager' && booted);
  draft.electionAt = NEVER;
  draft.leader = draft.chance.pick(candidates).name;
  draft.say('swarm', `${draft.leader} is the new leader`, { node: draft.leader });
  waitAnew(draft);
  // What the old leader had still to give back is free already: nobody replays it.
  for (const task of [...draft.allTasks()]) if (isDead(task)) draft.note(task.number, { freed: true });
  const tasks = [...draft.allTasks()];
  draft.stock.restore(holdings(draft, tasks));
  draft.rebuild = rebuildSticky(draft, tasks, environment);
  for (const { id } of draft.services) draft.changeService(id, { check: true });
}

/** The leader needs no address for it any more. */
function isDead(task: TaskRecord): boolean {
  return hasEnded(task) && !isWanted(task);
}

function* holdings(draft: Draft, tasks: readonly TaskRecord[]): Iterable<Holding> {
  for (const { name, virtualAddress } of draft.services) {
    if (virtualAddress.stock !== undefined) yield { address: virtualAddress.stock, held: `virtual IP of ${name}` };
  }
  for (const { name, loadBalancer } of draft.nodes) {
    if (loadBalancer.stock !== undefined) yield { address: loadBalancer.stock, held: `load balancer of ${name}` };
  }
  for (const task of tasks) {
    if (task.stock !== undefined && !isDead(task)) yield { address: task.stock, identity: task.identity };
  }
  yield { address: draft.gateway, held: 'gateway' };
}
