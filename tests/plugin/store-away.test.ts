// The store is away while a task ends: what its node could not release at once it releases when the store is back, and
// the next task of the identity is at home, not a guest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Commit, MemoryStore } from '../../src/entries/service.js';
import { container, network, taskContainer } from '../docker/json.js';
import { Flaky } from './flaky.js';
import { leads, type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const NAME = 'com.docker.network.endpoint.name';

interface Scene {
  readonly store: Flaky;
  readonly one: Node;
  /** Ends the task on node one. */
  readonly release: () => Promise<void>;
  /** Starts the next task of the identity on node two. */
  readonly next: () => Promise<string>;
  readonly home: string;
  readonly pass: (duration: number) => Promise<void>;
}

/** web.3 runs on node one; whoever comes while it is there waits 5 s. */
async function scene(wait: number, play: (scene: Scene) => Promise<void>): Promise<void> {
  const store = new Flaky();
  const run = await swarm(2, { store, waits: { store: wait } });
  try {
    const [one, two] = run.nodes as [Node, Node];
    for (const node of run.nodes) node.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
    const G = await one.pool('global', CIDR);
    const L = await one.pool('local', CIDR);
    const start = async (node: Node, task: string) => {
      const ticket = await one.address(G);
      node.docker.put(taskContainer('web', 3, task, { asked: ticket }));
      const address = await node.address(L, ticket);
      node.docker.put(taskContainer('web', 3, task, { asked: ticket, address }));
      return address;
    };
    const home = await start(one, 'a');
    // Docker's list shows the container at its address until the release is over.
    const pass = (duration: number) => run.time.pass(duration);
    await play({ store, one, home, pass, release: () => one.release(L, home), next: () => start(two, 'b') });
  } finally {
    await run.stop();
  }
}

test('a release that finds the store away for a moment is made, so that the next task is at home', async () => {
  await scene(5000, async ({ store, release, next, home }) => {
    store.refusals = 3;
    await release();
    assert.equal(store.refusals, 0);
    assert.equal(await next(), home);
  });
});

test('a release that is refused at last, since the store is away for long, is made good when it is back', async () => {
  await scene(0, async ({ store, release, next, home, pass }) => {
    store.refusals = 4;
    await assert.rejects(release(), /no connection/);
    assert.ok(store.refusals > 0, 'the store is still away');
    await pass(1000);
    assert.equal(store.refusals, 0);
    assert.equal(await next(), home);
  });
});

test('a release that is tried again is not taken for that of the next run of its container', async () => {
  const store = new Flaky();
  const run = await swarm(1, { store, waits: { store: 0 } });
  try {
    const [node] = run.nodes as [Node];
    node.docker.networks = [network('home', CIDR, { scope: 'local' })];
    const net = () => subnet(run.service, CIDR, 'node:node-1');
    const L = await node.pool('local', CIDR);
    const show = (where: object) => node.docker.put(container('app', { network: 'home', ...where }));
    show({ state: 'created' });
    const home = await node.address(L, '', { [NAME]: 'app' });
    show({ address: home });
    store.refusals = 1;
    await assert.rejects(node.release(L, home), /no connection/);
    show({ state: 'exited' });
    assert.equal(await node.address(L, '', { [NAME]: 'app' }), home); // it is started once more
    show({ address: home });
    await run.time.pass(5000); // the release is tried again
    assert.equal(store.refusals, 0);
    assert.equal(net().lookup('app')?.state, 'live');
  } finally {
    await run.stop();
  }
});

test('what a Docker that has died asked for is not done later', async () => {
  const store = new Flaky();
  await given({ store, waits: { store: 5000 } }, async ({ run, one, pool, ticket }) => {
    const gone = new AbortController();
    store.refusals = 3;
    const asked = one.call('RequestAddress', { PoolID: pool, Address: '10.77.0.99' }, gone.signal);
    asked.catch(() => {});
    gone.abort();
    await run.time.pass(10_000);
    assert.notEqual(run.service.find(CIDR, 'swarm')?.inspect('10.77.0.99').state, 'held');
    assert.equal(run.service.find(CIDR, 'swarm')?.inspect(ticket).state, 'held');
  });
});

test('a ticket that the leader says again while its release waits for the store stays held', async () => {
  const store = new Flaky();
  const run = await swarm(1, { store });
  try {
    const [leader] = run.nodes as [Node];
    leader.docker.networks = [network('web', CIDR)];
    leads(run.nodes, leader);
    const pool = await leader.pool('global', CIDR);
    const ticket = await leader.address(pool);
    store.refusals = 1;
    const released = leader.release(pool, ticket);
    await run.time.pass(100);
    assert.equal(store.refusals, 0, 'it has been tried, and is tried again');
    assert.equal(await leader.address(pool, ticket), ticket);
    await released;
    assert.equal(leader.said(ticket).outcome, 'late');
    assert.equal(run.service.find(CIDR, 'swarm')?.isHeld(ticket), true);
  } finally {
    await run.stop();
  }
});

for (const [who, isLost] of [
  ['who leads still', false],
  ['whose swarm has another leader since', true],
] as const) {
  test(`a ticket's release that comes again, of a node ${who}, ${isLost ? 'ends nothing' : 'is made'}`, async () => {
    const store = new Flaky();
    await given({ store, waits: { store: 0 } }, async ({ run, one, two, pool, ticket }) => {
      store.refusals = 100;
      await assert.rejects(one.release(pool, ticket), /no connection/);
      await run.time.pass(100);
      if (isLost) leads(run.nodes, two);
      store.refusals = 0; // it is back
      await run.time.pass(2000);
      assert.equal(one.said(ticket).outcome, isLost ? 'late' : 'unheld');
      assert.equal(run.service.find(CIDR, 'swarm')?.isHeld(ticket), isLost);
    });
  });
}

for (const leading of [true, false])
  test(`a ticket of a forerunner is given back on a node that ${leading ? 'leads' : 'leads no longer'}`, async () => {
    await given({}, async ({ run, two, pool, ticket }) => {
      if (leading) leads(run.nodes, two);
      await two.release(pool, ticket); // Docker repeats what a process that has died did not answer
      assert.equal(two.said(ticket).outcome, leading ? 'unheld' : 'late');
      assert.equal(run.service.find(CIDR, 'swarm')?.isHeld(ticket), !leading);
    });
  });

interface Given {
  readonly run: Swarm;
  readonly one: Node;
  readonly two: Node;
  readonly pool: string;
  readonly ticket: string;
}

/** Of two nodes the first leads, and was given a ticket. */
async function given(options: Parameters<typeof swarm>[1], play: (given: Given) => Promise<void>): Promise<void> {
  const run = await swarm(2, options);
  try {
    const [one, two] = run.nodes as [Node, Node];
    for (const node of run.nodes) node.docker.networks = [network('web', CIDR)];
    leads(run.nodes, one);
    const pool = await one.pool('global', CIDR);
    await play({ run, one, two, pool, ticket: await one.address(pool) });
  } finally {
    await run.stop();
  }
}

/** Keeps commits about one identity waiting. */
class Gated extends MemoryStore {
  about = '';
  letThrough = () => {};
  #gate = Promise.resolve();

  shut(about: string): void {
    this.about = about;
    this.#gate = new Promise((open) => {
      this.letThrough = open;
    });
  }

  override async commit(...of: unknown[]): Promise<Commit> {
    if (this.about !== '' && JSON.stringify(of).includes(this.about)) await this.#gate;
    return super.commit();
  }
}

test('a look that waits for the store brings nobody back who has left since its lists were read', async () => {
  const store = new Gated();
  const run = await swarm(1, { store });
  try {
    const [node] = run.nodes as [Node];
    node.docker.networks = [network('web', CIDR)];
    leads(run.nodes, node);
    const [G, L] = [await node.pool('global', CIDR), await node.pool('local', CIDR)];
    const ticket = await node.address(G);
    node.docker.put(container('db', { asked: ticket }));
    const home = await node.address(L, ticket);
    // Nobody has its address in the store: the look puts it down first, and waits for that.
    node.docker.put(container('lost', { address: '10.77.0.50' }));
    node.docker.remove('db');
    node.docker.put(container('db', { asked: ticket, address: home }));
    const net = subnet(run.service, CIDR);
    store.shut('lost');
    const look = node.look();
    await run.time.pass(100);
    await node.release(L, home);
    node.docker.remove('db');
    await run.time.pass(30_000);
    assert.deepEqual(net.lookup('db')?.nodes, []);
    store.letThrough();
    await look;
    assert.deepEqual(net.lookup('lost')?.nodes, ['node-1'], 'the look went on');
    assert.deepEqual(net.lookup('db')?.nodes, []);
  } finally {
    await run.stop();
  }
});
