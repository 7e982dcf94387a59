// Whether a swarm is at rest: everybody who should run does, and nobody else.

import type { SwarmNode } from './swarm/node.js';
import { hasEnded } from './swarm/records.js';
import type { World } from './world.js';

/** Nothing is under way. A task that waits for a node or for an address is not seen as such here: nothing happens. */
export function isSettled({ swarm, rebooting }: World): boolean {
  if (swarm.leader === undefined || rebooting.size > 0 || swarm.nodes.some(isMissed)) return false;
  const { nodes, services, tasks } = swarm.records;
  const running = new Map<string, number>();
  for (const { serviceId, state, desired, spec, nodeId, address } of tasks.values()) {
    const isLost = nodeId !== '' && nodes.get(nodeId)?.isReady === false;
    if (hasEnded({ state }) ? address !== '' : !isLost && (state !== 'running' || desired !== 'running')) return false;
    const isWanted = state === 'running' && desired === 'running' && spec === services.get(serviceId)?.spec;
    if (isWanted) running.set(serviceId, (running.get(serviceId) ?? 0) + 1);
  }
  const usable = [...nodes.values()].filter(({ isReady, isActive }) => isReady && isActive).length;
  for (const { id, mode, replicas } of services.values())
    if ((running.get(id) ?? 0) !== (mode === 'global' ? usable : replicas)) return false;
  return true;
}

/** Its managers do not know yet that it is gone, or that it is back. */
function isMissed({ record, engine }: SwarmNode): boolean {
  return record.isReady !== (engine.state === 'up');
}
