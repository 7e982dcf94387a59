// Whose ticket Swarm's leader asks for: where that is certain it is the home, so that Swarm's record is true and one
// address is enough. Wherever anything else could be meant it is a fresh address, which is nobody's home.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };

let run: Swarm;
let leader: Node;
let net: SubnetService;
let G: string;
let L: string;
let home: string;

const LONG_AGO = new Date(0).toISOString();
const now = () => new Date(run.time.now).toISOString();

const service = (name: string, virtual: string | undefined, more: object = {}) => ({
  ID: `id-${name}`,
  UpdatedAt: LONG_AGO,
  Spec: { Name: name, Mode: { Replicated: {} }, TaskTemplate: { Networks: [{ Target: 'id-web' }] } },
  Endpoint: { VirtualIPs: virtual === undefined ? [] : [{ NetworkID: 'id-web', Addr: `${virtual}/24` }] },
  ...more,
});

const task = (id: string, slot: number, ticket: string | undefined, more: object = {}) => ({
  ID: id,
  Version: { Index: 1 },
  UpdatedAt: LONG_AGO,
  ServiceID: 'id-web',
  Slot: slot,
  NodeID: ticket === undefined ? '' : 'node-1',
  Status: { State: ticket === undefined ? 'new' : 'running' },
  DesiredState: 'running',
  Spec: { Networks: [{ Target: 'id-web' }] },
  NetworksAttachments: ticket === undefined ? [] : [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/24`] }],
  ...more,
});

/** What Swarm has written down; each can be changed by a test. */
const records = () => leader.docker;

/** A swarm in which everything is written down: a service with a task, and another one whose task has ended. */
beforeEach(async () => {
  run = await swarm(2);
  leader = run.nodes[0] as Node;
  leader.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
  G = await leader.pool('global', CIDR);
  await leader.address(G, '', GATEWAY);
  L = await leader.pool('local', CIDR);
  net = subnet(run.service, CIDR);
  records().nodes = [
    { ID: 'node-1', ManagerStatus: { Leader: true }, Status: { State: 'ready' } },
    { ID: 'node-2', ManagerStatus: {}, Status: { State: 'ready' } },
  ];
  records().services = [service('web', await leader.address(G))];
  const first = await leader.address(G);
  await start('a1', 1, first);
  records().tasks = [task('a1', 1, first)];
  const end = await leader.address(G);
  assert.equal(await leader.address(L, end), end); // the load balancer's end of this node
  const ticket = await leader.address(G);
  home = await start('a2', 2, ticket);
  await stop('a2', 2, home);
  await leader.release(G, ticket);
  await run.time.pass(10_000);
});
afterEach(async () => {
  await run.stop();
});

async function start(id: string, slot: number, ticket: string): Promise<string> {
  leader.docker.put(taskContainer('web', slot, id, { asked: ticket }));
  const address = await leader.address(L, ticket);
  leader.docker.put(taskContainer('web', slot, id, { asked: ticket, address }));
  return address;
}

async function stop(id: string, slot: number, address: string): Promise<void> {
  await leader.release(L, address);
  leader.docker.remove(`web.${slot}.${id}`);
}

const waits = (...more: object[]) => {
  records().tasks.push(task('b2', 2, undefined), ...more);
};

/** The leader's next address is a fresh one, for that reason. */
async function isUnclear(about: RegExp): Promise<void> {
  const address = await leader.address(G);
  assert.notEqual(address, home);
  assert.equal(net.inspect(address).identity, undefined, 'it is nobody’s home');
  assert.match(leader.said(address).msg, about);
}

describe('one task waits, and nothing else is on its way', () => {
  test('its home is its ticket: one address, and what Swarm has written down is true', async () => {
    waits();
    const before = net.stats.free;
    assert.equal(await leader.address(G), home);
    assert.match(leader.said(home).msg, /of web\.2, which alone waits/);
    assert.equal(leader.said(home).outcome, 'home');
    assert.equal(net.stats.free, before, 'no other address is used');
    records().tasks = [records().tasks[0], task('b2', 2, home)];
    assert.equal(await start('b2', 2, home), home);
    assert.equal(net.stats.free, before);
    await stop('b2', 2, home);
    await leader.release(G, home);
    assert.equal(net.isHeld(home), false);
    assert.equal(net.lookup('web.2')?.address, home);
    assert.equal(net.lookup('web.2')?.state, 'reserved');
  });

  test('the home of a task that has not started yet is nobody else’s, also when the subnet is full', async () => {
    waits();
    assert.equal(await leader.address(G), home);
    await run.time.pass(3_600_000);
    for (const { identity } of [...net.list()])
      if (net.lookup(identity)?.state === 'reserved') await net.reclaim(identity);
    while (net.stats.free > 0n) assert.notEqual(await net.holdNext(), home);
    assert.equal(net.isHeld(home), true);
  });

  test('the second home, where the first one is another task’s ticket', async () => {
    const second = await net.allocate('@second/web.2', { node: 'node-2' });
    await net.release('@second/web.2', 'node-2');
    await net.holdHome('web.2');
    waits();
    assert.equal(await leader.address(G), second);
  });

  test('a new leader says all again, and after that it is certain as well', async () => {
    const has = [...net.held(), ...[...net.list()].map(({ address }) => address)].filter((each) => each !== home);
    leader.restart();
    waits();
    await isUnclear(/known in part/);
    await leader.release(G, leader.lines.at(-1).address);
    assert.equal(await leader.pool('global', CIDR), G);
    await leader.address(G, '10.77.0.1', GATEWAY);
    for (const each of has) if (each !== '10.77.0.1') await leader.address(G, each);
    await run.time.pass(5000);
    await isUnclear(/known in part/);
    await leader.release(G, leader.lines.at(-1).address);
    await run.time.pass(6000);
    assert.equal(await leader.address(G), home);
  });
});

describe('a fresh address, which is nobody’s home', () => {
  test('for the first of several that wait', async () => {
    waits(task('b3', 3, undefined));
    await isUnclear(/2 tasks wait/);
    await isUnclear(/several wait/);
  });

  test('for so long as ten looks take, where Docker is slow to list all tasks', async () => {
    waits(task('b3', 3, undefined));
    const { clock } = run.time.process();
    const ask = records().ask.bind(records());
    const looks = () => records().asked.filter((url) => url.includes('/tasks')).length;
    records().ask = async (question) => {
      if (question.path === '/tasks') await clock.sleep(300);
      return ask(question);
    };
    await isUnclear(/2 tasks wait/);
    const before = looks();
    await run.time.pass(2500);
    await isUnclear(/several wait/);
    assert.equal(looks(), before);
    await run.time.pass(1000);
    await isUnclear(/which no record shows/);
    assert.equal(looks(), before + 1);
  });

  test('for a second one of a batch, of which nothing is written down yet', async () => {
    waits();
    assert.equal(await leader.address(G), home);
    await isUnclear(new RegExp(`the leader has ${home}, which no record shows`));
  });

  test('when no task waits', async () => {
    await isUnclear(/no task waits/);
  });

  test('for a task that has never had an address', async () => {
    records().tasks.push(task('b9', 9, undefined));
    await isUnclear(/web\.9 has no home/);
  });

  test('for a container by hand, and beside one', async () => {
    const byHand = { ServiceID: '', Slot: 0, Spec: { NetworkAttachmentSpec: { ContainerID: 'c' } } };
    records().tasks.push(task('h', 0, undefined, byHand));
    await isUnclear(/whose the task is/);
    await run.time.pass(1000);
    await leader.release(G, leader.lines.at(-1).address);
    waits();
    await isUnclear(/2 tasks wait/);
  });

  test('while a service waits for its virtual IP', async () => {
    records().services.push(service('api', undefined));
    waits();
    await isUnclear(/api has no virtual IP yet/);
  });

  test('not while one waits that wants none', async () => {
    const api = service('api', undefined);
    records().services.push({ ...api, Spec: { ...api.Spec, EndpointSpec: { Mode: 'dnsrr' } } });
    waits();
    assert.equal(await leader.address(G), home);
  });

  test('when a service has just changed, on whatever network: it may have wanted one before', async () => {
    const other = { Name: 'api', Mode: { Replicated: {} }, TaskTemplate: { Networks: [{ Target: 'id-other' }] } };
    records().services.push(service('api', undefined, { UpdatedAt: now(), Spec: other }));
    waits();
    await isUnclear(/api has just changed/);
  });

  test('when Docker does not say when a service has changed', async () => {
    records().services[0].UpdatedAt = undefined;
    waits();
    await isUnclear(/web has just changed/);
  });

  test('while a node has a task and has not asked for its end of the load balancer', async () => {
    const ticket = await leader.address(G);
    waits({ ...task('a3', 3, ticket), NodeID: 'node-2' });
    await run.time.pass(1000);
    await isUnclear(/the load balancer of node node-2 may have no address yet/);
  });

  test('when a task on such a node has ended just now', async () => {
    const ticket = await leader.address(G);
    const ended = { NodeID: 'node-2', Status: { State: 'failed' }, DesiredState: 'shutdown', UpdatedAt: now() };
    await leader.release(G, ticket);
    waits({ ...task('a3', 3, ticket), ...ended });
    await run.time.pass(1000);
    await isUnclear(/the load balancer of node node-2/);
    await run.time.pass(10_000);
    await leader.release(G, leader.lines.at(-1).address);
    assert.equal(await leader.address(G), home, 'and not when that is long ago');
  });

  test('when the end that a node had was given back', async () => {
    const [end] = [...net.list()].filter(({ identity }) => identity.startsWith('@endpoint/'));
    await leader.release(G, end!.address);
    waits();
    await isUnclear(/the load balancer of node node-1 may have no address yet/);
  });

  test('when a task that was to get an address has ended just now', async () => {
    waits(task('b4', 4, undefined, { Status: { State: 'shutdown' }, DesiredState: 'shutdown', UpdatedAt: now() }));
    await isUnclear(/a task has just ended/);
  });

  test('while the leader has something that its records do not show', async () => {
    await leader.address(G);
    await run.time.pass(1000);
    waits();
    await isUnclear(/which no record shows/);
  });

  test('when it has given back what its records show', async () => {
    await leader.release(G, records().services[0].Endpoint.VirtualIPs[0].Addr.replace(/\/.*/, ''));
    waits();
    await isUnclear(/given back 10\.77\.0\.2, which its records show/);
  });

  test('where another node leads, or Docker does not answer', async () => {
    waits();
    records().nodes[0].ManagerStatus.Leader = false;
    await isUnclear(/does not lead/);
    await leader.release(G, leader.lines.at(-1).address);
    records().nodes[0].ManagerStatus.Leader = true;
    await run.time.pass(1000);
    leader.docker.silent = true;
    await isUnclear(/Docker does not answer/);
  });

  test('where two networks have the subnet', async () => {
    records().networks.push(network('again', CIDR, { gateway: '10.77.0.1' }));
    waits();
    await isUnclear(/not one network/);
  });

  test('when the leader asks again before it was answered', async () => {
    waits();
    const [one, two] = await Promise.all([leader.address(G), leader.address(G)]);
    for (const address of [one, two]) assert.notEqual(address, home);
    assert.ok([one, two].some((address) => /asked twice at once/.test(leader.said(address).msg)));
  });

  test('while the home is the ticket of the task before', async () => {
    waits();
    const ticket = await leader.address(G);
    records().tasks = [records().tasks[0], task('b2', 2, ticket), task('c2', 2, undefined)];
    await isUnclear(/web\.2 has no home that is nobody's ticket/);
  });

  test('where another address was chosen and waits', async () => {
    await net.allocate('web.2', { node: 'node-2' });
    await net.pin('web.2', '10.77.0.50');
    waits();
    await isUnclear(/web\.2 has no home/);
  });
});

test('the end of a load balancer is never given a home: its node is refused', async () => {
  await assert.rejects(leader.address(L, home), /belongs to web\.2/);
});

test('a plain container on the network is not told apart by it', async () => {
  waits();
  leader.docker.put(container('db', { asked: undefined }));
  assert.equal(await leader.address(G), home);
});
