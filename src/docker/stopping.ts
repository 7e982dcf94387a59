// A Docker that is being stopped. It takes no new connections, but answers on those that it has; its part in the swarm
// has ended by then, so that it calls itself `inactive`, as one does that is in no swarm (dockerd: first the listeners
// are closed, then the cluster is left, then the containers are stopped).

import type { DockerAddress } from './docker-host.js';
import { listens } from './listens.js';

/** Milliseconds to be connected. */
const WITHIN = 2000;

/** @param state of this node in the swarm, as Docker has just said it. @param at where it has said it */
export async function isBeingStopped(state: string, at: DockerAddress): Promise<boolean> {
  if (state !== 'inactive') return false;
  return !(await listens('socketPath' in at ? { path: at.socketPath } : { host: at.host, port: at.port }, WITHIN));
}
