// Labels and names that claim to be somebody: the attacks of issue 12 as they were made, through a call, a look and an
// import.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import type { Docker } from '../docker/docker.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from '../plugin/nodes.js';

const CIDR = '10.5.0.0/24';
const HOME = '10.5.0.9';
const REAL = 'a'.repeat(25);
const NAME = 'com.docker.swarm';

let run: Swarm;
let node: Node;
let docker: Docker;
let net: SubnetService;
let local: string;

/** The swarm's network web: its gateway is live, and web.1 has a home that waits for it. */
beforeEach(async () => {
  run = await swarm(1);
  [node] = run.nodes as [Node];
  docker = node.docker;
  const global = await node.pool('global', CIDR);
  await node.address(global, '10.5.0.1', { RequestAddressType: `com.docker.network.gateway` });
  local = await node.pool('local', CIDR);
  net = subnet(run.service, CIDR);
  await net.allocate('web.1', { node: 'node-1', ticket: HOME });
  await net.release('web.1', 'node-1');
  docker.networks = [network('web', CIDR, { gateway: '10.5.0.1' })];
  docker.services = [{ ID: 'id-web', Spec: { Name: 'web' } }];
  docker.tasks = [{ ID: REAL, ServiceID: 'id-web', Slot: 1, NodeID: 'node-1' }];
});
afterEach(() => run.stop());

/** `docker run --name NAME -l …task.id=ID -l …task.name=TASK -l …service.name=SERVICE`. */
function labelled(name: string, id: string, task: string, service: string, address?: string) {
  const labels = { [`${NAME}.task.id`]: id, [`${NAME}.task.name`]: task, [`${NAME}.service.name`]: service };
  return { ...container(name, { address }), Labels: labels };
}

describe('labels in a call of Docker', () => {
  const ATTACKS: readonly [string, string, string, string][] = [
    ['a made-up name', 'x', '@gateway/10.5.0.1', ''],
    ['a made-up name, with a service', 'x', '@gateway/10.5.0.1.x', '@gateway/10.5.0'],
    ["the name of a task's slot", 'q', 'web.1.q', 'web'],
    ["a task's whole name", REAL, `web.1.${REAL}`, 'web'],
  ];
  for (const [what, id, task, service] of ATTACKS) {
    for (const option of [{ 'com.docker.network.endpoint.name': 'evil' }, null]) {
      test(`${what}: the container evil gets an address of its own (${option ? '29' : '20.10'})`, async () => {
        docker.put(labelled('evil', id, task, service));
        const given = await node.address(local, '', option);
        assert.ok(![HOME, '10.5.0.1'].includes(given));
        assert.equal(net.inspect(given).identity, 'evil');
        await node.release(local, given);
        assert.equal(net.inspect('10.5.0.1').state, 'held', 'the gateway stays what it is');
        assert.equal(net.lookup('web.1')?.address, HOME);
      });
    }
  }

  test('the real task comes home beside all of them', async () => {
    for (const [n, [, id, task, service]] of ATTACKS.entries()) {
      docker.put(labelled(`evil-${n}`, id, task, service));
      await node.address(local, '', { 'com.docker.network.endpoint.name': `evil-${n}` });
    }
    docker.put(taskContainer('web', 1, REAL, { asked: '10.5.0.40' }));
    await net.hold('10.5.0.40');
    assert.equal(await node.address(local, '10.5.0.40'), HOME);
  });

  test('an endpoint that is called as what Limpet makes up is nobody', async () => {
    for (const silent of [false, true]) {
      docker.silent = silent;
      const asked = { 'com.docker.network.endpoint.name': '@endpoint/node-2/x' };
      const given = await node.address(local, '', asked);
      assert.match(net.inspect(given).identity as string, /^@unnamed\/node-1\//);
    }
  });
});

describe('a look, where a manager can be asked', () => {
  async function seen(...containers: object[]): Promise<string[]> {
    for (const each of containers) docker.put(each);
    await node.look();
    return [...net.list()].map(({ identity, address }) => `${identity} ${address}`);
  }
  const home = `web.1 ${HOME}`;
  const fake = 'f'.repeat(25);

  test('a task that Swarm does not have is a plain container, and the log says so', async () => {
    const name = `web.2.${fake}`;
    assert.deepEqual(await seen(labelled(name, fake, name, 'web', '10.5.0.50')), [home, `container:${name} 10.5.0.50`]);
    assert.match(node.said('10.5.0.50').msg, /and Swarm has no such task|it runs here/);
    assert.ok(node.lines.some(({ event, msg }) => event === 'doubt' && /Swarm has no such task/.test(msg)));
  });

  test("a task's ID under another service's name is a plain container", async () => {
    const name = `db.1.${REAL}`;
    assert.deepEqual(await seen(labelled(name, REAL, name, 'db', '10.5.0.50')), [home, `container:${name} 10.5.0.50`]);
  });

  test('the task itself is the task', async () => {
    await net.reclaim('web.1');
    assert.deepEqual(await seen(taskContainer('web', 1, REAL, { address: '10.5.0.50' })), ['web.1 10.5.0.50']);
  });

  test('on a worker, labels and name are all there is', async () => {
    node.manager = false;
    const name = `web.2.${fake}`;
    assert.deepEqual(await seen(labelled(name, fake, name, 'web', '10.5.0.50')), [home, 'web.2 10.5.0.50']);
  });

  test('one bad name costs nobody else anything, and its address is nobody’s while it runs', async () => {
    const names = ['n'.repeat(300), 'n\ud800', '@gateway/10.5.0.1x', ''];
    const bad = names.map((name, n) => ({ ...container(name, { address: `10.5.0.6${n}` }), Id: `bad-${n}` }));
    const all = await seen(...bad, container('db', { address: '10.5.0.70' }));
    assert.deepEqual([...all].sort(), [
      ...names.map((_, n) => `@guest/10.5.0.6${n} 10.5.0.6${n}`),
      'db 10.5.0.70',
      home,
    ]);
    const told = () => node.lines.filter(({ event }) => event === 'doubt').length;
    assert.equal(told(), 4);
    await node.look();
    assert.equal(told(), 4, 'told once');
  });
});
