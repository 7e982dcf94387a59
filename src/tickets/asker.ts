// Who a node asks an address for. Docker 29 says it; older ones say nothing, and the list of containers tells: the one that is
// being started and has this very address in its configuration. What cannot be told is said to be so, never guessed.

import { type Container, type Endpoint, identityOf, identityOfName } from '../docker/index.js';
import { isOn } from '../docker/networks.js';
import { SWARM } from '../docker/spaces.js';
import { ENDED_STATES } from '../docker/states.js';
import { formatAddress, parseAddress } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/subnet-service.js';
import type { Context } from './context.js';

export type Asker =
  /** `wish`: its user wants this address and no other, as with `docker run --ip`. */
  | { readonly kind: 'container'; readonly name: string; readonly identity: string; readonly wish?: true }
  /** An address that no container asked for. */
  | { readonly kind: 'endpoint' }
  /** No address was asked for, and it is not clear by whom. */
  | { readonly kind: 'unclear'; readonly candidates: readonly string[] };

export interface Request {
  readonly address: string | undefined;
  /** The endpoint's name, which is the container's. Absent before Docker 29. */
  readonly name: string | undefined;
}

interface Found {
  readonly container: Container;
  readonly endpoint: Endpoint;
}

const ENDPOINT: Asker = { kind: 'endpoint' };

export class Askers {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** @throws LimpetError UNAVAILABLE when Docker has to be asked and does not answer; OCCUPIED when two ask for one address */
  async find(net: SubnetService, request: Request): Promise<Asker> {
    const { address, name } = request;
    if (name !== undefined) return this.#named(net, name, address);
    const containers = await this.#context.containers.fresh();
    return address === undefined ? this.#withoutAddress(net, containers) : this.#withAddress(net, containers, address);
  }

  async #named(net: SubnetService, name: string, address: string | undefined): Promise<Asker> {
    const containers = await this.#context.containers.fresh().catch((error: unknown) => {
      if (isCertain(net, name, address)) return undefined;
      throw error;
    });
    if (containers === undefined) return { kind: 'container', name, identity: identityOfName(name) };
    const container = containers.find((each) => each.name === name);
    // The load balancer's end has a name too, and must get the address that Swarm has for it.
    if (container === undefined) return address === undefined ? { kind: 'container', name, identity: name } : ENDPOINT;
    const wanted = address !== undefined && container.endpoints.some((endpoint) => asks(endpoint, address));
    return asker(container, wanted);
  }

  async #withAddress(net: SubnetService, containers: readonly Container[], address: string): Promise<Asker> {
    const all = starting(containers).filter(({ endpoint }) => asks(endpoint, address));
    const found = only(all.length > 1 ? await this.#onNetwork(net, all) : all);
    if (found.length > 1) throw severalAsk(net, address, found);
    const [one] = found;
    return one === undefined ? this.#attached(net, containers, address) : asker(one.container, true);
  }

  /**
   * A plain container on a swarm network, be it started or running and connected only now: before Docker 29 its list does
   * not show the address that Swarm gave it, but a manager's tasks do. On a worker there is no telling it from the load
   * balancer's end.
   */
  async #attached(net: SubnetService, containers: readonly Container[], address: string): Promise<Asker> {
    if (net.spec.space !== SWARM) return ENDPOINT;
    const candidates = containers.filter((each) => each.task === undefined && !isGoing(each));
    if (candidates.length === 0 || !this.#context.isManager()) return ENDPOINT;
    const tasks = await this.#context.docker.tasks();
    const ids = tasks
      .filter(({ attached, state }) => attached && !ENDED_STATES.includes(state))
      .filter(({ attachments }) => attachments.some(({ addresses }) => has(addresses, address)))
      .map(({ container }) => container);
    const found = candidates.find(({ id }) => ids.includes(id));
    return found === undefined ? ENDPOINT : asker(found, false);
  }

  async #withoutAddress(net: SubnetService, containers: readonly Container[]): Promise<Asker> {
    const silent = starting(containers).filter(({ endpoint }) => !endpoint.asked.some((each) => fits(net, each)));
    const here = await this.#onNetwork(net, silent);
    const created = here.filter(({ container }) => container.state === 'created');
    const candidates = created.length > 0 ? created : here;
    const [one, ...more] = candidates;
    if (one !== undefined && more.length === 0) return asker(one.container, false);
    return { kind: 'unclear', candidates: candidates.map(({ container }) => container.name) };
  }

  async #onNetwork(net: SubnetService, found: readonly Found[]): Promise<readonly Found[]> {
    if (found.length === 0) return found;
    const networks = await this.#context.networks.withSubnet(net.cidr);
    return found.filter(({ endpoint }) => isOn(endpoint, networks));
  }
}

function asker(container: Container, wanted: boolean): Asker {
  const plain = { kind: 'container', name: container.name, identity: identityOf(container) } as const;
  // In a task's configuration it is the ticket, in any other container's what its user asked for.
  return wanted && container.task === undefined ? { ...plain, wish: true } : plain;
}

/** What can be getting an address at this moment: Swarm never starts a task's container a second time. */
function starting(containers: readonly Container[]): Found[] {
  return containers.flatMap((container) => {
    const { state, task, endpoints } = container;
    if (isGoing(container) || (state === 'exited' && task !== undefined)) return [];
    return endpoints.filter(({ addresses }) => addresses.length === 0).map((endpoint) => ({ container, endpoint }));
  });
}

function isGoing({ state }: Container): boolean {
  return state === 'removing' || state === 'dead';
}

/** Of several with one address in their configuration: a ticket is given again when its task has ended, so the newest. */
function only(found: readonly Found[]): readonly Found[] {
  const created = found.filter(({ container }) => container.state === 'created');
  const candidates = created.length > 0 ? created : found;
  if (candidates.length < 2 || candidates.some(({ container }) => container.task === undefined)) return candidates;
  const newest = Math.max(...candidates.map(({ container }) => container.created));
  return candidates.filter(({ container }) => container.created === newest);
}

/** Whether Docker need not be asked: a task's name says all, and so does an address that is its own anyhow. */
function isCertain(net: SubnetService, name: string, address: string | undefined): boolean {
  const identity = identityOfName(name);
  return address === undefined || identity !== name || net.lookup(identity)?.address === address;
}

function asks({ asked }: Endpoint, address: string): boolean {
  return has(asked, address);
}

function has(addresses: readonly string[], address: string): boolean {
  return addresses.some((each) => canonical(each) === address);
}

function fits(net: SubnetService, address: string): boolean {
  return (
    parseAddress(address, address.includes(':') ? 6 : 4) !== undefined &&
    address.includes(':') === net.cidr.includes(':')
  );
}

/** An address as the service writes it; what is none stays as it is. */
export function canonical(address: string): string {
  const version = address.includes(':') ? 6 : 4;
  const number = parseAddress(address, version);
  return number === undefined ? address : formatAddress(number, version);
}

function severalAsk(net: SubnetService, address: string, found: readonly Found[]): LimpetError {
  const names = found.map(({ container }) => container.name).join(' and ');
  return new LimpetError('OCCUPIED', `Address already in use: ${address} of ${net.cidr} is asked for by ${names}`, {
    subnet: net.cidr,
    address,
  });
}
