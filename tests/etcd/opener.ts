// A process that opens the etcd store with a long lease, closes it, says so, and has nothing else to do.
import { open } from './harness.js';

const endpoint = process.argv[2] as string;
const { store } = await open({ endpoints: [endpoint], prefix: '/opener/', ttl: 60 });
await new Promise((resolve) => setTimeout(resolve, 500)); // the first renewal is over, and the next one far away
await store.close();
console.log('closed');
