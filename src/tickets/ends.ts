// Whether this node's end of a network's load balancer has its address yet. Docker asks for the pool, the gateway and
// the end when it makes a network on a node, and only then for the first container on it.

import { made, nodeOfMade } from '../docker/made-up.js';
import type { SubnetService } from '../service/index.js';

export class Ends {
  readonly #isExpected = new Map<string, boolean>();

  /** Docker has asked for the pool, and so makes the network here. */
  expect(net: SubnetService): void {
    this.#isExpected.set(keyOf(net), true);
  }

  /** What no container asked for has its address. */
  came(net: SubnetService): void {
    this.#isExpected.set(keyOf(net), false);
  }

  /** Whether the next one to ask is the end. Of what was before this process the marks tell. */
  isExpected(net: SubnetService, node: string): boolean {
    return this.#isExpected.get(keyOf(net)) ?? ![...net.list()].some(isLiveEnd(node));
  }
}

function isLiveEnd(node: string) {
  return ({ identity, state }: { readonly identity: string; readonly state: string }) =>
    state === 'live' && made(identity) === 'endpoint' && nodeOfMade(identity) === node;
}

function keyOf({ spec: { space, cidr } }: SubnetService): string {
  return `${space} ${cidr}`;
}
