// A node gives an address back. Docker says only which address, not whose; here that is known or found out, so that a
// late release never ends what a newcomer has at the same address.

import { isAt, isSame, mayStillRun } from '../docker/containers.js';
import { made } from '../docker/made-up.js';
import { LimpetError } from '../host/errors.js';
import { sleepBy } from '../service/clock.js';
import type { CallOptions, SubnetService } from '../service/index.js';
import type { Environment } from './environment.js';
import { forget } from './forget.js';
import { Patience } from './patience.js';
import { isLeaders } from './pools.js';
import type { Tenant, Tenants, Who } from './tenants.js';
import type { Released } from './told.js';

/** Looks at what runs, after a release that proves nothing. Docker's list shows an end only after the release. */
const LOOKS = [300, 1000, 3000];

interface Left {
  readonly identity: string;
  readonly address: string;
  readonly why: string;
}

export class Leaving {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  readonly #patience: Patience;

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#patience = new Patience(environment.waits.store, environment.clock);
  }

  /**
   * @param since when Docker asked for it, by the clock that nobody sets
   * @throws LimpetError UNAVAILABLE; what was not released then is released when the node is next looked at
   */
  async release(net: SubnetService, address: string, since: number, options: CallOptions = {}): Promise<void> {
    const { identity } = net.inspect(address);
    const node = this.#environment.nodeOf(net);
    if (identity === undefined) {
      this.#tenants.vacate(net, address, since);
      return this.#unhold(net, address, options);
    }
    const isMadeUp = made(identity) !== undefined;
    // It waited for the store, and is about one who was there before.
    if (this.#tenants.cameAfter(net, identity, since) || (isMadeUp && this.#tenants.isComing(net, identity)))
      return this.#tell(
        net,
        { address, identity, outcome: 'late' },
        'somebody else has come in since it was asked for',
      );
    if (!net.lookup(identity)?.nodes.includes(node) && !isMadeUp) {
      this.#tenants.vacate(net, address, since);
      return this.#tell(net, { address, identity, outcome: 'late' }, `does not run on ${node} any more`);
    }
    if (isMadeUp) return this.#end(net, identity, address, since, options);
    const tenant = this.#tenants.get(net, identity);
    const isProven = tenant?.address === address && !tenant.doubtful && !this.#tenants.isComing(net, identity);
    if (isProven) return this.#leave(net, { identity, address, why: 'stopped' }, options);
    if (tenant === undefined) this.#tenants.giveBack(net, identity);
    void this.#verify(net, identity, address);
    this.#tell(net, { address, identity, outcome: 'unproven' }, 'may be a late one: what runs will tell');
  }

  /** Nobody lives there: a gateway, an auxiliary address, or the ticket of somebody whom the leader knows. */
  async #unhold(net: SubnetService, address: string, options: CallOptions): Promise<void> {
    const keep = (outcome: Released, why: string) => this.#tell(net, { address, outcome }, why);
    if (isLeaders(net)) return keep('not-ours', 'nobody lives there: the leader has it');
    if (address === net.spec.gateway) return keep('kept', 'the gateway: the subnet keeps it');
    const others = net.users.filter((user) => user !== this.#environment.host());
    if (others.length > 0) return keep('kept', `${others.join(' and ')} may have it too`);
    const state = net.inspect(address).state;
    if (state === 'held') await net.unhold(address, options);
    keep(state === 'held' ? 'unheld' : 'not-held', 'nobody lives there');
  }

  /** A made-up identity ends with its use, unless another node uses it still. */
  async #end(
    net: SubnetService,
    identity: string,
    address: string,
    since: number,
    options: CallOptions,
  ): Promise<void> {
    this.#tenants.leave(net, identity);
    try {
      await net.release(identity, this.#environment.nodeOf(net), options);
    } catch (error) {
      const isGone = error instanceof LimpetError && error.code === 'UNKNOWN';
      if (!isGone || net.inspect(address).identity === undefined) throw error;
      return this.release(net, address, since, options); // a look has given it its name meanwhile
    }
    await forget(net, identity, options);
    this.#tell(net, { address, identity, outcome: 'ended' }, 'ended');
  }

  async #leave(net: SubnetService, { identity, address, why }: Left, options: CallOptions = {}): Promise<void> {
    const leaver = this.#tenants.get(net, identity);
    this.#tenants.leave(net, identity);
    await this.#tenants.going(net, { home: identity, address, leaver }, async () => {
      try {
        await net.release(identity, this.#environment.nodeOf(net), options);
      } catch (error) {
        if (leaver !== undefined) this.#tenants.stay(net, identity, leaver); // whoever tries again must know it
        throw error;
      }
    });
    this.#tenants.departures.left(net, identity, leaver?.container);
    this.#tell(net, { address, identity, outcome: 'released' }, why);
  }

  async #verify(net: SubnetService, identity: string, address: string): Promise<void> {
    try {
      const tenant = this.#tenants.get(net, identity);
      for (const wait of LOOKS) {
        await sleepBy(this.#environment.clock.after, wait);
        if (this.#tenants.get(net, identity) !== tenant) return; // somebody came, and was asked about
        const there = await this.#isThere(address, tenant?.container);
        if (there === false)
          return await this.#patience.with(() => this.#leaveUnlessReplaced(net, identity, tenant, address));
      }
      if (tenant !== undefined) tenant.doubtful = false;
      this.#tell(net, { address, identity, outcome: 'late' }, 'a late one: it still runs here');
    } catch (error) {
      const why = `not released yet (${(error as Error).message}): when the node is next looked at`;
      this.#tell(net, { identity, address, outcome: 'failed' }, why);
    }
  }

  async #leaveUnlessReplaced(
    net: SubnetService,
    identity: string,
    tenant: Tenant | undefined,
    address: string,
  ): Promise<void> {
    if (this.#tenants.get(net, identity) !== tenant || this.#tenants.isComing(net, identity)) return;
    await this.#leave(net, { identity, address, why: 'stopped, as what runs here shows' });
  }

  /** Whether a container is at the address, or may come to be; undefined when Docker does not say. */
  async #isThere(address: string, tenant: Who | undefined): Promise<boolean | undefined> {
    const containers = await this.#environment.containers.ifAnswered();
    return containers?.some((each) => isAt(each, address) || (tenant && isSame(each, tenant) && mayStillRun(each)));
  }

  #tell(net: SubnetService, what: { outcome: Released; address: string; identity?: string }, why: string): void {
    const node = this.#environment.nodeOf(net);
    const level = what.outcome === 'failed' ? 'warn' : 'info';
    this.#environment.tell({ event: 'release', level, addressSpace: 'local', subnet: net.cidr, node, ...what, why });
  }
}
