// Situations that people have reported of container networks, each with what must come out: who asks is never guessed,
// whoever is at a home now counts, what does not run holds nothing, and what networks share goes with the last of them.
// The numbers are those of the public reports.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { DEFAULT_WAITS } from '../../src/tickets/waits.js';
import type { Docker } from '../docker/docker.js';
import { container, info, network, taskContainer } from '../docker/json.js';
import { ServedDocker } from '../docker/served.js';
import { limpet } from '../operate/rig.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';
import { plugin, type Started, until } from './plugins.js';

const NAME = 'com.docker.network.endpoint.name';
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };
const CIDR = '10.6.0.0/24';

let run: Swarm;
let node: Node;
let docker: Docker;
let L: string;
let net: SubnetService;

/** A host with one network of its own. */
beforeEach(async () => {
  run = await swarm(2);
  [node] = run.nodes as [Node, Node];
  docker = node.docker;
  L = await node.pool('local', CIDR);
  await node.address(L, '', GATEWAY);
  docker.networks = [network('home', CIDR, { scope: 'local' })];
  net = subnet(run.service, CIDR, 'node:node-1');
});

afterEach(() => run.stop());

/** What Docker says of the one who asks: its name since 29, nothing before. */
const VERSIONS = [
  ['20.10', () => null],
  ['29', (name: string) => ({ [NAME]: name })],
] as const;

const on = { network: 'home' };
let says: (name: string) => object | null;

async function start(name: string): Promise<string> {
  const address = await node.address(L, '', says(name));
  docker.put(container(name, { ...on, address }));
  return address;
}

async function stop(name: string, address: string): Promise<void> {
  await node.release(L, address);
  docker.put(container(name, { ...on, state: 'exited' }));
}

async function create(name: string): Promise<string> {
  docker.put(container(name, on));
  return start(name);
}

for (const [version, option] of VERSIONS) {
  describe(`Docker ${version}`, () => {
    beforeEach(() => {
      says = option;
    });

    // zeekhoo/superwidget#3, src-d/engine-deprecated#290, moby/moby#41015
    test('created-leftover: what was only created does not get the address of a restarted container', async () => {
      const web = await create('web');
      docker.put(container('job', on));
      await stop('web', web);
      const again = await start('web');
      const job = await start('job');
      assert.notEqual(job, web);
      assert.notEqual(job, again);
      assert.equal(net.inspect(web).identity, 'web', 'the home stays its own');
      if (version === '29') assert.equal(again, web);
      else assert.match(net.inspect(again).identity as string, /^@unnamed/, 'nobody knows who asks');
    });

    // basecamp/kamal#158, yoanbernabeu/frankendeploy#71, moby/moby#4212
    test('rename-running: the old container runs on under another name, the new one gets another address', async () => {
      const old = await create('app');
      docker.remove('app');
      docker.put({ ...container('app-old', { ...on, address: old }), Id: 'id-of-app' });
      docker.put({ ...container('app', on), Id: 'id-of-the-new-app' });
      const fresh = await node.address(L, '', says('app'));
      assert.notEqual(fresh, old);
      docker.put({ ...container('app', { ...on, address: fresh }), Id: 'id-of-the-new-app' });
      for (let n = 0; n < 3; n++) await node.look();
      assert.equal(net.lookup('app')?.state, 'live', 'somebody is at home');
      assert.deepEqual(
        node.lines.filter(({ event }) => event === 'conflict').map(({ container, owner }) => [container, owner]),
        [['app-old', 'app']],
        'told once',
      );
      node.restart();
      docker.put({ ...container('app', { ...on, state: 'exited' }), Id: 'id-of-the-new-app' });
      assert.notEqual(await node.address(L, '', says('app')), old, 'also after a restart of the plugin');
    });

    test('rename-running: once the old one has gone, the new one comes home', async () => {
      const old = await create('app');
      docker.remove('app');
      docker.put({ ...container('app-old', { ...on, address: old }), Id: 'id-of-app' });
      docker.put({ ...container('app', on), Id: 'id-of-the-new-app' });
      const fresh = await node.address(L, '', says('app'));
      await node.release(L, old);
      docker.remove('app-old');
      await node.release(L, fresh);
      assert.equal(await node.address(L, '', says('app')), old);
    });

    // portainer/portainer#2874, medic/cht-core#8205, moby/moby#2801
    test('reboot-order: stopped containers started in another order never get an address of one another', async () => {
      const names = ['nginx', 'php', 'db'];
      const had = new Map<string, string>();
      for (const name of names) had.set(name, await create(name));
      for (const name of names) await stop(name, had.get(name)!);
      for (const name of ['db', 'nginx', 'php']) {
        const again = await start(name);
        const others = names.filter((other) => other !== name).map((other) => had.get(other));
        assert.ok(!others.includes(again), `${name} has ${again}`);
        // The last one is the only one that could be it.
        if (version === '29' || name === 'php') assert.equal(again, had.get(name), name);
      }
    });

    test('reboot-order: beside a container that has exited, never the address of that one', async () => {
      const migrate = await create('migrate');
      await stop('migrate', migrate);
      let web = await create('web');
      const home = web;
      for (let n = 0; n < 3; n++) {
        await stop('web', web);
        web = await start('web');
        assert.notEqual(web, migrate);
        if (version === '29') assert.equal(web, home);
      }
    });

    // devplayer0/docker-net-dhcp#2, projectcalico/libnetwork-plugin#49, contiv/netplugin#267
    test('boot-restart: Docker starts its containers before its API answers', async () => {
      const db = await create('db');
      await stop('db', db);
      docker.silent = true;
      const again = await node.address(L, '', says('db'));
      if (version === '29') assert.equal(again, db, 'at home');
      else assert.match(net.inspect(again).identity as string, /^@unnamed/, "an address, and nobody's home");
      const other = run.time.took(node.address(L, '', says('other')));
      assert.equal(await other, 0, 'Docker is known to be silent: nobody waits for it');
    });

    test('boot-restart: a fixed --ip of somebody else is not given away by guess', async () => {
      const db = await create('db');
      await stop('db', db);
      docker.silent = true;
      const given = await node.address(L, db, says('other'));
      assert.notEqual(given, db);
      assert.equal(await node.address(L, '10.6.0.99', says('third')), '10.6.0.99', 'a free one can be given');
    });

    test('same-ip: of two stopped containers that want one address the one that is started has it', async () => {
      const wish = '10.6.0.50';
      docker.put(container('old', { ...on, asked: wish, state: 'exited' }));
      await node.look();
      docker.put(container('db', { ...on, asked: wish, state: 'exited' }));
      assert.equal(await node.address(L, wish, says('db')), wish);
      docker.put(container('db', { ...on, asked: wish, address: wish }));
      if (version === '29') assert.equal(net.inspect(wish).identity, 'db');
      else assert.match(net.inspect(wish).identity as string, /^@unnamed/, 'nobody knows who asks');
      for (let n = 0; n < 3; n++) await node.look();
      assert.equal(node.lines.filter(({ event }) => event === 'conflict').length, 0);
    });

    test('boot-restart: its own --ip is given to whoever had it before', async () => {
      const wish = '10.6.0.50';
      docker.put(container('db', { ...on, asked: wish }));
      assert.equal(await node.address(L, wish, says('db')), wish);
      docker.put(container('db', { ...on, asked: wish, address: wish }));
      await node.release(L, wish);
      docker.put(container('db', { ...on, asked: wish, state: 'exited' }));
      node.restart();
      docker.silent = true;
      assert.equal(await node.address(L, wish, says('db')), wish);
      assert.equal(net.inspect(wish).identity, 'db');
      assert.notEqual(await node.address(L, wish, says('twin')), wish, 'another one that wants the same');
      docker.silent = false;
      docker.put(container('db', { ...on, asked: wish, address: wish }));
      await run.time.pass(10_000); // what was asked while it was silent has ended
      await node.look();
      assert.deepEqual(net.lookup('db')?.nodes, ['node-1']);
      assert.equal(node.lines.filter(({ event }) => event === 'conflict').length, 0);
      // Made again without it, the address is only a home, and no stranger's by guess.
      await node.release(L, wish);
      docker.put(container('db', on));
      assert.equal(await node.address(L, '', says('db')), wish);
      await node.release(L, wish);
      docker.silent = true;
      assert.notEqual(await node.address(L, wish, says('other')), wish);
    });
  });
}

test('after its start in a swarm Docker lists containers, and no networks yet: an address all the same', async () => {
  docker.put(container('db', on));
  node.restart();
  docker.waiting.add('networks');
  const address = await node.address(L);
  assert.match(net.inspect(address).identity as string, /^@unnamed/);
});

// moby/moby#27896, moby/moby#34479
test('failed-start: a task whose start failed holds nothing, and the next good one comes home at once', async () => {
  const cidr = '10.77.0.0/24';
  docker.networks.push(network('web', cidr, { gateway: '10.77.0.1' }));
  const G = await node.pool('global', cidr);
  await node.address(G, '', GATEWAY);
  const S = await node.pool('local', cidr);
  const sticky = subnet(run.service, cidr);
  const begin = async (task: string) => {
    const ticket = await node.address(G);
    docker.put(taskContainer('shop', 1, task, { asked: ticket }));
    const asking = node.address(S, ticket);
    return { ticket, took: await run.time.took(asking), address: await asking };
  };
  const one = await begin('a');
  docker.put(taskContainer('shop', 1, 'a', { asked: one.ticket, address: one.address }));
  await node.release(S, one.address);
  docker.put(taskContainer('shop', 1, 'a', { asked: one.ticket, state: 'exited' }));
  const bad = await begin('b');
  await node.release(S, bad.address);
  docker.put(taskContainer('shop', 1, 'b', { asked: bad.ticket, address: bad.address, state: 'created' }));
  node.restart();
  for (let n = 0; n < 2; n++) await node.look();
  assert.equal(sticky.lookup('shop.1')?.state, 'reserved', 'nothing runs');
  for (const task of ['c', 'd']) {
    const { ticket, address, took } = await begin(task);
    assert.equal(address, one.address);
    assert.equal(took, 0, 'nobody is waited for');
    docker.put(taskContainer('shop', 1, task, { asked: ticket, address }));
    await node.release(S, address);
    docker.put(taskContainer('shop', 1, task, { asked: ticket, state: 'exited' }));
  }
});

describe('networks', () => {
  // networkop/docker-topo#8, moby/moby#46756, moby/moby#20986
  test('same-subnet-rollback: a second network of one subnet is refused, and the first keeps what it has', async () => {
    await assert.rejects(
      node.pool('local', CIDR),
      /Pool overlaps with other one .*10\.6\.0\.0\/24 is the subnet of network home/,
    );
    await node.release(L, '10.6.0.1'); // Docker rolls back what it has asked for
    await node.call('ReleasePool', { PoolID: L });
    assert.equal(net.inspect('10.6.0.1').state, 'held');
    assert.deepEqual(net.users, ['node-1']);
    docker.put(container('aa', on));
    assert.notEqual(await node.address(L), '10.6.0.1');
  });

  test('same-subnet-rollback: while Docker starts it asks for all its pools again, and gets them', async () => {
    docker.silent = true;
    assert.equal(await node.pool('local', CIDR), L);
    assert.equal(await node.address(L, '', GATEWAY), '10.6.0.1');
    docker.silent = false;
    docker.networks = [];
    assert.equal(await node.pool('local', CIDR), L, 'the network that had it is gone');
  });

  // moby/moby#9938
  test('gateway-after-lease: whatever ends, the gateway is given to nobody while the network is there', async () => {
    node.restart();
    for (let n = 0; n < 3; n++) await node.look();
    assert.equal(net.inspect('10.6.0.1').state, 'held');
    assert.equal(await node.address(L, '', GATEWAY), '10.6.0.1', 'asked for again it is the same');
  });

  // moby/libnetwork#1917
  test('cluster-ip-range: two hosts with a range each on one subnet get each their own, and lose nothing', async () => {
    const [one, two] = run.nodes as [Node, Node];
    const lan = { network: 'lan' };
    for (const each of run.nodes)
      each.docker.networks = [network('lan', '192.168.99.0/24', { scope: 'local', gateway: '192.168.99.1' })];
    const cluster = (SubPool: string) => ({ SubPool, Options: { 'limpet.scope': 'cluster' } });
    docker.networks = [];
    const A = await one.pool('local', '192.168.99.0/24', cluster('192.168.99.128/27'));
    await one.address(A, '192.168.99.1', GATEWAY);
    docker.networks = [network('lan', '192.168.99.0/24', { scope: 'local', gateway: '192.168.99.1' })];
    docker.put(container('c0', lan));
    const c0 = await one.address(A, '', { [NAME]: 'c0' });
    assert.equal(c0, '192.168.99.128');
    await one.release(A, c0);
    docker.put(container('c0', { ...lan, state: 'exited' }));
    two.docker.networks = [];
    const B = await two.pool('local', '192.168.99.0/24', cluster('192.168.99.160/27'));
    assert.equal(await two.address(B, '', { [NAME]: 'd0' }), '192.168.99.160');
    assert.equal(await one.address(A, '', { [NAME]: 'c1' }), '192.168.99.129');
    assert.equal(await one.address(A, '', { [NAME]: 'c0' }), c0);
    const other = { SubPool: '192.168.99.192/27', Options: { 'limpet.scope': 'cluster', 'limpet.policy': 'lowest' } };
    two.docker.networks = [];
    await assert.rejects(two.pool('local', '192.168.99.0/24', other), /policy "serial", not "lowest"/);
  });

  test('cluster: an auxiliary address is the same on a second host, and stays until the last lets go', async () => {
    const [one, two] = run.nodes as [Node, Node];
    for (const each of run.nodes) each.docker.networks = [];
    const cluster = { Options: { 'limpet.scope': 'cluster' } };
    const A = await one.pool('local', '192.168.99.0/24', cluster);
    const B = await two.pool('local', '192.168.99.0/24', cluster);
    assert.equal(await one.address(A, '192.168.99.7'), '192.168.99.7');
    assert.equal(await two.address(B, '192.168.99.7'), '192.168.99.7');
    await one.release(A, '192.168.99.7');
    await one.call('ReleasePool', { PoolID: A });
    const lan = subnet(run.service, '192.168.99.0/24');
    assert.equal(lan.inspect('192.168.99.7').state, 'held');
    await two.release(B, '192.168.99.7');
    assert.equal(lan.inspect('192.168.99.7').state, 'free');
  });

  // moby/libnetwork#1917, docker/for-linux#170, docker/for-mac#6870, moby/libnetwork#1444
  test('ip-range-host-bits: host bits are masked; a range wider than its subnet is refused with both', async () => {
    for (const [Pool, SubPool, range] of [
      ['10.243.3.1/16', '10.243.3.1/24', '10.243.3.0-10.243.3.255'],
      ['192.168.99.0/24', '192.168.99.129/27', '192.168.99.128-192.168.99.159'],
      ['192.168.0.0/24', '192.168.0.64/30', '192.168.0.64-192.168.0.67'],
      ['2.2.2.0/24', '2.2.2.100/32', '2.2.2.100-2.2.2.100'],
    ] as const)
      for (const side of ['local', 'global'] as const)
        assert.ok((await node.pool(side, Pool, { SubPool })).endsWith(`?range=${range}`), `${side} ${Pool} ${SubPool}`);
    await assert.rejects(
      node.pool('local', '10.7.0.0/16', { SubPool: '10.0.0.0/8' }),
      /the range 10\.0\.0\.0\/8 is not inside 10\.7\.0\.0\/16/,
    );
  });

  test('what networks of other drivers say can be anything, and takes no room', async () => {
    for (const odd of ['0.0.0.0/0', '010.001.000.000/16', 'dhcp', '', '::/0', '10.0.0.0/33'])
      docker.networks.push(network(`odd ${odd}`, odd, { scope: 'local', driver: 'dhcp' }));
    docker.networks.push({ Id: 'x', Name: 'x', Scope: 'local', IPAM: null }, null, 7, 'network');
    assert.equal(await node.pool('local', ''), 'local/node:node-1/172.17.0.0/16');
    await node.look();
  });
});

// moby/moby#32444, moby/moby#31272, moby/moby#49166, moby/moby#35994, moby/libnetwork#2296
describe('small-networks, as Docker', () => {
  const cases: [cidr: string, gateway: string | undefined, range: string | undefined, given: string[]][] = [
    ['10.255.1.0/31', '', undefined, ['10.255.1.0', '10.255.1.1']],
    ['10.255.2.4/32', '', undefined, ['10.255.2.4']],
    ['10.255.3.2/32', undefined, undefined, ['10.255.3.2']],
    ['10.255.4.0/30', '', undefined, ['10.255.4.1', '10.255.4.2']],
    ['10.255.5.0/30', undefined, undefined, ['10.255.5.1', '10.255.5.2']],
    ['10.255.6.0/29', '10.255.6.6', undefined, [6, 1, 2, 3, 4, 5].map((n) => `10.255.6.${n}`)],
    ['10.255.8.0/24', '', '10.255.8.0/30', ['10.255.8.1', '10.255.8.2', '10.255.8.3']],
    ['10.255.9.0/24', '', '10.255.9.252/30', ['10.255.9.252', '10.255.9.253', '10.255.9.254']],
    ['10.255.10.0/24', '10.255.10.101', '10.255.10.100/31', ['10.255.10.101', '10.255.10.100']],
    ['fd00:1::/127', '', undefined, ['fd00:1::', 'fd00:1::1']],
    ['fd00:2::5/128', '', undefined, ['fd00:2::5']],
    ['fd00:3::/126', '', undefined, ['fd00:3::1', 'fd00:3::2', 'fd00:3::3']],
  ];
  for (const [cidr, gateway, SubPool, given] of cases) {
    const asked = gateway === undefined ? 'no gateway' : `gateway ${gateway || 'of its own'}`;
    test(`${cidr}, ${asked}${SubPool === undefined ? '' : `, range ${SubPool}`}`, async () => {
      const pool = await node.pool('local', cidr, SubPool === undefined ? {} : { SubPool });
      const got = gateway === undefined ? [] : [await node.address(pool, gateway, GATEWAY)];
      while (got.length < given.length) got.push(await node.address(pool, '', { [NAME]: `c${got.length}` }));
      assert.deepEqual(got, given);
      const full = new RegExp(`no available addresses on this pool: .*${(SubPool ?? cidr).split('/')[0]!.slice(0, 7)}`);
      await assert.rejects(node.address(pool, '', { [NAME]: 'one-too-many' }), full);
    });
  }

  test('the network and the broadcast address are no gateways', async () => {
    const pool = await node.pool('local', '10.255.4.0/30');
    for (const edge of ['10.255.4.0', '10.255.4.3'])
      await assert.rejects(node.address(pool, edge, GATEWAY), new RegExp(`${edge} cannot be the gateway`));
  });

  test('a name that is too long for an identity gets an address, and is told that it is not sticky', async () => {
    const address = await node.address(L, '', { [NAME]: 'y'.repeat(300) });
    assert.match(net.inspect(address).identity as string, /^@unnamed/);
    assert.match(node.said(address).msg, /has 300 bytes, and 255 is the most: the address will not be sticky/);
  });
});

describe('over the command line', () => {
  let started: Started;
  let dockers: ServedDocker;
  const ask = (...args: string[]) => limpet([...args, '--socket', started.socket]);

  beforeEach(async () => {
    dockers = await ServedDocker.start({ info: info('node-1') });
    started = await plugin(dockers.socket);
    await until('healthy', async () => (await started.client.ask('/healthz', '', 'GET')).status === 200);
  });

  afterEach(async () => {
    await started.stop();
    await dockers.stop();
  });

  const pool = async (side: 'global' | 'local', Pool: string) =>
    (await started.client.call('RequestPool', { AddressSpace: `limpet.${side}`, Pool })).body.PoolID;
  const address = async (PoolID: string, Address = '', Options: object = {}) =>
    (await started.client.call('RequestAddress', { PoolID, Address, Options })).body.Address?.split('/')[0];

  test('what Docker before 29 cannot say is told once, in the log and in the status, with what helps', async () => {
    const notes = async () => JSON.parse((await ask('status', '--json')).stdout).notes;
    assert.match((await notes())[0], /Docker 20\.10\.24 does not say which container asks .*--ip, or use Docker 29/);
    assert.match((await ask('status')).stdout, /note: Docker 20\.10\.24 does not say/);
    assert.equal(started.lines.filter(({ event }) => event === 'docker').length, 1);
    await started.stop();
    dockers.info.ServerVersion = '29.7.2';
    started = await plugin(dockers.socket);
    await until('healthy', async () => (await started.client.ask('/healthz', '', 'GET')).status === 200);
    assert.deepEqual(await notes(), []);
    assert.deepEqual(
      started.lines.filter(({ event }) => event === 'docker'),
      [],
    );
  });

  // moby/moby#40901, moby/moby#41520, moby/moby#37479, ddev/ddev#5193
  test('ambiguous-network-name: refused, with both IDs; the beginning of an ID is enough', async () => {
    const ids = ['4574d40eebe206848600205a269b6d23', 'e5e8dfc34a6796a4cf59c3cf8af8ae9e'];
    dockers.networks = ids.map((Id, n) => ({
      ...network('back', `10.4${n}.0.0/24`, { scope: 'local', driver: 'default' }),
      Id,
    }));
    const refused = await ask('import', 'back', '--dry-run');
    assert.equal(refused.code, 2);
    for (const id of ids) assert.ok(refused.stderr.includes(id), refused.stderr);
    assert.match((await ask('import', 'e5e8dfc34a67', '--dry-run')).stdout, /10\.41\.0\.0\/24/);
    assert.equal((await ask('import', ids[0]!, '--dry-run')).code, 0);
  });

  // containernet/containernet#140
  test('dotted-names: a container named web.internal is no task of a service web; nor is one named web.3', async () => {
    dockers.networks = [network('web', '10.77.0.0/24', { gateway: '10.77.0.1' })];
    const G = await pool('global', '10.77.0.0/24');
    const local = await pool('local', '10.77.0.0/24');
    const ticket = await address(G);
    dockers.put(taskContainer('web', 3, 'a', { asked: ticket }));
    assert.equal(await address(local, ticket), ticket);
    for (const name of ['mn.d1', 'web.internal', 'web.3']) {
      dockers.put(container(name));
      const given = await address(local, '', { [NAME]: name });
      assert.notEqual(given, ticket, name);
      await started.client.call('ReleaseAddress', { PoolID: local, Address: given });
      dockers.remove(name);
    }
    const { rows } = JSON.parse((await ask('ls', '--json')).stdout);
    assert.deepEqual(
      rows.map(({ identity }: any) => identity),
      ['web.3', 'mn.d1', 'web.internal', 'container:web.3'],
    );
    assert.match((await ask('reclaim', '--service', 'web', '--dry-run')).stdout, /nothing to reclaim/);
    const listed = await ask('ls', '--service', 'web', '--json');
    assert.equal(JSON.parse(listed.stdout).rows.length, 1);
  });

  // moby/moby#27173, docker/for-linux#350
  test('host-renamed: all addresses stay, also after a restart of the plugin; people read the new name', async () => {
    dockers.networks = [network('home', CIDR, { scope: 'local' })];
    const first = await started.pause().then(() => started.folder);
    started = await plugin(dockers.socket, { store: `file://${first}/store` }, first);
    dockers.networks = [];
    await until('open', async () => (await pool('local', CIDR)) !== undefined);
    const local = await pool('local', CIDR);
    dockers.networks = [network('home', CIDR, { scope: 'local' })];
    const db = await address(local, '', { [NAME]: 'db' });
    dockers.put(container('db', { network: 'home', address: db }));
    await started.pause();
    dockers.info.Name = 'server-1';
    const waits = { ...DEFAULT_WAITS, home: 60_000 }; // longer than a call lasts: who waits for somebody is refused
    started = await plugin(dockers.socket, { store: `file://${first}/store`, node: 'server-1', waits }, first);
    await until('healthy', async () => (await started.client.ask('/healthz', '', 'GET')).status === 200);
    await started.client.call('ReleaseAddress', { PoolID: local, Address: db });
    assert.equal(await address(local, '', { [NAME]: 'db' }), db, 'no waiting for somebody else');
    assert.match((await ask('ls')).stdout, /db +live +server-1/);
  });

  // moby/moby#40307, docker/cli#2262, moby/moby#42789
  test('jobs: the first task of a replicated job has an identity, the same in plugin, check and import', async () => {
    const [node, task] = ['id-node-1', 'a'.repeat(25)];
    dockers.networks = [network('web', '10.77.0.0/24', { gateway: '10.77.0.1' })];
    dockers.nodes = [
      { ID: node, Description: { Hostname: 'node-1' }, Status: { State: 'ready' }, ManagerStatus: { Leader: true } },
    ];
    dockers.services = [{ ID: 'id-job', Spec: { Name: 'job', Mode: { ReplicatedJob: {} } }, Endpoint: {} }];
    const G = await pool('global', '10.77.0.0/24');
    await address(G, '', GATEWAY);
    const local = await pool('local', '10.77.0.0/24');
    const ticket = await address(G);
    dockers.tasks = [
      {
        ID: task,
        Version: { Index: 10 },
        ServiceID: 'id-job',
        NodeID: node,
        Status: { State: 'running' },
        DesiredState: 'complete',
        NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/24`] }],
      },
    ];
    dockers.put(taskContainer('job', node, task, { asked: ticket }));
    assert.equal(await address(local, ticket), ticket);
    dockers.put(taskContainer('job', node, task, { asked: ticket, address: ticket }));
    const check = await ask('check', '--settle', '10', '--json');
    assert.deepEqual(JSON.parse(check.stdout).findings, []);
    const { steps } = JSON.parse((await ask('import', 'web', '--dry-run', '--json')).stdout);
    assert.deepEqual(
      steps.map(({ what, of, outcome }: any) => [what, of, outcome]),
      [
        ['gateway', 'web', 'there'],
        ['ticket', `job.${node}`, 'there'],
        ['binding', `job.${node}`, 'there'],
      ],
    );
  });
});
