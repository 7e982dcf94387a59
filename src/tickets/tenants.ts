// Which container of this node is at home at an identity's address. The store knows that the identity is live here, not
// through which of two containers; and Docker's list shows an address only some time after it was given.

import { type Container, identityOf } from '../docker/index.js';
import { KeyedMutex } from '../service/mutex.js';
import type { SubnetService } from '../service/subnet-service.js';

export interface Tenant {
  /** The container's name: a task's is unique, and of two containers with one name the first is gone. */
  readonly container: string;
  readonly address: string;
  /**
   * It came in after another one whose release was never seen. The next release can be that one's, late, and proves
   * nothing: only what runs does.
   */
  doubtful: boolean;
}

/** Docker's list shows a container at its address for a moment after it was released. */
const FADING = 10_000;

/** A container that was created shortly before this process cannot have been seen asking. */
const UNSEEN = 60_000;

export class Tenants {
  readonly #since: number;
  readonly #now: () => number;
  readonly #tenants = new Map<string, Tenant>();
  /** When identities were last released here, while that is recent. */
  readonly #left = new Map<string, number>();
  readonly #mutex = new KeyedMutex();

  /** @param now milliseconds since the epoch; requests are seen from now on */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** One action at a time for an identity of this node: the second must see what the first has done. */
  alone<T>(net: SubnetService, identity: string, action: () => Promise<T>): Promise<T> {
    return this.#mutex.run(keyOf(net, identity), action);
  }

  get(net: SubnetService, identity: string): Tenant | undefined {
    return this.#tenants.get(keyOf(net, identity));
  }

  /** The container is at home from now on. */
  enter(net: SubnetService, identity: string, container: string, address: string): void {
    const before = this.get(net, identity);
    const doubtful = before !== undefined && (before.container !== container || before.doubtful);
    this.#left.delete(keyOf(net, identity));
    this.#tenants.set(keyOf(net, identity), { container, address, doubtful });
  }

  leave(net: SubnetService, identity: string): void {
    const key = keyOf(net, identity);
    this.#tenants.delete(key);
    for (const [old, at] of this.#left) {
      if (at > this.#now() - FADING) break; // in the order of time
      this.#left.delete(old);
    }
    this.#left.delete(key);
    this.#left.set(key, this.#now());
  }

  /** It could not be released after all. Whoever came in meanwhile has a release of another one's before its own. */
  stay(net: SubnetService, identity: string, tenant: Tenant): void {
    const newcomer = this.get(net, identity);
    if (newcomer === undefined) this.#tenants.set(keyOf(net, identity), tenant);
    else newcomer.doubtful = true;
  }

  /** Whether it was released so lately that the list may still show it. */
  hasJustLeft(net: SubnetService, identity: string): boolean {
    return (this.#left.get(keyOf(net, identity)) ?? Number.NEGATIVE_INFINITY) > this.#now() - FADING;
  }

  /** Another container of the identity that is, or may be, at its home: the one who asks has to wait for it. */
  other(net: SubnetService, identity: string, asker: string, containers: readonly Container[]): string | undefined {
    const home = net.lookup(identity)?.address;
    if (home === undefined) return undefined;
    const tenant = this.get(net, identity);
    return containers.find((container) => {
      if (container.name === asker || isOver(container) || identityOf(container) !== identity) return false;
      return container.name === tenant?.container || shows(container, home) || this.#isUnseen(container);
    })?.name;
  }

  #isUnseen({ state, created }: Container): boolean {
    return state === 'created' && created <= this.#since && created > this.#since - UNSEEN;
  }
}

/** Whether a container has this address now. */
export function shows({ endpoints }: Container, address: string): boolean {
  return endpoints.some(({ addresses }) => addresses.includes(address));
}

/** Whether it will not run any more, for all that the list says. */
export function isOver({ state }: Container): boolean {
  return state === 'exited' || state === 'dead' || state === 'removing';
}

function keyOf({ spec: { space, cidr } }: SubnetService, identity: string): string {
  return `${space} ${cidr} ${identity}`;
}
