// Which container of this node is at which home of an identity. The store knows that the identity is live here, not
// through which of two containers; and Docker's list shows an address only some time after it was given.

import { canonical } from '../docker/address.js';
import { hasItsAddresses, isAt, isFresh, isSame, mayAsk, mayStillRun } from '../docker/containers.js';
import { identityOf } from '../docker/identities.js';
import { isOn } from '../docker/networks.js';
import type { Container, Endpoint, Network } from '../docker/shapes.js';
import { within } from '../host/cidr.js';
import type { Clock } from '../service/clock.js';
import type { SubnetService } from '../service/index.js';
import { KeyedMutex } from '../service/mutex.js';
import { homesOf, whose } from '../service/second-homes.js';
import { Departures } from './departures.js';

/** A container, by its ID where that is known. */
export interface Who {
  readonly name: string;
  readonly id?: string | undefined;
  /** Nobody makes it again by itself once it is removed. */
  readonly isPassing?: boolean | undefined;
}

/** A container that is in the way, for messages. */
export interface Other {
  readonly name: string;
  /** It is of the same identity now, so that the one who asks is to replace it. Else it has been renamed, and stays. */
  readonly isNamesake: boolean;
}

export interface Tenant {
  readonly container: Who;
  readonly address: string;
  /** When it was let in, by the clock that nobody sets. */
  readonly since: number;
  /**
   * It came in after another one whose release was never seen. The next release can be that one's, late, and proves
   * nothing: only what runs does.
   */
  doubtful: boolean;
}

/** A container that leaves its home. */
interface Going {
  readonly home: string;
  readonly address: string;
  readonly leaver: Tenant | undefined;
}

/** Docker's list shows a container at its address for a moment after it was released. */
const FADING = 10_000;

/** A container that was created shortly before this process cannot have been seen asking. */
const UNSEEN = 60_000;

/** Docker goes on for so long to call a plugin that does not answer, or whose answer got lost. */
export const REPEATS = 35_000;

/** Docker shows a container as `exited`, or `created`, from its address until it runs. */
const STARTING = 60_000;

export class Tenants {
  /** When requests began to be seen: milliseconds since the epoch, as Docker tells when containers were made. */
  readonly #since: number;
  /** By the clock that nobody sets. */
  readonly #now: () => number;
  readonly #begun: number;
  readonly #tenants = new Map<string, Tenant>();
  /** When somebody was let in of whom nobody could say which container it is. */
  readonly #unknown = new Map<string, number>();
  /** When somebody was last let in at a home or a made-up identity's address. */
  readonly #came = new Map<string, number>();
  /** So many are about to be let in, by identity. */
  readonly #coming = new Map<string, number>();
  /** So many releases of it are under way, by home. */
  readonly #going = new Map<string, number>();
  /** When homes were last released here, while that is recent. */
  readonly #left = new Map<string, number>();
  /** Docker has given back their addresses, in a release that proves nothing, and nobody has been let in since. */
  readonly #givenBack = new Set<string>();
  /** Since when a look at the node has its lists; it can wait for the store, and they grow old. */
  #looking: number | undefined;
  readonly #mutex = new KeyedMutex();
  readonly departures = new Departures();

  /** Requests are seen from now on. */
  constructor(clock: Pick<Clock, 'now' | 'elapsed'>) {
    this.#now = () => clock.elapsed();
    this.#begun = clock.elapsed();
    this.#since = clock.now();
  }

  /** One action at a time for an identity and its homes on this node: the second must see what the first has done. */
  alone<T>(net: SubnetService, home: string, action: () => Promise<T>): Promise<T> {
    return this.#mutex.run(keyOf(net, whose(home)), action);
  }

  get(net: SubnetService, home: string): Tenant | undefined {
    return this.#tenants.get(keyOf(net, home));
  }

  /**
   * Somebody is about to be let in while the work lasts: until then a release proves nothing, since it can be that of
   * the one before, tried once more, and the store can have let the newcomer in already when its turn comes.
   */
  async coming<T>(net: SubnetService, home: string, work: () => Promise<T>): Promise<T> {
    return counted(this.#coming, [keyOf(net, whose(home))], work);
  }

  isComing(net: SubnetService, home: string): boolean {
    return this.#coming.has(keyOf(net, whose(home)));
  }

  /** The container is at home from now on. @param hasForerunner see there */
  enter(net: SubnetService, home: string, { name, id, isPassing }: Who, address: string, hasForerunner = false): void {
    const before = this.get(net, home);
    const container = { name, id, isPassing };
    const isAgain = before !== undefined && isTheSame(before.container, container);
    const doubtful = before === undefined ? hasForerunner : !isAgain || before.doubtful;
    for (const each of [home, placeOf(address)]) this.#left.delete(keyOf(net, each));
    this.#come(net, home);
    this.#tenants.set(keyOf(net, home), { container, address, since: this.#now(), doubtful });
  }

  /**
   * Whether another container of the identity may have ended here before this process, so that its release can come
   * yet: Docker calls again and again while there is no plugin.
   */
  hasForerunner(home: string, who: Who, around: readonly Container[] | undefined): boolean {
    if (this.#now() - this.#begun >= REPEATS) return false;
    const isForerunner = (each: Container) =>
      !mayStillRun(each) && !isSame(each, who) && identityOf(each) === whose(home);
    return around?.some(isForerunner) === true;
  }

  /** Whether whoever is there was let in after that moment: what was asked for before is about another one. */
  cameAfter(net: SubnetService, home: string, moment: number): boolean {
    return (this.#came.get(keyOf(net, home)) ?? Number.NEGATIVE_INFINITY) > moment;
  }

  /** Somebody is at the address from now on, whoever it is: no list can tell that it is being started. */
  enterUnknown(net: SubnetService, home: string): void {
    this.#come(net, home);
    this.#unknown.set(keyOf(net, home), this.#now());
  }

  /** Docker gives back the address of a home, whoever was there: this process has not let him in. */
  giveBack(net: SubnetService, home: string): void {
    this.#givenBack.add(keyOf(net, home));
  }

  isGivenBack(net: SubnetService, home: string): boolean {
    return this.#givenBack.has(keyOf(net, home));
  }

  /** Whether the container was let in on the subnet within so many milliseconds, and has not left. */
  hasCome(net: SubnetService, container: Container, within: number): boolean {
    const isRecent = (tenant: Tenant | undefined) =>
      tenant !== undefined && isSame(container, tenant.container) && this.#now() - tenant.since < within;
    return homesOf(identityOf(container)).some((home) => isRecent(this.get(net, home)));
  }

  /** So many have come on the subnet within so many milliseconds, and not left, of whom nobody knows who they are. */
  strangers(net: SubnetService, within: number): number {
    const recent = [...this.#unknown].filter(
      ([key, at]) => key.startsWith(keyOf(net, '')) && this.#now() - at < within,
    );
    return recent.length;
  }

  leave(net: SubnetService, home: string): void {
    const key = keyOf(net, home);
    this.#givenBack.delete(key);
    const address = this.#tenants.get(key)?.address;
    this.#tenants.delete(key);
    this.#unknown.delete(key);
    this.#came.delete(key);
    this.#fade(key);
    if (address !== undefined) this.#fade(keyOf(net, placeOf(address)));
  }

  /**
   * Docker gives back an address that is no home of this node's any more: whoever was let in there, before that moment,
   * has left.
   */
  vacate(net: SubnetService, address: string, moment: number): void {
    const place = keyOf(net, placeOf(address));
    for (const [key, tenant] of this.#tenants) {
      if (tenant.address !== address || !key.startsWith(keyOf(net, ''))) continue;
      if (tenant.doubtful || tenant.since > moment) return; // it may be the release of another one, before it
      this.#tenants.delete(key);
      this.#fade(key);
    }
    this.#fade(place);
  }

  /**
   * Its release is under way while the work lasts: the store can be waited for, and Docker shows it all the while and
   * for a moment more, also when it could not be released.
   * @param leaver who was let in there, if that is known
   */
  async going<T>(net: SubnetService, { home, address, leaver }: Going, work: () => Promise<T>): Promise<T> {
    const keys = [home, placeOf(address)].map((each) => keyOf(net, each));
    try {
      return await counted(this.#going, keys, work);
    } finally {
      const there = this.get(net, home);
      const isNew = there !== undefined && there !== leaver;
      for (const key of keys) if (!isNew) this.#fade(key);
    }
  }

  /** It could not be released after all. Whoever came in meanwhile has a release of another one's before its own. */
  stay(net: SubnetService, home: string, tenant: Tenant): void {
    const newcomer = this.get(net, home);
    if (newcomer !== undefined) newcomer.doubtful = true;
    else this.#tenants.set(keyOf(net, home), tenant);
  }

  /**
   * Whether it was released so lately that the list may still show it: a look's list, while there is one.
   * @param home or a {@link placeOf}: a home can have moved since
   */
  hasJustLeft(net: SubnetService, home: string): boolean {
    const key = keyOf(net, home);
    return this.#going.has(key) || (this.#left.get(key) ?? Number.NEGATIVE_INFINITY) > this.#recent;
  }

  /** A look at the node, which begins by reading its lists. One at a time. */
  async looking<T>(look: () => Promise<T>): Promise<T> {
    this.#looking = this.#now();
    try {
      return await look();
    } finally {
      this.#looking = undefined;
    }
  }

  /**
   * Containers can be renamed while they run: whoever is known by its ID is called from now on what it is called now.
   */
  learnNames(containers: readonly Container[]): void {
    const names = new Map(containers.map(({ id, name }) => [id, name]));
    for (const [key, tenant] of this.#tenants) {
      const { id, name } = tenant.container;
      const now = id === undefined ? undefined : names.get(id);
      if (now === undefined || now === name) continue;
      this.#tenants.set(key, { ...tenant, container: { ...tenant.container, name: now } });
    }
  }

  /**
   * Another container that is, or may be, at the home, whatever it is called now: the one who asks has to wait for it.
   * @param home the name of an identity's binding: its first home, or its second one
   * @param around undefined while Docker does not answer: then only what this process has let in is known
   */
  other(
    net: SubnetService,
    home: string,
    asker: Who,
    around: readonly Container[] | undefined,
    networks: readonly Network[],
  ): Other | undefined {
    const address = net.lookup(home)?.address;
    if (address === undefined) return undefined;
    const identity = whose(home);
    const tenant = this.get(net, home);
    if (around === undefined) {
      if (tenant === undefined || isTheSame(tenant.container, asker)) return undefined;
      return { name: tenant.container.name, isNamesake: false };
    }
    const here = networks.length === 0 ? undefined : (endpoint: Endpoint) => isOn(endpoint, networks);
    const found = around.find((container) => {
      if (isSame(container, asker)) return false;
      if (isAt(container, address, here) || this.#isLetIn(net, home, tenant, container)) return true;
      return this.#isUnseen(container) && identityOf(container) === identity;
    });
    return found && { name: found.name, isNamesake: identityOf(found) === identity };
  }

  /** Whether a container was let in at the home, or is about to be, and may be starting still: it shows no address. */
  isStarting(net: SubnetService, home: string, containers: readonly Container[]): boolean {
    if (this.isComing(net, home)) return true;
    const since = this.#unknown.get(keyOf(net, home));
    if (since !== undefined && this.#now() - since < STARTING) return true;
    const tenant = this.get(net, home);
    return containers.some((container) => this.#isLetIn(net, home, tenant, container));
  }

  #isLetIn(net: SubnetService, home: string, tenant: Tenant | undefined, container: Container): boolean {
    if (tenant === undefined || !isSame(container, tenant.container)) return false;
    // The home was moved, or ended and was made again, while this node was cut off: it was let in at another address.
    if (net.lookup(home)?.address !== tenant.address) return false;
    // One that runs and does not show the address yet has it. One that could be started may be on its way, but not for
    // ever: a Docker that died in the middle of a start leaves a container that is `created` and nobody starts.
    const isOnItsWay = mayAsk(container) && this.#now() - tenant.since < STARTING;
    return (
      isOnItsWay || (mayStillRun(container) && !isFresh(container) && !isElsewhere(container, net.cidr, tenant.address))
    );
  }

  #come(net: SubnetService, home: string): void {
    this.#givenBack.delete(keyOf(net, home));
    this.#came.set(keyOf(net, home), this.#now());
  }

  #fade(key: string): void {
    for (const [old, at] of this.#left) {
      if (at > this.#recent) break; // in the order of time
      this.#left.delete(old);
    }
    this.#left.delete(key);
    this.#left.set(key, this.#now());
  }

  /** Who left after that may be on a list still. */
  get #recent(): number {
    return (this.#looking ?? this.#now()) - FADING;
  }

  #isUnseen(container: Container): boolean {
    return isFresh(container) && container.created <= this.#since && container.created > this.#since - UNSEEN;
  }
}

/** It has been started again since, and was given another address of the subnet. */
function isElsewhere(container: Container, cidr: string, address: string): boolean {
  const all = container.endpoints.flatMap(({ addresses }) => addresses.map(canonical));
  const shown = all.filter(within(cidr));
  return hasItsAddresses(container) && shown.length > 0 && !shown.includes(address);
}

/** An address, whoever's home it is. */
export function placeOf(address: string): string {
  return `@at/${address}`;
}

/** Counts the work under each key while it lasts. */
async function counted<T>(counts: Map<string, number>, keys: readonly string[], work: () => Promise<T>): Promise<T> {
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  try {
    return await work();
  } finally {
    for (const key of keys) {
      const left = (counts.get(key) ?? 1) - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    }
  }
}

function isTheSame(a: Who, b: Who): boolean {
  return a.id === undefined || b.id === undefined ? a.name === b.name : a.id === b.id;
}

function keyOf({ spec: { space, cidr } }: SubnetService, home: string): string {
  return `${space} ${cidr} ${home}`;
}
