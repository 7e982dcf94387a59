// What a node asks when it starts a container, in the local address space. The address it asks for is the ticket that
// the leader was given; the answer is the identity's own address, which Docker then uses.

import { endpoint, guest, unnamed } from '../docker/made-up.js';
import type { Container } from '../docker/shapes.js';
import { LimpetError } from '../host/errors.js';
import { type AllocateOptions, type CallOptions, type SubnetService, waitsFor } from '../service/index.js';
import { Askers, type Request, type Someone } from './asker.js';
import { Choices } from './choices.js';
import type { Environment, Wanted } from './environment.js';
import { excluded, gatewayFor, heldByNetwork, occupied, pinned } from './gateways.js';
import { Leaving } from './leaving.js';
import { keepNeighbours } from './neighbours.js';
import { isLeaders } from './pools.js';
import type { Other, Tenants } from './tenants.js';
import type { Outcome } from './told.js';

/** Between two looks at whether the one at home has left. */
const STEP = 100;
/** The news of the leader's gateway comes at once, if it comes. */
const NEWS = 300;

export interface NodeRequest extends Request, Wanted {}

export class NodeCalls {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  readonly #askers: Askers;
  readonly #leaving: Leaving;
  readonly #choices: Choices;

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#askers = new Askers(environment);
    this.#leaving = new Leaving(environment, tenants);
    this.#choices = new Choices(environment, tenants);
  }

  /**
   * The address for whoever asks.
   * @throws LimpetError UNAVAILABLE (the store), OCCUPIED naming the owner, FULL, OUT_OF_RANGE
   */
  async request(net: SubnetService, request: NodeRequest): Promise<string> {
    const asker = await this.#askers.find(net, request);
    switch (asker.kind) {
      case 'container':
        return this.#tenants.alone(net, asker.identity, () => this.#container(net, asker, request));
      case 'endpoint':
        return this.#endpoint(net, request.address as string, request);
      case 'unclear':
        return this.#unclear(net, request, asker.candidates, asker.why);
    }
  }

  /** The gateway of a network: the leader's, or the subnet's own. */
  async gateway(net: SubnetService, wanted: Wanted): Promise<string> {
    if (wanted.address !== undefined && isLeaders(net)) await this.#untilNews(net, wanted.address);
    const address = await gatewayFor(this.#environment, net, wanted);
    return this.#answer(net, { address, outcome: 'gateway' }, 'the gateway');
  }

  /** An address is needed no longer. Only whose it is lets go of it. */
  async release(net: SubnetService, address: string, options: CallOptions = {}): Promise<void> {
    await this.#leaving.release(net, address, options);
  }

  async #container(net: SubnetService, asker: Someone, asked: NodeRequest): Promise<string> {
    const { clock, waits } = this.#environment;
    const until = clock.elapsed() + waits.home;
    const request = await this.#choices.apply(net, asker, asked);
    if (asker.around !== undefined && isForAnyone(net, asker, request)) {
      await keepNeighbours(this.#environment, this.#tenants, net, asker.around, request);
    }
    for (let around = asker.around; ; around = await this.#environment.containers.ifAnswered()) {
      const other = this.#other(net, asker, around);
      const address = other === undefined ? await this.#atHome(net, asker, request) : undefined;
      if (address !== undefined) return address;
      const isWorthWaiting = other === undefined || other.isNamesake;
      if (!isWorthWaiting || clock.elapsed() >= until) return this.#guest(net, asker, request, other);
      await clock.sleep(STEP);
    }
  }

  /** Who is at the asker's home, or at the address that its user wants. */
  #other(net: SubnetService, asker: Someone, around: readonly Container[] | undefined): Other | undefined {
    return this.#tenants.other(net, asker.identity, asker, around, this.#environment.networks.known);
  }

  #atHome(net: SubnetService, asker: Someone, request: NodeRequest): Promise<string | undefined> {
    return asker.wish ? this.#wish(net, asker, request) : this.#home(net, asker, request);
  }

  /** The identity's own address; undefined while it is live on another node. */
  async #home(
    net: SubnetService,
    asker: Someone,
    { address: ticket, range, deadline }: NodeRequest,
  ): Promise<string | undefined> {
    const { identity } = asker;
    await this.#choices.comeHome(net, identity, { deadline });
    const known = net.lookup(identity) !== undefined;
    const isUsable = ticket !== undefined && (known || isFreeFor(net, ticket, identity));
    const address = await claimed(net, identity, {
      node: this.#environment.nodeOf(net),
      deadline,
      ...(isUsable ? { ticket } : {}),
      ...(range === undefined ? {} : { range }),
    });
    if (address === undefined) return undefined;
    this.#tenants.enter(net, identity, asker, address);
    const outcome = known ? 'own' : address === ticket ? 'ticket' : 'new';
    return this.#answer(net, { identity, address, ticket, outcome }, WHY[outcome]);
  }

  /** A user's own choice: this address or none, and the container's home from now on. */
  async #wish(
    net: SubnetService,
    asker: Someone,
    { address: wish, deadline }: NodeRequest,
  ): Promise<string | undefined> {
    const { identity } = asker;
    const address = wish as string;
    const { state, identity: owner } = net.inspect(address);
    if (owner !== undefined && owner !== identity && waitsFor(owner) !== identity)
      throw occupied(this.#environment, net, address, owner);
    const pin = net.pinOf(identity);
    if (pin !== undefined && pin.address !== address) throw pinned(net, identity, pin.address);
    await this.#choices.comeHome(net, identity, { deadline });
    // Held for the leader it is this container's ticket; in a host's own subnet nobody can have been given it.
    if (address === net.spec.gateway || (state === 'held' && !isLeaders(net))) throw heldByNetwork(net, address);
    if (state === 'excluded') throw excluded(net, address); // before its home is given up for it
    const before = net.lookup(identity);
    const node = this.#environment.nodeOf(net);
    if (before !== undefined && before.address !== address) {
      if (before.nodes.some((other) => other !== node)) return undefined; // it runs there, and has its home
      // Nobody is at its home here: the mark is of a start that Docker has not given back.
      if (before.state === 'live') await net.release(identity, node, { deadline });
      await net.reclaim(identity, { deadline });
    }
    const given = await claimed(net, identity, { node, ticket: address, deadline });
    if (given === undefined) return undefined;
    this.#tenants.enter(net, identity, asker, given);
    return this.#answer(net, { identity, address: given, ticket: address, outcome: 'own' }, 'asked for by its user');
  }

  async #guest(
    net: SubnetService,
    asker: Someone,
    { address: ticket, range, deadline }: NodeRequest,
    other: Other | undefined,
  ): Promise<string> {
    const { identity, wish } = asker;
    const node = this.#environment.nodeOf(net);
    const home = net.lookup(identity);
    const names = home?.nodes.map((id) => this.#environment.service().nodeName(id) ?? id) ?? [];
    const where = other?.name ?? `a container on ${names.join(' and ')}`;
    if (wish && home?.address === ticket)
      throw occupied(this.#environment, net, ticket as string, `${identity} (${where})`);
    const own = ticket !== undefined && isFreeFor(net, ticket, guest(ticket)) ? guest(ticket) : this.#unnamed(net);
    const address = await net.claim(own, {
      node,
      deadline,
      ...(made(own, ticket) ? { ticket: ticket as string } : {}),
      ...(range === undefined ? {} : { range }),
    });
    // Its start can take longer than two looks at what runs here, and no list shows it before.
    this.#tenants.enter(net, own, asker, address);
    const why = `${where} is still at ${home?.address}`;
    return this.#answer(net, { identity, address, ticket, outcome: 'guest' }, why);
  }

  /**
   * What no container asked for: the load balancer's end of the network, or an auxiliary address, which hosts can
   * share.
   */
  async #endpoint(net: SubnetService, address: string, { deadline }: CallOptions): Promise<string> {
    const node = this.#environment.nodeOf(net);
    const { state, identity } = net.inspect(address);
    const name = endpoint(node, address);
    if (identity !== undefined && identity !== name) throw occupied(this.#environment, net, address, identity);
    if (!isLeaders(net)) {
      if (state === 'free') await net.hold(address, { deadline });
      return this.#answer(net, { address, outcome: 'auxiliary' }, 'no container asked for it');
    }
    if (state !== 'excluded') await net.claim(name, { node, ticket: address, deadline });
    return this.#answer(net, { identity: name, address, outcome: 'endpoint' }, 'no container asked for it');
  }

  /** An address of its own, and nobody's home: the one that is asked for, if it is nobody's. */
  async #unclear(
    net: SubnetService,
    { address: asked, range, deadline }: NodeRequest,
    candidates: readonly string[],
    why: string,
  ): Promise<string> {
    if (asked !== undefined && !isLeaders(net) && net.inspect(asked).state === 'held') {
      return this.#answer(net, { address: asked, outcome: 'auxiliary' }, 'said again');
    }
    const node = this.#environment.nodeOf(net);
    // A ticket may be the load balancer's end: so called, its node counts as seen. It ends with its use as well.
    const end = asked !== undefined && isLeaders(net) ? endpoint(node, asked) : undefined;
    const identity = end !== undefined && isFreeFor(net, asked as string, end) ? end : this.#unnamed(net);
    const isUsable = asked !== undefined && isFreeFor(net, asked, identity);
    const where = { ...(isUsable ? { ticket: asked } : {}), ...(range === undefined ? {} : { range }) };
    const address = await net.claim(identity, { node, deadline, ...where });
    const given: Given = { identity, address, outcome: 'unnamed', candidates: candidates.slice(0, 10) };
    return this.#answer(net, given, `${why}: the address will not be sticky`);
  }

  #unnamed(net: SubnetService): string {
    const unique = Math.floor(this.#environment.clock.random() * 2 ** 48).toString(36);
    return unnamed(this.#environment.nodeOf(net), unique);
  }

  /** In a subnet of the swarm the leader's gateway may be known a moment later than the leader's answer. */
  async #untilNews(net: SubnetService, gateway: string): Promise<void> {
    const { clock } = this.#environment;
    const until = clock.elapsed() + NEWS;
    while (net.inspect(gateway).state === 'free' && clock.elapsed() < until) await clock.sleep(STEP);
  }

  #answer(net: SubnetService, given: Given, why: string): string {
    const level = given.outcome === 'guest' || given.outcome === 'unnamed' ? 'warn' : 'info';
    const node = this.#environment.nodeOf(net);
    this.#environment.tell({ event: 'address', level, addressSpace: 'local', subnet: net.cidr, node, ...given, why });
    return given.address;
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

/** Whether it may get an address that is nobody's now: it has none, and no ticket that is held for it. */
function isForAnyone(net: SubnetService, { identity }: Someone, { address }: NodeRequest): boolean {
  return net.lookup(identity) === undefined && (address === undefined || net.inspect(address).state !== 'held');
}

/** Whether an address that is asked for is nobody else's home. */
function isFreeFor(net: SubnetService, address: string, identity: string): boolean {
  const { state, identity: owner } = net.inspect(address);
  return state !== 'excluded' && (owner === undefined || owner === identity);
}

function made(own: string, ticket: string | undefined): boolean {
  return ticket !== undefined && own === guest(ticket);
}

/** The identity's address, or undefined while it is live on another node. */
async function claimed(net: SubnetService, identity: string, options: AllocateOptions): Promise<string | undefined> {
  try {
    return await net.claim(identity, options);
  } catch (error) {
    if (error instanceof LimpetError && error.code === 'LIVE') return undefined;
    throw error;
  }
}
