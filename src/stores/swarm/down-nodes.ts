// Which nodes are gone: before Swarm starts anything in their place it calls them down; or it knows them no more.

import { isSwarmId } from '../../docker/identities.js';
import type { SwarmApi, SwarmNode } from '../../docker/swarm-api.js';

/** Of hosts the swarm's nodes say nothing. @param there all nodes that are not gone */
export function isGone(node: string, there: ReadonlySet<string>): boolean {
  return isSwarmId(node) && !there.has(node);
}

/** The IDs of those that are not gone. A manager of an earlier release says only what Swarm calls them. */
export function idsOfThere(nodes: readonly SwarmNode[]): ReadonlySet<string> {
  return new Set(nodes.filter(({ isGone, state }) => !(isGone ?? state === 'down')).map(({ id }) => id));
}

export class DownNodes {
  readonly #api: SwarmApi;
  /** Nodes of the last look that are not gone; undefined before the first. */
  #there: ReadonlySet<string> | undefined;

  constructor(api: SwarmApi) {
    this.#api = api;
  }

  /** @throws LimpetError UNAVAILABLE */
  async look(): Promise<void> {
    this.#there = idsOfThere(await this.#api.nodes());
  }

  /** As of the last look. */
  readonly isDown = (node: string): boolean => this.#there !== undefined && isGone(node, this.#there);
}
