// Containers of this node at addresses that the store has for nobody. A node that was cut off for longer than its
// marks last can have lost their bindings, and its containers run on; the leader may have given their addresses as
// tickets since. Before anybody new gets an address they are put down at theirs: the next look comes too late for that.

import { hasItsAddresses } from '../docker/containers.js';
import { guest } from '../docker/made-up.js';
import { ofSubnet } from '../docker/networks.js';
import { residentsHere } from '../docker/observed.js';
import type { Container } from '../docker/shapes.js';
import { within } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import type { CallOptions, SubnetService } from '../service/index.js';
import type { Environment } from './environment.js';
import { placeOf, type Tenants } from './tenants.js';

export class Neighbours {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  readonly #net: SubnetService;
  readonly #around: readonly Container[];
  /** Found when first asked for: it is the list's, and does not change with the store. */
  #shown: readonly string[] | undefined;

  /** @param around the containers of this node; undefined where Docker does not say: then there is nobody to keep */
  constructor(
    environment: Environment,
    tenants: Tenants,
    net: SubnetService,
    around: readonly Container[] | undefined = [],
  ) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#net = net;
    this.#around = around;
  }

  /**
   * What is claimed once they all have their addresses. That one of them has lost his can come out while the store is
   * waited for: then he gets it first, and it is claimed anew.
   * @throws LimpetError UNAVAILABLE, CONTENDED; what the claim throws
   */
  async first<T>(options: CallOptions, claim: (isDue: () => boolean) => Promise<T>): Promise<T> {
    for (;;) {
      const left = await this.keep(options); // another process was faster, or they are about to leave
      const { facts } = this.#net;
      let isDue = true;
      try {
        return await claim(() => {
          isDue = this.#net.facts === facts || this.#unowned().every((address) => left.includes(address));
          return isDue;
        });
      } catch (error) {
        if (isDue) throw error;
      }
    }
  }

  /** Answers the addresses that are nobody's still. @throws LimpetError UNAVAILABLE, CONTENDED */
  async keep({ deadline }: CallOptions): Promise<readonly string[]> {
    if (this.#unowned().length === 0) return [];
    const { networks, nodeOf, tell } = this.#environment;
    const net = this.#net;
    const node = nodeOf(net);
    const here = ofSubnet(networks.known, net.cidr);
    for (const { address, identity, container } of residentsHere(this.#around, here, net.cidr, node, undefined)) {
      const { state, identity: owner } = net.inspect(address);
      if (owner !== undefined || state === 'excluded') continue;
      // Who it says it is has not been looked up, so it gets nobody's name: the next look does that.
      const name = guest(address);
      if ([identity, name, placeOf(address)].some((each) => this.#tenants.hasJustLeft(net, each))) continue;
      try {
        await net.claim(name, { node, ticket: address, deadline });
      } catch (error) {
        if (error instanceof LimpetError && error.code === 'OCCUPIED') continue; // another process was faster
        throw error;
      }
      const why = 'it runs here, and nobody had its address';
      const mended = { subnet: net.cidr, node, identity: name, address, container, why };
      tell({ event: 'mend', level: 'info', mark: 'set', ...mended });
    }
    return this.#unowned();
  }

  /** Addresses that have no owner, and somebody who runs there: seldom any, and seen at once. */
  #unowned(): readonly string[] {
    this.#shown ??= this.#around
      .filter(hasItsAddresses)
      .flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))
      .filter(within(this.#net.cidr));
    return this.#shown.filter((address) => !this.#net.isOwned(address));
  }
}
