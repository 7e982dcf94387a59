// A home is moved elsewhere while this node asks the store about it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Change,
  type Commit,
  MemoryStore,
  type SubnetKey,
  type SubnetService,
} from '../../src/entries/service.js';
import { container, network } from '../docker/json.js';
import { type Node, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const WISH = '10.77.0.200';
const ELSEWHERE = '10.77.0.9';
const NAME = 'com.docker.network.endpoint.name';

/** Another process does something, once, when somebody is to be marked live: before that counts, or right after it. */
class Overtaken extends MemoryStore {
  news: ((changes: readonly Change[]) => Commit) | undefined;

  override async commit(_?: SubnetKey, changes: readonly Change[] = []): Promise<Commit> {
    const { news } = this;
    if (news === undefined || !changes.some(({ op }) => op === 'live')) return super.commit();
    this.news = undefined;
    return news(changes);
  }
}

async function overtaken(
  play: (node: Node, net: SubnetService, move: (how: Commit) => void, pool: string) => Promise<void>,
): Promise<void> {
  const store = new Overtaken();
  const run = await swarm(1, { store });
  try {
    const [node] = run.nodes as [Node];
    node.docker.networks = [network('own', CIDR, { scope: 'local' })];
    const pool = await node.pool('local', CIDR);
    const net = [...run.service.subnets()].find(({ cidr }) => cidr === CIDR)!;
    const move = (how: Commit) => {
      store.news = (changes) => {
        if (how === 'told') for (const change of changes) net.learn(change);
        net.learn({ op: 'reclaim', identity: 'db', address: WISH });
        net.learn({ op: 'bind', identity: 'db', address: ELSEWHERE });
        return how;
      };
    };
    await play(node, net, move, pool);
  } finally {
    await run.stop();
  }
}

// It comes home; and it is new, and hears of the move before it has the answer to its own claim.
for (const how of ['conflict', 'told'] as const) {
  test(`a container whose home is moved meanwhile is not answered another address than its --ip: ${how}`, async () => {
    await overtaken(async (node, net, move, pool) => {
      node.docker.put(container('db', { network: 'own', asked: WISH }));
      const ask = () => node.address(pool, WISH, { [NAME]: 'db' });
      if (how === 'conflict') {
        assert.equal(await ask(), WISH);
        await node.release(pool, WISH);
      }
      move(how);
      assert.equal(await ask(), WISH);
      assert.equal(net.lookup('db')?.address, WISH);
    });
  });
}

test('a container that a look finds at the home that was its own is not marked at the new one', async () => {
  await overtaken(async (node, net, move) => {
    await net.allocate('db', { node: 'node-1', ticket: WISH });
    await net.release('db', 'node-1');
    node.docker.put(container('db', { network: 'own', address: WISH }));
    move('conflict');
    await node.look();
    assert.deepEqual([net.lookup('db')?.address, net.lookup('db')?.nodes], [ELSEWHERE, []]);
    await node.look();
    assert.equal(net.inspect(WISH).state, 'live', 'it is kept for whoever is there');
  });
});
