// A process that is live with one binding until it is killed. Arguments: endpoint and prefix.
import { bind, live, NET, open, specOf } from './harness.js';

const [endpoint = '', prefix = ''] = process.argv.slice(2);
const { store } = await open({ endpoints: [endpoint], prefix, node: 'dead' });
await store.commit(NET, [{ op: 'create', spec: specOf(NET) }]);
await store.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1', 'dead')]);
console.log('live');
