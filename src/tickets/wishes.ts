// A user's own choice, `--ip`: this address or none, and the container's home from now on.

import { type CallOptions, type SubnetService, waitsFor } from '../service/index.js';
import { answer } from './answers.js';
import type { Choices } from './choices.js';
import type { Environment, Wanted } from './environment.js';
import { forget } from './forget.js';
import { excluded, heldByNetwork, occupied, pinned } from './gateways.js';
import { Neighbours } from './neighbours.js';
import { isLeaders } from './pools.js';
import type { Someone } from './someone.js';
import type { Tenants } from './tenants.js';
import { unlessTaken } from './unless-taken.js';

export class Wishes {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  readonly #choices: Choices;

  constructor(environment: Environment, tenants: Tenants, choices: Choices) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#choices = choices;
  }

  /**
   * The address that the asker's user wants; undefined while the asker's identity runs elsewhere.
   * @throws LimpetError OCCUPIED naming the owner, EXCLUDED, UNAVAILABLE
   */
  async grant(net: SubnetService, asker: Someone, { address: wish, deadline }: Wanted): Promise<string | undefined> {
    const { identity } = asker;
    const address = wish as string;
    const neighbours = new Neighbours(this.#environment, this.#tenants, net, asker.around);
    await neighbours.keep({ deadline });
    await this.#forgetGone(net, address, asker, { deadline });
    this.#check(net, address, identity);
    await this.#choices.comeHome(net, identity, { deadline });
    this.#checkUse(net, address); // before its home is given up for it
    await this.#environment.wire?.refuseTaken(net, address);
    if (!(await this.#giveUpOther(net, address, identity, { deadline }))) return undefined;
    const node = this.#environment.nodeOf(net);
    const isFree = () => this.#isFree(net, address, asker);
    const given = await unlessTaken(isFree, (isStill) =>
      neighbours.first({ deadline }, (areKept) => {
        const isDue = () => areKept() && isStill();
        return net.claim(identity, { node, ticket: address, deadline, isDue });
      }),
    );
    if (given === undefined) return undefined;
    this.#tenants.enter(net, identity, asker, given);
    if (!isLeaders(net)) await this.#environment.wished?.().note(net.spec, given, identity);
    const outcome = { identity, address: given, ticket: address, outcome: 'own' } as const;
    return answer(this.#environment, net, outcome, 'asked for by its user');
  }

  /** Whoever nobody comes back as gives way, unless by the subnet's policy nobody does. */
  async #forgetGone(
    net: SubnetService,
    address: string,
    { identity, around }: Someone,
    options: CallOptions,
  ): Promise<void> {
    const { identity: owner } = net.inspect(address);
    const { after, whenFull } = net.spec.reclaim;
    const isNever = after === undefined && whenFull === undefined;
    if (owner === undefined || owner === identity || isNever) return;
    if (this.#tenants.departures.gone(net, around).includes(owner)) await forget(net, owner, options);
  }

  /** @throws LimpetError OCCUPIED: it is another one's, or the asker is pinned elsewhere */
  #check(net: SubnetService, address: string, identity: string): void {
    const { identity: owner } = net.inspect(address);
    if (owner !== undefined && owner !== identity && waitsFor(owner) !== identity)
      throw occupied(this.#environment, net, address, owner);
    const pin = net.pinOf(identity);
    if (pin !== undefined && pin.address !== address) throw pinned(net, identity, pin.address);
  }

  /** @throws LimpetError OCCUPIED, EXCLUDED */
  #checkUse(net: SubnetService, address: string): void {
    const { state } = net.inspect(address);
    // Held for the leader it is this container's ticket; in a host's own subnet nobody can have been given it.
    if (address === net.spec.gateway || (state === 'held' && !isLeaders(net))) throw heldByNetwork(net, address);
    if (state === 'excluded') throw excluded(net, address);
  }

  /** The home that the identity has elsewhere ends. False where it runs there on another node. */
  async #giveUpOther(net: SubnetService, address: string, identity: string, options: CallOptions): Promise<boolean> {
    const home = net.lookup(identity);
    if (home === undefined || home.address === address) return true;
    const node = this.#environment.nodeOf(net);
    if (home.nodes.some((other) => other !== node)) return false;
    // Nobody is at its home here: the mark is of a start that Docker has not given back.
    if (home.state === 'live') await net.release(identity, node, options);
    await net.reclaim(identity, options);
    return true;
  }

  /** Its home can have been moved, and somebody of this node can be where it is now. */
  #isFree(net: SubnetService, address: string, asker: Someone): boolean {
    const home = net.lookup(asker.identity);
    if (home !== undefined && home.address !== address) return false;
    const { networks } = this.#environment;
    return this.#tenants.other(net, asker.identity, asker, asker.around, networks.known) === undefined;
  }
}
