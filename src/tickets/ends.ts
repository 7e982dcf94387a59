// Whether this node's end of a network's load balancer has its address yet. Docker asks for the pool, the gateway and
// the end when it makes a network on a node, and only then for the first container on it.

import type { ContainerList } from '../docker/container-list.js';
import { made, nodeOfMade } from '../docker/made-up.js';
import type { Container } from '../docker/shapes.js';
import type { SubnetService } from '../service/index.js';

/** What is known of one network. */
interface Known {
  readonly isExpected: boolean;
  /** Lists of containers that there were when Docker began to make it. */
  readonly lists: number;
}

/** What was there before this process is on its first list. */
const FIRST = 1;

export class Ends {
  readonly #containers: Pick<ContainerList, 'lists' | 'wasOn'>;
  readonly #known = new Map<string, Known>();

  constructor(containers: Pick<ContainerList, 'lists' | 'wasOn'>) {
    this.#containers = containers;
  }

  /** Docker has asked for the pool, and so makes the network here. */
  expect(net: SubnetService): void {
    this.#known.set(keyOf(net), { isExpected: true, lists: this.#containers.lists });
  }

  /** Whether Docker makes the network here at this moment, and has not asked for the end yet. */
  isExpected(net: SubnetService): boolean {
    return this.#known.get(keyOf(net))?.isExpected === true;
  }

  /** What no container asked for has its address. */
  came(net: SubnetService): void {
    this.#known.set(keyOf(net), { isExpected: false, lists: this.#containers.lists });
  }

  /**
   * Whether it is the end that asks, and not this container, though the list shows the address as the container's: the
   * end comes first, and the container was there before Docker made the network for whoever is being started.
   */
  isMeant(net: SubnetService, node: string, container: Container): boolean {
    const known = this.#known.get(keyOf(net));
    // Of what was before this process the marks tell.
    const isExpected = known?.isExpected ?? ![...net.list()].some(isLiveEnd(node));
    return isExpected && this.#containers.wasOn(Math.max(known?.lists ?? 0, FIRST), container);
  }
}

function isLiveEnd(node: string) {
  return ({ identity, state }: { readonly identity: string; readonly state: string }) =>
    state === 'live' && made(identity) === 'endpoint' && nodeOfMade(identity) === node;
}

function keyOf({ spec: { space, cidr } }: SubnetService): string {
  return `${space} ${cidr}`;
}
