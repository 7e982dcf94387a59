// Which addresses of a subnet are held for Swarm's leader: those that are nobody's else, and those that are somebody's
// home as well, since a ticket that an identity was bound to stays one.

import { made } from '../docker/made-up.js';
import type { SubnetService } from '../service/index.js';

/** Those of the load balancers' ends are left out: no record of Docker's tells of them. */
export function* tickets(net: SubnetService): Generator<string> {
  for (const address of net.held()) if (address !== net.spec.gateway) yield address;
  for (const { identity, address } of net.list())
    if (made(identity) !== 'endpoint' && net.isHeld(address)) yield address;
}
