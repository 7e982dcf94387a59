// Bindings that nobody is live on, put into etcd at once: what a storm of known identities finds there.
import { Etcd3 } from 'etcd3';
import { AllocatorService } from '../../src/service/index.js';
import { EtcdStore } from '../../src/stores/etcd/etcd-store.js';
import { DEFAULT_PREFIX, Keys } from '../../src/stores/etcd/keys.js';
import { identityOf } from './crowd.js';

/** Bindings of one transaction: two keys each. */
const AT_ONCE = 60;

/** @param count how many identities of the subnet are known and reserved */
export async function prepare(endpoint: string, cidr: string, count: number): Promise<void> {
  const service = await AllocatorService.open(new EtcdStore({ endpoints: [endpoint], node: 'first' }));
  await service.subnet(cidr, { reclaim: {} });
  await service.close();
  const keys = new Keys(DEFAULT_PREFIX);
  const subnet = { space: 'default', cidr };
  const [base = ''] = cidr.split('/');
  const [a = 0, b = 0] = base.split('.').map(Number);
  const client = new Etcd3({ hosts: endpoint });
  for (let from = 0; from < count; from += AT_ONCE) {
    const success = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => {
      const identity = identityOf(from + i);
      const n = (a << 24) + (b << 16) + from + i + 1;
      const address = [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
      return [
        [keys.identity(subnet, identity), JSON.stringify({ address, released: Date.now() - 60_000 })],
        [keys.address(subnet, address), identity],
      ] as const;
    });
    const puts = success.flat().map(([key, value]) => ({
      request_put: { key: Buffer.from(key), value: Buffer.from(value) },
    }));
    await client.kv.txn({ success: puts });
  }
  client.close();
}
