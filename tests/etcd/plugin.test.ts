// The plugin on a real etcd: three nodes in processes' stead, each with its socket, its store and its lease. What one
// process promises, the others keep.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { statusText } from '../../src/cli/operate/status.js';
import type { Status } from '../../src/operate/index.js';
import { info, network, taskContainer } from '../docker/json.js';
import { ServedDocker } from '../docker/served.js';
import { plugin, type Started, until } from '../plugin/plugins.js';
import { Etcd } from './etcd.js';

const CIDR = '10.77.0.0/24';
const [G, L] = [`global/swarm/${CIDR}`, `local/swarm/${CIDR}`];

let etcd: Awaited<ReturnType<typeof Etcd.cluster>>;
let dockers: ServedDocker[];
let nodes: Started[];

async function start(n: number): Promise<Started> {
  const store = `etcd://${etcd.members[0]!.endpoint}?ttl=2&deadline=1000`;
  const started = await plugin(dockers[n]!.socket, { store, node: `node-${n}` });
  await until(
    `node-${n} is healthy`,
    async () => (await started.client.ask('/healthz', '', 'GET')).status === 200,
    15_000,
  );
  return started;
}

async function ask(n: number, call: string, request: object): Promise<any> {
  const { status, body } = await nodes[n]!.client.call(call, request);
  assert.equal(status, 200, `${call}: ${body.Err}`);
  return body;
}

const address = async (n: number, PoolID: string, Address = '') =>
  (await ask(n, 'RequestAddress', { PoolID, Address })).Address.replace('/24', '') as string;

async function create(n: number, slot: number, task: string): Promise<string> {
  const ticket = await address(0, G);
  dockers[n]!.put(taskContainer('web', slot, task, { asked: ticket }));
  return ticket;
}

/** As `limpet status` prints it. */
const shown = (status: Status) => [...statusText(status, (_, text) => text)].join('\n');

before(async () => {
  etcd = await Etcd.cluster(1);
  dockers = await Promise.all(
    [0, 1, 2].map((n) => ServedDocker.start({ info: info(`node-${n}`), networks: [network('web', CIDR)] })),
  );
  nodes = await Promise.all([0, 1, 2].map(start));
  await ask(0, 'RequestPool', { AddressSpace: 'limpet.global', Pool: CIDR });
  for (const n of [1, 2]) {
    const { PoolID } = await ask(n, 'RequestPool', { AddressSpace: 'limpet.local', Pool: CIDR });
    assert.equal(PoolID, L, 'the subnet that the leader has made, known at once');
  }
});

after(async () => {
  for (const node of nodes) await node.stop();
  for (const docker of dockers) await docker.stop();
  etcd.remove();
});

describe('three plugins on one etcd', () => {
  test('a task that moves keeps its address', async () => {
    const home = await address(1, L, await create(1, 1, 'a'));
    await ask(1, 'ReleaseAddress', { PoolID: L, Address: home });
    dockers[1]!.remove('web.1.a');
    assert.equal(await address(2, L, await create(2, 1, 'b')), home);
  });

  test('of one identity on two nodes at the same moment one is at each home', async () => {
    const tickets = [await create(1, 2, 'a'), await create(2, 2, 'b')];
    const given = await Promise.all([address(1, L, tickets[0]), address(2, L, tickets[1])]);
    assert.equal(new Set(given).size, 2, given.join());
    await ask(1, 'ReleaseAddress', { PoolID: L, Address: given[0] });
    dockers[1]!.remove('web.2.a');
    assert.equal(await address(1, L, await create(1, 2, 'c')), given[0], 'in turn, always the same two');
  });

  test('thirty tasks at once on three nodes: thirty addresses', async () => {
    const slots = Array.from({ length: 30 }, (_, n) => n + 10);
    const given = await Promise.all(slots.map(async (slot) => address(slot % 3, L, await create(slot % 3, slot, 'a'))));
    assert.equal(new Set(given).size, given.length);
  });

  test('a plugin that is gone: its marks end, and its tasks come home elsewhere', async () => {
    const home = await address(2, L, await create(2, 3, 'a'));
    await nodes[2]!.stop();
    await pause(5000); // what runs outlives the plugin's process: its marks end with the lease, as after a crash
    const ticket = await create(1, 3, 'b');
    assert.equal(await address(1, L, ticket), home);
    nodes[2] = await start(2);
  });

  test('etcd away for a moment is waited for; away for longer is an error in time; then all goes on', {
    timeout: 60_000,
  }, async () => {
    const home = await address(1, L, await create(1, 4, 'a'));
    await ask(1, 'ReleaseAddress', { PoolID: L, Address: home });
    const ticket = await create(1, 4, 'b');
    const member = etcd.members[0]!;
    await member.stop();
    const { status, body } = await nodes[1]!.client.call('RequestAddress', { PoolID: L, Address: ticket });
    assert.equal(status, 503, JSON.stringify(body));
    assert.match(body.Err, /etcd/);
    // Health says so too, to all who ask, within their patience.
    const began = performance.now();
    const told = await Promise.all(Array.from({ length: 20 }, () => nodes[1]!.client.ask('/healthz', '', 'GET')));
    assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
    for (const each of told) assert.deepEqual([each.status, /etcd/.test(each.text)], [503, true], each.text);
    const away = await nodes[1]!.client.ask('/limpet/v1/status', '', 'GET');
    assert.match(away.body.store.away, /etcd/);
    assert.match(shown(away.body), /^warning: no change can be answered now: .*etcd/m);
    assert.match((await nodes[1]!.client.ask('/metrics', '', 'GET')).text, /^limpet_store_answers 0$/m);
    member.signal('SIGCONT');
    await until(
      'web.4 is home again',
      async () => {
        const answer = await nodes[1]!.client.call('RequestAddress', { PoolID: L, Address: ticket });
        return answer.status === 200 && answer.body.Address === `${home}/24`;
      },
      20_000,
    );
    await until('healthy', async () => (await nodes[1]!.client.ask('/healthz', '', 'GET')).status === 200, 15_000);
    assert.match((await nodes[1]!.client.ask('/metrics', '', 'GET')).text, /^limpet_store_answers 1$/m);
  });

  test('a subnet that cannot be read is named, and takes no node out', async () => {
    const key = '/limpet/v2/subnet/swarm/10.78.0.0%2F24';
    etcd.members[0]!.ctl('put', key, '{"space":"swarm","cidr":"10.78.0.0/24","exclude":[],"reclaim":null}');
    const health = () => nodes[1]!.client.ask('/healthz', '', 'GET');
    await until('it is named', async () => (await health()).body.unreadable !== undefined);
    const { status, body } = await health();
    assert.deepEqual([status, body.status, body.why], [200, 'ok', []]);
    assert.match(body.unreadable[0], /^10\.78\.0\.0\/24 in swarm cannot be read in the store: /);
    const metrics = await nodes[1]!.client.ask('/metrics', '', 'GET');
    assert.match(metrics.text, /^limpet_subnets_unreadable 1$/m);
    const told = await nodes[1]!.client.ask('/limpet/v1/status', '', 'GET');
    assert.deepEqual(
      told.body.unreadable.map(({ cidr, key }: any) => [cidr, key]),
      [['10.78.0.0/24', key]],
    );
    assert.match(shown(told.body), /^warning: 10\.78\.0\.0\/24 in swarm cannot be read in the store: .*10\.78/m);
    const refused = await nodes[0]!.client.call('RequestPool', { AddressSpace: 'limpet.global', Pool: '10.78.0.0/24' });
    assert.match(refused.body.Err, /cannot be believed at .*10\.78/);
    assert.ok(await address(1, L, await create(1, 50, 'a')), 'others are served');
    etcd.members[0]!.ctl('del', key);
    await until('it is gone', async () => (await health()).body.unreadable === undefined);
  });
});
