// Fills an etcd with bindings at once, as a large swarm has left them: part of them live on some nodes, the others
// reserved.
import { Etcd3 } from 'etcd3';
import { AllocatorService } from '../../src/service/index.js';
import { EtcdStore } from '../../src/stores/etcd/etcd-store.js';
import { DEFAULT_PREFIX, Keys } from '../../src/stores/etcd/keys.js';
import { identities } from '../inputs.js';

/** Bindings of one transaction: three keys each, of 128. */
const AT_ONCE = 42;
const LANES = 8;
const NODES = 100;
/** Seconds. */
const LEASE = 7200;
const RELEASED = 1_700_000_000_000;

export interface Filling {
  readonly endpoint: string;
  /** Of a /8. */
  readonly cidr: string;
  readonly count: number;
  /** Of all, from 0 to 1. */
  readonly reserved: number;
}

export async function fill({ endpoint, cidr, count, reserved }: Filling): Promise<void> {
  const service = await AllocatorService.open(new EtcdStore({ endpoints: [endpoint], node: 'first' }));
  await service.subnet(cidr, { reclaim: {} });
  await service.close();
  const client = new Etcd3({ hosts: endpoint });
  const { ID: lease } = await client.leaseClient.leaseGrant({ TTL: LEASE });
  const keys = new Keys(DEFAULT_PREFIX);
  const subnet = { space: 'default', cidr };
  const live = Math.round(count * (1 - reserved));
  const bytes = cidr.split('.')[0];
  const putsOf = (identity: string, n: number) => {
    const address = `${bytes}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
    const isLive = n <= live;
    const value = JSON.stringify(isLive ? { address } : { address, released: RELEASED + n });
    const puts = [put(keys.identity(subnet, identity), value), put(keys.address(subnet, address), identity)];
    return isLive ? [...puts, put(keys.live(subnet, identity, `node-${n % NODES}`), '', lease)] : puts;
  };
  const names = identities(count);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const from = next;
      next += AT_ONCE;
      const success = names.slice(from, from + AT_ONCE).flatMap((name, i) => putsOf(name, from + i + 1));
      await client.kv.txn({ success });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  client.close();
}

function put(key: string, value: string, lease = '0') {
  return { request_put: { key: Buffer.from(key), value: Buffer.from(value), lease } };
}
