// Who does not come back gives way first: a plain container that was removed. One that is only stopped, one of
// Compose's and a service's slot keep their addresses as ever.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.6.0.0/29';
const NAME = 'com.docker.network.endpoint.name';
const PROJECT = { 'com.docker.compose.project': 'shop' };

let run: Swarm;
let node: Node;
let net: SubnetService;
let pool: string;

async function begin(options: Record<string, string> = {}): Promise<void> {
  run = await swarm(2);
  [node] = run.nodes as [Node, Node];
  node.docker.networks = [network('home', CIDR, { scope: 'local', gateway: '10.6.0.1' })];
  pool = await node.pool('local', CIDR, { Options: options });
  await node.address(pool, '10.6.0.1', { RequestAddressType: 'com.docker.network.gateway' });
  net = subnet(run.service, CIDR, 'node:node-1');
}

beforeEach(() => begin());
afterEach(async () => {
  await run.stop();
});

interface How {
  readonly ip?: string;
  readonly labels?: Record<string, string>;
}

/** `docker run --name NAME`; its address. */
async function start(name: string, { ip, labels = {} }: How = {}): Promise<string> {
  const labelled = (address?: string) => ({
    ...container(name, { network: 'home', asked: ip, address }),
    Labels: labels,
  });
  node.docker.put(labelled());
  const address = await node.address(pool, ip ?? '', { [NAME]: name });
  node.docker.put(labelled(address));
  return address;
}

async function stop(name: string, labels: Record<string, string> = {}): Promise<void> {
  const address = net.lookup(name)!.address;
  await node.release(pool, address);
  node.docker.put({ ...container(name, { network: 'home', state: 'exited' }), Labels: labels });
}

/** `docker rm --force NAME`, or the end of one that was run with `--rm`. */
async function remove(name: string): Promise<void> {
  await stop(name);
  node.docker.remove(name);
}

const is = (identity: string) => net.lookup(identity)?.state ?? 'free';

test('made-up names never fill a /29: as many as one likes, one after the other', async () => {
  await start('db');
  for (let n = 0; n < 40; n++) {
    const name = `amazed_turing-${n}`;
    await start(name);
    await remove(name);
  }
  assert.equal(is('db'), 'live');
  assert.equal(net.stats.reclaimed.gone, 36);
});

describe('when the subnet is full', () => {
  /** Five addresses: the last four are these, and all of them have left. */
  async function fill(last: () => Promise<void>): Promise<void> {
    await start('a');
    for (const name of ['b', 'c', 'd']) await start(name);
    await last();
  }

  test('a removed one goes first, before its hold-down, though others left sooner', async () => {
    await fill(async () => {
      await start('removed');
      await stop('a');
      await run.time.pass(3_600_000); // its hold-down is long over
      await remove('removed');
    });
    const address = net.lookup('removed')!.address;
    assert.equal(await start('new'), address);
    assert.deepEqual([is('a'), is('removed')], ['reserved', 'free']);
    assert.deepEqual(
      node.lines.filter(({ event }) => event === 'conflict'),
      [],
    );
  });

  for (const [what, how] of [
    ['one that is only stopped', () => stop('e')],
    ["one of Compose's that was removed", () => remove('e')],
  ] as const) {
    test(`${what} has its hold-down`, async () => {
      await fill(async () => {
        await start('e', what.includes('Compose') ? { labels: PROJECT } : {});
        await how();
      });
      await assert.rejects(start('new'), /is full.*the next to give way is "e", in 10 min; .*: limpet reclaim e$/);
      assert.equal(is('e'), 'reserved');
      node.docker.remove('new');
      await run.time.pass(600_000);
      await start('new');
      assert.equal(is('e'), 'free');
    });
  }

  test('one that is there again under its name is not gone', async () => {
    await fill(async () => {
      await start('e');
      await remove('e');
    });
    node.docker.put(container('e', { network: 'home', state: 'created' })); // `docker create`
    await assert.rejects(start('new'), /is full/);
    assert.equal(is('e'), 'reserved');
  });

  test('one whose end this process has not seen has its hold-down', async () => {
    await fill(async () => {
      await start('e');
      await remove('e');
    });
    node.restart();
    await assert.rejects(start('new'), /is full/);
    assert.equal(is('e'), 'reserved');
  });

  test('one whose release was missed, and that a look has found to be over, gives way as well', async () => {
    await fill(async () => {
      await start('e');
    });
    node.docker.remove('e');
    for (let n = 0; n < 2; n++) await node.look();
    assert.equal(is('e'), 'reserved');
    await start('new');
    assert.equal(is('e'), 'free');
  });

  test('Docker not answering: nobody is known to be gone', async () => {
    await fill(async () => {
      await start('e');
      await remove('e');
    });
    node.docker.silent = true;
    await assert.rejects(node.address(pool, '', { [NAME]: 'new' }), /is full/);
    node.docker.silent = false;
    assert.equal(is('e'), 'reserved');
  });

  test('with limpet.reclaim=never nothing gives way, and the refusal says what would', async () => {
    await run.stop();
    await begin({ 'limpet.reclaim': 'never' });
    await fill(async () => {
      await start('e');
      await remove('e');
    });
    await assert.rejects(
      start('new'),
      /by its policy none of them gives way by itself; at once with: limpet reclaim e$/,
    );
    await assert.rejects(start('wish', { ip: net.lookup('e')!.address }), /belongs to e \(reserved\)/);
  });
});

describe('--ip', () => {
  test("of a removed container's address is granted, of a stopped one's it is refused", async () => {
    const address = await start('old');
    await stop('old');
    await assert.rejects(start('new', { ip: address }), /belongs to old \(reserved\)/);
    node.docker.remove('old');
    assert.equal(await start('new', { ip: address }), address);
    assert.equal(is('old'), 'free');
  });

  test("of an address that Compose's container had is refused", async () => {
    const address = await start('shop-db-1', { labels: PROJECT });
    await remove('shop-db-1');
    await assert.rejects(start('new', { ip: address }), /belongs to shop-db-1 \(reserved\)/);
  });
});

describe("on the swarm's network", () => {
  test("a service's slot is never treated so: its container is removed with every task", async () => {
    const [leader, worker] = run.nodes as [Node, Node];
    const cidr = '10.77.0.0/29';
    for (const each of run.nodes) each.docker.networks = [network('web', cidr, { gateway: '10.77.0.1' })];
    const G = await leader.pool('global', cidr);
    await leader.address(G, '', { RequestAddressType: 'com.docker.network.gateway' });
    const L = await worker.pool('local', cidr);
    const web = subnet(run.service, cidr);
    const tickets: string[] = [];
    for (let n = 1; n <= 5; n++) {
      const ticket = await leader.address(G);
      worker.docker.put(taskContainer('web', n, `t${n}`, { asked: ticket, created: Math.floor(run.time.now / 1000) }));
      assert.equal(await worker.address(L, ticket), ticket);
      tickets.push(ticket);
    }
    await worker.release(L, tickets[0]!);
    worker.docker.remove('web.1.t1');
    await leader.release(G, tickets[0]!);
    assert.equal(web.lookup('web.1')?.state, 'reserved');
    await assert.rejects(leader.address(G), /is full.*the next to give way is "web\.1", in 10 min/);
    assert.equal(web.lookup('web.1')?.state, 'reserved');
  });

  test('of several hosts only the last one that has had it knows', async () => {
    const [one, two] = run.nodes as [Node, Node];
    const lan = '10.5.0.0/30';
    const pools = new Map<Node, string>();
    for (const each of [one, two]) {
      each.docker.networks = [network('lan', lan, { scope: 'local' })];
      pools.set(each, await each.pool('local', lan, { Options: { 'limpet.scope': 'cluster' } }));
    }
    const own = subnet(run.service, lan);
    const ask = async (at: Node, name: string) => {
      at.docker.put(container(name, { network: 'lan' }));
      const address = await at.address(pools.get(at)!, '', { [NAME]: name });
      at.docker.put(container(name, { network: 'lan', address }));
      return address;
    };
    const address = await ask(one, 'db');
    await one.release(pools.get(one)!, address);
    one.docker.remove('db');
    await run.time.pass(1000);
    assert.equal(await ask(two, 'db'), address);
    await ask(one, 'other');
    await two.release(pools.get(two)!, address); // it is stopped there, and can be started
    two.docker.put(container('db', { network: 'lan', state: 'exited' }));
    await assert.rejects(ask(one, 'new'), /is full/);
    two.docker.remove('db');
    await assert.rejects(ask(one, 'new'), /is full/, 'the first host has seen it last long ago');
    assert.equal(await ask(two, 'new'), address);
    assert.equal(own.lookup('db'), undefined);
  });
});
