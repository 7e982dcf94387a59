// What Docker's lists say: how a container is called, whether it is made again, and on which network it is.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isPassing } from '../../src/docker/containers.js';
import { readContainer } from '../../src/docker/read.js';
import { container, network } from '../docker/json.js';
import { type Node, subnet, swarm } from './nodes.js';

const CIDR = '10.6.0.0/24';

/** A host with one subnet of its own. */
async function host(context: TestContext) {
  const run = await swarm(1);
  context.after(() => run.stop());
  const [node] = run.nodes as unknown as [Node];
  const pool = await node.pool('local', CIDR);
  return { node, docker: node.docker, pool, net: subnet(run.service, CIDR, 'node:node-1') };
}

// moby container/view.go: names in the order of their bytes, those of legacy links among them
test('a container that another one is linked to is called by its own name', () => {
  const names = (Names: string[]) => readContainer({ ...container('db'), Names }).name;
  assert.equal(names(['/app/db', '/db']), 'db');
  assert.equal(names(['/db', '/web/database']), 'db');
  assert.equal(names([]), '');
});

test('what compose made for one run alone nobody makes again', () => {
  const labelled = (more: object) =>
    readContainer({ ...container('shop_web_run_1'), Labels: { 'com.docker.compose.project': 'shop', ...more } });
  assert.equal(isPassing(labelled({})), false);
  assert.equal(isPassing(labelled({ 'com.docker.compose.oneoff': 'False' })), false);
  assert.equal(isPassing(labelled({ 'com.docker.compose.oneoff': 'True' })), true);
});

test('a network that was removed and made again has another ID: its containers are known by that', async (context) => {
  const { node, docker, pool, net } = await host(context);
  docker.networks = [network('home', CIDR, { scope: 'local' })];
  docker.put(container('db', { network: 'home' }));
  const home = await node.address(pool);
  docker.put(container('db', { network: 'home', address: home }));
  await node.release(pool, home);
  docker.networks = [{ ...network('home', CIDR, { scope: 'local' }), Id: 'id-anew' }];
  const again = container('db', { network: 'home', state: 'exited' });
  again.NetworkSettings.Networks.home.NetworkID = 'id-anew';
  docker.put(again);
  assert.equal(await node.address(pool), home);
  assert.equal(net.lookup('db')?.state, 'live');
});

test('a configuration of networks is no network: one that is made from it is asked for', async (context) => {
  const { node, docker, pool, net } = await host(context);
  const configuration = { ...network('lan-config', CIDR, { scope: 'local' }), ConfigOnly: true };
  docker.networks = [configuration];
  await node.environment.networks.all();
  docker.networks = [configuration, network('lan', CIDR, { scope: 'local' })];
  docker.put(container('db', { network: 'lan' }));
  const home = await node.address(pool);
  assert.equal(net.inspect(home).identity, 'db');
});
