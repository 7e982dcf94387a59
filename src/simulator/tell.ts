// What the product's tickets tell, as lines of the log.

import { nodeOfMade } from '../docker/made-up.js';
import type { Told } from '../tickets/told.js';

export interface Line {
  readonly text: string;
  readonly identity?: string;
}

/** Undefined for what is of no interest to who watches a swarm. @param nameOf what a node is called, by its ID */
export function toSay(told: Told, nameOf: (id: string) => string): Line | undefined {
  if (told.event === 'address') return told.addressSpace === 'local' ? address(told, nameOf) : undefined;
  if (told.event === 'sweep' || told.event === 'mend' || told.event === 'conflict') {
    const { address: at } = told;
    return at === undefined ? undefined : { text: `Limpet: ${at}: ${told.why}` };
  }
  return undefined;
}

function address(told: Extract<Told, { event: 'address' }>, nameOf: (id: string) => string): Line | undefined {
  const { identity, ticket, outcome, why } = told;
  const at = told.address;
  if (identity === undefined || at === undefined) return undefined;
  const name = shown(identity, nameOf);
  if (outcome === 'endpoint') return { text: `the load balancer of ${nameOf(nodeOfMade(identity) ?? '')} has ${at}` };
  const came = ticket === undefined || ticket === at ? '' : ` comes with ticket ${ticket} and`;
  return { text: `${name}${came} gets ${at} from Limpet: ${why}`, identity: name };
}

/** A global service's identity ends in its node's ID; people know the node by its name. */
export function shown(identity: string, nameOf: (id: string) => string): string {
  const dot = identity.lastIndexOf('.');
  return dot < 0 ? identity : `${identity.slice(0, dot)}.${nameOf(identity.slice(dot + 1))}`;
}
