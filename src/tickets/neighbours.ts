// Containers of this node at addresses that the store has for nobody. A node that was cut off for longer than its
// marks last can have lost their bindings, and its containers run on; the leader may have given their addresses as
// tickets since. Before anybody new gets an address they are put down at theirs: the next look comes too late for that.

import { hasItsAddresses } from '../docker/containers.js';
import { guest } from '../docker/made-up.js';
import { ofSubnet } from '../docker/networks.js';
import { residentsHere } from '../docker/observed.js';
import type { Container } from '../docker/shapes.js';
import { contains } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import type { CallOptions, SubnetService } from '../service/index.js';
import type { Environment } from './environment.js';
import type { Tenants } from './tenants.js';

/** @throws LimpetError UNAVAILABLE, CONTENDED */
export async function keepNeighbours(
  { networks, nodeOf, tell }: Environment,
  tenants: Tenants,
  net: SubnetService,
  around: readonly Container[],
  { deadline }: CallOptions,
): Promise<void> {
  if (!around.some((container) => isUnowned(net, container))) return;
  const node = nodeOf(net);
  const here = ofSubnet(networks.known, net.cidr);
  for (const { address, identity, container } of residentsHere(around, here, net.cidr, node, undefined)) {
    const { state, identity: owner } = net.inspect(address);
    if (owner !== undefined || state === 'excluded') continue;
    // Who it says it is has not been looked up, so it gets nobody's name: the next look does that.
    const name = guest(address);
    if ([identity, name].some((each) => tenants.hasJustLeft(net, each))) continue;
    try {
      await net.claim(name, { node, ticket: address, deadline });
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'OCCUPIED') continue; // another process was faster
      throw error;
    }
    const why = 'it runs here, and nobody had its address';
    tell({
      event: 'mend',
      level: 'info',
      mark: 'set',
      subnet: net.cidr,
      node,
      identity: name,
      address,
      container,
      why,
    });
  }
}

/** Whether it runs at an address of the subnet that has no owner, on whichever network: seldom so, and seen at once. */
function isUnowned(net: SubnetService, container: Container): boolean {
  if (!hasItsAddresses(container)) return false;
  return container.endpoints.some(({ addresses }) =>
    addresses.some((address) => contains(net.cidr, address) && !net.isOwned(address)),
  );
}
