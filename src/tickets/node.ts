// What a node asks when it starts a container, in the local address space. The address it asks for is the ticket that
// the leader was given; the answer is the identity's own address, which Docker then uses.

import { secondHomeOf } from '../docker/identities.js';
import { guest } from '../docker/made-up.js';
import type { Container } from '../docker/shapes.js';
import type { AllocateOptions, CallOptions, SubnetService } from '../service/index.js';
import { homesOf } from '../service/second-homes.js';
import { answer, isFreeFor, unnamedOn } from './answers.js';
import { Askers } from './asker.js';
import { Choices } from './choices.js';
import { Ends } from './ends.js';
import type { Environment, Wanted } from './environment.js';
import { gatewayFor, occupied } from './gateways.js';
import { goneFrom } from './gone.js';
import { Leaving } from './leaving.js';
import { Neighbours } from './neighbours.js';
import { endpointFor, unclearFor } from './nobody.js';
import { isLeaders } from './pools.js';
import type { Asker, Request, Someone } from './someone.js';
import type { Other, Tenants } from './tenants.js';
import { unlessTaken } from './unless-taken.js';
import { Wishes } from './wishes.js';

/** Between two looks at whether the one at home has left. */
const STEP = 100;
/** Milliseconds after which a list of containers is read again: it takes some ten, and a container's start more. */
const AGED = 50;
/** The news of the leader's gateway comes at once, if it comes. */
const NEWS = 300;

export interface NodeRequest extends Request, Wanted {}

export class NodeCalls {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  readonly #askers: Askers;
  readonly #leaving: Leaving;
  readonly #choices: Choices;
  readonly #wishes: Wishes;
  readonly #ends: Ends;

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#leaving = new Leaving(environment, tenants);
    this.#choices = new Choices(environment, tenants);
    this.#wishes = new Wishes(environment, tenants, this.#choices);
    this.#ends = new Ends(environment.containers);
    this.#askers = new Askers(environment, tenants, this.#ends);
  }

  /** Docker makes the network here. Which containers there were before that a worker looks at now. */
  async begin(net: SubnetService): Promise<void> {
    if (isLeaders(net) && !this.#environment.isManager()) await this.#environment.containers.ifAnswered();
    this.#ends.expect(net);
  }

  /**
   * The address for whoever asks.
   * @throws LimpetError UNAVAILABLE (the store), OCCUPIED naming the owner, FULL, OUT_OF_RANGE
   */
  async request(net: SubnetService, request: NodeRequest): Promise<string> {
    const since = this.#environment.clock.elapsed();
    const asker = this.#unlessEnd(net, await this.#askers.find(net, request), request);
    switch (asker.kind) {
      case 'container':
        return this.#tenants.alone(net, asker.identity, async () =>
          this.#container(net, await this.#upToDate(net, asker, since), request),
        );
      case 'endpoint':
        return this.#came(net, await this.#endpoint(net, request.address as string, asker, request));
      case 'unclear':
        return this.#came(net, await this.#unclear(net, request, asker));
    }
  }

  #endpoint(net: SubnetService, address: string, asker: Around, options: CallOptions): Promise<string> {
    return this.#neighbours(net, asker).first(options, (isDue) =>
      endpointFor(this.#environment, this.#tenants, net, address, { ...options, isDue }),
    );
  }

  async #unclear(net: SubnetService, request: NodeRequest, asker: Unclear): Promise<string> {
    const around = await this.#environment.containers.ifAnswered();
    return this.#neighbours(net, { around }).first(request, (isDue) =>
      unclearFor(this.#environment, this.#tenants, net, { ...request, isDue }, asker),
    );
  }

  /** It may have been the load balancer's end. */
  #came(net: SubnetService, address: string): string {
    this.#ends.came(net);
    return address;
  }

  /** The gateway of a network: the leader's, or the subnet's own. */
  async gateway(net: SubnetService, wanted: Wanted): Promise<string> {
    if (wanted.address !== undefined && isLeaders(net)) await this.#untilNews(net, wanted.address);
    const address = await gatewayFor(this.#environment, net, wanted);
    return answer(this.#environment, net, { address, outcome: 'gateway' }, 'the gateway');
  }

  /** An address is needed no longer, since that moment. Only whose it is lets go of it. */
  async release(net: SubnetService, address: string, since: number, options: CallOptions = {}): Promise<void> {
    await this.#leaving.release(net, address, since, options);
  }

  /**
   * Whoever has waited for another one of the identity does not find him in a list from before that one was made, be it
   * by a millisecond.
   */
  async #upToDate(net: SubnetService, asker: Someone, since: number): Promise<Someone> {
    const { clock, containers } = this.#environment;
    const hasCome = homesOf(asker.identity).some((home) => (this.#tenants.get(net, home)?.since ?? -1) >= since);
    if (asker.around === undefined || (!hasCome && clock.elapsed() - since < AGED)) return asker;
    return { ...asker, around: await containers.ifAnswered() };
  }

  async #container(net: SubnetService, found: Someone, asked: NodeRequest): Promise<string> {
    const { clock, waits, containers } = this.#environment;
    const until = clock.elapsed() + waits.home;
    let asker = found;
    let { around } = found;
    let request = await this.#choices.apply(net, asker, asked);
    for (;;) {
      const other = this.#other(net, asker.identity, asker, around);
      const address = other === undefined ? await this.#atHome(net, asker, request) : undefined;
      if (address !== undefined) return address;
      const isWorthWaiting = other === undefined || other.isNamesake;
      if (!isWorthWaiting || clock.elapsed() >= until) return this.#beside(net, asker, request, { other, around });
      await clock.sleep(STEP);
      around = await containers.ifAnswered();
      if (around === undefined) continue;
      const hasLabels = asker.around !== undefined;
      asker = { ...asker, around };
      // A Docker that boots has begun to say what its labels are.
      if (!hasLabels) request = await this.#choices.apply(net, asker, asked);
    }
  }

  /**
   * Before Docker 29 a worker cannot tell a load balancer's end from a container that was left over with a ticket that
   * was given again, to the end: where that may be so the answer must be nobody's home.
   */
  #unlessEnd(net: SubnetService, asker: Asker, { name }: NodeRequest): Asker {
    const { isManager, nodeOf } = this.#environment;
    if (asker.kind !== 'container' || asker.isAtWork || name !== undefined) return asker;
    if (isManager() || !isLeaders(net)) return asker;
    const container = asker.around?.find(({ id }) => id === asker.id);
    if (container?.task === undefined || !this.#ends.isMeant(net, nodeOf(net), container)) return asker;
    const why = `the load balancer's end, or ${asker.name}: a worker cannot tell here`;
    return { kind: 'unclear', candidates: [asker.name], why };
  }

  /** Who is at this home of the asker's, or at the address that its user wants. */
  #other(
    net: SubnetService,
    home: string,
    asker: Someone,
    around: readonly Container[] | undefined,
  ): Other | undefined {
    return this.#tenants.other(net, home, asker, around, this.#environment.networks.known);
  }

  #atHome(net: SubnetService, asker: Someone, request: NodeRequest): Promise<string | undefined> {
    return this.#tenants.coming(net, asker.identity, () =>
      asker.wish ? this.#wishes.grant(net, asker, request) : this.#home(net, asker, request),
    );
  }

  /** The identity's own address; undefined while it is live on another node. */
  async #home(net: SubnetService, asker: Someone, request: NodeRequest): Promise<string | undefined> {
    const { identity } = asker;
    await this.#choices.comeHome(net, identity, request);
    const known = net.lookup(identity) !== undefined;
    const address = await this.#letIn(net, identity, asker, request);
    if (address === undefined) return undefined;
    if (!isLeaders(net)) await this.#environment.wished?.().drop(net.spec, identity);
    const ticket = request.address;
    const outcome = known ? 'own' : address === ticket ? 'ticket' : 'new';
    return answer(this.#environment, net, { identity, address, ticket, outcome }, WHY[outcome]);
  }

  /**
   * Where the identity runs already: at its second home, and where it has none, or that is taken as well, as a guest.
   */
  async #beside(net: SubnetService, asker: Someone, request: NodeRequest, first: First): Promise<string> {
    const { identity } = asker;
    const why = `${this.#whoIsAt(net, identity, first.other)} is still at ${net.lookup(identity)?.address}`;
    const home = asker.wish ? undefined : secondHomeOf(identity);
    if (home === undefined) return this.#guest(net, asker, request, why, first.other);
    const other = this.#other(net, home, asker, first.around);
    if (other === undefined) await this.#choices.comeHome(net, home, request);
    const letIn = () => this.#letIn(net, home, asker, request);
    const address = other === undefined ? await this.#tenants.coming(net, home, letIn) : undefined;
    if (address !== undefined)
      return answer(this.#environment, net, { identity, address, ticket: request.address, outcome: 'second' }, why);
    const also = `${this.#whoIsAt(net, home, other)} at the second home ${net.lookup(home)?.address}`;
    return this.#guest(net, asker, request, `${why}, and ${also}`, first.other);
  }

  /**
   * The address of this home of the asker's, which is made if there is none yet; undefined while somebody of another
   * node has it.
   */
  async #letIn(
    net: SubnetService,
    home: string,
    asker: Someone,
    { address: ticket, range, deadline }: NodeRequest,
  ): Promise<string | undefined> {
    const wanted = () => {
      const isUsable = ticket !== undefined && isFreeFor(net, ticket, home);
      return { name: home, range, ...(isUsable ? { ticket } : {}) };
    };
    // Nobody is at home that this process has let in, and it is live here: by the word of the process before.
    const isTakenOver = net.lookup(home)?.nodes.includes(this.#environment.nodeOf(net)) === true;
    // Also where it has a home: that can have ended elsewhere, and then it gets another one; or it has moved to where
    // somebody of this node is, and only the store's answer tells.
    const isFree = () => this.#other(net, home, asker, asker.around) === undefined;
    const address = await unlessTaken(isFree, (isDue) => this.#claim(net, asker, { deadline, isDue }, wanted));
    if (address === undefined) return undefined;
    const hasForerunner = isTakenOver || this.#tenants.hasForerunner(home, asker, asker.around);
    this.#tenants.enter(net, home, asker, address, hasForerunner);
    return address;
  }

  /**
   * What is new is asked about on the wire, where the network wants it.
   * @param wanted asked for once the neighbours have their addresses
   */
  #claim(net: SubnetService, asker: Someone, { deadline, isDue: isStill }: Due, wanted: () => Claim): Promise<string> {
    const { wire, nodeOf } = this.#environment;
    const gone = goneFrom(this.#environment, this.#tenants, net);
    return this.#neighbours(net, asker).first({ deadline }, (areKept) => {
      const { name, ...where } = wanted();
      const isDue = () => areKept() && isStill?.() !== false;
      const options = { node: nodeOf(net), gone, isDue, deadline, ...where };
      return wire?.claim(net, name, options) ?? net.claim(name, options);
    });
  }

  /** Before an address that is nobody's is given, or a ticket is traded, whoever runs at it has to have it. */
  #neighbours(net: SubnetService, { around }: Around): Neighbours {
    return new Neighbours(this.#environment, this.#tenants, net, around);
  }

  /** Who keeps the asker from a home, for messages. */
  #whoIsAt(net: SubnetService, home: string, other: Other | undefined): string {
    if (other !== undefined) return other.name;
    const names = net.lookup(home)?.nodes.map((id) => this.#environment.service().nodeName(id) ?? id) ?? [];
    return `a container on ${names.join(' and ')}`;
  }

  async #guest(
    net: SubnetService,
    asker: Someone,
    { address: ticket, range, deadline }: NodeRequest,
    why: string,
    other: Other | undefined,
  ): Promise<string> {
    const { identity, wish } = asker;
    if (wish && net.lookup(identity)?.address === ticket) {
      const where = this.#whoIsAt(net, identity, other);
      throw occupied(this.#environment, net, ticket as string, `${identity} (${where})`);
    }
    const unnamed = unnamedOn(this.#environment, net);
    let own = unnamed;
    const letIn = () =>
      this.#claim(net, asker, { deadline }, () => {
        own = this.#guestAt(net, asker, ticket) ?? unnamed;
        return { name: own, range, ...(made(own, ticket) ? { ticket: ticket as string } : {}) };
      });
    const address = await this.#tenants.coming(net, ticket === undefined ? unnamed : guest(ticket), letIn);
    // Its start can take longer than two looks at what runs here, and no list shows it before.
    this.#tenants.enter(net, own, asker, address);
    return answer(this.#environment, net, { identity, address, ticket, outcome: 'guest' }, why);
  }

  /** The name of a guest at the ticket; undefined where the ticket is somebody else's, or somebody else is at it. */
  #guestAt(net: SubnetService, asker: Someone, ticket: string | undefined): string | undefined {
    if (ticket === undefined || !isFreeFor(net, ticket, guest(ticket))) return undefined;
    return this.#other(net, guest(ticket), asker, asker.around) === undefined ? guest(ticket) : undefined;
  }

  /** In a subnet of the swarm the leader's gateway may be known a moment later than the leader's answer. */
  async #untilNews(net: SubnetService, gateway: string): Promise<void> {
    const { clock } = this.#environment;
    const until = clock.elapsed() + NEWS;
    while (net.inspect(gateway).state === 'free' && clock.elapsed() < until) await clock.sleep(STEP);
  }
}

type Due = Pick<AllocateOptions, 'deadline' | 'isDue'>;

/** Who claims an address, and where. */
type Claim = { readonly name: string } & Pick<AllocateOptions, 'ticket' | 'range'>;

interface Around {
  readonly around?: readonly Container[] | undefined;
}
type Unclear = Extract<Asker, { readonly kind: 'unclear' }>;

/** What keeps the asker from its first home. */
interface First {
  /** Undefined when it is a container of another node. */
  readonly other: Other | undefined;
  readonly around: readonly Container[] | undefined;
}

const WHY = {
  own: 'its own',
  ticket: 'its first: bound to its ticket',
  new: 'its first: the next free one',
} as const;

function made(own: string, ticket: string | undefined): boolean {
  return ticket !== undefined && own === guest(ticket);
}
