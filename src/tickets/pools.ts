// Pools: Docker's name for subnets. Makes them, finds those that are there, chooses one when none is asked for. A
// subnet belongs to its networks until the last one is gone, which the store remembers: the swarm's leader is one user
// of it, and each host with networks of its own. Given back it keeps its bindings for the network that comes again, and
// gives way only to another subnet.

import { canonical } from '../docker/address.js';
import { ofSubnet, subnetsOf } from '../docker/networks.js';
import { ADDRESS_SPACES, type AddressSpace, SWARM, spaceOf } from '../docker/spaces.js';
import { limitOfShared, limitOfSizes } from '../docker/versions.js';
import { within, withoutHostBits } from '../host/cidr.js';
import { count } from '../host/count.js';
import { LimpetError, type LimpetErrorCode } from '../host/errors.js';
import type { CallOptions, SubnetKey, SubnetService, SubnetSettings } from '../service/index.js';
import { KeyedMutex } from '../service/mutex.js';
import type { PoolRequest } from './calls.js';
import type { Environment } from './environment.js';
import { isAway } from './patience.js';
import { type PoolId, poolId } from './pool-id.js';
import { PoolNetworks } from './pool-networks.js';
import { isEmpty, type PoolSettings, readPoolOptions } from './pool-options.js';
import { firstFree, rangeOf, rangesOfSize, sizeOf } from './ranges.js';

/** Attempts against other processes that make pools at the same moment. */
const ATTEMPTS = 16;

/** The swarm's leader, as a user of a subnet. A host is one by its own ID. */
export const LEADER = 'swarm';

/** What a network asks of its subnet, whichever that is. */
interface Asked extends CallOptions {
  readonly addressSpace: AddressSpace;
  /** By all of the swarm, or by hosts among themselves. */
  readonly isShared: boolean;
  readonly settings: PoolSettings;
}

/** Whether Swarm's leader looks after the subnet, or did until its network was removed: no host has it for itself. */
export function isLeaders({ spec, users }: SubnetService): boolean {
  return spec.space === SWARM && users.every((user) => user === LEADER);
}

/** A subnet that is wanted, and for whom. */
interface WantedPool extends CallOptions {
  readonly space: string;
  readonly cidr: string;
  readonly settings: PoolSettings;
  /** Undefined for a node of a swarm whose leader has the subnet: it has no network of its own there. */
  readonly user: string | undefined;
}

export class Pools {
  readonly #environment: Environment;
  readonly #networks: PoolNetworks;
  readonly #choosing = new KeyedMutex();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#networks = new PoolNetworks(environment);
  }

  /**
   * The subnet for a pool, made when there is none.
   * @throws LimpetError OVERLAP with one that has networks, BAD_INPUT naming the option or the pool, FULL when no range
   * is left to choose from
   */
  async request(
    request: PoolRequest,
    options: CallOptions,
  ): Promise<{ readonly id: string; readonly net: SubnetService }> {
    const addressSpace = addressSpaceOf(request.AddressSpace);
    await this.#environment.locate?.();
    const { scope, settings } = readPoolOptions(request.Options);
    if (addressSpace === 'global' && scope === 'node') {
      throw new LimpetError('BAD_INPUT', 'limpet.scope=node: a network of the swarm has the scope cluster');
    }
    if (addressSpace === 'global' && settings.probe !== undefined) {
      throw new LimpetError('BAD_INPUT', 'limpet.probe: an overlay is on no wire where anybody else could answer');
    }
    const isShared = addressSpace === 'global' || scope === 'cluster';
    const asked: Asked = { addressSpace, isShared, settings, ...options };
    const isSize = sizeOf(request.Pool) !== undefined;
    const limit = isSize ? limitOfSizes(this.#environment.dockerVersion?.()) : undefined;
    if (limit !== undefined) throw new LimpetError('BAD_INPUT', `--subnet ${request.Pool}: ${limit}`);
    const isNamed = request.Pool !== '' && !isSize;
    const cidr = isNamed ? withoutHostBits(request.Pool) : undefined;
    // Before anything is made: of what is refused nothing stays behind.
    const range = cidr === undefined || request.SubPool === '' ? undefined : rangeOf(request.SubPool, cidr);
    const net =
      cidr === undefined ? await this.#choose(asked, request) : await this.#make(await this.#wanted(asked, cidr));
    const id = poolId({ addressSpace, ...net.spec, ...(range === undefined ? {} : { range }) });
    this.#tell('info', { space: net.spec.space, subnet: net.cidr, pool: id, addressSpace }, 'requested');
    const shared =
      addressSpace === 'local' && scope === 'cluster' ? limitOfShared(this.#environment.dockerVersion?.()) : undefined;
    if (shared !== undefined) this.#tell('warn', { space: net.spec.space, subnet: net.cidr, addressSpace }, shared);
    return { id, net };
  }

  /** The network is gone. Its bindings stay for when it comes again. */
  async release(pool: PoolId, options: CallOptions): Promise<void> {
    const { addressSpace, space, cidr } = pool;
    const net = this.#environment.service().find(cidr, space);
    const user = addressSpace === 'global' ? LEADER : this.#environment.host();
    const isLast =
      net?.users.includes(user) && (addressSpace === 'global' || (await this.#networks.own(cidr)) === undefined);
    if (isLast) await net?.disuse(user, options);
    this.#tell('info', { space, subnet: cidr, addressSpace }, isLast ? 'released' : 'released: others are there still');
  }

  /** The subnet of a pool that was answered before, here or on another node. @throws LimpetError UNKNOWN */
  async find({ space, cidr }: SubnetKey, options: CallOptions): Promise<SubnetService> {
    const service = this.#environment.service();
    const known = service.find(cidr, space);
    if (known !== undefined) return known;
    await service.refresh(space, options);
    const found = service.find(cidr, space);
    if (found !== undefined) return found;
    const message = `no subnet ${cidr} in the space ${space} of the store: remove its network and create it again`;
    throw new LimpetError('UNKNOWN', message, { subnet: cidr, space });
  }

  /**
   * The subnet that an address is about. Of a network with two, a leader asks for its records in either one, as chance
   * has it (swarmkit's allocator goes through a map of pools, and on only where Docker's own driver refuses). Another
   * network's is none of them, as far as networks are known.
   */
  having(net: SubnetService, addressSpace: AddressSpace, asked: string): SubnetService {
    const address = canonical(asked);
    if (addressSpace !== 'global' || asked === '' || within(net.cidr)(address)) return net;
    const leaders = [...this.#environment.service().subnets()].filter(
      ({ spec, users }) => spec.space === SWARM && users.includes(LEADER),
    );
    const own = ofSubnet(this.#environment.networks.known, net.cidr);
    const isOwn = (cidr: string) => own.length === 0 || own.some((each) => ofSubnet([each], cidr).length > 0);
    return leaders.find(({ cidr }) => isOwn(cidr) && within(cidr)(address)) ?? net;
  }

  async #wanted({ addressSpace, isShared, settings, deadline }: Asked, cidr: string): Promise<WantedPool> {
    const { service, host } = this.#environment;
    const wanted = { cidr, settings, deadline };
    if (addressSpace === 'global') return { ...wanted, space: SWARM, user: LEADER };
    await this.#refresh(isShared ? undefined : cidr, { deadline });
    // Swarm sends a node nothing but the pool: the subnet is the one that the leader has made.
    const leaders = service().find(cidr, SWARM)?.users.includes(LEADER);
    if (leaders) return { ...wanted, space: SWARM, settings: {}, user: undefined };
    return { ...wanted, space: isShared ? SWARM : spaceOf(host()), user: host() };
  }

  async #make(wanted: WantedPool): Promise<SubnetService> {
    const { space, cidr, user, deadline } = wanted;
    for (let n = 1; ; n++) {
      try {
        const there = this.#environment.service().find(cidr, space);
        if (there !== undefined) await this.#refuseSecond(there, wanted);
        const net = await this.#made(wanted);
        if (user !== undefined) await net.use(user, { deadline });
        return net;
      } catch (error) {
        const other = this.#inTheWay(error, wanted);
        const isOver = n === ATTEMPTS || (other === undefined && !isCode(error, 'ENDED'));
        if (isOver || (other !== undefined && !(await this.#giveWay(other, wanted)))) throw inDockersWords(error);
      }
    }
  }

  /**
   * With the settings that are asked for. One that is there keeps its own when none are asked for: Docker does not
   * repeat them.
   */
  async #made({ space, cidr, settings, user, deadline }: WantedPool): Promise<SubnetService> {
    const service = this.#environment.service();
    const there = service.find(cidr, space);
    if (there === undefined) return service.subnet(cidr, { ...settings, space }, { deadline });
    if (isEmpty(settings)) return there;
    const wanted: SubnetSettings = { ...settings, space, ...gatewayOf(there) };
    try {
      return await service.subnet(cidr, wanted, { deadline });
    } catch (error) {
      const isOther = isCode(error, 'BAD_INPUT') && error.details.setting !== undefined;
      if (!isOther || isInUse(there, user)) throw error;
      return this.#change(there, wanted, { deadline });
    }
  }

  /** The network comes again with other options: its reserved addresses stay, except for those that it now excludes. */
  async #change(net: SubnetService, settings: SubnetSettings, options: CallOptions): Promise<SubnetService> {
    for (;;) {
      try {
        return await this.#environment.service().change(net.cidr, settings, options);
      } catch (error) {
        const address = isCode(error, 'OCCUPIED') ? error.details.address : undefined;
        const identity = address === undefined ? undefined : net.inspect(address).identity;
        if (identity === undefined) throw error;
        await net.reclaim(identity, options);
      }
    }
  }

  /**
   * A host's second network with one and the same subnet is refused, as Docker's own driver does. While Docker starts
   * it asks for the pools of all its networks again, and its API does not answer yet.
   */
  async #refuseSecond(net: SubnetService, { user, cidr }: WantedPool): Promise<void> {
    if (user === undefined || user === LEADER || !net.users.includes(user)) return;
    const other = await this.#networks.own(cidr);
    if (other === undefined || other === 'unknown') return;
    throw new LimpetError('OVERLAP', `${cidr} is the subnet of network ${other.name}`, {
      subnet: cidr,
      other: cidr,
      space: net.spec.space,
    });
  }

  /** The subnet that stops one from being made, since it overlaps. */
  #inTheWay(error: unknown, { space, cidr }: WantedPool): SubnetService | undefined {
    if (!isCode(error, 'OVERLAP')) return undefined;
    const { other } = error.details;
    return other !== undefined && other !== cidr ? this.#environment.service().find(other, space) : undefined;
  }

  /** Only what was given back, and is in no network that Docker lists. */
  async #giveWay(net: SubnetService, { cidr: to, deadline }: WantedPool): Promise<boolean> {
    if (net.isUsed || (await this.#networks.mayHave(net.cidr))) return false;
    const { cidr, spec, stats } = net;
    const removal = await this.#environment.service().removeUnused(cidr, spec.space, { deadline });
    if (removal === 'in-use') return false;
    const lost = count(stats.reserved, 'reserved address', 'reserved addresses');
    const why = `nobody uses it: gives way to ${to}, with ${lost}`;
    this.#tell('warn', { space: spec.space, subnet: cidr }, why);
    return true;
  }

  /** One at a time: two that chose the same would share it. */
  #choose(asked: Asked, { SubPool, V6, Pool }: PoolRequest): Promise<SubnetService> {
    if (SubPool !== '') throw new LimpetError('BAD_INPUT', `a sub-pool, ${SubPool}, needs a pool that it is part of`);
    const size = sizeOf(Pool);
    const version = size?.version ?? (V6 ? 6 : 4);
    const { addressSpace, deadline } = asked;
    const all = this.#environment.pools[addressSpace];
    const ranges = size === undefined ? all : rangesOfSize(all, size.prefix);
    return this.#choosing.run('', async () => {
      for (let n = 1; ; n++) {
        const cidr = firstFree(ranges, version, await this.#taken({ deadline }));
        if (cidr === undefined) throw noRange(addressSpace, version);
        try {
          return await this.#make(await this.#wanted(asked, cidr));
        } catch (error) {
          if (!isCode(error, 'OVERLAP') || n === ATTEMPTS) throw error; // another process chose the same
        }
      }
    });
  }

  /**
   * Learns which subnets the swarm has. A host's own network comes up without: its subnet was made when that was known.
   * @param own the subnet that is asked for, if it is to be the host's own
   */
  async #refresh(own: string | undefined, options: CallOptions): Promise<void> {
    const { service, host } = this.#environment;
    try {
      await service().refresh(SWARM, options);
    } catch (error) {
      const isThere = own !== undefined && service().find(own, spaceOf(host())) !== undefined;
      if (!isThere || !isAway(error)) throw error;
    }
  }

  /**
   * What cannot be chosen: subnets of the swarm and of this host that somebody needs, and Docker's networks when it
   * lists them. What was given back can be: most often it is its own network that comes again.
   */
  async #taken(options: CallOptions): Promise<string[]> {
    const { service, host } = this.#environment;
    await this.#refresh(undefined, options);
    const spaces = [SWARM, spaceOf(host())];
    const ours = [...service().subnets()].filter((net) => spaces.includes(net.spec.space) && net.isNeeded);
    const networks = await this.#networks.list();
    if (networks === undefined)
      this.#tell('warn', {}, 'chosen without knowing the networks of Docker: it does not answer');
    return [...ours.map(({ cidr }) => cidr), ...subnetsOf(networks ?? [])];
  }

  #tell(level: 'info' | 'warn', about: object, why: string): void {
    this.#environment.tell({ event: 'pool', level, ...about, why });
  }
}

/**
 * Whether others have networks on it, or the one who asks has, and something is in it: then it is no new network that
 * asks.
 */
function isInUse({ users, stats, spec }: SubnetService, user: string | undefined): boolean {
  if (users.some((each) => each !== user)) return true;
  const gateways = spec.gateway === undefined ? 0 : 1;
  return users.length > 0 && (stats.live > 0 || stats.held > gateways);
}

function gatewayOf({ spec }: SubnetService): { readonly gateway?: string } {
  return spec.gateway === undefined ? {} : { gateway: spec.gateway };
}

function addressSpaceOf(name: string): AddressSpace {
  const found = (Object.keys(ADDRESS_SPACES) as AddressSpace[]).find((each) => ADDRESS_SPACES[each] === name);
  if (found !== undefined) return found;
  const there = Object.values(ADDRESS_SPACES).join(' and ');
  throw new LimpetError('BAD_INPUT', `no address space ${JSON.stringify(name)}: there are ${there}`, { value: name });
}

function inDockersWords(error: unknown): unknown {
  if (!isCode(error, 'OVERLAP')) return error;
  const { message, details } = error;
  return new LimpetError('OVERLAP', `Pool overlaps with other one on this address space: ${message}`, { ...details });
}

function noRange(addressSpace: AddressSpace, version: 4 | 6): LimpetError {
  const message =
    `no range is left for an IPv${version} pool of the ${addressSpace} address space: name one with --subnet, or ` +
    `give more ranges with --${addressSpace}-pools`;
  return new LimpetError('FULL', message, { addressSpace, version });
}

function isCode<C extends LimpetErrorCode>(error: unknown, code: C): error is LimpetError<C> {
  return error instanceof LimpetError && error.code === code;
}
