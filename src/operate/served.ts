// Which of Docker's networks Limpet gives addresses for, and in which space it keeps each of their subnets.

import { subnetOf } from '../docker/address.js';
import { isOurs } from '../docker/networks.js';
import type { Network } from '../docker/shapes.js';
import { SWARM, spaceOf } from '../docker/spaces.js';
import type { OperateEnvironment } from './environment.js';

/** A subnet of a network, and the space where Limpet keeps it. */
export interface Place {
  readonly network: Network;
  readonly cidr: string;
  readonly space: string;
}

/** Each subnet of each network. What cannot be read is none. */
export function* placesOf({ service, host }: OperateEnvironment, networks: readonly Network[]): Generator<Place> {
  for (const network of networks) {
    const shared = network.scope === 'swarm' || network.ipamOptions['limpet.scope'] === 'cluster';
    for (const { subnet } of network.subnets) {
      const cidr = subnetOf(subnet);
      if (cidr === undefined) continue;
      yield { network, cidr, space: shared || service.find(cidr, SWARM) !== undefined ? SWARM : spaceOf(host) };
    }
  }
}

/** A driver by this name, whatever registry and tag it has. */
const LIMPET = /(?:^|\/)limpet(?::|$)/;

/** Whether Limpet gives this network's addresses: its driver is named so, or the store has one of its subnets. */
export function isServed(environment: OperateEnvironment, network: Network): boolean {
  if (!isOurs(network) || network.isConfiguration || network.subnets.length === 0) return false;
  if (LIMPET.test(network.ipam)) return true;
  return [...placesOf(environment, [network])].some(({ cidr, space }) => environment.service.find(cidr, space));
}
