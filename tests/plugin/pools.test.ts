// Pools: made, asked for again, chosen, refused, and giving way; and the networks of one host, which no leader looks
// after.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { firstFree } from '../../src/tickets/ranges.js';
import type { Docker } from '../docker/docker.js';
import { container, network } from '../docker/json.js';
import { leads, type Node, type Swarm, subnet, swarm } from './nodes.js';

const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };

let run: Swarm;
let one: Node;
let two: Node;
let docker: Docker;

beforeEach(async () => {
  run = await swarm(2);
  [one, two] = run.nodes as [Node, Node];
  docker = one.docker;
  leads(run.nodes, one);
});

afterEach(async () => {
  await run.stop();
});

const specs = () => [...run.service.subnets()].map(({ spec: { space, cidr } }) => `${space} ${cidr}`);

describe('a pool', () => {
  test('asked for again is the same, with its options or without', async () => {
    const options = { Options: { 'limpet.exclude': '10.77.0.128/25', 'limpet.policy': 'lowest' } };
    const id = await one.pool('global', '10.77.0.0/24', options);
    assert.equal(id, 'global/swarm/10.77.0.0/24');
    assert.equal(await one.pool('global', '10.77.0.0/24', options), id);
    assert.equal(await two.pool('global', '10.77.0.0/24'), id);
    assert.equal(await two.pool('local', '10.77.0.0/24'), 'local/swarm/10.77.0.0/24');
    assert.deepEqual(specs(), ['swarm 10.77.0.0/24']);
    const { exclude, policy } = subnet(run.service, '10.77.0.0/24').spec;
    assert.deepEqual([exclude, policy], [['10.77.0.128-10.77.0.255'], 'lowest']);
  });

  test('with host bits is the subnet that is meant', async () => {
    assert.equal(await one.pool('global', '10.77.0.5/24'), 'global/swarm/10.77.0.0/24');
    assert.equal(await one.pool('global', 'FD00:1::1/64', { V6: true }), 'global/swarm/fd00:1::/64');
  });

  test('that overlaps one with a network is refused; one that was given back gives way', async () => {
    const id = await one.pool('global', '10.77.0.0/24');
    await assert.rejects(one.pool('global', '10.77.0.0/16'), /Pool overlaps with other one on this address space/);
    const net = subnet(run.service, '10.77.0.0/24');
    await net.allocate('web.1', { node: 'node-1' });
    await net.release('web.1', 'node-1');
    await one.call('ReleasePool', { PoolID: id });
    docker.networks = [network('web', '10.77.0.0/24')];
    await assert.rejects(one.pool('global', '10.77.0.0/16'), /Pool overlaps/, 'a network of Docker has it');
    docker.networks = [];
    assert.equal(await one.pool('global', '10.77.0.0/16'), 'global/swarm/10.77.0.0/16');
    assert.deepEqual(specs(), ['swarm 10.77.0.0/16']);
    await assert.rejects(one.address(id), /no subnet 10\.77\.0\.0\/24 in the space swarm/);
  });

  test('with other settings is refused while it is used; else it keeps what its new ones do not exclude', async () => {
    const id = await one.pool('global', '10.77.0.0/24');
    const ticket = await one.address(id);
    const net = subnet(run.service, '10.77.0.0/24');
    for (const identity of ['web.1', 'web.2', 'web.3']) {
      await net.allocate(identity, { node: 'node-1' });
      await net.release(identity, 'node-1');
    }
    const [first, , third] = ['web.1', 'web.2', 'web.3'].map((identity) => net.lookup(identity)?.address);
    const options = { Options: { 'limpet.policy': 'lowest', 'limpet.exclude': net.lookup('web.2')?.address } };
    await assert.rejects(one.pool('global', '10.77.0.0/24', options), /is there with exclude /);
    await one.release(id, ticket);
    await one.pool('global', '10.77.0.0/24', options);
    assert.equal(subnet(run.service, '10.77.0.0/24').spec.policy, 'lowest');
    assert.deepEqual(
      [...subnet(run.service, '10.77.0.0/24').list()].map(({ identity, address }) => [identity, address]),
      [
        ['web.1', first],
        ['web.3', third],
      ],
    );
  });

  test('given back, it takes other settings though Swarm has not let go of all its addresses yet', async () => {
    const G = await one.pool('global', '10.77.0.0/24');
    const [L, ticket] = [await one.pool('local', '10.77.0.0/24'), await one.address(G)];
    const net = subnet(run.service, '10.77.0.0/24');
    const own = await net.allocate('web.1', { node: 'node-1' });
    const lowest = { Options: { 'limpet.policy': 'lowest' } };
    await one.call('ReleasePool', { PoolID: L });
    await assert.rejects(one.pool('global', '10.77.0.0/24', lowest), /is there with policy "serial"/);
    await one.call('ReleasePool', { PoolID: G });
    const excluded = { Options: { 'limpet.exclude': own } };
    await assert.rejects(one.pool('global', '10.77.0.0/24', excluded), /web\.1.*live/);
    await one.pool('global', '10.77.0.0/24', lowest);
    assert.equal(net.spec.policy, 'lowest');
    assert.deepEqual([net.inspect(ticket).state, net.lookup('web.1')?.state], ['held', 'live']);
    const serial = { Options: { 'limpet.policy': 'serial' } };
    await assert.rejects(one.pool('global', '10.77.0.0/24', serial), /is there with policy "lowest"/);
  });

  test('given back keeps its bindings: a network that comes again finds them', async () => {
    docker.networks = [network('web', '10.77.0.0/24')];
    const [G, L] = [await one.pool('global', '10.77.0.0/24'), await one.pool('local', '10.77.0.0/24')];
    const ticket = await one.address(G, '10.77.0.40');
    docker.put(container('db', { asked: ticket }));
    await one.address(L, ticket);
    await one.release(L, ticket);
    await one.release(G, ticket);
    await one.call('ReleasePool', { PoolID: L });
    await one.call('ReleasePool', { PoolID: G });
    await one.pool('global', '10.77.0.0/24');
    assert.equal(subnet(run.service, '10.77.0.0/24').lookup('db')?.address, '10.77.0.40');
  });

  test('of the swarm is not given back by a Docker that leads no longer', async () => {
    const id = await one.pool('global', '10.77.0.0/24');
    leads(run.nodes, two);
    assert.equal(await two.pool('global', '10.77.0.0/24'), id);
    await one.call('ReleasePool', { PoolID: id });
    assert.ok(subnet(run.service, '10.77.0.0/24').isUsed);
    assert.equal(await two.pool('local', '10.77.0.0/24'), 'local/swarm/10.77.0.0/24');
    await two.call('ReleasePool', { PoolID: id });
    assert.ok(!subnet(run.service, '10.77.0.0/24').isUsed);
  });

  describe('of the swarm that nobody gave back', () => {
    const looks = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await one.sweep();
        await run.time.pass(61_000);
      }
    };

    beforeEach(() => one.pool('global', '10.77.0.0/24'));

    test('is given back when no network has had it for a while', async () => {
      await looks(1);
      assert.ok(subnet(run.service, '10.77.0.0/24').isUsed, 'seen once');
      await looks(1);
      assert.ok(!subnet(run.service, '10.77.0.0/24').isUsed);
      assert.equal(await one.pool('global', '10.77.0.0/16'), 'global/swarm/10.77.0.0/16');
    });

    test('stays while a network has it, or one of the swarm is being made', async () => {
      docker.networks = [network('web', '10.77.0.0/24')];
      await looks(3);
      docker.networks = [{ ...network('made', '10.77.0.0/24', { driver: '' }), Driver: '' }];
      await looks(3);
      assert.ok(subnet(run.service, '10.77.0.0/24').isUsed);
    });

    test('stays where another node leads', async () => {
      leads(run.nodes, two);
      await looks(3);
      assert.ok(subnet(run.service, '10.77.0.0/24').isUsed);
    });
  });

  test('a sub-pool limits what is given, and is part of the pool', async () => {
    const id = await one.pool('global', '10.77.0.0/24', { SubPool: '10.77.0.64/30' });
    const given = [await one.address(id), await one.address(id), await one.address(id), await one.address(id)];
    assert.deepEqual(given, ['10.77.0.64', '10.77.0.65', '10.77.0.66', '10.77.0.67']);
    await assert.rejects(one.address(id), /no available addresses on this pool/);
    assert.equal(await one.address(id, '10.77.0.1', GATEWAY), '10.77.0.1', 'the gateway can be outside of it');
    assert.equal(await one.address(id, '10.77.0.9'), '10.77.0.9', 'and so can what is asked for');
    await assert.rejects(
      one.pool('global', '10.78.0.0/24', { SubPool: '10.79.0.0/30' }),
      /the range 10\.79\.0\.0\/30 is not inside 10\.78\.0\.0\/24/,
    );
    await assert.rejects(one.pool('global', '', { SubPool: '10.79.0.0/30' }), /needs a pool/);
  });

  test('IPv6: addresses, gateway, tickets and homes as in IPv4', async () => {
    docker.networks = [network('web', 'fd00:77::/64')];
    const G = await one.pool('global', 'fd00:77::/64', { V6: true });
    assert.equal(await one.address(G, '', GATEWAY), 'fd00:77::1');
    const L = await one.pool('local', 'fd00:77::/64', { V6: true });
    const ticket = await one.address(G);
    assert.equal(ticket, 'fd00:77::2');
    docker.put(container('db', { asked: 'FD00:77:0::2' }));
    assert.equal(await one.address(L, 'fd00:77::2'), ticket);
    assert.equal(subnet(run.service, 'fd00:77::/64').lookup('db')?.address, ticket);
    const answer = await one.call('RequestAddress', { PoolID: G });
    assert.equal(answer.Address, 'fd00:77::3/64');
  });
});

describe('options', () => {
  const bad: [object, RegExp][] = [
    [{ 'limpet.foo': 'x' }, /there is no option "limpet\.foo": there are limpet\.exclude, limpet\.policy/],
    [{ 'limpet.policy': 'random' }, /limpet\.policy: "random" is neither serial nor lowest/],
    [{ 'limpet.reclaim': 'sometimes' }, /limpet\.reclaim: "sometimes" is not a valid reclaim policy/],
    [{ 'limpet.scope': 'world' }, /limpet\.scope: "world" is neither cluster nor node/],
    [{ 'limpet.scope': 'node' }, /limpet\.scope=node: a network of the swarm has the scope cluster/],
    [{ 'limpet.exclude': '10.99.0.0/24' }, /10\.99\.0\.0/],
    [{ 'limpet.exclude': 'x' }, /"x" is not a valid IPv4 address, CIDR or range/],
    [{ 'limpet.probe': 'ping' }, /limpet\.probe: "ping" is not arp/],
    [{ 'limpet.probe': 'arp' }, /limpet\.probe: an overlay is on no wire/],
    [{ 'limpet.pool': '10.77.0.8/29' }, /limpet\.pool: say whose: limpet\.pool\.SERVICE=RANGE, or --ip-range for all/],
    [{ 'limpet.pool.web': '10.78.0.8/29' }, /the pool of web: "10\.78\.0\.8\/29" is not inside 10\.77\.0\.0\/24/],
    [{ 'limpet.pool.web': '10.77.0.250-10.77.1.9' }, /the pool of web: .* is not inside 10\.77\.0\.0\/24/],
    [{ 'limpet.pool.web': '' }, /the pool of web: "" is not a valid IPv4 address, CIDR or range first-last/],
    [{ 'limpet.pool.web': '10.77.0.9-10.77.0.8' }, /the pool of web: "10\.77\.0\.9-10\.77\.0\.8" is not a valid IPv4/],
    [{ 'limpet.pool.web': 'fd00::/64' }, /the pool of web: "fd00::\/64" is not a valid IPv4/],
    [{ 'limpet.pool.web': 'some' }, /the pool of web: "some" is not a valid IPv4/],
    [{ 'limpet.pool.': '10.77.0.8/29' }, /"" is not a valid name of a service/],
    [{ 'limpet.pool.__proto__x.': '10.77.0.8/29' }, /"__proto__x\." is not a valid name of a service/],
  ];
  for (const [Options, message] of bad) {
    test(`${JSON.stringify(Options)} is refused, and nothing is made`, async () => {
      await assert.rejects(one.pool('global', '10.77.0.0/24', { Options }), message);
      assert.deepEqual(specs(), []);
    });
  }

  test('limpet.probe=arp is of IPv4 alone', async () => {
    const asked = one.pool('local', 'fd00:77::/64', { Options: { 'limpet.probe': 'arp' }, V6: true });
    await assert.rejects(asked, /ARP is of IPv4, and fd00:77::\/64 is IPv6/);
  });

  test('of others pass by; all of ours are taken', async () => {
    const Options = {
      'com.docker.network.ipam.serial': 'true',
      foo: 'bar',
      'limpet.exclude': '10.77.0.2-10.77.0.9, 10.77.0.200',
      'limpet.reclaim': 'after=24h',
      'limpet.scope': 'cluster',
    };
    const id = await one.pool('global', '10.77.0.0/24', { Options });
    assert.deepEqual([await one.address(id), await one.address(id)], ['10.77.0.1', '10.77.0.10']);
    assert.deepEqual(subnet(run.service, '10.77.0.0/24').spec.reclaim, { after: 86_400_000 });
  });
});

test('a pool that is refused for its range leaves no subnet behind, and one that is there as it was', async () => {
  const id = await one.pool('local', '10.77.0.0/24', { Options: { 'limpet.policy': 'lowest' } });
  await one.call('ReleasePool', { PoolID: id });
  const before = specs();
  for (const [Pool, SubPool] of [
    ['10.78.0.0/24', '10.79.0.0/28'],
    ['10.78.0.0/24', 'nonsense'],
    ['10.77.0.0/24', '10.79.0.0/28'],
  ] as const)
    await assert.rejects(one.pool('local', Pool, { SubPool, Options: { 'limpet.policy': 'serial' } }));
  assert.deepEqual(specs(), before);
  const net = subnet(run.service, '10.77.0.0/24', 'node:node-1');
  assert.deepEqual([net.spec.policy, net.users], ['lowest', []]);
});

describe('a pool that nobody named', () => {
  test('is the first of the ranges that overlaps none of ours and none of Docker', async () => {
    docker.networks = [
      network('bridge', '172.17.0.0/16', { scope: 'local', driver: 'default' }),
      network('ingress', '10.128.0.0/24', { driver: 'default' }),
    ];
    assert.equal(await one.pool('global', ''), 'global/swarm/10.128.1.0/24');
    assert.equal(await one.pool('global', ''), 'global/swarm/10.128.2.0/24');
    assert.equal(await one.pool('local', ''), 'local/node:node-1/172.18.0.0/16');
    docker.silent = true;
    assert.equal(await one.pool('local', ''), 'local/node:node-1/172.17.0.0/16', 'Docker silent: ours are known');
  });

  test("is none that Docker's own driver would give to its next overlay, which looks at nobody else's", async () => {
    docker.networks = [network('ingress', '10.0.0.0/24', { driver: 'default' })];
    assert.equal(await one.pool('global', ''), 'global/swarm/10.128.0.0/24');
  });

  test('three at once are three', async () => {
    const ids = await Promise.all([one.pool('global', ''), one.pool('global', ''), one.pool('global', '')]);
    assert.equal(new Set(ids).size, 3);
  });

  test('without a subnet, given back: it comes again, with all that is reserved in it', async () => {
    const id = await one.pool('local', '');
    const first = subnet(run.service, '172.17.0.0/16', 'node:node-1');
    const home = await first.allocate('db', { node: 'node-1' });
    await first.release('db', 'node-1');
    await one.call('ReleasePool', { PoolID: id });
    assert.equal(await one.pool('local', ''), id);
    assert.equal(first.lookup('db')?.address, home);
  });

  test('can be made and removed for ever: there are 31 at once, and no fewer after a thousand', async () => {
    for (let n = 0; n < 100; n++) await one.call('ReleasePool', { PoolID: await one.pool('local', '') });
    const ids = [];
    for (let n = 0; n < 31; n++) ids.push(await one.pool('local', ''));
    assert.equal(new Set(ids).size, 31);
    await assert.rejects(one.pool('local', ''), /no range is left for an IPv4 pool of the local address space/);
    assert.equal(await two.pool('local', ''), 'local/node:node-2/172.17.0.0/16', 'each host has its own');
  });

  test('of a size alone (Docker 29): 0.0.0.0/24 and ::/64', async () => {
    assert.equal(await one.pool('global', '0.0.0.0/26'), 'global/swarm/10.128.0.0/26');
    assert.equal(await one.pool('global', '0.0.0.0/22'), 'global/swarm/10.128.4.0/22');
    await assert.rejects(one.pool('local', '0.0.0.0/8'), /no range is left for an IPv4 pool/);
    await assert.rejects(one.pool('local', '::/64', { V6: true }), /no range is left for an IPv6 pool/);
  });

  test('without a range for it: an error that says what to do', async () => {
    await assert.rejects(
      one.pool('global', '', { V6: true }),
      /no range is left for an IPv6 pool of the global address space: name one with --subnet/,
    );
  });

  test('ranges: exhausted, aligned, jumped over', () => {
    const ranges = [{ base: '10.0.0.0/22', size: 24 }];
    assert.equal(firstFree(ranges, 4, []), '10.0.0.0/24');
    assert.equal(firstFree(ranges, 4, ['10.0.0.0/25', '10.0.1.128/32']), '10.0.2.0/24');
    assert.equal(firstFree(ranges, 4, ['0.0.0.0/0']), undefined);
    assert.equal(firstFree(ranges, 4, ['10.0.0.0/24', '10.0.1.0/24', '10.0.3.0/24']), '10.0.2.0/24');
    assert.equal(firstFree(ranges, 4, ['10.0.0.0/23', '10.0.2.0/23']), undefined);
    assert.equal(firstFree(ranges, 6, []), undefined);
    const v6 = [...ranges, { base: 'fd00::/48', size: 64 }];
    assert.equal(firstFree(v6, 6, ['fd00::/64', '10.0.0.0/24']), 'fd00:0:0:1::/64');
  });
});

describe('a network and its pool', () => {
  test('without anything held or live it keeps its pool: what overlaps is refused, also after a restart', async () => {
    docker.networks = [network('n1', '10.77.0.0/24', { scope: 'local' })];
    const id = await one.pool('local', '10.77.0.0/24', { SubPool: '10.77.0.128/25' });
    assert.equal(await one.address(id, '10.77.0.1', GATEWAY), '10.77.0.1');
    one.restart();
    docker.networks = [];
    await assert.rejects(one.pool('local', '10.77.0.0/16'), /Pool overlaps with other one on this address space/);
    assert.equal(await one.address(id, '', { 'com.docker.network.endpoint.name': 'db' }), '10.77.0.128');
  });

  test('macvlan without a gateway (Docker 29): as much its own', async () => {
    const id = await one.pool('local', '10.77.0.0/24');
    await assert.rejects(one.pool('local', '10.77.0.0/25'), /Pool overlaps/);
    docker.put(container('db', { network: 'lan' }));
    docker.networks = [network('lan', '10.77.0.0/24', { scope: 'local' })];
    assert.equal(await one.address(id), '10.77.0.1');
  });

  test('a network of another host of the cluster is not unused', async () => {
    const cluster = { Options: { 'limpet.scope': 'cluster' } };
    const id = await one.pool('local', '192.168.5.0/24', cluster);
    await assert.rejects(two.pool('local', '192.168.5.0/25', cluster), /Pool overlaps/);
    await one.call('ReleasePool', { PoolID: id });
    assert.equal(await two.pool('local', '192.168.5.0/25', cluster), 'local/swarm/192.168.5.0/25');
  });

  test('while Docker is silent nothing gives way, since a network may have it', async () => {
    const id = await one.pool('local', '10.77.0.0/24');
    await one.call('ReleasePool', { PoolID: id });
    docker.silent = true;
    await assert.rejects(one.pool('local', '10.77.0.0/16'), /Pool overlaps/);
    docker.silent = false;
    await run.time.pass(250); // between two probes
    assert.equal(await one.pool('local', '10.77.0.0/16'), 'local/node:node-1/10.77.0.0/16');
  });
});

describe("a host's own network", () => {
  let L: string;

  beforeEach(async () => {
    docker.networks = [network('br', '10.90.0.0/24', { scope: 'local', gateway: '10.90.0.1' })];
    L = await one.pool('local', '10.90.0.0/24');
  });

  const net = () => subnet(run.service, '10.90.0.0/24', 'node:node-1');

  test('is its own on each node', async () => {
    assert.equal(L, 'local/node:node-1/10.90.0.0/24');
    assert.equal(await two.pool('local', '10.90.0.0/24'), 'local/node:node-2/10.90.0.0/24');
  });

  test('has a gateway for as long as it is there; a container cannot have it', async () => {
    assert.equal(await one.address(L, '', GATEWAY), '10.90.0.1');
    assert.equal(await one.address(L, '10.90.0.1', GATEWAY), '10.90.0.1');
    docker.put(container('thief', { network: 'br', asked: '10.90.0.1' }));
    await assert.rejects(one.address(L, '10.90.0.1'), /10\.90\.0\.1 .*held/);
    await one.release(L, '10.90.0.1');
    assert.equal(net().inspect('10.90.0.1').state, 'held');
  });

  test('its gateway outlasts the plugin and its leases, and a Docker that does not list it', async () => {
    await one.address(L, '', GATEWAY);
    docker.networks = [network('br', '10.90.0.0/24', { scope: 'local' })];
    one.restart();
    for (let n = 0; n < 3; n++) await one.look();
    assert.equal(net().inspect('10.90.0.1').state, 'held');
    assert.equal(await one.address(L, '', GATEWAY), '10.90.0.1');
  });

  test('a container keeps its address from run to run, and its --ip', async () => {
    docker.put(container('db', { network: 'br' }));
    const address = await one.address(L);
    docker.put(container('db', { network: 'br', address }));
    await one.release(L, address);
    docker.put(container('db', { network: 'br', state: 'exited' }));
    docker.put(container('cache', { network: 'br', asked: '10.90.0.9' }));
    assert.equal(await one.address(L, '10.90.0.9'), '10.90.0.9');
    docker.put(container('cache', { network: 'br', asked: '10.90.0.9', address: '10.90.0.9' }));
    assert.equal(await one.address(L), address);
    assert.equal(net().lookup('cache')?.address, '10.90.0.9');
  });

  test('an auxiliary address is nobody else’s', async () => {
    assert.equal(await one.address(L, '10.90.0.77'), '10.90.0.77');
    assert.equal(net().inspect('10.90.0.77').state, 'held');
    docker.put(container('thief', { network: 'br', asked: '10.90.0.77' }));
    await assert.rejects(one.address(L, '10.90.0.77'), /10\.90\.0\.77 .*held/);
    docker.remove('thief');
    await one.release(L, '10.90.0.77');
    assert.equal(net().inspect('10.90.0.77').state, 'free');
  });
});

describe('macvlan across nodes, limpet.scope=cluster', () => {
  const cluster = { Options: { 'limpet.scope': 'cluster' } };

  test('one subnet on all nodes, which is theirs until the last lets go, and addresses that move', async () => {
    for (const node of run.nodes)
      node.docker.networks = [network('lan', '192.168.5.0/24', { scope: 'local', gateway: '192.168.5.1' })];
    const L = await one.pool('local', '192.168.5.0/24', cluster);
    assert.equal(await two.pool('local', '192.168.5.0/24', cluster), L);
    const net = subnet(run.service, '192.168.5.0/24');
    for (const node of run.nodes) assert.equal(await node.address(L, '192.168.5.1', GATEWAY), '192.168.5.1');
    await one.release(L, '192.168.5.1');
    assert.equal(net.inspect('192.168.5.1').state, 'held');
    docker.put(container('db', { network: 'lan' }));
    const address = await one.address(L);
    await one.release(L, address);
    two.docker.put(container('db', { network: 'lan' }));
    assert.equal(await two.address(L), address);
    assert.deepEqual(net.lookup('db')?.nodes, ['node-2']);
    assert.deepEqual(net.users, ['node-1', 'node-2']);
    one.docker.networks = [];
    await one.call('ReleasePool', { PoolID: L });
    assert.deepEqual(net.users, ['node-2'], 'the other one still has it');
  });
});
