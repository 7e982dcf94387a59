// What a node is answered: an address, told with the reason, so that the log and the metrics know of each.

import { unnamed } from '../docker/made-up.js';
import type { SubnetService } from '../service/index.js';
import type { Environment } from './environment.js';
import type { Outcome } from './told.js';

export interface Given {
  readonly address: string;
  readonly outcome: Outcome;
  readonly identity?: string;
  readonly ticket?: string | undefined;
  readonly candidates?: readonly string[];
}

/** The address, told to whoever keeps a log. */
export function answer({ nodeOf, tell }: Environment, net: SubnetService, given: Given, why: string): string {
  const level = given.outcome === 'guest' || given.outcome === 'unnamed' ? 'warn' : 'info';
  tell({ event: 'address', level, addressSpace: 'local', subnet: net.cidr, node: nodeOf(net), ...given, why });
  return given.address;
}

/** Whether an address that is asked for is nobody else's home. */
export function isFreeFor(net: SubnetService, address: string, identity: string): boolean {
  const { state, identity: owner } = net.inspect(address);
  if (state === 'excluded' || address === net.spec.gateway) return false;
  return owner === undefined || owner === identity;
}

/** A name for a container of this node that has none of its own. */
export function unnamedOn({ clock, nodeOf }: Environment, net: SubnetService): string {
  const unique = Math.floor(clock.random() * 2 ** 48).toString(36);
  return unnamed(nodeOf(net), unique);
}
