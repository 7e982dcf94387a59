// Which of Docker's networks have a subnet, for those who make and give back pools within Docker's own calls. A Docker
// that does not answer may have any: nothing is given away by its silence.

import { ofSubnet } from '../docker/networks.js';
import type { Network } from '../docker/shapes.js';
import { LimpetError } from '../host/errors.js';
import type { Environment } from './environment.js';

export class PoolNetworks {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** All of Docker's networks; undefined while it does not answer. */
  async list(): Promise<readonly Network[] | undefined> {
    const { docker, networks } = this.#environment;
    if (docker.silent) return undefined;
    try {
      return await networks.all();
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  /** Whether a network of Docker's list has the subnet, or may. */
  async mayHave(cidr: string): Promise<boolean> {
    const networks = await this.list();
    return networks === undefined || ofSubnet(networks, cidr).length > 0;
  }

  /**
   * A network that this host has by itself with this subnet: not one of the swarm, nor the configuration that such
   * networks are made from. One that is being made is not in the list yet, one that is being removed is in it no more.
   */
  async own(cidr: string): Promise<Network | 'unknown' | undefined> {
    const networks = await this.list();
    if (networks === undefined) return 'unknown';
    return ofSubnet(networks, cidr).find(({ scope, isConfiguration }) => scope === 'local' && !isConfiguration);
  }
}
