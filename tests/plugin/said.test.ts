// What Swarm's leader has, by its own word: how the sweeper knows a leak from the end of a load balancer that its node
// has not asked for yet.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { endpoint } from '../../src/docker/made-up.js';
import type { SubnetService } from '../../src/service/index.js';
import { network } from '../docker/json.js';
import { Flaky } from './flaky.js';
import { leads, type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };

let store: Flaky;
let run: Swarm;
let leader: Node;
let net: SubnetService;
let G: string;
/** Given by a leader before, and in nobody's records. */
let leaked: string;
/** Of node-2, by the records; its plugin has not been asked for it. */
let balancer: string;
let ticket: string;

const states = () => [leaked, balancer, ticket].map((address) => net.inspect(address).state);

beforeEach(async () => {
  store = new Flaky();
  run = await swarm(2, { store, waits: { store: 0 } });
  leader = run.nodes[0] as Node;
  leader.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
  G = await leader.pool('global', CIDR);
  await leader.address(G, '', GATEWAY);
  net = subnet(run.service, CIDR);
  [leaked, balancer, ticket] = [await leader.address(G), await leader.address(G), await leader.address(G)];
  leader.docker.services = [{ ID: 'id-web', Spec: { Name: 'web' } }];
  leader.docker.tasks = [
    {
      ID: 't1',
      ServiceID: 'id-web',
      Slot: 1,
      NodeID: 'node-2',
      Status: { State: 'preparing' },
      DesiredState: 'running',
      NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/24`] }],
    },
  ];
  leads(run.nodes, leader);
});

afterEach(async () => {
  await run.stop();
});

/** As a new leader does. */
async function begin(): Promise<void> {
  await leader.pool('global', CIDR);
  await leader.address(G, '10.77.0.1', GATEWAY);
  for (const address of [balancer, ticket]) assert.equal(await leader.address(G, address), address);
}

async function looks(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await leader.sweep('node-1');
    await run.time.pass(61_000);
  }
}

describe('while a load balancer has not asked for its address', () => {
  test('what the leader has not said again is swept, and what it has said is not', async () => {
    leader.restart();
    await begin();
    await looks();
    assert.deepEqual(states(), ['free', 'held', 'held']);
  });

  test('nothing is swept of what the leader was given since it began', async () => {
    await looks();
    assert.deepEqual(states(), ['held', 'held', 'held']);
  });

  test('nothing is swept by a process that has not heard the leader from its beginning', async () => {
    leader.restart();
    await looks();
    assert.deepEqual(states(), ['held', 'held', 'held']);
  });

  test('nothing is swept before the leader has had time to say all', async () => {
    await leader.sweep('node-1');
    await run.time.pass(61_000);
    leader.restart();
    await leader.sweep('node-1');
    await run.time.pass(59_000);
    await leader.pool('global', CIDR);
    await run.time.pass(2000);
    await leader.sweep('node-1');
    assert.deepEqual(states(), ['held', 'held', 'held']);
  });

  test('nothing is swept when the leader got its pool late: it does not say again what is in it', async () => {
    const pool = '10.78.0.0/24';
    leader.docker.networks = [network('web', pool, { gateway: '10.78.0.1' })];
    store.refusals = 1;
    await assert.rejects(leader.pool('global', pool), /no connection/);
    await leader.pool('global', pool);
    const made = subnet(run.service, pool);
    for (const address of ['10.78.0.2', '10.78.0.3']) await made.hold(address); // by other leaders, before
    leader.docker.tasks[0].NetworksAttachments[0].Addresses = ['10.78.0.3/24'];
    await looks();
    assert.equal(made.inspect('10.78.0.2').state, 'held');
  });

  test('what a leader has said counts no more when another one has led since', async () => {
    leader.restart();
    await begin();
    await run.time.pass(61_000);
    leads(run.nodes, run.nodes[1] as Node);
    await leader.sweep('node-1');
    leads(run.nodes, leader);
    await looks();
    assert.deepEqual(states(), ['held', 'held', 'held']);
  });

  test('nothing is swept because of an address that a node has for whoever cannot be known', async () => {
    await net.claim(endpoint('node-2', ticket), { node: 'node-2', ticket }); // before Docker 29, on a worker
    await looks();
    assert.deepEqual(states(), ['held', 'held', 'live']);
  });

  test('nothing is swept because of the end that a node had before, whose ticket is over', async () => {
    await net.claim(endpoint('node-2', leaked), { node: 'node-2', ticket: leaked });
    await leader.release(G, leaked);
    assert.equal(net.isHeld(leaked), false);
    leader.restart();
    await looks();
    assert.deepEqual(states(), ['live', 'held', 'held']);
  });

  test('an end that the leader has, and whose ticket the store has lost, has it again', async () => {
    await net.claim(endpoint('node-2', leaked), { node: 'node-2', ticket: leaked });
    await net.unhold(leaked);
    await leader.sweep();
    assert.equal(net.isHeld(leaked), true);
    assert.deepEqual(states(), ['live', 'held', 'held']);
  });

  describe('a leader that was not heard from its beginning gave back an address while somebody lived there', () => {
    beforeEach(async () => {
      await net.claim('web.9', { node: 'node-2', ticket: leaked });
      leader.restart();
      await leader.release(G, leaked);
      await net.release('web.9', 'node-2');
      await net.reclaim('web.9');
      assert.deepEqual(states(), ['held', 'held', 'held']);
    });

    test('that one it has not, and it is swept', async () => {
      await looks();
      assert.deepEqual(states(), ['free', 'held', 'held']);
    });

    test('it is not swept once the leader has asked for it again', async () => {
      assert.equal(await leader.address(G, leaked), leaked);
      await looks();
      assert.deepEqual(states(), ['held', 'held', 'held']);
    });

    test('it is not swept when another one has led since, who can have given it', async () => {
      leads(run.nodes, run.nodes[1] as Node);
      await leader.sweep('node-1');
      leads(run.nodes, leader);
      await looks();
      assert.deepEqual(states(), ['held', 'held', 'held']);
    });

    test('it is not swept when the leader could not begin since: another one can have led before', async () => {
      store.refusals = 1;
      await assert.rejects(leader.pool('global', '10.78.0.0/24'), /no connection/);
      await looks();
      assert.deepEqual(states(), ['held', 'held', 'held']);
    });
  });

  test('of two networks with one subnet nothing is swept by the word of one', async () => {
    leader.docker.networks = ['web', 'twin'].map((name) => network(name, CIDR, { gateway: '10.77.0.1' }));
    leader.restart();
    await begin();
    await looks();
    assert.deepEqual(states(), ['held', 'held', 'held']);
  });
});

test('what was freed and given again between two looks is not as old as what it was before', async () => {
  leader.docker.tasks = []; // no node waits for its end
  await leader.sweep('node-1');
  await run.time.pass(55_000);
  await leader.release(G, leaked);
  assert.equal(await leader.address(G, leaked), leaked);
  await run.time.pass(6000);
  await leader.sweep('node-1');
  assert.deepEqual(states(), ['held', 'free', 'free']);
});
