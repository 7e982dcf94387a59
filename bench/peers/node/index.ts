// The contestants on the side of Node, by name; each made when its own process asks for it.

import type { Peer } from '../peer.js';

/** Each speaks of addresses in its own way. */
type Make = () => Promise<Peer<any> & { readonly version: string }>;

export const PEERS: Readonly<Record<string, Make>> = {
  'limpet-raw': async () => new (await import('./limpet-raw.js')).RawPeer(),
  'limpet-host': async () => new (await import('./limpet-host.js')).HostPeer(),
  plain: async () => new (await import('./plain.js')).PlainPeer(),
  roaring: async () => new (await import('./roaring.js')).RoaringPeer(),
  'ip-num-pool': async () => new (await import('./ip-num.js')).PoolPeer(),
  'ip-num-ranges': async () => new (await import('./ip-num.js')).RangesPeer(),
};
