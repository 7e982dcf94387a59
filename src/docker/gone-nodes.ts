// Which nodes of a swarm are gone. Swarm calls a node down when its agent has not been heard for some seconds, and then
// starts its tasks elsewhere. That can be wrong: after an election an agent looks for the new leader, and its
// containers run on meanwhile. So a node is gone when Swarm calls it down and its Docker does not answer either.

import { parseAddress } from '../host/address.js';
import { listens } from './listens.js';
import type { Node } from './shapes.js';
import type { SwarmNode } from './swarm-api.js';

/** Docker's port for gossip between the nodes, by TCP: open while dockerd runs and is in the swarm. */
const GOSSIP = 7946;
/** Milliseconds to be connected: a node in the same swarm takes a few. */
const WITHIN = 1000;

export class GoneNodes {
  /** Found silent, and not heard of since: they are not asked again. */
  readonly #silent = new Set<string>();

  async among(nodes: readonly Node[]): Promise<readonly SwarmNode[]> {
    // Who has left and joined again has a new ID, at the old address.
    const elsewhere = new Set(nodes.filter(({ state }) => state !== 'down').map(({ address }) => address));
    return Promise.all(
      nodes.map(async (node) => ({ ...node, isGone: await this.#isGone(node, elsewhere.has(node.address)) })),
    );
  }

  async #isGone({ id, state, address }: Node, isOfAnother: boolean): Promise<boolean> {
    if (state !== 'down') this.#silent.delete(id);
    else if (
      !this.#silent.has(id) &&
      (isOfAnother || !isReal(address) || !(await listens({ host: address, port: GOSSIP }, WITHIN)))
    )
      this.#silent.add(id);
    return this.#silent.has(id);
  }
}

/** A manager that knows no better is listed with 0.0.0.0, where this node itself would answer. */
function isReal(address: string): boolean {
  const number = parseAddress(address, address.includes(':') ? 6 : 4);
  return number !== undefined && number !== 0n;
}
