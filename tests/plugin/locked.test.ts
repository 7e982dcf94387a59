// Docker before 29 does not say who asks, but it holds the lock of a container that it starts or connects: a question
// about that one waits, and one about any other is answered. The situations are those of people who start by hand, or
// with Compose.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import type { Docker } from '../docker/docker.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.6.0.0/24';
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };
const NAMES = ['nginx', 'php', 'db'];
const on = { network: 'home' };

let run: Swarm;
let node: Node;
let docker: Docker;
let L: string;
let net: SubnetService;

beforeEach(async () => {
  run = await swarm(1);
  [node] = run.nodes as [Node];
  docker = node.docker;
  docker.locked = new Set();
  L = await node.pool('local', CIDR);
  await node.address(L, '', GATEWAY);
  docker.networks = [network('home', CIDR, { scope: 'local' })];
  net = subnet(run.service, CIDR, 'node:node-1');
});

afterEach(() => run.stop());

/** Docker asks for the first of the names while it has locked all of them. */
async function ask(name: string, ...others: string[]): Promise<string> {
  docker.locked = new Set([name, ...others]);
  const address = await node.address(L);
  docker.locked = new Set([...docker.locked].filter((each) => each !== name));
  docker.put(container(name, { ...on, address }));
  return address;
}

async function stop(name: string, address: string): Promise<void> {
  await node.release(L, address);
  docker.put(container(name, { ...on, state: 'exited' }));
}

/** Each has a home, and is stopped. */
async function homes(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const had = new Map<string, string>();
  for (const name of names) docker.put(container(name, on));
  for (const name of names) had.set(name, await ask(name));
  for (const [name, address] of had) await stop(name, address);
  return had;
}

describe('one after the other', () => {
  test('stopped containers come home, in whichever order they are started', async () => {
    const had = await homes(NAMES);
    for (const name of ['db', 'nginx', 'php']) assert.equal(await ask(name), had.get(name), name);
  });

  test('beside one that was created and never started', async () => {
    const had = await homes(['web']);
    docker.put(container('job', on));
    assert.equal(await ask('web'), had.get('web'));
    assert.equal(net.lookup('job'), undefined);
  });
});

describe('a container that runs is connected', () => {
  beforeEach(() => docker.put(container('late', { network: 'other', address: '10.9.0.2' })));

  test('it has a home of its own there, and the only stopped one keeps its own', async () => {
    const had = await homes(['web']);
    docker.locked = new Set(['late']);
    const address = await node.address(L);
    assert.equal(net.inspect(address).identity, 'late');
    assert.notEqual(address, had.get('web'));
    await node.release(L, address);
    docker.locked = new Set(['late']);
    assert.equal(await node.address(L), address, 'connected again');
  });

  test('two at once are not told apart', async () => {
    docker.put(container('later', { network: 'other', address: '10.9.0.3' }));
    docker.locked = new Set(['late', 'later']);
    assert.match(net.inspect(await node.address(L)).identity as string, /^@unnamed/);
  });
});

describe('a container that runs is connected with an address of its user’s choice', () => {
  const wish = '10.6.0.50';
  let home: string;

  beforeEach(async () => {
    docker.put(container('pi', on));
    home = await ask('pi');
    await node.release(L, home);
    docker.put(container('pi', { network: 'other', address: '10.9.0.2' }));
    docker.put(container('idle', { network: 'other', address: '10.9.0.3' }));
  });

  test('it moves there, and is started again there', async () => {
    docker.locked = new Set(['pi']);
    assert.equal(await node.address(L, wish), wish);
    assert.deepEqual([net.lookup('pi')?.address, net.lookup('pi')?.nodes], [wish, ['node-1']]);
    assert.equal(net.inspect(home).state, 'free');
    docker.put(container('pi', { ...on, asked: wish, address: wish }));
    await node.look();
    await node.release(L, wish);
    docker.put(container('pi', { ...on, asked: wish, state: 'exited' }));
    docker.locked = new Set(['pi']);
    assert.equal(await node.address(L, wish), wish);
  });

  test('its own home it can choose too, and nobody else’s', async () => {
    docker.locked = new Set(['pi']);
    assert.equal(await node.address(L, home), home);
    docker.locked = new Set(['idle']);
    await assert.rejects(node.address(L, home), /Address already in use: .* belongs to pi/);
  });

  test('what Docker asks for while it makes a network is the network’s', async () => {
    const other = await node.pool('local', '10.8.0.0/24');
    docker.locked = new Set(['pi']);
    assert.equal(await node.address(other, '10.8.0.9'), '10.8.0.9');
    assert.equal(subnet(run.service, '10.8.0.0/24', 'node:node-1').inspect('10.8.0.9').state, 'held');
  });

  test('Docker 29 says who it is, and shows nothing of the wish either', async () => {
    const says = { 'com.docker.network.endpoint.name': 'pi' };
    assert.equal(await node.address(L, wish, says), wish);
    assert.equal(net.lookup('pi')?.address, wish);
    const other = { 'com.docker.network.endpoint.name': 'idle' };
    await assert.rejects(node.address(L, wish, other), /belongs to pi/);
  });
});

describe('started at once', () => {
  test('nobody waits for who waits himself; the last one comes home once the others have started', async () => {
    const had = await homes(NAMES);
    docker.locked = new Set(NAMES);
    const began = run.time.age;
    const first = await node.address(L);
    const second = await node.address(L);
    assert.ok(run.time.age - began < 200, `${run.time.age - began} ms`);
    for (const address of [first, second]) assert.match(net.inspect(address).identity as string, /^@unnamed/);
    const third = node.address(L);
    await run.time.pass(300);
    docker.put(container('php', { ...on, address: first }));
    docker.put(container('nginx', { ...on, address: second }));
    docker.locked = new Set(['db']);
    await run.time.pass(100);
    const isHome = net.lookup('db')?.state === 'live';
    assert.equal(await third, had.get('db'));
    assert.ok(isHome, 'as soon as that is known');
  });

  test('the address that one gets at its first start is its home, once Docker shows it there', async () => {
    for (const name of ['a', 'b']) docker.put(container(name, on));
    docker.locked = new Set(['a', 'b']);
    const first = await node.address(L);
    docker.put(container('b', { ...on, address: first }));
    docker.locked = new Set();
    await run.time.pass(20_000);
    await node.look();
    assert.deepEqual([net.inspect(first).identity, net.lookup('b')?.nodes], ['b', ['node-1']]);
    await stop('b', first);
    assert.equal(net.lookup('b')?.state, 'reserved');
    docker.locked = new Set(['a', 'b']);
    const other = await node.address(L);
    docker.put(container('b', { ...on, address: other }));
    await run.time.pass(20_000);
    await node.look();
    assert.match(net.inspect(other).identity as string, /^@unnamed/, 'it has a home');
    await stop('b', other);
    assert.equal(await ask('b'), first);
  });

  test('of two that want one address the one that is started has it', async () => {
    const wish = '10.6.0.50';
    docker.put(container('old', { ...on, asked: wish, state: 'exited' }));
    docker.put(container('db', { ...on, asked: wish, state: 'exited' }));
    docker.locked = new Set(['db']);
    assert.equal(await node.address(L, wish), wish);
    assert.equal(net.inspect(wish).identity, 'db');
  });
});

describe('what cannot be told is not guessed', () => {
  test('Docker lets no question about one container through', async () => {
    const had = await homes(NAMES);
    docker.locked = undefined;
    const address = await node.address(L);
    assert.match(net.inspect(address).identity as string, /^@unnamed/);
    assert.ok(![...had.values()].includes(address));
  });

  test('more containers than Docker is asked about', async () => {
    for (let n = 0; n < 150; n++) docker.put(container(`job-${n}`, { ...on, state: 'exited' }));
    docker.locked = new Set(['job-1']);
    docker.asked.length = 0;
    assert.match(net.inspect(await node.address(L)).identity as string, /^@unnamed/);
    assert.deepEqual(
      docker.asked.filter((path) => /containers\/[^/]+\/json/.test(path)),
      [],
    );
  });
});

test("the power is lost: a container with --ip comes back at its address, and nobody at another's", async () => {
  const wish = '10.6.0.50';
  docker.put(container('db', { ...on, asked: wish }));
  docker.locked = new Set(['db']);
  assert.equal(await node.address(L, wish), wish);
  docker.put(container('db', { ...on, asked: wish, address: wish }));
  node.restart();
  docker.silent = true;
  assert.notEqual(await node.address(L, wish), wish, 'for all that is known it runs');
  await node.release(L, wish); // what ran before is cleared away
  assert.equal(await node.address(L, wish), wish);
  assert.equal(net.inspect(wish).identity, 'db');
  assert.notEqual(await node.address(L, wish), wish, 'a second one that wants it');
});

describe('a task’s container that was made long before it starts, on a worker', () => {
  const WEB = '10.77.0.0/24';
  let own: string;
  let ticket: string;
  let web: SubnetService;
  const name = 'web.1.task-1';

  beforeEach(async () => {
    const G = await node.pool('global', WEB);
    docker.networks.push(network('web', WEB));
    own = await node.pool('local', WEB);
    ticket = await node.address(G);
    web = subnet(run.service, WEB);
    node.manager = false;
    await run.time.pass(60_000); // the end of the load balancer has come
    const created = Math.floor(run.time.now / 1000) - 3600;
    docker.put(taskContainer('web', 1, 'task-1', { network: 'web', asked: ticket, created }));
  });

  test('it is known when Docker is at work on it, also beside a plain one that is stopped', async () => {
    docker.put(container('old', { network: 'web', state: 'exited' }));
    docker.locked = new Set([name]);
    assert.equal(await node.address(own, ticket), ticket);
    assert.equal(web.inspect(ticket).identity, 'web.1');
  });

  test('one that is started at the same moment leaves a doubt', async () => {
    docker.put(container('old', { network: 'web', state: 'exited' }));
    docker.locked = new Set([name, 'old']);
    assert.notEqual(web.inspect(await node.address(own, ticket)).identity, 'web.1');
  });

  test('left over, it is not taken for the load balancer that asks for its ticket', async () => {
    assert.equal(await node.address(own, ticket), ticket);
    assert.match(web.inspect(ticket).identity as string, /^@endpoint/);
  });
});

test('a container that is called as the end of a load balancer is not it, nor the other way round', async () => {
  const WEB = '10.77.0.0/24';
  const G = await node.pool('global', WEB);
  docker.networks.push(network('prod', WEB));
  const own = await node.pool('local', WEB);
  const end = await node.address(G);
  docker.put(container('prod-endpoint', { network: 'home', address: '10.6.0.9' }));
  await node.look();
  const says = { 'com.docker.network.endpoint.name': 'prod-endpoint' };
  assert.equal(await node.address(own, end, says), end);
  assert.match(subnet(run.service, WEB).inspect(end).identity as string, /^@endpoint/);
  assert.equal(subnet(run.service, WEB).lookup('prod-endpoint'), undefined);
});

test('a size in the place of a subnet needs Docker 29', async () => {
  node.version = '28.5.2';
  await assert.rejects(node.pool('local', '0.0.0.0/24'), /0\.0\.0\.0\/24: Docker 28\.5\.2 takes .* use Docker 29/);
  await assert.rejects(node.pool('global', '0.0.0.0/24'), /Docker 28\.5\.2/);
  node.version = '29.0.0';
  assert.match(await node.pool('local', '0.0.0.0/24'), /\/24/);
});
