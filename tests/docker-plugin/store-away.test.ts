// The store is away while a task ends: what its node could not release at once it releases when the store is back, and the
// next task of the identity is at home, not a guest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimpetError } from '../../src/errors.js';
import { type Commit, MemoryStore } from '../../src/service/index.js';
import { network, taskContainer } from './docker.js';
import { type Node, swarm, WAITS } from './nodes.js';

const CIDR = '10.77.0.0/24';

/** Refuses so many commits. */
class Flaky extends MemoryStore {
  refusals = 0;

  override async commit(): Promise<Commit> {
    if (this.refusals > 0) {
      this.refusals--;
      throw new LimpetError('UNAVAILABLE', 'etcd: no connection; nothing was written', { outcome: 'none' });
    }
    return super.commit();
  }
}

test('a release that finds the store away is made good, so that the next task is at home', async () => {
  const store = new Flaky();
  const run = await swarm(2, { store, waits: { ...WAITS, store: 5000, home: 300 } });
  try {
    const [one, two] = run.nodes as [Node, Node];
    for (const node of run.nodes) node.docker.state.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
    const G = await one.pool('global', CIDR);
    const L = await one.pool('local', CIDR);
    const ticket = await one.address(G);
    one.docker.put(taskContainer('web', 3, 'a', { asked: ticket }));
    const home = await one.address(L, ticket);
    one.docker.put(taskContainer('web', 3, 'a', { asked: ticket, address: home }));

    store.refusals = 3;
    // Docker's list shows the container at its address until the release is over.
    await one.release(L, home);
    assert.equal(store.refusals, 0);

    const next = await one.address(G);
    two.docker.put(taskContainer('web', 3, 'b', { asked: next }));
    assert.equal(await two.address(L, next), home);
  } finally {
    await run.stop();
  }
});
