// Identities that the plugin makes up for endpoints that have none of their own, so that whatever has an address has an owner.
// They begin with @, which no container's name and no service's name can. All but the gateway's end with their use.

import { randomUUID } from 'node:crypto';

/** A gateway of a network that Swarm's leader does not look after; every node that has the network is live on it. */
export function gateway(address: string): string {
  return `@gateway/${address}`;
}

/** What no container asked for on this node: the load balancer's end of a network, or a user's auxiliary address. */
export function endpoint(node: string, address: string): string {
  return `@endpoint/${node}/${address}`;
}

/** The second container of an identity, at its own ticket, because the first has not left. */
export function guest(ticket: string): string {
  return `@guest/${ticket}`;
}

/** A container that cannot be told from others. */
export function unnamed(node: string): string {
  return `@unnamed/${node}/${randomUUID()}`;
}

export type Made = 'gateway' | 'endpoint' | 'guest' | 'unnamed';

/** What kind of made-up identity it is; undefined for a task's or a container's. */
export function made(identity: string): Made | undefined {
  return /^@(gateway|endpoint|guest|unnamed)\//.exec(identity)?.[1] as Made | undefined;
}

/** Whether that endpoint, or unnamed container, is one of the node's. */
export function isOf(identity: string, node: string): boolean {
  return identity.startsWith(`@endpoint/${node}/`) || identity.startsWith(`@unnamed/${node}/`);
}
