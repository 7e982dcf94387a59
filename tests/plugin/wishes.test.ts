// A user's own choice while the store is waited for: that address, or none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, type Commit, MemoryStore, type SubnetKey } from '../../src/entries/service.js';
import { container, network } from '../docker/json.js';
import { type Node, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const WISH = '10.77.0.200';
const NAME = 'com.docker.network.endpoint.name';

/** Another process is faster with something, once, when somebody is to be marked live. */
class Overtaken extends MemoryStore {
  news: (() => void) | undefined;

  override async commit(_?: SubnetKey, changes: readonly Change[] = []): Promise<Commit> {
    const { news } = this;
    if (news === undefined || !changes.some(({ op }) => op === 'live')) return super.commit();
    this.news = undefined;
    news();
    return 'conflict';
  }
}

test('a container whose home is moved meanwhile is not answered another address than its --ip', async () => {
  const store = new Overtaken();
  const run = await swarm(1, { store });
  try {
    const [node] = run.nodes as [Node];
    node.docker.networks = [network('own', CIDR, { scope: 'local' })];
    const pool = await node.pool('local', CIDR);
    node.docker.put(container('db', { network: 'own', asked: WISH }));
    assert.equal(await node.address(pool, WISH, { [NAME]: 'db' }), WISH);
    await node.release(pool, WISH);
    const net = [...run.service.subnets()].find(({ cidr }) => cidr === CIDR)!;
    store.news = () => {
      net.learn({ op: 'reclaim', identity: 'db', address: WISH });
      net.learn({ op: 'bind', identity: 'db', address: '10.77.0.9' });
    };
    assert.equal(await node.address(pool, WISH, { [NAME]: 'db' }), WISH);
    assert.equal(net.lookup('db')?.address, WISH);
  } finally {
    await run.stop();
  }
});
