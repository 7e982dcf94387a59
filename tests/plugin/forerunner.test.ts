// A plugin that has just been started. Docker called the process before, which was not there any more, and calls again:
// a release can come after somebody else was let in at the same home.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { network, taskContainer } from '../docker/json.js';
import { leads, type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';

let run: Swarm;
let node: Node;
let net: SubnetService;
let G: string;
let L: string;
/** Of web.3, whose first container has ended; the release of that one is on its way. */
let home: string;

beforeEach(async () => {
  run = await swarm(1);
  node = run.nodes[0] as Node;
  node.docker.networks = [network('web', CIDR)];
  leads(run.nodes, node);
  [G, L] = [await node.pool('global', CIDR), await node.pool('local', CIDR)];
  net = subnet(run.service, CIDR);
  home = await start('a');
  node.restart();
  node.docker.put(taskContainer('web', 3, 'a', { asked: home, state: 'exited' }));
});

afterEach(() => run.stop());

async function start(task: string): Promise<string> {
  const ticket = await node.address(G);
  const asked = { asked: ticket };
  node.docker.tasks.push({ ID: task, ServiceID: 'id-web', Slot: 3, NodeID: 'node-1', Status: { State: 'running' } });
  node.docker.services = [{ ID: 'id-web', Spec: { Name: 'web' } }];
  node.docker.put(taskContainer('web', 3, task, asked));
  const address = await node.address(L, ticket);
  node.docker.put(taskContainer('web', 3, task, { ...asked, address }));
  return address;
}

async function end(task: string, address: string): Promise<void> {
  node.docker.put(taskContainer('web', 3, task, { state: 'exited' }));
  await node.release(L, address);
}

const nodes = () => net.lookup('web.3')?.nodes;

test('who was let in over the mark of one before is live there after the release of that one', async () => {
  assert.equal(await start('b'), home);
  await node.release(L, home);
  await run.time.pass(10_000);
  assert.deepEqual(nodes(), ['node-1']);
  await end('b', home);
  await run.time.pass(10_000);
  assert.deepEqual(nodes(), []);
});

test('so is one that a look has found, though the mark of the one before had ended', async () => {
  await net.release('web.3', 'node-1');
  node.docker.put(taskContainer('web', 3, 'b', { asked: home, address: home }));
  node.docker.tasks.push({ ID: 'b', ServiceID: 'id-web', Slot: 3, NodeID: 'node-1', Status: { State: 'running' } });
  await node.look();
  assert.deepEqual(nodes(), ['node-1']);
  await node.release(L, home);
  await run.time.pass(10_000);
  assert.deepEqual(nodes(), ['node-1']);
});

test('a while after its start a plugin has heard all releases of before: the next one is of who is there', async () => {
  await net.release('web.3', 'node-1');
  await run.time.pass(36_000);
  assert.equal(await start('b'), home);
  node.docker.put(taskContainer('web', 3, 'b', { state: 'exited' }));
  await node.release(L, home);
  assert.deepEqual(nodes(), []);
});
