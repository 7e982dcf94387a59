// A pool's ID: which space of Docker's, which subnet of ours and which range of it, in the text itself, so that it
// outlives the plugin's process and means the same on every node.
//
//   local/swarm/192.168.99.0/24?range=192.168.99.128-192.168.99.159

import type { AddressSpace } from '../docker/spaces.js';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetKey } from '../service/store.js';

export interface PoolId extends SubnetKey {
  readonly addressSpace: AddressSpace;
  /** `first-last`: where addresses are taken from when none is asked for. Absent: anywhere in the subnet. */
  readonly range?: string;
}

export function poolId({ addressSpace, space, cidr, range }: PoolId): string {
  return `${addressSpace}/${space}/${cidr}${range === undefined ? '' : `?range=${range}`}`;
}

/** @throws LimpetError UNKNOWN naming the text */
export function parsePoolId(text: string): PoolId {
  // The CIDR comes last: its own slash is the last one, whatever the name of the space.
  const [, addressSpace, space, cidr, range] =
    /^(global|local)\/(.+)\/([^/?]+\/\d+)(?:\?range=([0-9a-f.:]+-[0-9a-f.:]+))?$/.exec(text) ?? [];
  if (addressSpace === undefined || space === undefined || cidr === undefined) {
    throw new LimpetError('UNKNOWN', `no pool ${quote(text)}: it is none of Limpet's`, { pool: text });
  }
  const pool = { addressSpace: addressSpace as AddressSpace, space, cidr };
  return range === undefined ? pool : { ...pool, range };
}
