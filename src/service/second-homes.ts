// Second homes. An identity can have a further binding, for when two of it run at once: the name of that binding is
// made of its own, so that neither the core nor a store knows of more than bindings. Whose binding it is, and since
// when both are of no use, is known here alone.

import { whyNoIdentity } from '../host/identity.js';
import type { Binding } from '../host/types.js';

/** No container's name and no service's begins with @, and the plugin believes nobody who does (docker/believed.ts). */
const SECOND = '@second/';

/** What is looked at: a SubnetService, its state, or a subnet that is not made yet. */
export interface Homes {
  lookup(identity: string): { readonly address: string } | undefined;
}

/** What the identity's second home is bound to; undefined where that would be too long for a name. */
export function secondHome(identity: string): string | undefined {
  const name = `${SECOND}${identity}`;
  return whyNoIdentity(name) === undefined ? name : undefined;
}

export function isSecondHome(name: string): boolean {
  return name.startsWith(SECOND);
}

/** Whose home a binding is: `web.3`, of its first home and of its second one. */
export function whose(name: string): string {
  return isSecondHome(name) ? name.slice(SECOND.length) : name;
}

/** The names of all homes that an identity can have, the first one first; of a home's own name that one alone. */
export function homesOf(name: string): readonly string[] {
  const second = isSecondHome(name) ? undefined : secondHome(name);
  return second === undefined ? [name] : [name, second];
}

/** As people are told of a binding: `web.3`, `web.3 (second home)`. */
export function homeText(name: string): string {
  return isSecondHome(name) ? `${whose(name)} (second home)` : name;
}

/** The binding of the identity that has this address: one of its homes; undefined when neither does. */
export function homeAt(net: Homes, identity: string, address: string): string | undefined {
  return homesOf(identity).find((name) => net.lookup(name)?.address === address);
}

/** The name of the other home of whose home this is; undefined where that would be too long for a name. */
export function besideOf(name: string): string | undefined {
  return isSecondHome(name) ? whose(name) : secondHome(name);
}

/**
 * Since when the identity of a reserved binding has run at none of its homes: a home that waits for its next turn is
 * not old. Undefined while it runs at the other one.
 */
export function restsSince(
  state: { lookup(identity: string): Binding | undefined },
  { identity, releasedAt }: Binding,
): number | undefined {
  const other = besideOf(identity);
  const beside = other === undefined ? undefined : state.lookup(other);
  if (beside === undefined || releasedAt === undefined) return releasedAt;
  return beside.releasedAt === undefined ? undefined : Math.max(releasedAt, beside.releasedAt);
}
