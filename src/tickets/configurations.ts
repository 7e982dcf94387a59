// Configurations that networks of the swarm are made from (`--config-only`). Docker asks no IPAM driver when one is
// made, nor when the network is: what its operator should know is seen by looking, and told once.

import { isOurs } from '../docker/networks.js';
import type { Network } from '../docker/shapes.js';
import { limitOfShared } from '../docker/versions.js';
import { LimpetError } from '../host/errors.js';
import type { Environment } from './environment.js';
import { readPoolOptions } from './pool-options.js';

export class Configurations {
  readonly #environment: Pick<Environment, 'dockerVersion' | 'networks' | 'tell'>;
  /** By the network's ID: what was told of it last. */
  #told = new Map<string, string>();

  constructor(environment: Pick<Environment, 'dockerVersion' | 'networks' | 'tell'>) {
    this.#environment = environment;
  }

  /** One look at the networks as they are known. */
  look(): void {
    const before = this.#told;
    this.#told = new Map();
    for (const network of this.#environment.networks.known) {
      const why = network.isConfiguration && isOurs(network) ? this.#warningOf(network) : undefined;
      if (why === undefined) continue;
      this.#told.set(network.id, why);
      if (before.get(network.id) === why) continue;
      this.#environment.tell({ event: 'pool', level: 'warn', network: network.name, why });
    }
  }

  /** Undefined when all is well. Other drivers than this one are asked without options of ours. */
  #warningOf({ ipamOptions }: Network): string | undefined {
    try {
      const { scope } = readPoolOptions(ipamOptions);
      return scope === 'cluster' ? limitOfShared(this.#environment.dockerVersion?.()) : undefined;
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      return `no network can be made from it: ${error.message}`;
    }
  }
}
