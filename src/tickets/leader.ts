// What Swarm's leader asks, in the global address space. It never says for whom, and asks for gateways, virtual IPs,
// load balancers and tasks alike: what it gets is a ticket, unique and held until it gives it back.

import { made } from '../docker/made-up.js';
import { SWARM } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import type { CallOptions, SubnetService } from '../service/index.js';
import { homeText } from '../service/second-homes.js';
import type { Environment, Meant, Wanted, WhoIsMeant } from './environment.js';
import { forget } from './forget.js';
import { gatewayFor } from './gateways.js';
import { goneFrom } from './gone.js';
import { Returns } from './returns.js';
import { Said } from './said.js';
import { REPEATS, type Tenants } from './tenants.js';
import type { Released } from './told.js';

/** One attempt of the leader's to give an address back. */
interface GivenBack extends CallOptions {
  /** Of the call: what has been given again since then is another one's, and an earlier attempt freed it. */
  readonly turn: number;
  /** An earlier attempt found the store away: another node may lead since, and have given the address to somebody. */
  readonly isAgain: boolean;
}

export class LeaderCalls {
  readonly #environment: Environment;
  readonly #tenants: Tenants;
  readonly said: Said;
  readonly returns: Returns;
  readonly #who: WhoIsMeant | undefined;
  /** While it is being asked. */
  #leading: Promise<boolean> | undefined;

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.said = new Said(environment.clock);
    this.returns = new Returns(environment.clock);
    this.#who = environment.whoIsMeant?.(this.said);
  }

  /**
   * The address that is asked for, else a fresh one of the range, held. @throws LimpetError FULL, OCCUPIED,
   * OUT_OF_RANGE
   */
  request(net: SubnetService, { address, ...wanted }: Wanted): Promise<string> {
    return this.#during(net, () =>
      address === undefined ? this.#next(net, wanted) : this.#exact(net, address, wanted),
    );
  }

  /** The home of the only one who can be meant, else one that is nobody's. */
  async #next(net: SubnetService, { range, deadline }: Omit<Wanted, 'address'>): Promise<string> {
    await this.returns.settled(net.spec); // its home may be among them, or the last free address
    const meant: Meant | undefined = await this.#who?.meant(net);
    const home = meant?.kind === 'home' ? await heldHome(net, meant.home, { deadline }) : undefined;
    if (home !== undefined && meant?.kind === 'home') {
      this.#give(net, home, 'home', `of ${homeText(meant.home)}, which alone waits for an address`);
      return home;
    }
    const address = await net.holdNext({ range, gone: goneFrom(this.#environment, this.#tenants, net), deadline });
    const why = meant?.kind === 'unclear' ? `: ${meant.why}` : '';
    this.#give(net, address, 'new', `a ticket, virtual IP or load balancer${why}`);
    return address;
  }

  /**
   * This very address: a new leader says its records again, or a user wants it for a container (`--ip`). Which of them
   * it is cannot be told; an address that is somebody's is left to the node, which knows who asks and refuses with the
   * owner's name.
   * @throws LimpetError OCCUPIED when this leader has given it to somebody without an identity, OUT_OF_RANGE
   */
  async #exact(net: SubnetService, address: string, { deadline }: CallOptions): Promise<string> {
    this.said.name(net.spec, address);
    const { state, identity } = net.inspect(address);
    const owned = state === 'live' || state === 'reserved';
    const since = this.said.given(net.spec, address)?.at;
    if (!owned && since !== undefined && this.#environment.clock.elapsed() - since > REPEATS) throw taken(net, address);
    const held = await holdUnlessBound(net, address, { deadline });
    const why = held ? 'said again or asked for' : `belongs to ${identity ?? 'somebody'}: the node decides`;
    this.#give(net, address, 'same', why);
    return address;
  }

  /** The gateway: as asked for, else the one that the subnet has, else the first address that is free. */
  async gateway(net: SubnetService, wanted: Wanted): Promise<string> {
    const address = await this.#during(net, () => gatewayFor(this.#environment, net, wanted));
    this.#give(net, address, 'gateway', 'the gateway');
    return address;
  }

  /** The leader needs the address no longer. A binding there stays, and so does the gateway. */
  release(net: SubnetService, address: string, back: GivenBack): Promise<void> {
    const work = () => this.#release(net, address, back);
    return this.returns.during(net.spec, () => this.#during(net, work));
  }

  async #release(net: SubnetService, address: string, { turn, isAgain, deadline }: GivenBack): Promise<void> {
    const given = this.said.given(net.spec, address);
    // A Docker that leads no longer repeats what this process's forerunner has not answered.
    if ((isAgain || given === undefined) && !(await this.leads()))
      return this.#released(net, address, 'late', 'another node leads now, and sweeps what nobody has');
    if ((this.said.given(net.spec, address)?.turn ?? 0) > turn)
      return this.#released(net, address, 'late', 'it was freed, and has been given again since');
    this.said.giveBack(net.spec, address);
    if (address === net.spec.gateway) return this.#released(net, address, 'kept', 'the gateway: the subnet keeps it');
    const { state, identity } = net.inspect(address);
    if (state === 'excluded') return;
    if (state === 'live' && given?.isUnasked !== true) {
      // It may be a refused `--ip`'s, and the owner's own ticket must not end by that: the sweeper knows the records.
      return this.#released(net, address, 'kept', `${identity} is live on it`);
    }
    const isHeld = net.isHeld(address);
    const was = await net.unhold(address, { deadline, asKnown: true });
    if (isHeld && !was)
      return this.#released(net, address, 'late', 'another leader has it for somebody since it was asked for');
    if (identity !== undefined && isPassing(identity)) await forget(net, identity, { deadline });
    this.#released(net, address, was ? 'unheld' : 'not-held', was ? 'the ticket has served' : 'was not held');
  }

  /** Whether this node's Docker leads, by the swarm's own word; where that is not to be had, it does not. */
  leads(): Promise<boolean> {
    const { docker, nodeOf } = this.#environment;
    this.#leading ??= docker
      .nodes()
      .then((nodes) => nodes.some(({ id, leader }) => leader && id === nodeOf({ spec: { space: SWARM } })))
      .catch(() => false)
      .finally(() => {
        this.#leading = undefined;
      });
    return this.#leading;
  }

  #during<T>(net: SubnetService, work: () => Promise<T>): Promise<T> {
    return this.#who?.during(net, work) ?? work();
  }

  #give(net: SubnetService, address: string, outcome: 'new' | 'home' | 'same' | 'gateway', why: string): void {
    this.said.give(net.spec, address, outcome === 'new' || outcome === 'home');
    const { tell } = this.#environment;
    tell({ event: 'address', level: 'info', addressSpace: 'global', subnet: net.cidr, address, outcome, why });
  }

  #released(net: SubnetService, address: string, outcome: Released, why: string): void {
    const { tell } = this.#environment;
    tell({ event: 'release', level: 'info', addressSpace: 'global', subnet: net.cidr, address, outcome, why });
  }
}

/** Undefined when the home has ended, or is another one's ticket, since it was looked at. */
async function heldHome(net: SubnetService, home: string, options: CallOptions): Promise<string | undefined> {
  try {
    return await net.holdHome(home, options);
  } catch (error) {
    if (error instanceof LimpetError && error.code === 'UNKNOWN') return undefined;
    throw error;
  }
}

/** True when it is held now; false when it is bound, and so nobody else's anyhow. */
async function holdUnlessBound(net: SubnetService, address: string, options: CallOptions): Promise<boolean> {
  try {
    await net.hold(address, options);
    return true;
  } catch (error) {
    const bound = error instanceof LimpetError && error.code === 'OCCUPIED';
    if (!bound) throw error;
    return false;
  }
}

/** Made-up identities that end with the ticket they stand on. */
function isPassing(identity: string): boolean {
  const kind = made(identity);
  return kind === 'endpoint' || kind === 'guest';
}

function taken(net: SubnetService, address: string): LimpetError {
  const message =
    `Address already in use: ${address} of ${net.cidr} is held by the swarm, as a ticket, a virtual IP, a load ` +
    'balancer or a gateway';
  return new LimpetError('OCCUPIED', message, { subnet: net.cidr, address });
}
