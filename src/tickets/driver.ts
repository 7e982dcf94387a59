// The IPAM driver: Docker's calls, read and checked, each to the side that decides. Knows the protocol's words, no HTTP.

import { type PoolId, parsePoolId, SPACES } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import type { Log } from '../plugin/log.js';
import type { Call, RequestOf } from '../plugin/protocol.js';
import type { SubnetService } from '../service/subnet-service.js';
import { canonical } from './asker.js';
import type { Context } from './context.js';
import { GlobalSide } from './global.js';
import { LocalSide } from './local.js';
import { isAway, Patience } from './patience.js';
import { Pools } from './pools.js';
import type { Tenants } from './tenants.js';

const GATEWAY = 'com.docker.network.gateway';
const RELEASE = 'IpamDriver.ReleaseAddress';
const ENDPOINT_NAME = 'com.docker.network.endpoint.name';

type Answer = Readonly<Record<string, unknown>>;

export class Driver {
  readonly #pools: Pools;
  readonly #global: GlobalSide;
  readonly #local: LocalSide;
  readonly #patience: Patience;
  readonly #endless: Patience;
  readonly #log: Log;
  readonly #calls: { readonly [C in Call]: (request: RequestOf<C>) => Answer | Promise<Answer> } = {
    'Plugin.Activate': () => ({ Implements: ['IpamDriver'] }),
    // No MAC address: without one Docker derives it from the address, so that a sticky address keeps its MAC address too.
    // No replay: what was answered is in the store.
    'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
    'IpamDriver.GetDefaultAddressSpaces': () => ({
      LocalDefaultAddressSpace: SPACES.local,
      GlobalDefaultAddressSpace: SPACES.global,
    }),
    'IpamDriver.RequestPool': (request) => this.#requestPool(request),
    'IpamDriver.ReleasePool': (request) => this.#releasePool(request),
    'IpamDriver.RequestAddress': (request) => this.#requestAddress(request),
    'IpamDriver.ReleaseAddress': (request) => this.#releaseAddress(request),
  };

  constructor(context: Context, tenants: Tenants) {
    this.#pools = new Pools(context);
    this.#global = new GlobalSide(context);
    this.#local = new LocalSide(context, tenants);
    this.#patience = new Patience(context.waits.store, context.now);
    this.#endless = new Patience(Number.POSITIVE_INFINITY, context.now);
    this.#log = context.log;
  }

  /** @throws LimpetError in words that Docker passes on to its user */
  async answer<C extends Call>(call: C, request: RequestOf<C>): Promise<Answer> {
    try {
      return await this.#patience.with(async () => this.#calls[call](request));
    } catch (error) {
      if (call === RELEASE && isAway(error)) void this.#owe(request as RequestOf<typeof RELEASE>);
      throw error instanceof LimpetError ? inDockersWords(error) : error;
    }
  }

  /** Docker asks for a release once, and does nothing about a refusal: it is made good as soon as the store is back. */
  async #owe(request: RequestOf<typeof RELEASE>): Promise<void> {
    try {
      await this.#endless.with(() => this.#releaseAddress(request));
    } catch (error) {
      const line = {
        event: 'release',
        pool: request.PoolID,
        address: request.Address,
        error: (error as Error).message,
      };
      this.#log.warn(line, 'could not be made good: when the node is next looked at');
    }
  }

  async #requestPool(request: RequestOf<'IpamDriver.RequestPool'>): Promise<Answer> {
    const { id, net } = await this.#pools.request(request);
    if (parsePoolId(id).side === 'global') this.#global.begin(net);
    return { PoolID: id, Pool: net.cidr, Data: {} };
  }

  /** Local: the last container of a node has gone; global: the network was removed. Bindings are reserved, and age. */
  #releasePool({ PoolID }: RequestOf<'IpamDriver.ReleasePool'>): Answer {
    this.#pools.release(parsePoolId(PoolID));
    return {};
  }

  async #requestAddress({ PoolID, Address, Options }: RequestOf<'IpamDriver.RequestAddress'>): Promise<Answer> {
    const pool = parsePoolId(PoolID);
    const net = await this.#pools.find(pool);
    const address = Address === '' ? undefined : checked(net, Address);
    const given = await this.#given(pool, net, address, Options);
    return { Address: `${given}/${net.cidr.split('/')[1]}`, Data: {} };
  }

  #given(
    { side }: PoolId,
    net: SubnetService,
    address: string | undefined,
    options: Readonly<Record<string, string>>,
  ): Promise<string> {
    if (options.RequestAddressType === GATEWAY) {
      return side === 'global' ? this.#global.gateway(net, address) : this.#local.gateway(net, address);
    }
    if (side === 'local') return this.#local.request(net, { address, name: options[ENDPOINT_NAME] || undefined });
    return address === undefined ? this.#global.next(net) : this.#global.exact(net, address);
  }

  async #releaseAddress({ PoolID, Address }: RequestOf<'IpamDriver.ReleaseAddress'>): Promise<Answer> {
    const pool = parsePoolId(PoolID);
    const net = await this.#pools.find(pool);
    const side = pool.side === 'global' ? this.#global : this.#local;
    await side.release(net, checked(net, Address));
    return {};
  }
}

/** The address as the service writes it. @throws LimpetError BAD_INPUT or OUT_OF_RANGE */
function checked(net: SubnetService, address: string): string {
  return net.inspect(canonical(address)).address;
}

function inDockersWords(error: LimpetError): LimpetError {
  const prefix = error.code === 'FULL' ? 'no available addresses on this pool: ' : '';
  return prefix === '' ? error : new LimpetError(error.code, `${prefix}${error.message}`, { ...error.details });
}
