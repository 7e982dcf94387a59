// The ticket protocol (docs/ARCHITECTURE.md, "The way of an address"): what the leader and a node answer to each call.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import type { Docker } from '../docker/docker.js';
import { container, info, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const NAME = 'com.docker.network.endpoint.name';
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };

let run: Swarm;
let leader: Node;
let worker: Node;
let docker: Docker;
let net: SubnetService;
/** Pool IDs of the leader and of the nodes. */
let G: string;
let L: string;

beforeEach(async () => {
  run = await swarm(2);
  [leader, worker] = run.nodes as [Node, Node];
  docker = worker.docker;
  for (const node of run.nodes) node.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
  G = await leader.pool('global', CIDR);
  await leader.address(G, '', GATEWAY);
  L = await worker.pool('local', CIDR);
  net = subnet(run.service, CIDR);
});

afterEach(async () => {
  await run.stop();
});

/** A task's whole way to its address on a node. */
async function start(node: Node, service: string, slot: number, task: string): Promise<string> {
  const ticket = await leader.address(G);
  const where = { asked: ticket, created: Math.floor(run.time.now / 1000) };
  node.docker.put(taskContainer(service, slot, task, where));
  const address = await node.address(L, ticket);
  node.docker.put(taskContainer(service, slot, task, { ...where, address }));
  return address;
}

/** And its end: Docker's list shows it only after the release. */
async function stop(node: Node, service: string, slot: number, task: string, address: string): Promise<void> {
  await node.release(L, address);
  node.docker.put(taskContainer(service, slot, task, { state: 'exited' }));
}

describe('the leader', () => {
  test('no address: a fresh one, held', async () => {
    const given = [await leader.address(G), await leader.address(G), await leader.address(G)];
    assert.deepEqual(given, ['10.77.0.2', '10.77.0.3', '10.77.0.4']);
    for (const address of given) assert.equal(net.inspect(address).state, 'held');
  });

  test('an explicit address: the same, held, as often as it is said', async () => {
    for (let n = 0; n < 3; n++) assert.equal(await leader.address(G, '10.77.0.9'), '10.77.0.9');
    assert.equal(net.inspect('10.77.0.9').state, 'held');
  });

  test('a new leader says its records again and gets the same', async () => {
    const ticket = await leader.address(G);
    const home = await start(worker, 'web', 1, 'a');
    assert.equal(await worker.pool('global', CIDR), G);
    assert.equal(await worker.address(G, '10.77.0.1', GATEWAY), '10.77.0.1');
    assert.equal(await worker.address(G, ticket), ticket);
    assert.equal(await worker.address(G, home), home);
    assert.equal(net.inspect(home).identity, 'web.1');
  });

  test('an address that it has given to somebody without an identity is refused to a user', async () => {
    const ticket = await leader.address(G);
    await run.time.pass(60_000);
    await assert.rejects(leader.address(G, ticket), /Address already in use: 10\.77\.0\.2 .* held by the swarm/);
  });

  test('a release ends the ticket; a binding on it stays', async () => {
    const ticket = await leader.address(G);
    await leader.release(G, ticket);
    assert.equal(net.inspect(ticket).state, 'free');
    const home = await start(worker, 'web', 1, 'a');
    await stop(worker, 'web', 1, 'a', home);
    await leader.release(G, home);
    assert.equal(net.inspect(home).identity, 'web.1');
    assert.equal(net.inspect(home).state, 'reserved');
    await leader.release(G, home); // Docker retries
  });

  test('a release does not end the ticket of whoever lives there', async () => {
    const home = await start(worker, 'web', 1, 'a');
    assert.equal(await leader.address(G, home), home); // somebody's --ip, which the node refuses
    await leader.release(G, home);
    assert.equal(net.state.isHeld(home), true);
    assert.equal(net.inspect(home).state, 'live');
  });

  test('a release of a ticket that was not asked for by name ends it, though somebody lives there', async () => {
    const home = await start(worker, 'web', 1, 'a');
    await leader.release(G, home); // the node has not let go of it, and Swarm is done with the task
    assert.equal(net.state.isHeld(home), false);
    assert.equal(net.inspect(home).state, 'live');
  });

  test('a full subnet is said in words of Docker', async () => {
    const pool = await leader.pool('global', '10.78.0.0/30');
    await leader.address(pool);
    await leader.address(pool);
    await assert.rejects(leader.address(pool), /no available addresses on this pool: 10\.78\.0\.0\/30 is full/);
  });

  test('the gateway: the first address, or the one asked for, until another one is', async () => {
    assert.equal(net.inspect('10.77.0.1').state, 'held');
    const pool = await leader.pool('global', '10.79.0.0/24');
    assert.equal(await leader.address(pool, '10.79.0.254', GATEWAY), '10.79.0.254');
    await leader.release(pool, '10.79.0.254');
    assert.equal(subnet(run.service, '10.79.0.0/24').inspect('10.79.0.254').state, 'held', 'for when it comes again');
    assert.equal(await leader.address(pool, '10.79.0.7', GATEWAY), '10.79.0.7');
    assert.equal(subnet(run.service, '10.79.0.0/24').inspect('10.79.0.254').state, 'free', 'it came with another one');
  });
});

describe('a node', () => {
  test('trades the ticket: the first time for the ticket itself, later for the home', async () => {
    const home = await start(worker, 'web', 3, 'a');
    assert.equal(home, '10.77.0.2');
    await stop(worker, 'web', 3, 'a', home);
    await leader.release(G, home);
    assert.equal(await start(worker, 'web', 3, 'b'), home);
    assert.deepEqual(net.lookup('web.3')?.nodes, ['node-2']);
    assert.equal(worker.said(home).msg, 'its own');
  });

  test('a task that moves keeps its address', async () => {
    const home = await start(worker, 'web', 3, 'a');
    await stop(worker, 'web', 3, 'a', home);
    assert.equal(await start(leader, 'web', 3, 'b'), home);
    assert.deepEqual(net.lookup('web.3')?.nodes, ['node-1']);
  });

  test('the same request twice gets the same answer', async () => {
    const ticket = await leader.address(G);
    docker.put(taskContainer('web', 1, 'a', { asked: ticket }));
    const answers = await Promise.all([
      worker.address(L, ticket),
      worker.address(L, ticket),
      worker.address(L, ticket),
    ]);
    assert.deepEqual(new Set(answers), new Set([ticket]));
  });

  test('a global service: a binding for each node', async () => {
    const ticket = await leader.address(G);
    docker.put(taskContainer('agent', 'zk7c0node', 'a', { asked: ticket }));
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.lookup('agent.zk7c0node')?.address, ticket);
  });

  test('an address that no container asked for: the same, and whose it is', async () => {
    const ticket = await leader.address(G);
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.inspect(ticket).identity, `@endpoint/node-2/${ticket}`);
    await worker.release(L, ticket);
    assert.equal(net.inspect(ticket).state, 'held');
    await leader.release(G, ticket);
    assert.equal(net.inspect(ticket).state, 'free');
  });

  test("the leader's gateway: the same; a node's release does not end it", async () => {
    assert.equal(await worker.address(L, '10.77.0.1', GATEWAY), '10.77.0.1');
    await worker.release(L, '10.77.0.1');
    assert.equal(net.inspect('10.77.0.1').state, 'held');
  });

  test('the name of the endpoint says who asks (Docker 29)', async () => {
    const ticket = await leader.address(G);
    const name = 'web.3.aaaaaaaaaaaaaaaaaaaaaaaaa';
    docker.put(taskContainer('web', 3, 'aaaaaaaaaaaaaaaaaaaaaaaaa', { asked: ticket }));
    assert.equal(await worker.address(L, ticket, { [NAME]: name }), ticket);
    assert.equal(net.inspect(ticket).identity, 'web.3');
  });

  test('the name is enough when Docker is silent', async () => {
    docker.silent = true;
    const ticket = await leader.address(G);
    assert.equal(await worker.address(L, ticket, { [NAME]: 'web.3.aaaaaaaaaaaaaaaaaaaaaaaaa' }), ticket);
    assert.equal(net.inspect(ticket).identity, 'web.3');
    assert.equal(await worker.address(L, '', { [NAME]: 'db' }), net.lookup('db')?.address);
  });

  test("the load balancer's end has a name too, and gets the address that Swarm has for it", async () => {
    for (const expected of ['10.77.0.2', '10.77.0.3']) {
      const ticket = await leader.address(G);
      assert.equal(ticket, expected);
      assert.equal(await worker.address(L, ticket, { [NAME]: 'web-endpoint' }), ticket);
    }
  });

  test('Docker silent for a moment, and no name: a ticket waits for the answer, and is traded', async () => {
    const home = await start(worker, 'web', 1, 'a');
    await stop(worker, 'web', 1, 'a', home);
    await leader.release(G, home);
    const ticket = await leader.address(G);
    docker.put(taskContainer('web', 1, 'b', { asked: ticket }));
    docker.silent = true;
    const answer = worker.address(L, ticket);
    const took = run.time.took(answer);
    await run.time.pass(500);
    docker.silent = false;
    assert.equal(await answer, home);
    assert.equal(await took, 2300, 'the question that was put has its two seconds, and then another one is put');
  });

  test('Docker silent for long, and no name: the ticket itself, which is nobody’s home', async () => {
    docker.silent = true;
    const home = await start(leader, 'web', 1, 'z');
    const ticket = await leader.address(G);
    const answer = worker.address(L, ticket);
    assert.equal(await run.time.took(answer), 10_500, "a list's half second, and then the boot's ten");
    assert.equal(await answer, ticket);
    assert.equal(net.inspect(ticket).identity, `@endpoint/node-2/${ticket}`);
    assert.equal(worker.said(ticket).outcome, 'unnamed');
    assert.notEqual(await worker.address(L, home), home, "somebody's home");
    assert.equal(net.lookup('web.1')?.address, home);
  });

  test('no address, one container that can be started: it', async () => {
    docker.put(container('db'));
    docker.put(container('runs', { address: '10.77.0.77' }));
    docker.put(container('other', { network: 'stock' }));
    const address = await worker.address(L);
    assert.equal(net.lookup('db')?.address, address);
  });

  test("no address, several: a fresh one and a warning, never somebody else's", async () => {
    docker.put(container('db'));
    docker.put(container('cache'));
    const address = await worker.address(L);
    assert.match(String(net.inspect(address).identity), /^@unnamed\/node-2\//);
    assert.equal(net.lookup('db'), undefined);
    assert.equal(worker.said(address).level, 'warn');
    await worker.release(L, address);
    assert.equal(net.inspect(address).state, 'free');
  });

  test('a plain container on a swarm network: the manager knows whose the ticket is', async () => {
    const ticket = await leader.address(G);
    docker.put(container('shell'));
    docker.tasks = [
      {
        ID: 't1',
        Spec: { NetworkAttachmentSpec: { ContainerID: 'id-of-shell' } },
        NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/24`] }],
      },
    ];
    const before = docker.asked.length;
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.inspect(ticket).identity, 'shell');
    assert.ok(docker.asked.slice(before).some((path) => /tasks.*attachment/.test(path)));
  });

  test('a ticket that a container of an ended task still shows is not traded for its home', async () => {
    worker.manager = true;
    const home = await start(worker, 'web', 3, 'a');
    await stop(worker, 'web', 3, 'a', home);
    const ticket = await leader.address(G);
    docker.put(taskContainer('web', 3, 'b', { asked: ticket, state: 'created' })); // Docker died before it was started
    docker.tasks = [{ ID: 'b', ServiceID: 'id-web', Slot: 3, Status: { State: 'failed' }, DesiredState: 'shutdown' }];
    const given = await worker.address(L, ticket); // for the load balancer's end
    assert.notEqual(given, home);
    assert.equal(given, ticket);
  });

  test('a plain container that runs and is connected: its name counts; an attachment that has ended, not', async () => {
    const ticket = await leader.address(G);
    docker.put(container('shell', { network: 'bridge', address: '172.17.0.2' }));
    const attachment = (state: string) => ({
      ID: 't1',
      Spec: { NetworkAttachmentSpec: { ContainerID: 'id-of-shell' } },
      Status: { State: state },
      NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/24`] }],
    });
    docker.tasks = [attachment('running')];
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.inspect(ticket).identity, 'shell');
    await worker.release(L, ticket);
    const other = await leader.address(G);
    docker.tasks = [attachment('complete')];
    assert.equal(await worker.address(L, other), other);
    assert.match(net.inspect(other).identity as string, /^@endpoint/);
  });

  test('release: live → reserved, by whoever is at home, once', async () => {
    const home = await start(worker, 'web', 1, 'a');
    await worker.release(L, home);
    await worker.release(L, home);
    assert.equal(net.lookup('web.1')?.state, 'reserved');
  });

  test('a ticket is given again when its task has ended: what came last is meant, by no clock', async () => {
    const ticket = await leader.address(G);
    docker.put(taskContainer('old', 1, 'a', { asked: ticket, state: 'created', created: 300 }));
    docker.put(taskContainer('old', 2, 'b', { asked: ticket, state: 'exited', created: 400 }));
    await worker.look();
    docker.put(taskContainer('web', 1, 'c', { asked: ticket, created: 200 })); // the clock was set back
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.inspect(ticket).identity, 'web.1');
  });

  test('of two with one ticket that were there before this process nobody knows which is meant', async () => {
    const home = await start(worker, 'old', 1, 'a');
    await stop(worker, 'old', 1, 'a', home);
    const ticket = await leader.address(G);
    docker.put(taskContainer('old', 1, 'b', { asked: ticket, state: 'created', created: 300 }));
    docker.put(taskContainer('web', 1, 'c', { asked: ticket, created: 200 }));
    assert.equal(await worker.address(L, ticket), ticket);
    assert.match(net.inspect(ticket).identity as string, /^@endpoint/);
    assert.equal(worker.said(ticket).outcome, 'unnamed');
    assert.equal(net.lookup('old.1')?.state, 'reserved');
  });

  test("a worker gives a load balancer's end no home of a task that was left over, a late task its own", async () => {
    worker.manager = false;
    const home = await start(worker, 'web', 3, 'a');
    await stop(worker, 'web', 3, 'a', home);
    const [end, ticket] = [await leader.address(G), await leader.address(G)];
    docker.put(taskContainer('web', 3, 'b', { asked: end, state: 'created' }));
    await worker.look();
    const created = Math.floor(run.time.now / 1000) - 30; // a busy machine takes its time
    docker.put(taskContainer('new', 1, 'c', { asked: ticket, state: 'created', created }));
    await worker.pool('local', CIDR); // Docker makes the network on the node, for the container that is new
    assert.equal(await worker.address(L, end), end);
    assert.match(net.inspect(end).identity as string, /^@endpoint/);
    assert.notEqual(net.lookup('web.3')?.state, 'live');
    assert.equal(await worker.address(L, ticket), ticket); // once the end is there, containers ask
    assert.equal(net.inspect(ticket).identity, 'new.1');
  });

  test('a worker takes nobody who was made long ago for the one who asks', async () => {
    worker.manager = false;
    const home = await start(worker, 'web', 3, 'a');
    await stop(worker, 'web', 3, 'a', home);
    const ticket = await leader.address(G);
    const created = Math.floor(run.time.now / 1000) - 90;
    docker.put(taskContainer('web', 3, 'b', { asked: ticket, state: 'created', created }));
    const asked = worker.address(L, ticket); // for a plain container, whose list does not show what Swarm gave it
    assert.ok((await run.time.took(asked)) < 1000, 'nobody is waited for who could tell');
    assert.equal(await asked, ticket);
    assert.notEqual(net.lookup('web.3')?.state, 'live');
  });

  test('what Swarm has given since to others is no home of who runs there and was forgotten', async () => {
    const [given, own] = [await leader.address(G), await leader.address(G)];
    docker.put(taskContainer('web', 1, 'a', { asked: '10.77.0.99', address: given })); // its home ended meanwhile
    docker.put(taskContainer('web', 2, 'b', { asked: own, address: own })); // of this one the store has lost it
    worker.manager = false; // nobody says whose the tasks are
    for (let n = 0; n < 2; n++) await worker.look();
    assert.match(net.inspect(given).identity as string, /^@guest/);
    assert.equal(net.lookup('web.1'), undefined);
    assert.equal(net.inspect(own).identity, 'web.2');
  });

  test("a manager gives a load balancer's end no home of a task that was given up a second ago", async () => {
    await run.time.pass(10_000);
    const end = await leader.address(G); // it was the task's ticket before
    docker.put(
      taskContainer('web', 3, 'b', { asked: end, state: 'created', created: Math.floor(run.time.now / 1000) }),
    );
    docker.tasks = [{ ID: 'b', ServiceID: 'id-web', Slot: 3, Status: { State: 'failed' }, DesiredState: 'shutdown' }];
    await worker.pool('local', CIDR); // Docker makes the network on the node, for another container
    assert.equal(await worker.address(L, end), end);
    assert.match(net.inspect(end).identity as string, /^@endpoint/);
  });

  test('a worker takes nobody for the one who asks where it could be a plain container', async () => {
    worker.manager = false;
    const home = await start(worker, 'web', 3, 'a');
    await stop(worker, 'web', 3, 'a', home);
    const ticket = await leader.address(G);
    const created = Math.floor(run.time.now / 1000) - 15;
    docker.put(taskContainer('web', 3, 'b', { asked: ticket, state: 'created', created })); // its start was given up
    docker.put(container('plain', { network: 'web', state: 'created' })); // its list does not show the ticket
    assert.equal(await worker.address(L, ticket), ticket);
    assert.notEqual(net.lookup('web.3')?.state, 'live');
  });

  test('a ticket is given again: what is left over is not meant, though the clock was set back since', async () => {
    const ticket = await leader.address(G);
    docker.put(taskContainer('old', 1, 'a', { asked: ticket, state: 'created', created: 300 }));
    docker.put(taskContainer('web', 1, 'c', { asked: ticket, created: 200 }));
    docker.tasks = [
      { ID: 'a', ServiceID: 'id-old', Slot: 1, Status: { State: 'failed' }, DesiredState: 'shutdown' },
      { ID: 'c', ServiceID: 'id-web', Slot: 1, Status: { State: 'starting' }, DesiredState: 'running' },
    ];
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.inspect(ticket).identity, 'web.1');
  });

  test('whether a container is left over nobody says without a leader: its home is not given away', async () => {
    const home = await leader.address(G);
    await net.allocate('old.1', { node: worker.name, ticket: home });
    await net.release('old.1', worker.name);
    const ticket = await leader.address(G);
    docker.put(taskContainer('old', 1, 'a', { asked: ticket, state: 'created', created: 100 }));
    docker.waiting.add('tasks');
    assert.equal(await worker.address(L, ticket), ticket);
    assert.match(net.inspect(ticket).identity as string, /^@endpoint/);
    assert.equal(net.lookup('old.1')?.state, 'reserved');
  });

  test('a node boots slowly: a task is waited for until the swarm has a leader, and comes home', async () => {
    const home = await start(worker, 'web', 3, 'a');
    await stop(worker, 'web', 3, 'a', home);
    const ticket = await leader.address(G);
    docker.put(taskContainer('web', 3, 'b', { asked: ticket, created: 100 }));
    docker.tasks = [{ ID: 'b', ServiceID: 'id-web', Slot: 3, Status: { State: 'starting' }, DesiredState: 'running' }];
    docker.waiting.add('tasks');
    const coming = worker.address(L, ticket);
    const took = run.time.took(coming);
    await run.time.pass(450);
    docker.waiting.delete('tasks');
    assert.equal(await coming, home);
    assert.equal(await took, 2400, 'that question has its two seconds, and Docker some time to be heard again');
  });
});

test('a leader asks in the other one of a network’s two subnets: where the address is counts', async () => {
  const other = '10.78.0.0/24';
  const H = await leader.pool('global', other);
  const virtual = await leader.address(H);
  const twin = subnet(run.service, other);
  const stranger = network('db', other);
  const [web] = leader.docker.networks;
  leader.docker.networks = [web, stranger];
  await leader.environment.networks.all();
  await assert.rejects(leader.address(G, virtual), /outside/, 'of another network');
  web.IPAM.Config.push({ Subnet: other });
  leader.docker.networks = [web];
  await leader.environment.networks.all();
  assert.equal(await leader.address(G, virtual), virtual, 'said again by the next leader');
  assert.equal(twin.isHeld(virtual), true);
  await leader.release(G, virtual);
  assert.equal(twin.isHeld(virtual), false);
  await assert.rejects(leader.address(G, '10.79.0.9'), /outside/);
});

describe("a user's own choice", () => {
  test('--ip of a free address: it, and from now on the home', async () => {
    docker.put(container('db'));
    const before = await worker.address(L);
    await worker.release(L, before);
    await leader.address(G, '10.77.0.200');
    docker.put(container('db', { asked: '10.77.0.200' }));
    assert.equal(await worker.address(L, '10.77.0.200'), '10.77.0.200');
    assert.equal(net.lookup('db')?.address, '10.77.0.200');
    assert.equal(net.inspect(before).state, 'free');
  });

  test('it starts again with its --ip, though the leader has let go of the address', async () => {
    await leader.address(G, '10.77.0.200');
    docker.put(container('db', { asked: '10.77.0.200' }));
    await worker.address(L, '10.77.0.200');
    await worker.release(L, '10.77.0.200');
    await leader.release(G, '10.77.0.200');
    assert.equal(await leader.address(G, '10.77.0.200'), '10.77.0.200');
    assert.equal(await worker.address(L, '10.77.0.200'), '10.77.0.200');
  });

  test("--ip of somebody else's address is refused, with the owner named, and costs the owner nothing", async () => {
    const home = await start(worker, 'web', 3, 'a');
    assert.equal(await leader.address(G, home), home);
    docker.put(container('thief', { asked: home }));
    const refused = /Address already in use: 10\.77\.0\.2 of 10\.77\.0\.0\/24 belongs to web\.3 \(live on node-2\)/;
    await assert.rejects(worker.address(L, home), refused);
    await leader.release(G, home);
    assert.equal(net.lookup('web.3')?.state, 'live');
    assert.equal(net.state.isHeld(home), true);
  });

  test('two containers want one address that is nobody’s: whichever is started has it', async () => {
    await leader.address(G, '10.77.0.200');
    docker.put(container('a', { asked: '10.77.0.200' }));
    docker.put(container('b', { asked: '10.77.0.200' }));
    docker.tasks = [
      {
        ID: 'attached',
        Status: { State: 'starting' },
        DesiredState: 'running',
        Spec: { NetworkAttachmentSpec: { ContainerID: 'id-of-b' } },
        NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: ['10.77.0.200/24'] }],
      },
    ];
    assert.equal(await worker.address(L, '10.77.0.200'), '10.77.0.200');
    assert.equal(net.inspect('10.77.0.200').identity, 'b');
  });

  test('two containers want one address that is a third one’s: both are named', async () => {
    const home = await start(worker, 'web', 3, 'a');
    docker.put(container('a', { asked: home }));
    docker.put(container('b', { asked: home }));
    await assert.rejects(worker.address(L, home), /10\.77\.0\.2 .* is asked for by a and b/);
  });

  // docker/compose v1: stop, rename, create, start, and only then remove
  test('a stopped container, kept under another name, does not keep its successor from its --ip', async () => {
    const wish = '10.77.0.200';
    await leader.address(G, wish);
    docker.put(container('db', { asked: wish }));
    await worker.address(L, wish);
    docker.put(container('db', { asked: wish, address: wish }));
    await worker.release(L, wish);
    docker.remove('db');
    docker.put({ ...container('0a1b2c_db', { asked: wish, state: 'exited' }), Id: 'id-of-db' });
    docker.put({ ...container('db', { asked: wish }), Id: 'id-of-the-new-db' });
    assert.equal(await worker.address(L, wish), wish);
    assert.deepEqual(net.lookup('db')?.nodes, ['node-2']);
  });

  test('a container that died with its machine, and still shows the ticket that it had, takes nobody’s', async () => {
    const ticket = await leader.address(G);
    docker.put(container('shell', { asked: ticket, state: 'exited' }));
    docker.put(taskContainer('web', 3, 'a', { asked: ticket }));
    assert.equal(await worker.address(L, ticket), ticket);
    assert.equal(net.inspect(ticket).identity, 'web.3');
  });
});

test('a worker is no manager: a plain container there is an endpoint, and Docker is not asked for tasks', async () => {
  worker.manager = false;
  docker.info = info('node-2', { manager: false });
  const ticket = await leader.address(G);
  docker.put(container('shell'));
  assert.equal(await worker.address(L, ticket), ticket);
  assert.equal(net.inspect(ticket).identity, `@endpoint/node-2/${ticket}`);
  assert.ok(!docker.asked.some((path) => path.includes('/tasks')));
});

test('on a worker a container that may be an endpoint has its address while it is started, and no longer', async () => {
  worker.manager = false;
  docker.info = info('node-2', { manager: false });
  const ticket = await leader.address(G);
  docker.put(container('shell'));
  await worker.address(L, ticket);
  for (let look = 0; look < 3; look++) await worker.look();
  assert.equal(net.inspect(ticket).state, 'live', 'Docker takes its time to start it');
  docker.remove('shell');
  await run.time.pass(60_000);
  for (let look = 0; look < 2; look++) await worker.look();
  assert.equal(net.inspect(ticket).state, 'held', 'it was never started');
});
