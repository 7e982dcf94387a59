// Which of Docker's networks a subnet is. Docker names only the pool when it asks for an address, its containers name
// only their networks; the list of networks, kept from one look to the next, joins the two.

import { subnetOf } from './address.js';
import type { DockerApi } from './api.js';
import { Coalesced } from './coalesced.js';
import type { Endpoint, Network } from './shapes.js';

/** IPAM drivers that are Docker's own; a network that is not allocated yet has an empty one. */
const NOT_OURS = new Set(['default', 'null', 'windows', '']);

export class Networks {
  readonly #list: Coalesced<readonly Network[]>;
  #known: readonly Network[] = [];

  constructor(docker: Pick<DockerApi, 'networks'>) {
    this.#list = new Coalesced(() => docker.networks());
  }

  /** What the last look saw. */
  get known(): readonly Network[] {
    return this.#known;
  }

  /** Every network that Docker has now. @throws LimpetError UNAVAILABLE */
  async all(): Promise<readonly Network[]> {
    this.#known = await this.#list.fresh();
    return this.#known;
  }

  /**
   * The networks with this subnet and an IPAM driver that is not Docker's own: asks only when none is known. What is
   * only a configuration of networks has the subnet of those that are made from it.
   */
  async withSubnet(cidr: string): Promise<readonly Network[]> {
    const known = ofSubnet(this.#known, cidr).filter(({ isConfiguration }) => !isConfiguration);
    return known.length > 0 ? known : ofSubnet(await this.all(), cidr);
  }
}

/** Whether another IPAM driver than Docker's own gives this network's addresses; it may be Limpet. */
export function isOurs(network: Network): boolean {
  return !NOT_OURS.has(network.ipam);
}

/** The networks with this subnet and an IPAM driver that is not Docker's own. */
export function ofSubnet(networks: readonly Network[], cidr: string): readonly Network[] {
  return networks.filter(
    (network) => isOurs(network) && network.subnets.some(({ subnet }) => subnetOf(subnet) === cidr),
  );
}

/** Every subnet that takes room on this node, of whatever driver. */
export function subnetsOf(networks: readonly Network[]): string[] {
  return networks.flatMap(({ subnets }) => subnets.flatMap(({ subnet }) => subnetOf(subnet) ?? []));
}

/** A container that was only created has its network as its user named it: by name, by ID or by part of the ID. */
export function isOn({ network, networkId }: Endpoint, networks: readonly Network[]): boolean {
  return networks.some(({ id, name }) => {
    if (networkId !== '') return networkId === id;
    return network === name || network === id || (network.length >= 12 && id.startsWith(network));
  });
}
