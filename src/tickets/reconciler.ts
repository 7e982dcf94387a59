// Sets the store right against what runs on this node: after a restart of the plugin, after a release that got lost, after an
// import. It looks at containers by their addresses, and ends nothing that it has not missed twice.

import { type Container, identityOf, type Network } from '../docker/index.js';
import { gateway, guest, isOf, made } from '../docker/made-up.js';
import { isOn, ofSubnet } from '../docker/networks.js';
import { SWARM, spaceOf } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import type { Binding } from '../host/types.js';
import type { SubnetService } from '../service/subnet-service.js';
import { canonical } from './asker.js';
import type { Context } from './context.js';
import { forget } from './forget.js';
import { isOver, type Tenants } from './tenants.js';

/** A container of this node with an address of a subnet. */
interface Resident {
  readonly container: Container;
  readonly address: string;
}

/** What one look has seen of a subnet. */
interface Seen {
  readonly containers: readonly Container[];
  readonly residents: readonly Resident[];
  /** The subnet's networks on this node. */
  readonly here: readonly Network[];
  readonly missed: Set<string>;
}

export class Reconciler {
  readonly #context: Context;
  readonly #tenants: Tenants;
  /** What was live here without a container at the last look: space, subnet and identity. */
  #missed = new Set<string>();

  constructor(context: Context, tenants: Tenants) {
    this.#context = context;
    this.#tenants = tenants;
  }

  /** One look at everything. @throws LimpetError UNAVAILABLE when Docker or the store does not answer */
  async look(): Promise<void> {
    const networks = await this.#context.networks.all();
    const containers = await this.#context.containers.fresh();
    const missed = new Set<string>();
    for (const net of [...this.#context.service().subnets()]) {
      const { space } = net.spec;
      if (space === SWARM || space === spaceOf(this.#context.node()))
        await this.#subnet(net, { containers, here: ofSubnet(networks, net.cidr), missed });
    }
    this.#missed = missed;
  }

  async #subnet(net: SubnetService, { containers, here, missed }: Omit<Seen, 'residents'>): Promise<void> {
    const residents = containers.flatMap((container) => residentsOf(net, container, here));
    for (const resident of residents) await this.#settle(net, resident);
    await this.#gateways(net, here);
    for (const binding of [...net.list()]) await this.#check(net, binding, { containers, residents, here, missed });
  }

  /** A container runs at an address: whoever's that is must be live here. */
  async #settle(net: SubnetService, resident: Resident): Promise<void> {
    const { container, address } = resident;
    const identity = identityOf(container);
    await this.#tenants.alone(net, identity, async () => {
      const { state, identity: owner } = net.inspect(address);
      if (state === 'excluded') return;
      const fitting = owner === identity || (owner !== undefined && this.#isMadeFor(owner, address));
      if (owner !== undefined && !fitting) return this.#conflict(net, resident, owner);
      // Nobody has it: an import, or a store that has lost something. An identity that lives elsewhere is its own guest.
      const name = owner ?? (net.lookup(identity) === undefined ? identity : guest(address));
      if (this.#tenants.hasJustLeft(net, name)) return;
      if (name === identity && this.#tenants.get(net, identity) === undefined)
        this.#tenants.enter(net, identity, container.name, address);
      if (!net.lookup(name)?.nodes.includes(this.#context.node())) await this.#mark(net, resident, name);
    });
  }

  async #mark(net: SubnetService, { container, address }: Resident, identity: string): Promise<void> {
    try {
      await net.claim(identity, { node: this.#context.node(), ticket: address });
    } catch (error) {
      if (!(error instanceof LimpetError) || error.code !== 'LIVE') throw error;
      return this.#conflict(net, { container, address }, error.message);
    }
    this.#mended(net, 'set', { identity, address, container: container.name }, 'it runs here');
  }

  /** Who is live here has to be seen here. */
  async #check(net: SubnetService, { identity, address, state, releasedAt }: Binding, seen: Seen): Promise<void> {
    const kind = made(identity);
    const node = this.#context.node();
    const passing = kind === 'guest' || (kind === 'unnamed' && isOf(identity, node));
    if (state === 'reserved') {
      const old = releasedAt !== undefined && this.#context.now() - releasedAt > this.#context.waits.sweep;
      if (passing && old) await forget(net, identity);
      return;
    }
    if (kind === 'endpoint' || !net.lookup(identity)?.nodes.includes(node)) return;
    const there =
      kind === 'gateway' ? seen.here.length > 0 : seen.residents.some((resident) => resident.address === address);
    if (there || this.#isStarting(net, identity, seen.containers)) return;
    const key = `${net.spec.space} ${net.cidr} ${identity}`;
    if (!this.#missed.has(key)) return void seen.missed.add(key);
    await this.#tenants.alone(net, identity, async () => {
      if (this.#isStarting(net, identity, await this.#context.containers.fresh())) return;
      this.#tenants.leave(net, identity);
      await net.release(identity, node);
      if (kind !== undefined) await forget(net, identity);
      this.#mended(net, 'ended', { identity, address }, 'it does not run here');
    });
  }

  /** Every local network's gateway is live here, as it was before the plugin's restart. */
  async #gateways(net: SubnetService, here: readonly Network[]): Promise<void> {
    for (const network of here) {
      const address = network.subnets.find(({ gateway }) => gateway !== undefined && contains(net, gateway))?.gateway;
      if (network.scope !== 'local' || address === undefined) continue;
      const name = gateway(canonical(address));
      const binding = net.lookup(name);
      if (binding === undefined || binding.nodes.includes(this.#context.node())) continue;
      await net.allocate(name, { node: this.#context.node() });
      this.#mended(net, 'set', { identity: name, address }, `the gateway of ${network.name}`);
    }
  }

  /** A container that was let in a moment ago shows no address yet. */
  #isStarting(net: SubnetService, identity: string, containers: readonly Container[]): boolean {
    const tenant = this.#tenants.get(net, identity);
    return containers.some((container) => container.name === tenant?.container && !isOver(container));
  }

  #isMadeFor(owner: string, address: string): boolean {
    return owner === guest(address) || isOf(owner, this.#context.node());
  }

  #conflict(net: SubnetService, { container, address }: Resident, owner: string): void {
    this.#context.metrics.conflicts.inc();
    const line = { event: 'conflict', subnet: net.cidr, address, container: container.name, owner };
    this.#context.log.error(line, `${container.name} runs at an address that belongs to ${owner}: restart it`);
  }

  #mended(net: SubnetService, mark: 'set' | 'ended', what: Record<string, string>, why: string): void {
    this.#context.metrics.mended.inc({ mark });
    this.#context.log.info({ event: 'mend', mark, subnet: net.cidr, node: this.#context.node(), ...what }, why);
  }
}

function residentsOf(net: SubnetService, container: Container, networks: readonly Network[]): Resident[] {
  if (isOver(container)) return [];
  return container.endpoints
    .filter((endpoint) => isOn(endpoint, networks))
    .flatMap(({ addresses }) => addresses.map(canonical))
    .filter((address) => contains(net, address))
    .map((address) => ({ container, address }));
}

function contains(net: SubnetService, address: string): boolean {
  try {
    net.inspect(address);
    return true;
  } catch (error) {
    if (error instanceof LimpetError) return false;
    throw error;
  }
}
