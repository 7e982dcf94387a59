// Second homes in time: with start-first a slot has two addresses, always the same two, in turn. Whatever happens to
// the plugin or the node meanwhile, and whichever home is empty.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const SECOND = '@second/web.3';
const NAME = 'com.docker.network.endpoint.name';

let run: Swarm;
let leader: Node;
let workers: readonly [Node, Node];
let net: SubnetService;
let G: string;
let L: string;
/** What Swarm has: of each task where it is, its ticket and its address. */
let tasks: Map<string, { readonly node: Node; readonly ticket: string; readonly address: string }>;

beforeEach(async () => {
  run = await swarm(3);
  const [first, ...others] = run.nodes as [Node, Node, Node];
  [leader, workers] = [first, others];
  for (const node of others) node.manager = false; // labels have to do
  tasks = new Map();
  for (const node of run.nodes) node.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
  G = await leader.pool('global', CIDR);
  await leader.address(G, '', { RequestAddressType: 'com.docker.network.gateway' });
  for (const node of workers) L = await makeNetwork(node);
  net = subnet(run.service, CIDR);
});

afterEach(async () => {
  await run.stop();
});

/** Docker makes the network on a node: it asks for the pool, and for the end of the load balancer. */
async function makeNetwork(node: Node): Promise<string> {
  const pool = await node.pool('local', CIDR);
  await node.address(pool, await leader.address(G));
  return pool;
}

/** A task of slot 3 starts there; its address. */
async function start(task: string, node: Node): Promise<string> {
  const ticket = await leader.address(G);
  const created = Math.floor(run.time.now / 1000);
  node.docker.put(taskContainer('web', 3, task, { asked: ticket, created }));
  const address = await node.address(L, ticket);
  node.docker.put(taskContainer('web', 3, task, { asked: ticket, address }));
  tasks.set(task, { node, ticket, address });
  return address;
}

/** It stops there, and the leader gives its ticket back. */
async function stop(task: string): Promise<void> {
  const { node, ticket, address } = tasks.get(task)!;
  await node.release(L, address);
  node.docker.remove(`web.3.${task}`);
  await leader.release(G, ticket);
}

/** `start-first`: the new one runs before the old one stops. */
async function update(before: string, after: string, node: Node): Promise<string> {
  const address = await start(after, node);
  await stop(before);
  return address;
}

describe('start-first updates', () => {
  for (const where of ['on one node', 'from node to node'] as const) {
    test(`${where}: five updates and a rollback have the same two addresses in turn`, async () => {
      const node = (n: number) => workers[where === 'on one node' ? 0 : n % 2]!;
      const addresses = [await start('t0', node(0))];
      for (let n = 1; n <= 6; n++) addresses.push(await update(`t${n - 1}`, `t${n}`, node(n)));
      const [a, b] = addresses;
      assert.notEqual(a, b);
      assert.deepEqual(addresses, [a, b, a, b, a, b, a]);
      assert.deepEqual(
        [...net.list()].flatMap(({ identity, state }) =>
          identity.startsWith('@endpoint/') ? [] : `${identity} ${state}`,
        ),
        ['web.3 live', `${SECOND} reserved`],
      );
      assert.equal(net.stats.held, 2, 'the gateway and the ticket of the last one');
    });
  }

  test('the plugins restart between the updates', async () => {
    const addresses = [await start('t0', workers[0])];
    for (let n = 1; n <= 4; n++) {
      for (const each of run.nodes) each.restart();
      await run.time.pass(120_000);
      addresses.push(await update(`t${n - 1}`, `t${n}`, workers[n % 2]!));
    }
    const [a, b] = addresses;
    assert.deepEqual(addresses, [a, b, a, b, a]);
  });

  test('each slot has its own two', async () => {
    const home = await start('t0', workers[0]);
    const ticket = await leader.address(G);
    workers[0].docker.put(taskContainer('web', 4, 'u0', { asked: ticket }));
    assert.equal(await workers[0].address(L, ticket), ticket);
    const second = await start('t1', workers[1]);
    assert.equal(new Set([home, ticket, second]).size, 3);
    assert.equal(net.lookup('@second/web.4'), undefined, 'made when it is first needed');
  });
});

describe('who is at the second home', () => {
  test('goes to the first one at its next start, if that is free', async () => {
    const first = await start('t0', workers[0]);
    const second = await update('t0', 't1', workers[1]);
    await stop('t1');
    assert.equal(await start('t2', workers[0]), first);
    assert.notEqual(second, first);
  });

  test('when both are empty the next start takes the first home, whichever was left last', async () => {
    for (const last of ['t0', 't1'] as const) {
      const first = await start('t0', workers[0]);
      await start('t1', workers[1]);
      await stop(last === 't0' ? 't1' : 't0');
      await stop(last);
      assert.equal(await start('t2', workers[1]), first, `${last} was last`);
      await stop('t2');
    }
  });

  test('is told so: both homes by the log, neither as a guest', async () => {
    const first = await start('t0', workers[0]);
    const second = await start('t1', workers[1]);
    const { outcome, level, identity, msg } = workers[1].said(second);
    assert.deepEqual({ outcome, level, identity }, { outcome: 'second', level: 'info', identity: 'web.3' });
    assert.equal(msg, `a container on node-2 is still at ${first}`);
  });

  test('stays there when the plugin restarts, and its mark is set again by what runs', async () => {
    await start('t0', workers[0]);
    const second = await start('t1', workers[0]);
    workers[0].restart();
    await net.release(SECOND, workers[0].name); // its lease has run out with its process
    await workers[0].look();
    assert.deepEqual(net.lookup(SECOND)?.nodes, [workers[0].name]);
    assert.equal(net.lookup(SECOND)?.address, second);
    assert.ok(!workers[0].lines.some(({ event }) => event === 'conflict'));
  });

  test('has it back after the store has lost it: it runs there', async () => {
    const first = await start('t0', workers[0]);
    const second = await update('t0', 't1', workers[1]);
    await net.release(SECOND, workers[1].name);
    await net.reclaim(SECOND);
    await net.unhold(second);
    await run.time.pass(31_000);
    await workers[1].look();
    assert.equal(net.lookup(SECOND)?.address, second);
    assert.equal(await update('t1', 't2', workers[0]), first);
    assert.equal(await update('t2', 't3', workers[1]), second);
  });

  test('does not run: its mark ends, and the binding stays', async () => {
    await start('t0', workers[0]);
    const second = await start('t1', workers[1]);
    workers[1].docker.remove('web.3.t1');
    for (let n = 0; n < 2; n++) await workers[1].look();
    assert.equal(net.lookup(SECOND)?.state, 'reserved');
    assert.equal(net.lookup(SECOND)?.address, second);
  });
});

describe('where Docker gives no ticket', () => {
  test('the second home is a free address, and as sticky', async () => {
    const addresses: string[] = [];
    const pool = await workers[0].pool('local', '10.5.0.0/24', { Options: { 'limpet.scope': 'cluster' } });
    for (let n = 0; n < 5; n++) {
      const node = workers[n % 2]!;
      node.docker.networks = [network('lan', '10.5.0.0/24', { scope: 'local' })];
      const task = { network: 'lan', created: Math.floor(run.time.now / 1000) };
      node.docker.put(taskContainer('web', 3, `t${n}`, task));
      const address = await node.address(pool, '', { [NAME]: `web.3.t${n}` });
      node.docker.put(taskContainer('web', 3, `t${n}`, { ...task, address }));
      addresses.push(address);
      const old = workers[(n + 1) % 2]!;
      if (n > 0) await old.release(pool, addresses[n - 1]!);
      old.docker.containers = [];
    }
    const [a, b] = addresses;
    assert.deepEqual(addresses, [a, b, a, b, a]);
  });
});

test('a network that nodes share is told of, where Docker does not say who asks', async () => {
  const warnings = () => workers[0].lines.filter(({ event, level }) => event === 'pool' && level === 'warn');
  await workers[0].pool('local', '10.5.0.0/24', { Options: { 'limpet.scope': 'cluster' } });
  assert.deepEqual(warnings(), []);
  workers[0].version = '20.10.24';
  await workers[0].pool('local', '10.6.0.0/24');
  assert.deepEqual(warnings(), [], 'a network of this node alone is another matter');
  await workers[0].pool('local', '10.5.0.0/24', { Options: { 'limpet.scope': 'cluster' } });
  assert.match(warnings()[0].msg, /^Docker 20\.10\.24 does not say .* tasks of a service do not keep their addresses/);
});

describe('who has none', () => {
  test('a container by hand: of two hosts with one name the second one is a guest', async () => {
    const pool = await workers[0].pool('local', '10.5.0.0/24', { Options: { 'limpet.scope': 'cluster' } });
    const own = subnet(run.service, '10.5.0.0/24');
    for (const node of workers) {
      node.docker.networks = [network('lan', '10.5.0.0/24', { scope: 'local' })];
      node.docker.put(container('db', { network: 'lan' }));
      const address = await node.address(pool, '', { [NAME]: 'db' });
      node.docker.put(container('db', { network: 'lan', address }));
    }
    assert.deepEqual(own.lookup('db')?.nodes, [workers[0].name]);
    assert.equal(own.lookup('@second/db'), undefined);
  });

  test('nobody can forge one: a label and a name that say @second are nobody', async () => {
    await start('t0', workers[0]);
    const second = await start('t1', workers[0]);
    await stop('t1');
    const forged = taskContainer('@second/web', 3, 'x'.repeat(25), { created: Math.floor(run.time.now / 1000) });
    for (const options of [{ [NAME]: forged.Names[0].slice(1) }, null]) {
      workers[0].docker.put(forged);
      const ticket = await leader.address(G);
      forged.NetworkSettings.Networks.web.IPAMConfig = { IPv4Address: ticket };
      const address = await workers[0].address(L, ticket, options);
      assert.notEqual(address, second);
      assert.equal(net.lookup(SECOND)?.state, 'reserved');
    }
  });
});
