// Who a node asks an address for. Docker 29 says it; older ones say nothing, and nameless.ts finds it out. While Docker
// does not answer, what is known of before has to do.

import { identityOf, identityOfName, isBalancerEnd } from '../docker/identities.js';
import { ofSubnet } from '../docker/networks.js';
import type { Container } from '../docker/shapes.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/index.js';
import type { Ends } from './ends.js';
import type { Environment } from './environment.js';
import { Nameless } from './nameless.js';
import { isLeaders } from './pools.js';
import { type Asker, endpoint, type Look, nameable, type Request, type Someone, someone } from './someone.js';
import type { Tenants } from './tenants.js';

/** Between two looks at whether Docker answers again. */
const STEP = 200;
const SILENCE: Look = {
  kind: 'silence',
  atLast: { kind: 'unclear', candidates: [], why: 'Docker does not say who asks, and does not answer' },
};

/** What of its tenants it takes to know. */
type AskersTenants = Pick<Tenants, 'isGivenBack' | 'hasCome' | 'strangers'>;

export class Askers {
  readonly #environment: Environment;
  readonly #tenants: AskersTenants;
  readonly #nameless: Nameless;

  constructor(environment: Environment, tenants: AskersTenants, ends: Pick<Ends, 'isExpected'>) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#nameless = new Nameless(environment, tenants, ends);
  }

  /**
   * Who asks, as soon as Docker can say it. Who trades a ticket is a task, most likely, and a node that boots starts
   * its tasks while Docker's API is about to come and the swarm looks for a leader: neither waits for the tasks.
   * Docker's boot may wait for a plain container, so that nothing is waited for there; and on a swarm's network, where
   * one cannot be told from a task, not for ever.
   * @throws LimpetError OCCUPIED when several containers are configured with one address, and somebody else has it
   */
  async find(net: SubnetService, request: Request): Promise<Asker> {
    const { clock, waits } = this.#environment;
    const isTicket = request.name === undefined && request.address !== undefined && isLeaders(net);
    let until: number | undefined;
    for (;;) {
      const look = await this.#look(net, request);
      if (look.kind !== 'silence') return look;
      until ??= clock.elapsed() + waits.boot;
      if (!isTicket || clock.elapsed() >= until) return look.atLast;
      await clock.sleep(STEP);
    }
  }

  async #look(net: SubnetService, { address, name }: Request): Promise<Look> {
    const containers = await this.#environment.containers.ifAnswered();
    if (name !== undefined) return this.#named(net, containers, name, address);
    if (containers === undefined) return this.#wishedBy(net, address) ?? SILENCE;
    try {
      return await (address === undefined
        ? this.#nameless.withoutAddress(net, containers)
        : this.#nameless.withAddress(net, containers, address));
    } catch (error) {
      // Right after its start Docker lists containers before it lists networks: that waits for the swarm's raft.
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return SILENCE;
      throw error;
    }
  }

  /**
   * Who had this address by its user's wish when Docker could still be asked, and does not run: after a power loss
   * Docker gives back what ran before it starts anybody. In a host's own subnet nobody asks for an address but whose
   * user wants it; two can want the same.
   */
  #wishedBy(net: SubnetService, address: string | undefined): Someone | undefined {
    if (address === undefined || isLeaders(net)) return undefined;
    const identity = this.#environment.wished?.().whose(net.spec, address);
    const home = identity === undefined ? undefined : net.lookup(identity);
    if (identity === undefined || home?.address !== address) return undefined;
    const hasLeft = home.state === 'reserved' || this.#tenants.isGivenBack(net, identity);
    return hasLeft ? { kind: 'container', name: identity, identity, wish: true } : undefined;
  }

  #named(
    net: SubnetService,
    containers: readonly Container[] | undefined,
    name: string,
    address: string | undefined,
  ): Asker {
    const here = ofSubnet(this.#environment.networks.known, net.cidr);
    const isEnd = address !== undefined && isLeaders(net);
    // The load balancer's end has a name too, and must get the address that Swarm has for it.
    if (isEnd && here.length > 0 && isBalancerEnd(name, here))
      return containers === undefined ? { kind: 'endpoint' } : endpoint(containers);
    if (containers === undefined) {
      if (isEnd && isBalancerEnd(name)) return { kind: 'endpoint' };
      return nameable({ kind: 'container', name, identity: identityOfName(name), wish: false });
    }
    const container = containers.find((each) => each.name === name);
    if (container !== undefined) return someone(net, container, address, containers);
    if (address !== undefined) return endpoint(containers);
    return nameable({ kind: 'container', name, identity: identityOf({ name }), wish: false, around: containers });
  }
}
