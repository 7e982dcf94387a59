// The IPAM driver: Docker's calls, each to the address space that decides. Knows the protocol's words, and no HTTP.

import { canonical } from '../docker/address.js';
import { ADDRESS_SPACES, type AddressSpace } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import { shellWord } from '../host/visible.js';
import { type CallOptions, Deadline, type SubnetService } from '../service/index.js';
import type { Call, RequestOf } from './calls.js';
import type { Environment, Wanted } from './environment.js';
import { LeaderCalls } from './leader.js';
import { NodeCalls } from './node.js';
import { isAway, Patience } from './patience.js';
import { parsePoolId } from './pool-id.js';
import { Pools } from './pools.js';
import type { Said } from './said.js';
import type { Tenants } from './tenants.js';

const POOL = 'IpamDriver.RequestPool';
const GATEWAY = 'com.docker.network.gateway';
const RELEASE = 'IpamDriver.ReleaseAddress';
const ENDPOINT_NAME = 'com.docker.network.endpoint.name';

type Answer = Readonly<Record<string, unknown>>;

/** One of several attempts of a call. */
interface Attempt extends CallOptions {
  /** Of the call, among the leader's. */
  readonly turn: number;
  /** When Docker called, by the clock that nobody sets. */
  readonly since: number;
  /** An earlier attempt found the store away. */
  readonly isAgain: boolean;
}

export class Driver {
  readonly #pools: Pools;
  readonly #leader: LeaderCalls;
  readonly #node: NodeCalls;
  readonly #patience: Patience;
  readonly #endless: Patience;
  readonly #environment: Environment;
  readonly #ended = new AbortController();
  readonly #calls: { readonly [C in Call]: (request: RequestOf<C>, attempt: Attempt) => Answer | Promise<Answer> } = {
    'Plugin.Activate': () => ({ Implements: ['IpamDriver'] }),
    // No MAC address: without one Docker derives it from the address, so that a sticky address keeps its MAC address
    // too. No replay: what was answered is in the store.
    'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
    'IpamDriver.GetDefaultAddressSpaces': () => ({
      LocalDefaultAddressSpace: ADDRESS_SPACES.local,
      GlobalDefaultAddressSpace: ADDRESS_SPACES.global,
    }),
    'IpamDriver.RequestPool': (request, options) => this.#requestPool(request, options),
    'IpamDriver.ReleasePool': (request, options) => this.#releasePool(request, options),
    'IpamDriver.RequestAddress': (request, options) => this.#requestAddress(request, options),
    'IpamDriver.ReleaseAddress': (request, options) => this.#releaseAddress(request, options),
  };

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#pools = new Pools(environment);
    this.#leader = new LeaderCalls(environment, tenants);
    this.#node = new NodeCalls(environment, tenants);
    this.#patience = new Patience(environment.waits.store, environment.clock, this.#ended.signal);
    this.#endless = new Patience(Number.POSITIVE_INFINITY, environment.clock, this.#ended.signal);
  }

  /** What could not be made good so far is left to the next look at the node. */
  end(): void {
    this.#ended.abort();
  }

  /** What Swarm's leader has, by its own word. */
  get said(): Said {
    return this.#leader.said;
  }

  /** Nothing is changed after the deadline. @throws LimpetError in words that Docker passes on to its user */
  async answer<C extends Call>(call: C, request: RequestOf<C>, options: CallOptions = {}): Promise<Answer> {
    const called = { ...options, turn: this.said.turn(), since: this.#environment.clock.elapsed() };
    if (isTicket(call, request) && this.#leader.returns.isOneOfMany()) {
      void this.#owe(request, { ...called, isAgain: false });
      return {};
    }
    try {
      const attempt = async (isAgain: boolean) => this.#calls[call](request, { ...called, isAgain });
      return await this.#patience.with(attempt, options.deadline);
    } catch (error) {
      if (call === RELEASE && isAway(error))
        void this.#owe(request as RequestOf<typeof RELEASE>, { ...called, isAgain: true });
      if (call === POOL && isAway(error) && isGlobal(request as RequestOf<typeof POOL>)) this.said.stumble();
      throw error instanceof LimpetError ? inDockersWords(error) : error;
    }
  }

  /**
   * Docker asks for a release once, and does nothing about a refusal: it is made good as soon as the store is back. A
   * ticket only for as long as no sweeper can have freed it: after that another leader may have given it to somebody.
   */
  async #owe(request: RequestOf<typeof RELEASE>, called: Attempt): Promise<void> {
    const { clock, waits } = this.#environment;
    const { addressSpace } = parsePoolId(request.PoolID);
    const deadline = addressSpace === 'global' ? new Deadline(clock, waits.sweep / 2) : undefined;
    const attempt = (isAgain: boolean) =>
      this.#releaseAddress(request, { ...called, deadline, isAgain: isAgain || called.isAgain });
    try {
      await this.#endless.with(attempt, deadline);
    } catch (error) {
      const why = `could not be made good (${(error as Error).message}): when the node is next looked at`;
      const what = { addressSpace, address: request.Address, outcome: 'failed' } as const;
      this.#environment.tell({ event: 'release', level: 'warn', ...what, why });
    }
  }

  async #requestPool(request: RequestOf<'IpamDriver.RequestPool'>, options: CallOptions): Promise<Answer> {
    const { id, net } = await this.#pools.request(request, options);
    if (parsePoolId(id).addressSpace === 'global') this.said.begin(net.spec);
    else await this.#node.begin(net);
    return { PoolID: id, Pool: net.cidr, Data: {} };
  }

  /**
   * Local: the last container of a node has gone; global: the network was removed. Bindings are reserved, and age. Of a
   * Docker that leads no longer and has not heard of it the network may have been made again since: what no network has
   * the sweeper gives back.
   */
  async #releasePool({ PoolID }: RequestOf<'IpamDriver.ReleasePool'>, options: CallOptions): Promise<Answer> {
    const pool = parsePoolId(PoolID);
    if (pool.addressSpace === 'global') {
      this.said.end(pool);
      await this.#leader.returns.settled(pool);
      if (!(await this.#leader.leads())) {
        const { space, cidr: subnet, addressSpace } = pool;
        const why = 'not released: another node leads now';
        this.#environment.tell({ event: 'pool', level: 'info', space, subnet, addressSpace, why });
        return {};
      }
    }
    await this.#pools.release(pool, options);
    return {};
  }

  async #requestAddress(request: RequestOf<'IpamDriver.RequestAddress'>, { deadline }: CallOptions): Promise<Answer> {
    const { addressSpace, range, ...pool } = parsePoolId(request.PoolID);
    const net = this.#pools.having(await this.#pools.find(pool, { deadline }), addressSpace, request.Address);
    const address = request.Address === '' ? undefined : checked(net, request.Address);
    const wanted = { address, range, deadline };
    const given = await this.#given(addressSpace, net, wanted, request.Options);
    return { Address: `${given}/${net.cidr.split('/')[1]}`, Data: {} };
  }

  #given(
    addressSpace: AddressSpace,
    net: SubnetService,
    wanted: Wanted,
    options: Readonly<Record<string, string>>,
  ): Promise<string> {
    const isGateway = options.RequestAddressType === GATEWAY;
    if (addressSpace === 'local') {
      if (isGateway) return this.#node.gateway(net, wanted);
      return this.#node.request(net, { ...wanted, name: options[ENDPOINT_NAME] || undefined });
    }
    return isGateway ? this.#leader.gateway(net, wanted) : this.#leader.request(net, wanted);
  }

  async #releaseAddress(request: RequestOf<'IpamDriver.ReleaseAddress'>, attempt: Attempt): Promise<Answer> {
    const { PoolID, Address } = request;
    const pool = parsePoolId(PoolID);
    const { deadline } = attempt;
    const net = this.#pools.having(await this.#pools.find(pool, { deadline }), pool.addressSpace, Address);
    const address = checked(net, Address);
    if (pool.addressSpace === 'global') await this.#leader.release(net, address, attempt);
    else await this.#node.release(net, address, attempt.since, { deadline });
    return {};
  }
}

/** Whether the leader gives an address back. */
function isTicket(call: Call, request: RequestOf<Call>): request is RequestOf<typeof RELEASE> {
  return call === RELEASE && parsePoolId((request as RequestOf<typeof RELEASE>).PoolID).addressSpace === 'global';
}

function isGlobal({ AddressSpace }: RequestOf<typeof POOL>): boolean {
  return AddressSpace === ADDRESS_SPACES.global;
}

/** The address as the service writes it. @throws LimpetError BAD_INPUT or OUT_OF_RANGE */
function checked(net: SubnetService, address: string): string {
  return net.inspect(canonical(address)).address;
}

function inDockersWords(error: LimpetError): LimpetError {
  return error.code === 'FULL' ? fullInDockersWords(error as LimpetError<'FULL'>) : error;
}

function fullInDockersWords(error: LimpetError<'FULL'>): LimpetError {
  const { next } = error.details;
  const mend = next === undefined ? '' : `; at once with: limpet reclaim ${shellWord(next)}`;
  const message = `no available addresses on this pool: ${error.message}${mend}`;
  return new LimpetError('FULL', message, { ...error.details });
}
