// Who asks for an address, as far as it is known: a container, something that is none, or nobody who can be named.

import { whyUnfit } from '../docker/believed.js';
import { asksFor, isPassing } from '../docker/containers.js';
import { identityOf } from '../docker/identities.js';
import type { Container } from '../docker/shapes.js';
import type { SubnetService } from '../service/index.js';
import { isLeaders } from './pools.js';

export interface Someone {
  readonly kind: 'container';
  readonly identity: string;
  /** The container's name. */
  readonly name: string;
  /** Its ID; absent while Docker does not answer. */
  readonly id?: string;
  /** Nobody makes it again by itself once it is removed; absent where that is not known. */
  readonly isPassing?: boolean;
  /** Its user wants the address that is asked for and no other, as with `docker run --ip`. */
  readonly wish: boolean;
  /** Docker is at work on it at this moment, so that it is no load balancer's end that asks. */
  readonly isAtWork?: true;
  /** The containers of this node at that moment; absent while Docker does not answer. */
  readonly around?: readonly Container[] | undefined;
}

export type Asker =
  | Someone
  /** An address that no container asked for. */
  | { readonly kind: 'endpoint'; readonly around?: readonly Container[] }
  /** It is not clear who asks: `candidates` could, and Docker does not say which. */
  | { readonly kind: 'unclear'; readonly candidates: readonly string[]; readonly why: string };

export interface Request {
  readonly address: string | undefined;
  /** The endpoint's name, which is the container's. Absent before Docker 29. */
  readonly name: string | undefined;
}

/** What one look comes to. */
export type Look =
  | Asker
  /** Docker, or the swarm's raft, does not answer now. When it stays so, `atLast` has to do. */
  | { readonly kind: 'silence'; readonly atLast: Asker };

export function endpoint(around: readonly Container[]): Asker {
  return { kind: 'endpoint', around };
}

/**
 * In a host's own subnet nobody asks for an address but whose user wants it, and a list may not show that yet. In a
 * leader's it is a ticket, unless a plain container's configuration has it.
 * @param address the one that is asked for
 */
export function someone(
  net: SubnetService,
  container: Container,
  address: string | undefined,
  around: readonly Container[],
): Asker {
  const { name, id, task, endpoints } = container;
  const isChosen = (wanted: string) => !isLeaders(net) || endpoints.some((each) => asksFor(each, wanted));
  const wish = address !== undefined && task === undefined && isChosen(address);
  const who = { name, id, identity: identityOf(container), isPassing: isPassing(container) };
  return nameable({ kind: 'container', ...who, wish, around });
}

export function atWork(asker: Asker): Asker {
  return asker.kind === 'container' ? { ...asker, isAtWork: true } : asker;
}

/** Docker's names have no limit, identities have; and nobody who asks is called as what Limpet makes up. */
export function nameable(asker: Someone): Asker {
  const why = whyUnfit(asker.identity);
  return why === undefined ? asker : { kind: 'unclear', candidates: [asker.name.slice(0, 100)], why };
}
