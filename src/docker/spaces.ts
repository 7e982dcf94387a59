// A pool's ID: which space of Docker's and which subnet of ours, in the text itself, so that it outlives the plugin's process
// and means the same on every node.

import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetKey } from '../service/store.js';

/** Docker's two address spaces: of the swarm, asked by its leader; of one host. */
export type Side = 'global' | 'local';

/** What the spaces are called towards Docker. */
export const SPACES: Readonly<Record<Side, string>> = { global: 'limpet.global', local: 'limpet.local' };

/** Subnets of the whole swarm. */
export const SWARM = 'swarm';

/** The space of the subnets that only one node's networks have. */
export function spaceOf(node: string): string {
  return `node:${node}`;
}

export interface PoolId extends SubnetKey {
  readonly side: Side;
}

export function poolId({ side, space, cidr }: PoolId): string {
  return `${side}/${space}/${cidr}`;
}

/** @throws LimpetError UNKNOWN naming the text */
export function parsePoolId(text: string): PoolId {
  // The CIDR comes last: its own slash is the last one, whatever the name of the node.
  const [, side, space, cidr] = /^(global|local)\/(.+)\/([^/]+\/\d+)$/.exec(text) ?? [];
  if (side === undefined || space === undefined || cidr === undefined) {
    throw new LimpetError('UNKNOWN', `no pool ${quote(text)}: it is none of Limpet's`, { pool: text });
  }
  return { side: side as Side, space, cidr };
}
