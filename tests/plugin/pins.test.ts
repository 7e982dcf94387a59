// Chosen addresses, as a node meets them: by `limpet pin` and by a container's labels. They are had at the next start,
// never taken from anybody, and what cannot be is refused where its author sees it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LimpetError } from '../../src/host/errors.js';
import type { SubnetService } from '../../src/service/index.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const NAME = 'com.docker.network.endpoint.name';

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

type Labels = Record<string, string>;

/** A task with its ticket, as Swarm makes it. */
async function create(node: Node, slot: number | string, task: string, labels: Labels = {}): Promise<string> {
  const ticket = await leader.address(G);
  put(node, slot, task, labels, { asked: ticket });
  return ticket;
}

function put(node: Node, slot: number | string, task: string, labels: Labels, where: object): void {
  const made = taskContainer('web', slot, task, where);
  node.docker.put({ ...made, Labels: { ...made.Labels, ...labels } });
}

async function start(node: Node, slot: number | string, task: string, labels: Labels = {}): Promise<string> {
  const ticket = await create(node, slot, task, labels);
  const address = await node.address(L, ticket);
  put(node, slot, task, labels, { asked: ticket, address });
  return address;
}

async function stop(node: Node, slot: number | string, task: string, address: string): Promise<void> {
  await node.release(L, address);
  node.docker.remove(`web.${slot}.${task}`);
}

const refused = (code: string, about: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LimpetError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, about);
  return true;
};

const picture = () => JSON.stringify([[...net.list()], net.stats.pinned]);

describe('a pin by command', () => {
  test('is had at the first start, whatever the ticket', async () => {
    await net.pin('web.3', '10.77.0.50');
    assert.equal(await start(one, 3, 'a'), '10.77.0.50');
    assert.equal(net.lookup('web.3')?.pinned, true);
  });

  test('of what runs elsewhere waits, and is had at the next start, on whatever node', async () => {
    const before = await start(one, 3, 'a');
    assert.deepEqual(await net.pin('web.3', '10.77.0.50'), { address: '10.77.0.50', waits: true });
    assert.equal(net.lookup('web.3')?.address, before, 'nothing moves under what runs');
    await one.look();
    assert.equal(net.lookup('web.3')?.address, before, 'nor by a look');
    await stop(one, 3, 'a', before);
    assert.equal(await start(two, 3, 'b'), '10.77.0.50');
    assert.equal(net.inspect(before).identity, undefined);
    assert.deepEqual(net.pinOf('web.3'), { address: '10.77.0.50', waits: false });
  });

  test('a look after the plugin has begun anew moves nothing that runs', async () => {
    const before = await start(one, 3, 'a');
    await net.pin('web.3', '10.77.0.50');
    await net.release('web.3', one.name); // a lease that ran out
    one.restart();
    await one.look();
    assert.deepEqual(net.lookup('web.3')?.nodes, [one.name]);
    assert.equal(net.lookup('web.3')?.address, before);
  });

  test('is had though the mark of an earlier start was never given back', async () => {
    const before = await start(one, 3, 'a');
    await net.pin('web.3', '10.77.0.50');
    one.docker.remove('web.3.a'); // Docker died, and has released nothing
    assert.equal(await start(one, 3, 'b'), '10.77.0.50');
    assert.equal(net.inspect(before).identity, undefined);
  });

  test('with start-first the second is a guest, and the third comes home', async () => {
    const first = await start(one, 3, 'a');
    await net.pin('web.3', '10.77.0.50');
    const second = await start(two, 3, 'b');
    assert.notEqual(second, '10.77.0.50');
    await stop(one, 3, 'a', first);
    await stop(two, 3, 'b', second);
    assert.equal(await start(one, 3, 'c'), '10.77.0.50');
  });

  test('of both homes: start-first goes from one to the other, from the first time on', async () => {
    await net.pin('web.3', '10.77.0.50');
    await net.pin('@second/web.3', '10.77.0.60');
    assert.equal(await start(one, 3, 'a'), '10.77.0.50');
    assert.equal(await start(two, 3, 'b'), '10.77.0.60');
    await stop(one, 3, 'a', '10.77.0.50');
    assert.equal(await start(one, 3, 'c'), '10.77.0.50');
  });

  test('of the second home alone waits for what runs there, and is had at the next start beside another', async () => {
    const first = await start(one, 3, 'a');
    const second = await start(two, 3, 'b');
    assert.deepEqual(await net.pin('@second/web.3', '10.77.0.60'), { address: '10.77.0.60', waits: true });
    await stop(one, 3, 'a', first);
    assert.equal(await start(one, 3, 'c'), first);
    await stop(two, 3, 'b', second);
    assert.equal(await start(two, 3, 'd'), '10.77.0.60');
    assert.equal(net.inspect(second).identity, undefined);
  });

  test('a wish for another address is refused, and one for the pinned one is granted', async () => {
    await net.pin('db', '10.77.0.60');
    const put = (asked: string) => one.docker.put(container('db', { asked }));
    put('10.77.0.61');
    await assert.rejects(
      one.address(L, '10.77.0.61', { [NAME]: 'db' }),
      refused('PINNED', /db is pinned to 10\.77\.0\.60/),
    );
    put('10.77.0.60');
    assert.equal(await one.address(L, '10.77.0.60', { [NAME]: 'db' }), '10.77.0.60');
    one.docker.put(container('other', { asked: '10.77.0.60' }));
    await assert.rejects(one.address(L, '10.77.0.60', { [NAME]: 'other' }), refused('OCCUPIED', /belongs to db/));
  });
});

describe('the label limpet.address', () => {
  const range = { 'limpet.address': '10.77.0.50-10.77.0.52' };

  test('gives slot n the n-th of a range, and is a pin', async () => {
    assert.equal(await start(one, 2, 'a', range), '10.77.0.51');
    assert.equal(await start(two, 1, 'a', range), '10.77.0.50');
    assert.deepEqual(net.pinOf('web.2'), { address: '10.77.0.51', waits: false });
    await stop(one, 2, 'a', '10.77.0.51');
    await assert.rejects(net.reclaim('web.2'), refused('PINNED', /web\.2/));
    assert.equal(await start(two, 2, 'b', range), '10.77.0.51');
  });

  test('of a slot beyond the list: a free address, and a warning', async () => {
    const address = await start(one, 4, 'a', range);
    assert.ok(!['10.77.0.50', '10.77.0.51', '10.77.0.52'].includes(address));
    assert.equal(net.pinOf('web.4'), undefined);
    const said = one.lines.find(({ event }) => event === 'choice');
    assert.match(said.why ?? said.msg, /names 3 addresses, and web\.4 is beyond them/);
  });

  test('takes lists, one address, IPv6 beside it, and a network by its name', async () => {
    assert.equal(await start(one, 2, 'a', { 'limpet.address': '10.77.0.70, 10.77.0.90' }), '10.77.0.90');
    assert.equal(await start(one, 1, 'a', { 'limpet.address': 'fd00::1,10.77.0.80' }), '10.77.0.80');
    const named = { 'limpet.address': '10.77.0.99', 'limpet.address.web': '10.77.0.100-10.77.0.109' };
    assert.equal(await start(one, 3, 'a', named), '10.77.0.102');
  });

  test('moves who is at another address at his next start, and another label moves him on', async () => {
    const before = await start(one, 1, 'a');
    assert.notEqual(await start(two, 1, 'b', range), '10.77.0.50', 'a guest: the first still runs');
    await stop(one, 1, 'a', before);
    assert.equal(await start(one, 1, 'c', range), '10.77.0.50');
    await stop(one, 1, 'c', '10.77.0.50');
    assert.equal(await start(one, 1, 'd', { 'limpet.address': '10.77.0.200' }), '10.77.0.200');
    assert.equal(net.inspect('10.77.0.50').state, 'free');
  });

  test('of a plain container, and of one that Compose has numbered', async () => {
    const plain = (name: string, labels: Labels) =>
      one.docker.put({ ...container(name, { asked: undefined }), Labels: labels });
    plain('db', { 'limpet.address': '10.77.0.60' });
    assert.equal(await one.address(L, '', { [NAME]: 'db' }), '10.77.0.60');
    plain('shop-web-2', { ...range, 'com.docker.compose.container-number': '2' });
    assert.equal(await one.address(L, '', { [NAME]: 'shop-web-2' }), '10.77.0.51');
    plain('many', range);
    await assert.rejects(one.address(L, '', { [NAME]: 'many' }), refused('BAD_INPUT', /3 addresses for one container/));
  });

  test('the own ticket can be the chosen address', async () => {
    const ticket = await create(one, 1, 'a', {});
    put(one, 1, 'a', { 'limpet.address': ticket }, { asked: ticket });
    assert.equal(await one.address(L, ticket), ticket);
    assert.equal(net.lookup('web.1')?.pinned, true);
  });

  test('an address that is for another network of the container is none for this one', async () => {
    const other = network('back', '10.78.0.0/24', { gateway: '10.78.0.1' });
    one.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' }), other];
    const ticket = await leader.address(G);
    const made = taskContainer('web', 1, 'a', { asked: ticket });
    made.NetworkSettings.Networks.back = { IPAMConfig: null, NetworkID: 'id-back', IPAddress: '' };
    one.docker.put({ ...made, Labels: { ...made.Labels, 'limpet.address': '10.78.0.9' } });
    assert.equal(await one.address(L, ticket), ticket);
  });

  describe('that cannot be is refused with the label and a clear word, and nothing changes', () => {
    const cases: [string, string, string, RegExp][] = [
      ['outside the subnet', '10.78.0.5', 'OUT_OF_RANGE', /10\.78\.0\.5/],
      ['the gateway’s', '10.77.0.1', 'OCCUPIED', /is the gateway/],
      ['excluded', '10.77.0.255', 'EXCLUDED', /is excluded/],
      ['held by a virtual IP', '10.77.0.240', 'OCCUPIED', /is held: a virtual IP/],
      ['somebody else’s', '10.77.0.241', 'OCCUPIED', /belongs to "db"/],
      ['pinned to somebody else', '10.77.0.242', 'OCCUPIED', /belongs to "cache"/],
      ['twice the same', '10.77.0.50,10.77.0.50', 'BAD_INPUT', /10\.77\.0\.50 is in it twice/],
      ['no address', 'here', 'BAD_INPUT', /"here" is neither an address nor a range/],
      ['a range that goes back', '10.77.0.9-10.77.0.3', 'BAD_INPUT', /goes backwards/],
      ['empty', '', 'BAD_INPUT', /neither an address nor a range/],
      ['IPv6 in a subnet of IPv4', 'fd00::5', 'BAD_INPUT', /IPv6, and 10\.77\.0\.0\/24 is IPv4/],
      ['too many', '10.0.0.0/8', 'BAD_INPUT', /16777216 addresses/],
    ];
    for (const [what, text, code, about] of cases) {
      test(what, async () => {
        await leader.address(G, '10.77.0.240');
        await net.allocate('db', { node: 'x', ticket: '10.77.0.241' });
        await net.pin('cache', '10.77.0.242');
        const ticket = await create(one, 1, 'a', { 'limpet.address': text });
        const before = picture();
        await assert.rejects(one.address(L, ticket), refused(code, about));
        await assert.rejects(one.address(L, ticket), refused(code, /the label limpet\.address of web\.1\.a: /));
        assert.equal(picture(), before);
      });
    }

    test('a service with a task on every node has no slots', async () => {
      const node = 'r0kabcdefghijklmnopqrstuv';
      const ticket = await create(one, node, 'a', { 'limpet.address': '10.77.0.50' });
      await assert.rejects(one.address(L, ticket), refused('BAD_INPUT', /has no slot/));
    });

    test('another address than the user’s --ip', async () => {
      const labels = { 'limpet.address': '10.77.0.60' };
      one.docker.put({ ...container('db', { asked: '10.77.0.61' }), Labels: labels });
      const asked = one.address(L, '10.77.0.61', { [NAME]: 'db' });
      await assert.rejects(
        asked,
        refused('BAD_INPUT', /it chooses 10\.77\.0\.60, and its user asks for 10\.77\.0\.61/),
      );
    });
  });

  test('a label takes nobody’s home, also when its owner does not run', async () => {
    const home = await start(one, 3, 'a');
    await stop(one, 3, 'a', home);
    one.docker.put({ ...container('thief'), Labels: { 'limpet.address': home } });
    await assert.rejects(
      one.address(L, '', { [NAME]: 'thief' }),
      refused('OCCUPIED', /belongs to "web\.3" \(reserved\)/),
    );
    assert.equal(await start(two, 3, 'b'), home);
  });
});

describe('the label limpet.pool', () => {
  const pool = { 'limpet.pool': '10.77.0.120-10.77.0.122' };

  test('new addresses come from it, and none from outside when it is full', async () => {
    const all = [];
    for (const slot of [1, 2, 3]) all.push(await start(one, slot, 'a', pool));
    assert.deepEqual(all.sort(), ['10.77.0.120', '10.77.0.121', '10.77.0.122']);
    const ticket = await create(one, 4, 'a', pool);
    await assert.rejects(
      one.address(L, ticket),
      refused('FULL', /range 10\.77\.0\.120-10\.77\.0\.122 of 10\.77\.0\.0\/24 is full/),
    );
    assert.equal(net.lookup('web.4'), undefined);
    await stop(one, 2, 'a', '10.77.0.121');
    assert.equal(await start(two, 2, 'b', pool), '10.77.0.121', 'who has an address keeps it');
  });

  test('who has an address already keeps that', async () => {
    const before = await start(one, 1, 'a');
    await stop(one, 1, 'a', before);
    assert.equal(await start(one, 1, 'b', pool), before);
  });

  test('a guest’s address comes from it too', async () => {
    await start(one, 1, 'a', pool);
    const guest = await start(two, 1, 'b', pool);
    assert.match(guest, /^10\.77\.0\.12[0-2]$/);
  });

  test('a task that waits since Docker booted is given one from it, once Docker says what its label is', async () => {
    await start(one, 1, 'a');
    two.docker.silent = true;
    const task = 'b'.repeat(25);
    const ticket = await create(two, 1, task, pool);
    run.time.process().clock.after(1000, () => {
      two.docker.silent = false;
    });
    assert.match(await two.address(L, ticket, { [NAME]: `web.1.${task}` }), /^10\.77\.0\.12[0-2]$/);
  });

  const cases: [string, string, RegExp][] = [
    ['10.78.0.0/28', 'OUT_OF_RANGE', /10\.78\.0\.0/],
    ['10.77.0.250-10.77.1.9', 'OUT_OF_RANGE', /10\.77\.1\.9/],
    ['fd00::/64', 'BAD_INPUT', /not a valid IPv4/],
    ['many', 'BAD_INPUT', /many/],
    ['', 'BAD_INPUT', /"" is not a valid IPv4 address, CIDR or range/],
    ['10.77.0.9-10.77.0.3', 'BAD_INPUT', /"10\.77\.0\.9-10\.77\.0\.3" is not a valid IPv4/],
  ];
  for (const [text, code, about] of cases) {
    test(`${text || 'an empty text'} is no pool, and says so`, async () => {
      const ticket = await create(one, 1, 'a', { 'limpet.pool': text });
      const before = picture();
      await assert.rejects(one.address(L, ticket), refused(code, about));
      await assert.rejects(one.address(L, ticket), refused(code, /the label limpet\.pool of web\.1\.a: /));
      assert.equal(picture(), before);
    });
  }
});

describe('a pool that the network has for a service', () => {
  beforeEach(async () => {
    await run.service.change(CIDR, {
      ...net.spec,
      pools: [
        { service: 'api', range: '10.77.0.140-10.77.0.149' },
        { service: 'web', range: '10.77.0.130-10.77.0.131' },
      ],
    });
  });

  test('gives its tasks new addresses, and none from outside when it is full', async () => {
    const all = [await start(one, 1, 'a'), await start(two, 2, 'a')];
    assert.deepEqual(all.sort(), ['10.77.0.130', '10.77.0.131']);
    const ticket = await create(one, 3, 'a');
    await assert.rejects(one.address(L, ticket), refused('FULL', /range 10\.77\.0\.130-10\.77\.0\.131 of .* is full/));
    assert.equal(net.lookup('web.3'), undefined);
  });

  test('is of that service alone, and holds for nobody who has an address', async () => {
    one.docker.put({ ...container('db') });
    assert.doesNotMatch(await one.address(L, '', { [NAME]: 'db' }), /^10\.77\.0\.1[34]\d$/);
    await run.service.change(CIDR, { ...net.spec, pools: [] });
    const before = await start(one, 1, 'a');
    await stop(one, 1, 'a', before);
    await run.service.change(CIDR, { ...net.spec, pools: [{ service: 'web', range: '10.77.0.130/31' }] });
    assert.equal(await start(one, 1, 'b'), before);
  });

  test('a label goes before it, and a pin goes before both', async () => {
    const label = { 'limpet.pool': '10.77.0.120-10.77.0.122' };
    assert.match(await start(one, 1, 'a', label), /^10\.77\.0\.12[0-2]$/);
    await net.pin('web.2', '10.77.0.50');
    assert.equal(await start(one, 2, 'a'), '10.77.0.50');
  });

  test('a second home comes from it too', async () => {
    const first = await start(one, 1, 'a');
    const second = await start(two, 1, 'b');
    assert.deepEqual([first, second].sort(), ['10.77.0.130', '10.77.0.131']);
  });
});
