// The global side: what Swarm's leader asks. It never says for whom, and asks for gateways, virtual IPs, load balancers and
// tasks alike: what it gets is a ticket, unique and held until it gives it back.

import { made } from '../docker/made-up.js';
import { formatAddress, parseCidr } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/subnet-service.js';
import type { Context } from './context.js';
import { forget } from './forget.js';

/** Docker repeats a call whose answer got lost for so long. */
const REPEATS = 35_000;

export class GlobalSide {
  readonly #context: Context;
  /** What this leader has been given since it asked for the pool, by pool and address, and when. */
  readonly #given = new Map<string, Map<string, number>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** A leader begins with its pools, then says again all that its records hold. */
  begin(net: SubnetService): void {
    this.#given.set(keyOf(net), new Map());
  }

  /** A fresh address, held. @throws LimpetError FULL */
  async next(net: SubnetService): Promise<string> {
    const address = await net.holdNext();
    this.#give(net, address, 'new', 'a ticket, virtual IP or load balancer');
    return address;
  }

  /**
   * This very address: a new leader says its records again, or a user wants it for a container (`--ip`). Which of them it is
   * cannot be told; an address that is somebody's is left to the node, which knows who asks and refuses with the owner's name.
   * @throws LimpetError OCCUPIED when this leader has given it to somebody without an identity, OUT_OF_RANGE
   */
  async exact(net: SubnetService, address: string): Promise<string> {
    const { state, identity } = net.inspect(address);
    const owned = state === 'live' || state === 'reserved';
    const since = this.#given.get(keyOf(net))?.get(address);
    if (!owned && since !== undefined && this.#context.now() - since > REPEATS) throw taken(net, address);
    const held = await this.#holdUnlessBound(net, address);
    const why = held ? 'said again or asked for' : `belongs to ${identity ?? 'somebody'}: the node decides`;
    this.#give(net, address, 'same', why);
    return address;
  }

  /** The gateway: as asked for, else the first address that is free. */
  async gateway(net: SubnetService, address: string | undefined): Promise<string> {
    const held = address === undefined ? await this.#firstFree(net) : await this.#holdOutside(net, address);
    this.#give(net, held, 'gateway', 'the gateway');
    return held;
  }

  /** The leader needs the address no longer. A binding there stays. */
  async release(net: SubnetService, address: string): Promise<void> {
    this.#given.get(keyOf(net))?.delete(address);
    const { state, identity } = net.inspect(address);
    if (state === 'excluded') return;
    if (state === 'live') {
      // It may be a refused `--ip`'s, and the owner's own ticket must not end by that: the sweeper knows the records.
      this.#released(net, address, 'kept', `${identity} is live on it`);
      return;
    }
    const was = await net.unhold(address);
    if (identity !== undefined && isPassing(identity)) await forget(net, identity);
    this.#released(net, address, was ? 'unheld' : 'not-held', was ? 'the ticket has served' : 'was not held');
  }

  async #firstFree(net: SubnetService): Promise<string> {
    const { base, version } = parseCidr(net.cidr);
    const first = formatAddress(base + 1n, version);
    return net.inspect(first).state === 'free' ? net.hold(first) : net.holdNext();
  }

  /** A gateway outside of the sub-pool is excluded: nobody else can get it, so that it need not be held. */
  async #holdOutside(net: SubnetService, address: string): Promise<string> {
    if (net.inspect(address).state === 'excluded') return address;
    await this.#holdUnlessBound(net, address);
    return address;
  }

  /** True when it is held now; false when it is bound, and so nobody else's anyhow. */
  async #holdUnlessBound(net: SubnetService, address: string): Promise<boolean> {
    try {
      await net.hold(address);
      return true;
    } catch (error) {
      const bound = error instanceof LimpetError && error.code === 'OCCUPIED';
      if (!bound) throw error;
      return false;
    }
  }

  #give(net: SubnetService, address: string, outcome: 'new' | 'same' | 'gateway', why: string): void {
    this.#given.get(keyOf(net))?.set(address, this.#context.now());
    this.#context.metrics.addresses.inc({ side: 'global', outcome });
    this.#context.log.info({ event: 'hold', side: 'global', subnet: net.cidr, ticket: address, outcome }, why);
  }

  #released(net: SubnetService, address: string, outcome: string, why: string): void {
    this.#context.metrics.releases.inc({ side: 'global', outcome });
    this.#context.log.info({ event: 'unhold', side: 'global', subnet: net.cidr, ticket: address, outcome }, why);
  }
}

/** Made-up identities that end with the ticket they stand on. */
function isPassing(identity: string): boolean {
  const kind = made(identity);
  return kind === 'endpoint' || kind === 'guest';
}

function taken(net: SubnetService, address: string): LimpetError {
  const message = `Address already in use: ${address} of ${net.cidr} is held by the swarm, as a ticket, a virtual IP, a load balancer or a gateway`;
  return new LimpetError('OCCUPIED', message, { subnet: net.cidr, address });
}

function keyOf({ spec: { space, cidr } }: SubnetService): string {
  return `${space} ${cidr}`;
}
