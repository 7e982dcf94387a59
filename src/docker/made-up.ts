// Identities that Limpet makes up for what has an address and no identity of its own, so that every address has an
// owner. They begin with @, which no container's name and no service's name can, and end with their use.

/** The load balancer's end of a network on a node: no container asks for its address. */
export function endpoint(node: string, address: string): string {
  return `@endpoint/${node}/${address}`;
}

/** The second container of an identity, at its own ticket, because the first has not left. */
export function guest(ticket: string): string {
  return `@guest/${ticket}`;
}

/** A container that cannot be told from others. `unique` tells it from the others that cannot. */
export function unnamed(node: string, unique: string): string {
  return `@unnamed/${node}/${unique}`;
}

/** Whether it is one of these, or looks like one: nobody else is ever called so. */
export function isMadeUp(identity: string): boolean {
  return identity.startsWith('@');
}

export type Made = 'endpoint' | 'guest' | 'unnamed';

/** What kind of made-up identity it is; undefined for a task's or a container's. */
export function made(identity: string): Made | undefined {
  return /^@(endpoint|guest|unnamed)\//.exec(identity)?.[1] as Made | undefined;
}

/** The node of an endpoint or an unnamed container; undefined for every other identity. */
export function nodeOfMade(identity: string): string | undefined {
  return /^@(?:endpoint|unnamed)\/(.+)\/[^/]+$/.exec(identity)?.[1];
}
