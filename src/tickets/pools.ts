// Pools: Docker's name for subnets. Makes them, finds those that are there, chooses one when none is asked for. A pool that
// Docker has given back is not dropped, so that its bindings can age: it keeps them when its network comes again, with whatever
// options, and gives way when somebody needs its range for another subnet.

import { type PoolId, poolId, type Side, SPACES, SWARM, spaceOf } from '../docker/spaces.js';
import { withoutHostBits } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import type { RequestOf } from '../plugin/protocol.js';
import { KeyedMutex } from '../service/mutex.js';
import type { AllocatorService, SubnetSettings } from '../service/service.js';
import type { SubnetService } from '../service/subnet-service.js';
import type { Context } from './context.js';
import { type PoolSettings, readPoolOptions, withinSubPool } from './pool-options.js';
import { firstFree } from './ranges.js';

/** Attempts against other processes that make pools at the same moment. */
const ATTEMPTS = 16;

type PoolRequest = RequestOf<'IpamDriver.RequestPool'>;

export class Pools {
  readonly #context: Context;
  readonly #choosing = new KeyedMutex();
  /** Subnets whose network was removed: what is held or live there still is on its way out. */
  readonly #givenBack = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The subnet for a pool, made when there is none.
   * @throws LimpetError OVERLAP with one in use, BAD_INPUT naming the option or the pool, FULL when no range is left to choose from
   */
  async request(request: PoolRequest): Promise<{ readonly id: string; readonly net: SubnetService }> {
    const side = sideOf(request.AddressSpace);
    const settings = readPoolOptions(request.Options);
    if (side === 'global' && settings.scope === 'node') {
      throw new LimpetError('BAD_INPUT', 'limpet.scope=node: a network of the swarm has the scope cluster');
    }
    const net =
      request.Pool === ''
        ? await this.#chosen(side, request, settings)
        : await this.#asked(side, withoutHostBits(request.Pool), request.SubPool, settings);
    const id = poolId({ side, ...net.spec });
    if (isNetworks(side, net.spec.space)) this.#givenBack.delete(keyOf(net.spec));
    this.#context.log.info({ event: 'pool', side, space: net.spec.space, subnet: net.cidr, pool: id }, 'requested');
    return { id, net };
  }

  /** Nothing is dropped: the network can come again, and then its bindings are still there. */
  release(pool: PoolId): void {
    if (isNetworks(pool.side, pool.space)) this.#givenBack.add(keyOf(pool));
    this.#context.log.info({ event: 'pool', side: pool.side, space: pool.space, subnet: pool.cidr }, 'released');
  }

  /** The subnet of a pool that was answered before, here or on another node. @throws LimpetError UNKNOWN */
  async find({ space, cidr }: PoolId): Promise<SubnetService> {
    const service = this.#context.service();
    const known = service.find(cidr, space);
    if (known !== undefined) return known;
    await service.refresh(space);
    const found = service.find(cidr, space);
    if (found !== undefined) return found;
    const message = `no subnet ${cidr} in the space ${space} of the store: remove its network and create it again`;
    throw new LimpetError('UNKNOWN', message, { subnet: cidr, space });
  }

  async #asked(side: Side, cidr: string, subPool: string, settings: PoolSettings): Promise<SubnetService> {
    const service = this.#context.service();
    const wanted = withinSubPool(settings, cidr, subPool);
    if (side === 'global' || settings.scope === 'cluster') return this.#make(SWARM, cidr, wanted);
    // Swarm sends a node nothing but the pool: the subnet is the one that the leader has made.
    await service.refresh(SWARM);
    return service.find(cidr, SWARM) ?? this.#make(spaceOf(this.#context.node()), cidr, wanted);
  }

  async #chosen(side: Side, request: PoolRequest, settings: PoolSettings): Promise<SubnetService> {
    // One at a time: two that chose the same would share it, since a pool asked for again is the same.
    return this.#choosing.run('', () => this.#choose(side, request, settings));
  }

  async #choose(side: Side, { SubPool, V6 }: PoolRequest, settings: PoolSettings): Promise<SubnetService> {
    if (SubPool !== '') throw new LimpetError('BAD_INPUT', `a sub-pool, ${SubPool}, needs a pool that it is part of`);
    const version = V6 ? 6 : 4;
    for (let n = 1; ; n++) {
      const cidr = firstFree(this.#context.pools[side], version, await this.#taken());
      if (cidr === undefined) throw noRange(side, version);
      try {
        return await this.#asked(side, cidr, '', settings);
      } catch (error) {
        if (!isCode(error, 'OVERLAP') || n === ATTEMPTS) throw error; // another process chose the same
      }
    }
  }

  /** Every subnet that is known, of whatever space, and those of Docker's own networks when Docker says. */
  async #taken(): Promise<string[]> {
    const service = this.#context.service();
    await service.refresh(SWARM);
    const ours = [...service.subnets()].map((net) => net.cidr);
    try {
      const theirs = (await this.#context.networks.all()).flatMap((network) => network.subnets);
      return [...ours, ...theirs.map(({ subnet }) => withoutHostBits(subnet))];
    } catch (error) {
      this.#context.log.warn(
        { event: 'pool', error: messageOf(error) },
        'chosen without knowing the networks of Docker',
      );
      return ours;
    }
  }

  async #make(space: string, cidr: string, settings: PoolSettings): Promise<SubnetService> {
    const service = this.#context.service();
    for (let n = 1; ; n++) {
      try {
        return await service.subnet(cidr, { ...settings, space });
      } catch (error) {
        const other = inTheWay(service, error, cidr, space);
        if (other === undefined) throw error;
        // Docker asks again without the options: nobody has asked for other ones.
        if (other.cidr === cidr && hasNone(settings)) return other;
        const again = other.cidr === cidr && this.#givenBack.has(keyOf(other.spec));
        if (n === ATTEMPTS || (isUsed(other) && !again)) throw inDockersWords(error as LimpetError);
        if (other.cidr === cidr) await this.#change(other, { ...settings, space });
        else await this.#giveWay(other, cidr);
      }
    }
  }

  /** The network comes again with other options: its reserved addresses stay, but for those that it now excludes. */
  async #change(net: SubnetService, settings: SubnetSettings): Promise<void> {
    for (;;) {
      try {
        await this.#context.service().change(net.cidr, settings);
        return;
      } catch (error) {
        const address = isCode(error, 'OCCUPIED') ? (error as LimpetError).details.address : undefined;
        const identity = typeof address === 'string' ? net.inspect(address).identity : undefined;
        if (identity === undefined) throw error;
        await net.reclaim(identity);
      }
    }
  }

  async #giveWay({ cidr, spec, stats }: SubnetService, to: string): Promise<void> {
    await this.#context.service().remove(cidr, spec.space);
    const forgotten = { space: spec.space, subnet: cidr, reserved: stats.reserved };
    this.#context.log.warn(
      { event: 'pool', ...forgotten, to },
      'nobody uses it: gives way with all its reserved addresses',
    );
  }
}

function sideOf(space: string): Side {
  const found = (Object.keys(SPACES) as Side[]).find((side) => SPACES[side] === space);
  if (found !== undefined) return found;
  const there = Object.values(SPACES).join(' and ');
  throw new LimpetError('BAD_INPUT', `no address space ${JSON.stringify(space)}: there are ${there}`, { value: space });
}

/** The subnet that stops one from being made: it overlaps, or it is the same with other settings. */
function inTheWay(service: AllocatorService, error: unknown, cidr: string, space: string): SubnetService | undefined {
  if (!(error instanceof LimpetError)) return undefined;
  const { other, setting } = error.details;
  if (error.code === 'OVERLAP' && typeof other === 'string') return service.find(other, space);
  return error.code === 'BAD_INPUT' && setting !== undefined ? service.find(cidr, space) : undefined;
}

/** Whether it is the network that asks: a node of the swarm gives its pool back whenever it has no task there. */
function isNetworks(side: Side, space: string): boolean {
  return side === 'global' || space !== SWARM;
}

function keyOf({ space, cidr }: { readonly space: string; readonly cidr: string }): string {
  return `${space} ${cidr}`;
}

function isUsed({ stats }: SubnetService): boolean {
  return stats.live > 0 || stats.held > 0;
}

function hasNone({ scope: _, ...settings }: PoolSettings): boolean {
  return Object.keys(settings).length === 0;
}

function inDockersWords(error: LimpetError): LimpetError {
  if (error.code !== 'OVERLAP') return error;
  const message = `Pool overlaps with other one on this address space: ${error.message}`;
  return new LimpetError('OVERLAP', message, { ...error.details });
}

function noRange(side: Side, version: 4 | 6): LimpetError {
  const message = `no range is left for an IPv${version} pool of the ${side} address space: name one with --subnet, or give more ranges with --${side}-pools`;
  return new LimpetError('FULL', message, { addressSpace: side, version });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof LimpetError && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
