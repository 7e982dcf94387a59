// Which nodes Swarm has given up: it calls them down before it starts anything in their place, or knows them no more.

import type { Node } from '../../docker/shapes.js';
import type { SwarmApi } from '../../docker/swarm-api.js';

/** A node's ID as Swarm makes it. Hosts have others, which say nothing here. */
const SWARM_ID = /^[0-9a-z]{25}$/;

/** @param up all nodes that are not down */
export function isGone(node: string, up: ReadonlySet<string>): boolean {
  return SWARM_ID.test(node) && !up.has(node);
}

export class DownNodes {
  readonly #api: SwarmApi;
  /** Nodes of the last look that are not down; undefined before the first. */
  #up: ReadonlySet<string> | undefined;

  constructor(api: SwarmApi) {
    this.#api = api;
  }

  /** @throws LimpetError UNAVAILABLE */
  async look(): Promise<void> {
    const nodes = await this.#api.nodes();
    this.#up = new Set(nodes.filter(isThere).map(({ id }) => id));
  }

  /** As of the last look. */
  readonly isDown = (node: string): boolean => this.#up !== undefined && isGone(node, this.#up);
}

function isThere({ state }: Node): boolean {
  return state !== 'down';
}
