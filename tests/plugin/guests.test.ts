// Two containers of one identity at once, releases that come late, and processes that come back: never one address
// twice, and home as soon as it is free. What becomes of second homes in time is in second-homes.test.ts.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { container, network, taskContainer } from '../docker/json.js';
import { HeldBack } from '../service/held-back.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const HOME = '10.77.0.2';
const SECOND = '@second/web.3';

let run: Swarm;
let leader: Node;
let one: Node;
let two: Node;
let net: SubnetService;
let G: string;
let L: string;

beforeEach(async () => {
  run = await swarm(3);
  [leader, one, two] = run.nodes as [Node, Node, Node];
  for (const node of run.nodes) node.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
  G = await leader.pool('global', CIDR);
  await leader.address(G, '', { RequestAddressType: 'com.docker.network.gateway' });
  L = await one.pool('local', CIDR);
  net = subnet(run.service, CIDR);
});

afterEach(async () => {
  await run.stop();
});

/** The leader's ticket, and the container that is created with it. */
async function create(node: Node, task: string, created = Math.floor(run.time.now / 1000)): Promise<string> {
  const ticket = await leader.address(G);
  node.docker.put(taskContainer('web', 3, task, { asked: ticket, created }));
  return ticket;
}

async function start(node: Node, task: string): Promise<string> {
  const ticket = await create(node, task);
  const address = await node.address(L, ticket);
  node.docker.put(taskContainer('web', 3, task, { asked: ticket, address }));
  return address;
}

function ends(node: Node, task: string): void {
  node.docker.put(taskContainer('web', 3, task, { state: 'exited', asked: '10.77.0.99' }));
}

/** Docker on the node takes its time for questions of that path, in milliseconds. */
function slow({ docker }: Node, path: string, takes: number): void {
  const { clock } = run.time.process();
  const ask = docker.ask.bind(docker);
  docker.ask = async (question) => {
    if (question.path === path) await clock.sleep(takes);
    return ask(question);
  };
}

describe('start-first', () => {
  for (const where of ['the same node', 'another node'] as const) {
    const other = () => (where === 'the same node' ? one : two);

    test(`on ${where}: the second waits, then gets a second home at its ticket`, async () => {
      assert.equal(await start(one, 'a'), HOME);
      const ticket = await create(other(), 'b');
      const second = other().address(L, ticket);
      assert.equal(await run.time.took(second), 5000, 'it has waited');
      assert.equal(await second, ticket);
      assert.equal(net.inspect(ticket).identity, SECOND);
      assert.equal(other().said(ticket).outcome, 'second');
      assert.match(other().said(ticket).msg, /is still at 10\.77\.0\.2$/);
      assert.equal(other().said(ticket).identity, 'web.3');
      assert.deepEqual(net.lookup('web.3')?.nodes, ['node-2']);
    });

    test(`on ${where}: the second goes home when the first leaves in time`, async () => {
      await start(one, 'a');
      const ticket = await create(other(), 'b');
      const second = other().address(L, ticket);
      const took = run.time.took(second);
      await run.time.pass(250);
      await one.release(L, HOME);
      ends(one, 'a');
      assert.equal(await second, HOME);
      assert.equal(await took, 300, 'it looks ten times a second');
      assert.deepEqual(net.lookup('web.3')?.nodes, [other().name]);
    });

    test(`on ${where}: the second home stays, and the next one goes to the first`, async () => {
      await start(one, 'a');
      const second = await start(other(), 'b');
      await one.release(L, HOME);
      ends(one, 'a');
      await other().release(L, second);
      ends(other(), 'b');
      await leader.release(G, second);
      assert.equal(net.inspect(second).state, 'reserved');
      assert.equal(net.isHeld(second), false);
      assert.equal(await start(other(), 'c'), HOME);
    });

    test(`on ${where}: a third at once is a guest, told why, and its end leaves nothing behind`, async () => {
      await start(one, 'a');
      const second = await start(other(), 'b');
      const ticket = await create(two, 'c');
      assert.equal(await two.address(L, ticket), ticket);
      assert.equal(net.inspect(ticket).identity, `@guest/${ticket}`);
      assert.equal(two.said(ticket).outcome, 'guest');
      const who = where === 'another node' ? 'web.3.b' : 'a container on node-2'; // which it hears of from the store
      assert.ok(two.said(ticket).msg.endsWith(` is still at ${HOME}, and ${who} at the second home ${second}`));
      await two.release(L, ticket);
      await leader.release(G, ticket);
      assert.equal(net.inspect(ticket).state, 'free');
    });
  }

  test("a second home is nobody else's, not even for a user's --ip", async () => {
    await start(one, 'a');
    const second = await start(two, 'b');
    one.docker.put(container('thief', { asked: second }));
    assert.equal(await leader.address(G, second), second);
    await assert.rejects(one.address(L, second), /belongs to web\.3 \(its second home, live on node-3\)/);
    await leader.release(G, second);
    assert.equal(net.state.isHeld(second), true, 'its ticket is its own until it ends');
  });

  test('the plugin restarts while both run: each stays what it was', async () => {
    await start(one, 'a');
    const second = await start(one, 'b');
    one.restart();
    await one.look();
    assert.deepEqual(net.lookup('web.3')?.nodes, ['node-2']);
    assert.equal(net.lookup('web.3')?.address, HOME);
    assert.equal(net.lookup(SECOND)?.address, second);
    assert.deepEqual(net.lookup(SECOND)?.nodes, ['node-2']);
    const third = await create(one, 'c');
    assert.equal(await one.address(L, third), third, 'both are still at home');
  });

  test('the plugin restarts between the answer and its showing in the list: the home is not given twice', async () => {
    const now = Math.floor(run.time.now / 1000);
    const first = await create(one, 'a', now - 1);
    assert.equal(await one.address(L, first), HOME);
    one.restart();
    const second = await create(one, 'b');
    assert.equal(await one.address(L, second), second);
  });
});

test('two at once on one node: one at each home, two addresses', async () => {
  const tickets = [await create(one, 'a'), await create(one, 'b')];
  const answers = await Promise.all(tickets.map((ticket) => one.address(L, ticket)));
  assert.equal(new Set(answers).size, 2);
  assert.deepEqual(answers, tickets, 'each home is bound to a ticket');
});

test('one who has come home since the list was read is at home, though that list does not show him', async () => {
  await run.time.pass(10_000); // what was made before the plugin is looked at twice
  const ticket = await create(one, 'b');
  one.docker.put(taskContainer('old', 1, 'x', { asked: ticket, state: 'created', created: 100 })); // left over
  one.docker.tasks = [
    { ID: 'x', ServiceID: 'id-old', Slot: 1, Status: { State: 'failed' }, DesiredState: 'shutdown' },
    { ID: 'b', ServiceID: 'id-web', Slot: 3, Status: { State: 'starting' }, DesiredState: 'running' },
  ];
  const other = await leader.address(G);
  slow(one, '/tasks', 20);
  const second = one.address(L, ticket); // reads the list, and then asks which of the two is meant
  await run.time.pass(5);
  one.docker.put(taskContainer('web', 3, 'a', { asked: other, created: Math.floor(run.time.now / 1000) }));
  const first = await one.address(L, other);
  assert.notEqual(await second, first);
  assert.equal(net.inspect(await second).identity, SECOND);
});

test('one who was let in where the home was before it moved is not at home', async () => {
  await run.time.pass(10_000); // what was made before the plugin could be anywhere
  const ticket = await create(one, 'a');
  assert.equal(await one.address(L, ticket), ticket); // and is being started
  await net.release('web.3', one.name); // the node was cut off: its home ended, and was made again
  await net.reclaim('web.3');
  const home = await leader.address(G);
  await net.claim('web.3', { node: two.name, ticket: home });
  await net.release('web.3', two.name);
  assert.equal(await one.address(L, await create(one, 'b')), home);
});

test('two at once on two nodes: one at each home, two addresses', async () => {
  const tickets = [await create(one, 'a'), await create(two, 'b')];
  const answers = await Promise.all([one.address(L, tickets[0]), two.address(L, tickets[1])]);
  assert.equal(new Set(answers).size, 2);
  assert.equal(net.lookup('web.3')?.nodes.length, 1);
  assert.equal(net.lookup(SECOND)?.nodes.length, 1);
});

describe('a late release', () => {
  test('from a node that the identity has left changes nothing', async () => {
    await start(one, 'a');
    await one.release(L, HOME);
    ends(one, 'a');
    await start(two, 'b');
    await one.release(L, HOME);
    assert.deepEqual(net.lookup('web.3')?.nodes, ['node-3']);
  });

  test('of a container whose place a newer one has taken on the same node changes nothing', async () => {
    await start(one, 'a');
    ends(one, 'a'); // its release got lost, or is on its way
    assert.equal(await start(one, 'b'), HOME);
    await one.release(L, HOME);
    await run.time.pass(4300);
    assert.deepEqual(net.lookup('web.3')?.nodes, ['node-2'], 'the newcomer runs');
    await one.release(L, HOME);
    ends(one, 'b');
    await run.time.pass(300);
    assert.equal(
      net.lookup('web.3')?.state,
      'reserved',
      "and its own release counts, once it is seen that it doesn't run",
    );
  });

  test('after a restart of the plugin: what runs tells whose it was', async () => {
    await start(one, 'a');
    one.restart();
    await one.release(L, HOME);
    assert.equal(net.lookup('web.3')?.state, 'live');
    ends(one, 'a');
    await run.time.pass(299);
    assert.equal(net.lookup('web.3')?.state, 'live');
    await run.time.pass(1);
    assert.equal(net.lookup('web.3')?.state, 'reserved');
  });
});

describe('a look at what runs here', () => {
  test('ends what is missed twice, and not sooner', async () => {
    await start(one, 'a');
    one.docker.remove('web.3.a');
    await one.look();
    assert.equal(net.lookup('web.3')?.state, 'live');
    await one.look();
    assert.equal(net.lookup('web.3')?.state, 'reserved');
  });

  test('does not revive what has just been released and still shows', async () => {
    await start(one, 'a');
    await one.release(L, HOME);
    await one.look();
    assert.equal(net.lookup('web.3')?.state, 'reserved');
    await run.time.pass(31_000);
    await one.look();
    assert.equal(net.lookup('web.3')?.state, 'live', 'but what runs on does count');
  });

  test('does not end what is being started', async () => {
    const ticket = await create(one, 'a');
    await one.address(L, ticket);
    for (let n = 0; n < 3; n++) await one.look();
    assert.equal(net.lookup('web.3')?.state, 'live');
  });

  test('adopts what runs at an address that nobody has', async () => {
    one.docker.put(taskContainer('web', 7, 'x', { asked: '10.77.0.70', address: '10.77.0.71' }));
    one.docker.tasks = [{ ID: 'x', ServiceID: 'id-web', Slot: 7, NodeID: one.name }];
    one.docker.services = [{ ID: 'id-web', Spec: { Name: 'web' } }];
    one.docker.put(container('db', { address: '10.77.0.72' }));
    one.docker.put(container('elsewhere', { network: 'stock', address: '10.77.0.73' }));
    await one.look();
    assert.deepEqual(
      [...net.list()].map(({ identity, address }) => `${identity} ${address}`),
      ['web.7 10.77.0.71', 'db 10.77.0.72'],
    );
  });

  test('says when two run at one address, and changes nothing', async () => {
    await start(one, 'a');
    two.docker.put(taskContainer('web', 9, 'x', { address: HOME }));
    await two.look();
    assert.deepEqual(net.lookup('web.3')?.nodes, ['node-2']);
    assert.equal(two.said(HOME).event, 'conflict');
    assert.equal(two.said(HOME).owner, 'web.3');
  });
});

describe('the sweeper', () => {
  const task = (slot: number, ticket: string, state = 'running') => ({
    ID: `t${slot}`,
    ServiceID: 'id-web',
    Slot: slot,
    NodeID: 'node-2',
    Status: { State: state },
    DesiredState: 'running',
    NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/24`] }],
  });

  beforeEach(() => {
    leader.docker.nodes = run.nodes.map(({ name }) => ({
      ID: name,
      Description: { Hostname: `host of ${name}` },
      ManagerStatus: { Leader: name === 'node-1' },
    }));
    leader.docker.services = [
      {
        ID: 'id-web',
        Spec: { Name: 'web' },
        Endpoint: { VirtualIPs: [{ NetworkID: 'id-web', Addr: '10.77.0.9/24' }] },
      },
    ];
  });

  const look = () => leader.sweep('node-1');
  const states = (addresses: readonly string[]) => addresses.map((address) => net.inspect(address).state);

  test('frees what nobody has, after the grace period, and nothing else', async () => {
    await leader.address(G, '10.77.0.9'); // virtual IP
    const balancer = await leader.address(G);
    await one.address(L, balancer);
    const [used, leaked, ended] = [await leader.address(G), await leader.address(G), await leader.address(G)] as const;
    leader.docker.tasks = [task(1, used), { ...task(2, ended, 'failed'), DesiredState: 'shutdown' }];
    await look();
    assert.deepEqual(states([used, leaked, ended]), ['held', 'held', 'held']);
    await run.time.pass(61_000);
    await look();
    assert.deepEqual(states([used, leaked, ended, '10.77.0.9', '10.77.0.1', balancer]), [
      'held',
      'free',
      'free',
      'held',
      'held',
      'live',
    ]);
  });

  test('a ticket that turns out to be used meanwhile begins anew', async () => {
    const ticket = await leader.address(G);
    await look();
    await run.time.pass(59_000);
    leader.docker.tasks = [{ ...task(1, ticket), NodeID: '' }];
    await look();
    leader.docker.tasks = [];
    await run.time.pass(59_000);
    await look();
    assert.equal(net.inspect(ticket).state, 'held');
    await run.time.pass(61_000);
    await look();
    assert.equal(net.inspect(ticket).state, 'free');
  });

  test('does nothing while a load balancer has not asked for its address', async () => {
    const balancer = await leader.address(G);
    const used = await leader.address(G);
    leader.docker.tasks = [task(1, used)];
    await look();
    await run.time.pass(61_000);
    await look();
    assert.equal(net.inspect(balancer).state, 'held');
    leader.docker.tasks = [{ ...task(1, used), DesiredState: 'shutdown', Status: { State: 'shutdown' } }];
    await run.time.pass(5000);
    await look();
    assert.equal(net.inspect(balancer).state, 'held', 'the node can be giving it back at this moment');
    await run.time.pass(61_000);
    await look();
    assert.equal(net.inspect(balancer).state, 'free');
  });

  test('only the leader sweeps', async () => {
    const leaked = await leader.address(G);
    for (const ahead of [0, 61_000]) {
      await run.time.pass(ahead);
      await leader.sweep('node-2');
    }
    assert.equal(net.inspect(leaked).state, 'held');
  });

  test('frees a ticket that somebody is at home on, when its task has ended', async () => {
    const ticket = await create(one, 'a');
    assert.equal(await one.address(L, ticket), ticket, 'bound to its ticket');
    for (const ahead of [0, 61_000]) {
      await run.time.pass(ahead);
      await look();
    }
    assert.equal(net.isHeld(ticket), false);
    assert.equal(net.inspect(ticket).identity, 'web.3');
  });

  test("holds again what Swarm's records have and Limpet has lost", async () => {
    const ticket = await leader.address(G);
    await net.unhold(ticket); // a release that came late
    leader.docker.tasks = [{ ...task(1, ticket), NodeID: '' }];
    await look();
    assert.equal(net.inspect(ticket).state, 'held');
    assert.match(leader.said(ticket).msg, /held again/);
  });
});

describe('the end of a load balancer', () => {
  const END = { Name: 'web-endpoint', IPv4Address: '10.77.0.2/24' };
  let identity: string;

  beforeEach(async () => {
    assert.equal(await one.address(L, await leader.address(G)), '10.77.0.2');
    identity = net.inspect('10.77.0.2').identity as string;
    assert.match(identity, /^@endpoint/);
    one.docker.endpoints.set('web', { end: END });
    await net.release(identity, 'node-2'); // its lease has run out with its process
    one.restart();
  });

  test('is live again when its node has been looked at', async () => {
    await one.look();
    assert.deepEqual(net.lookup(identity)?.nodes, ['node-2']);
  });

  test('is forgotten some time after it has gone', async () => {
    one.docker.endpoints.clear();
    for (let n = 0; n < 3; n++) {
      await one.look();
      await run.time.pass(31_000);
    }
    await one.look();
    assert.equal(net.lookup(identity), undefined);
  });
});

test('a container that Docker began to start and nobody starts any more does not keep its home live', async () => {
  const ticket = await create(one, 'a');
  await one.address(L, ticket); // dockerd died: it stays `created`
  for (let n = 0; n < 3; n++) {
    await one.look();
    await run.time.pass(61_000);
  }
  assert.deepEqual(net.lookup('web.3')?.nodes, []);
});

test('a guest, and one at a second home, whose start takes longer than two looks keeps its mark', async () => {
  assert.equal(await start(one, 'a'), HOME);
  const tickets = [await create(one, 'b'), await create(one, 'c')] as const;
  for (const ticket of tickets) assert.equal(await one.address(L, ticket), ticket);
  for (let n = 0; n < 3; n++) await one.look();
  assert.deepEqual(net.lookup(SECOND)?.nodes, ['node-2']);
  assert.deepEqual(net.lookup(`@guest/${tickets[1]}`)?.nodes, ['node-2']);
});

test('a container whose binding ended while its node was cut off keeps its address from a newcomer', async () => {
  one.docker.networks = [network('home', '10.6.0.0/24', { scope: 'local' })];
  const pool = await one.pool('local', '10.6.0.0/24');
  const own = subnet(run.service, '10.6.0.0/24', 'node:node-2');
  const ask = async (name: string) => {
    one.docker.put(container(name, { network: 'home', state: 'created' }));
    return one.address(pool, '', { 'com.docker.network.endpoint.name': name });
  };
  const address = await ask('old');
  one.docker.put(container('old', { network: 'home', address }));
  await one.look(); // and so the networks are known
  await own.release('old', 'node-2'); // as the end of its lease does
  await own.reclaim('old');
  assert.notEqual(await ask('new'), address);
  assert.deepEqual(own.lookup(`@guest/${address}`)?.nodes, ['node-2']);
  one.docker.put(container('old', { network: 'home', state: 'exited' }));
  await one.release(pool, address);
  assert.equal(own.inspect(address).state, 'free', 'and it ends with its use');
});

test('a ticket at which a lost container runs is no newcomer’s home, and no load balancer’s end', async () => {
  const home = await start(one, 'a');
  await one.look(); // and so the networks are known
  await net.release('web.3', 'node-2'); // as the end of its lease does
  await net.reclaim('web.3');
  await net.unhold(home);
  assert.equal(await leader.address(G, home), home, 'the leader gives it once more, as a ticket');
  one.docker.put(taskContainer('api', 1, 'b', { asked: home }));
  const given = await one.address(L, home);
  assert.notEqual(given, home);
  assert.equal(net.lookup('api.1')?.address, given);
  assert.deepEqual(net.lookup(`@guest/${home}`)?.nodes, ['node-2']);
  await assert.rejects(two.address(L, home), /already in use/, 'as the end of a load balancer');
});

/** A node's own subnet of two addresses: `old` runs at the first, and was released, as the end of its lease does. */
async function lost(store = new HeldBack()) {
  const held = await swarm(1, { store });
  const [node] = held.nodes as [Node];
  node.docker.networks = [network('home', '10.6.0.0/30', { scope: 'local' })];
  const pool = await node.pool('local', '10.6.0.0/30');
  const own = subnet(held.service, '10.6.0.0/30', 'node:node-1');
  const create = (name: string) => node.docker.put(container(name, { network: 'home', state: 'created' }));
  const ask = (name?: string) =>
    node.address(pool, '', name === undefined ? undefined : { 'com.docker.network.endpoint.name': name });
  create('old');
  const address = await ask('old');
  node.docker.put(container('old', { network: 'home', address }));
  await node.look(); // and so the networks are known
  await own.release('old', 'node-1');
  return { store, own, address, create, ask, time: held.time, stop: held.stop };
}

test('a container that loses its address while a newcomer waits for the store keeps it', async () => {
  const { store, own, address, create, ask, time, stop } = await lost();
  try {
    await own.allocate('new', { node: 'node-1' });
    await own.release('new', 'node-1');
    store.holdBack();
    const ended = [own.reclaim('old'), own.reclaim('new')];
    create('new');
    // By then it has looked at its neighbours, and waits for its turn.
    time.process().clock.after(100, () => store.letGo());
    assert.notEqual(await ask('new'), address);
    await Promise.all(ended);
    assert.equal(own.inspect(address).identity, `@guest/${address}`);
  } finally {
    await stop();
  }
});

test('a container that has lost its address keeps it from whoever cannot be named', async () => {
  const { own, address, create, ask, stop } = await lost();
  try {
    await own.reclaim('old');
    await own.allocate('other', { node: 'node-1' });
    for (const name of ['one', 'two']) create(name); // and this Docker does not say which of them asks
    await assert.rejects(ask(), /is full/);
    assert.equal(own.inspect(address).identity, `@guest/${address}`);
  } finally {
    await stop();
  }
});
