// The local side: what a node asks when it starts a container. The address it asks for is the ticket that the leader was
// given; the answer is the identity's own address, which Docker then uses.

import { setTimeout as pause } from 'node:timers/promises';
import type { Container } from '../docker/index.js';
import { endpoint, gateway, guest, made, unnamed } from '../docker/made-up.js';
import { SWARM } from '../docker/spaces.js';
import { formatAddress, parseCidr } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { Outcome } from '../plugin/metrics.js';
import type { AllocateOptions, SubnetService } from '../service/subnet-service.js';
import { type Asker, Askers, type Request } from './asker.js';
import type { Context } from './context.js';
import { Leaving } from './leaving.js';
import type { Tenants } from './tenants.js';

type Someone = Extract<Asker, { readonly kind: 'container' }>;

/** Between two looks at whether the one at home has left. */
const STEP = 100;
/** The news of the leader's gateway comes at once, if it comes. */
const NEWS = 300;

export class LocalSide {
  readonly #context: Context;
  readonly #tenants: Tenants;
  readonly #askers: Askers;
  readonly #leaving: Leaving;

  constructor(context: Context, tenants: Tenants) {
    this.#context = context;
    this.#tenants = tenants;
    this.#askers = new Askers(context);
    this.#leaving = new Leaving(context, tenants);
  }

  /**
   * The address for whoever asks.
   * @throws LimpetError UNAVAILABLE (store or Docker), OCCUPIED naming the owner, FULL, OUT_OF_RANGE
   */
  async request(net: SubnetService, request: Request): Promise<string> {
    const asker = await this.#askers.find(net, request);
    switch (asker.kind) {
      case 'container':
        return this.#tenants.alone(net, asker.identity, () =>
          asker.wish ? this.#wish(net, asker, request.address as string) : this.#home(net, asker, request.address),
        );
      case 'endpoint':
        return this.#endpoint(net, request.address as string);
      case 'unclear':
        return this.#unclear(net, asker.candidates);
    }
  }

  /** The gateway of a network: the leader's, or one that every node with this network is live on. */
  async gateway(net: SubnetService, asked: string | undefined): Promise<string> {
    if (asked !== undefined && (await this.#isLeaders(net, asked)))
      return this.#answer(net, { address: asked, outcome: 'same' }, "the leader's gateway");
    const excluded = asked !== undefined && net.inspect(asked).state === 'excluded';
    const address =
      asked === undefined ? await this.#ownGateway(net) : excluded ? asked : await this.#allocateGateway(net, asked);
    return this.#answer(net, { address, outcome: 'gateway' }, 'the gateway');
  }

  /** An address is needed no longer. Only whose it is lets go of it. */
  async release(net: SubnetService, address: string): Promise<void> {
    await this.#leaving.release(net, address);
  }

  async #home(net: SubnetService, asker: Someone, ticket: string | undefined): Promise<string> {
    const { identity, name } = asker;
    const { node, waits, now } = this.#context;
    const until = now() + waits.home;
    const options = ticket === undefined ? { node: node() } : { node: node(), ticket };
    const known = net.lookup(identity) !== undefined;
    for (;;) {
      const other = this.#tenants.other(net, identity, name, await this.#around(net, asker));
      const address = other === undefined ? await claimed(net, identity, options) : undefined;
      if (address !== undefined) {
        this.#tenants.enter(net, identity, name, address);
        const outcome = known ? 'own' : address === ticket ? 'ticket' : 'new';
        return this.#answer(net, { identity, address, ticket, outcome }, WHY[outcome]);
      }
      if (now() >= until) return this.#guest(net, asker, ticket, other);
      await pause(STEP);
    }
  }

  /** The containers, when there can be another one of the identity: looked at only then, since it costs a question. */
  async #around(net: SubnetService, { identity }: Someone): Promise<readonly Container[]> {
    const isHere = net.lookup(identity)?.nodes.includes(this.#context.node());
    return isHere || this.#tenants.get(net, identity) !== undefined ? this.#context.containers.fresh() : [];
  }

  async #guest(
    net: SubnetService,
    asker: Someone,
    ticket: string | undefined,
    other: string | undefined,
  ): Promise<string> {
    const { identity } = asker;
    const node = this.#context.node();
    const binding = net.lookup(identity);
    const where = other ?? `a container on ${binding?.nodes.join(' and ')}`;
    if (binding?.address === ticket && ticket !== undefined) throw occupied(net, ticket, `${identity} (${where})`);
    const name = ticket === undefined ? unnamed(node) : guest(ticket);
    const address = await net.claim(name, ticket === undefined ? { node } : { node, ticket });
    return this.#answer(
      net,
      { identity, address, ticket, outcome: 'guest' },
      `${where} is still at ${binding?.address}`,
    );
  }

  /** A user's own choice: this address or none, and the container's home from now on. */
  async #wish(net: SubnetService, { identity, name }: Someone, address: string): Promise<string> {
    const owner = net.inspect(address).identity;
    if (owner !== undefined && owner !== identity) throw occupied(net, address, owned(net, owner));
    const before = net.lookup(identity);
    if (before !== undefined && before.address !== address) await net.reclaim(identity);
    const given = await net.claim(identity, { node: this.#context.node(), ticket: address });
    this.#tenants.enter(net, identity, name, given);
    return this.#answer(net, { identity, address: given, ticket: address, outcome: 'own' }, 'asked for by its user');
  }

  /** What no container asked for: the load balancer's end of the network, or an auxiliary address. */
  async #endpoint(net: SubnetService, address: string): Promise<string> {
    const node = this.#context.node();
    const { state, identity } = net.inspect(address);
    const name = endpoint(node, address);
    if (identity !== undefined && identity !== name) throw occupied(net, address, owned(net, identity));
    if (state !== 'excluded') await net.claim(name, { node, ticket: address });
    return this.#answer(net, { identity: name, address, outcome: 'endpoint' }, 'no container asked for it');
  }

  async #unclear(net: SubnetService, candidates: readonly string[]): Promise<string> {
    const node = this.#context.node();
    const identity = unnamed(node);
    const address = await net.claim(identity, { node });
    const why =
      candidates.length === 0
        ? 'no container is seen that it could be for: it will not be sticky'
        : `it could be for any of ${candidates.length} containers: it will not be sticky`;
    return this.#answer(net, { identity, address, outcome: 'unnamed', candidates: candidates.slice(0, 10) }, why);
  }

  /** The one that the network had before, else the first address that is free. */
  async #ownGateway(net: SubnetService): Promise<string> {
    const there = [...net.list()].find(({ identity }) => made(identity) === 'gateway')?.address;
    const { base, version } = parseCidr(net.cidr);
    const first = formatAddress(base + 1n, version);
    const held = there ?? (net.inspect(first).state === 'free' ? first : await net.holdNext());
    const address = await this.#allocateGateway(net, held);
    if (held !== there && held !== first) await net.unhold(held); // bound now: the hold was only to find it
    return address;
  }

  async #allocateGateway(net: SubnetService, address: string): Promise<string> {
    return net.allocate(gateway(address), { node: this.#context.node(), ticket: address });
  }

  /** Whether the leader holds it. In a subnet of the swarm that may be known a moment later than the leader's answer. */
  async #isLeaders(net: SubnetService, address: string): Promise<boolean> {
    const until = this.#context.now() + (net.spec.space === SWARM ? NEWS : 0);
    while (net.inspect(address).state === 'free' && this.#context.now() < until) await pause(STEP);
    return net.inspect(address).state === 'held';
  }

  #answer(net: SubnetService, given: Given, why: string): string {
    const { address, outcome } = given;
    this.#context.metrics.addresses.inc({ side: 'local', outcome });
    const line = { event: 'address', subnet: net.cidr, node: this.#context.node(), ...given };
    if (outcome === 'guest' || outcome === 'unnamed') this.#context.log.warn(line, why);
    else this.#context.log.info(line, why);
    return address;
  }
}

interface Given {
  readonly address: string;
  readonly outcome: Outcome;
  readonly identity?: string;
  readonly ticket?: string | undefined;
  readonly candidates?: readonly string[];
}

const WHY = {
  own: 'its own',
  ticket: 'its first: bound to its ticket',
  new: 'its first: the next free one',
} as const;

/** The identity's address, or undefined while it is live on another node. */
async function claimed(net: SubnetService, identity: string, options: AllocateOptions): Promise<string | undefined> {
  try {
    return await net.claim(identity, options);
  } catch (error) {
    if (error instanceof LimpetError && error.code === 'LIVE') return undefined;
    throw error;
  }
}

/** Whose it is, for people. */
function owned(net: SubnetService, identity: string): string {
  const nodes = net.lookup(identity)?.nodes ?? [];
  return nodes.length === 0 ? `${identity} (reserved)` : `${identity} (live on ${nodes.join(' and ')})`;
}

function occupied(net: SubnetService, address: string, owner: string): LimpetError {
  return new LimpetError('OCCUPIED', `Address already in use: ${address} of ${net.cidr} belongs to ${owner}`, {
    subnet: net.cidr,
    address,
    owner,
  });
}
