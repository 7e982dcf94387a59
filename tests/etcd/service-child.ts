// An allocator service on etcd in a process of its own, so that it can be stopped. Arguments: endpoint, prefix, node.
// Each line of its input is an identity to allocate; each answer is a line of JSON, and so is what the store reports.
import { createInterface } from 'node:readline';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService } from '../../src/service/index.js';

export interface Said {
  readonly identity?: string;
  readonly address?: string;
  readonly code?: string;
  readonly report?: string;
}

const [endpoint = '', prefix = '', node = ''] = process.argv.slice(2);
const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`);
const store = new EtcdStore({ endpoints: [endpoint], prefix, node, ttl: 2, deadline: 1000 });
const service = await AllocatorService.open(store, { report: ({ message }) => say({ report: message }) });
const net = await service.subnet('10.0.0.0/24', { policy: 'lowest' });
for await (const identity of createInterface({ input: process.stdin })) {
  // Not awaited: several may be under way.
  net.allocate(identity, { node }).then(
    (address) => say({ identity, address }),
    ({ code }) => say({ identity, code }),
  );
}
