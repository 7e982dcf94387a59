// Plain containers that have left this node and were removed since: nobody comes back as them, so that their addresses
// are the first to be given to others when a subnet is full. What this process has not seen leave it knows nothing of,
// and then they have a hold-down as everybody has.

import { identityOf } from '../docker/identities.js';
import type { Container } from '../docker/shapes.js';
import type { SubnetService } from '../service/index.js';

/** A container, by its ID where that is known. */
interface Leaver {
  readonly id?: string | undefined;
  readonly isPassing?: boolean | undefined;
}

/** A binding, as it was when its container had left it. */
interface Departure {
  readonly identity: string;
  readonly container: string;
  readonly releasedAt: number;
}

/** Of one subnet; those before are forgotten, and have a hold-down. */
const MOST = 10_000;

export class Departures {
  /** By subnet, and there by identity, in the order of time. */
  readonly #left = new Map<string, Map<string, Departure>>();

  /** The container has left its home, which is reserved now. */
  left(net: SubnetService, identity: string, who: Leaver | undefined): void {
    const key = `${net.spec.space} ${net.cidr}`;
    const all = this.#left.get(key) ?? new Map<string, Departure>();
    all.delete(identity);
    const releasedAt = net.lookup(identity)?.releasedAt;
    if (!who?.isPassing || who.id === undefined || releasedAt === undefined) return;
    all.set(identity, { identity, container: who.id, releasedAt });
    this.#left.set(key, all);
    for (const oldest of all.keys()) {
      if (all.size <= MOST) break;
      all.delete(oldest);
    }
  }

  /** Who nobody comes back as. @param containers this node's, as they are now; undefined when Docker does not say */
  gone(net: SubnetService, containers: readonly Container[] | undefined): readonly string[] {
    const all = this.#left.get(`${net.spec.space} ${net.cidr}`);
    if (all === undefined || containers === undefined) return [];
    const there = new Set(containers.flatMap((each) => [each.id, identityOf(each)]));
    const gone: string[] = [];
    for (const { identity, container, releasedAt } of all.values()) {
      // Released at another moment it was another container's home since, here or on another node.
      const binding = net.lookup(identity);
      if (binding?.releasedAt !== releasedAt || binding.pinned) all.delete(identity);
      else if (!there.has(container) && !there.has(identity)) gone.push(identity);
    }
    return gone;
  }
}
