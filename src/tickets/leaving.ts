// A node gives an address back. Docker says only which address, not whose; here that is known or found out, so that a late
// release never ends what a newcomer has at the same address.

import { setTimeout as pause } from 'node:timers/promises';
import { made } from '../docker/made-up.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/subnet-service.js';
import type { Context } from './context.js';
import { forget } from './forget.js';
import { Patience } from './patience.js';
import { isOver, shows, type Tenant, type Tenants } from './tenants.js';

/** Looks at what runs, after a release that proves nothing. Docker's list shows an end only after the release. */
const LOOKS = [300, 1000, 3000];

export class Leaving {
  readonly #context: Context;
  readonly #tenants: Tenants;
  readonly #patience: Patience;

  constructor(context: Context, tenants: Tenants) {
    this.#context = context;
    this.#tenants = tenants;
    this.#patience = new Patience(context.waits.store, context.now);
  }

  /** @throws LimpetError UNAVAILABLE; what was not released then is released when the node is next looked at */
  async release(net: SubnetService, address: string): Promise<void> {
    const { identity } = net.inspect(address);
    const node = this.#context.node();
    if (identity === undefined)
      return this.#tell(net, { address, outcome: 'not-ours' }, 'nobody lives there: the leader has it');
    if (!net.lookup(identity)?.nodes.includes(node) && made(identity) === undefined)
      return this.#tell(net, { address, identity, outcome: 'late' }, `does not run on ${node} any more`);
    if (made(identity) !== undefined) return this.#end(net, identity, address);
    const tenant = this.#tenants.get(net, identity);
    if (tenant?.address === address && !tenant.doubtful) return this.#leave(net, identity, address, 'stopped');
    void this.#verify(net, identity, address);
    this.#tell(net, { address, identity, outcome: 'unproven' }, 'may be a late one: what runs will tell');
  }

  /** A made-up identity ends with its use, unless another node uses it still. */
  async #end(net: SubnetService, identity: string, address: string): Promise<void> {
    this.#tenants.leave(net, identity);
    await net.release(identity, this.#context.node());
    await forget(net, identity);
    this.#tell(net, { address, identity, outcome: 'ended' }, 'ended');
  }

  async #leave(net: SubnetService, identity: string, address: string, why: string): Promise<void> {
    const tenant = this.#tenants.get(net, identity);
    this.#tenants.leave(net, identity);
    try {
      await net.release(identity, this.#context.node());
    } catch (error) {
      if (tenant !== undefined) this.#tenants.stay(net, identity, tenant); // whoever tries again must know it
      throw error;
    }
    this.#tell(net, { address, identity, outcome: 'released' }, why);
  }

  async #verify(net: SubnetService, identity: string, address: string): Promise<void> {
    try {
      const tenant = this.#tenants.get(net, identity);
      for (const wait of LOOKS) {
        await pause(wait, undefined, { ref: false });
        if (this.#tenants.get(net, identity) !== tenant) return; // somebody came, and was asked about
        const there = await this.#isThere(address, tenant?.container);
        if (there === false)
          return await this.#patience.with(() => this.#leaveUnlessReplaced(net, identity, tenant, address));
      }
      if (tenant !== undefined) tenant.doubtful = false;
      this.#tell(net, { address, identity, outcome: 'late' }, 'a late one: it still runs here');
    } catch (error) {
      const failed = { event: 'release', subnet: net.cidr, identity, address, error: (error as Error).message };
      this.#context.log.warn(failed, 'not released yet: when the node is next looked at');
    }
  }

  async #leaveUnlessReplaced(
    net: SubnetService,
    identity: string,
    tenant: Tenant | undefined,
    address: string,
  ): Promise<void> {
    if (this.#tenants.get(net, identity) !== tenant) return;
    await this.#leave(net, identity, address, 'stopped, as what runs here shows');
  }

  /** Whether a container is at the address, or may come to be; undefined when Docker does not say. */
  async #isThere(address: string, tenant: string | undefined): Promise<boolean | undefined> {
    try {
      const containers = await this.#context.containers.fresh();
      return containers.some((each) => !isOver(each) && (each.name === tenant || shows(each, address)));
    } catch (error) {
      if (error instanceof LimpetError) return undefined;
      throw error;
    }
  }

  #tell(net: SubnetService, what: { outcome: string; address: string; identity?: string }, why: string): void {
    this.#context.metrics.releases.inc({ side: 'local', outcome: what.outcome });
    this.#context.log.info(
      { event: 'release', side: 'local', subnet: net.cidr, node: this.#context.node(), ...what },
      why,
    );
  }
}
