// `auto`, the default store, in a whole plugin: out of a swarm, in one, and on the way between the two.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PluginOptions } from '../../src/plugin/index.js';
import { plugin, type Started, until } from '../plugin/plugins.js';
import { Authority } from './certificates.js';
import { type Manager, Swarm } from './dockerd.js';

const LOCAL = { AddressSpace: 'limpet.local', Pool: '10.5.0.0/24', SubPool: '', Options: null, V6: false };
const GLOBAL = { ...LOCAL, AddressSpace: 'limpet.global', Pool: '10.77.0.0/24' };

interface World {
  readonly swarm: Swarm;
  readonly docker: Manager;
  readonly folder: string;
  start(options?: Partial<PluginOptions>): Promise<Started>;
}

async function world(context: TestContext, state: 'active' | 'inactive'): Promise<World> {
  const swarm = await Swarm.start(1);
  const ca = new Authority('the-swarm');
  const [docker] = swarm.managers as [Manager];
  const folder = mkdtempSync(join(tmpdir(), 'limpet-auto-'));
  Object.assign(docker, { state, isManager: state === 'active' });
  swarm.nodes = [{ ID: docker.id, Description: { Hostname: 'n' }, Status: { State: 'ready' } }];
  const environment = { LIMPET_SWARM_CERTIFICATES: ca.node(docker.id, 'manager'), LIMPET_SWARM_PORT: '23781' };
  let running: Started | undefined;
  context.after(async () => {
    await running?.pause().catch(() => {});
    await swarm.stop();
    ca.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (options: Partial<PluginOptions> = {}) => {
    running = await plugin(docker.socket, { store: 'auto', environment, ...options }, folder);
    return running;
  };
  return { swarm, docker, folder, start };
}

/** The answer's address, once there is one. */
async function address(limpet: Started, pool: object): Promise<string> {
  let answer = '';
  await until(
    'an address is given',
    async () => {
      const { body } = await limpet.client.call('RequestPool', pool);
      const given = await limpet.client.call('RequestAddress', { PoolID: body.PoolID });
      answer = given.body.Address ?? '';
      return answer !== '';
    },
    20_000,
  );
  return answer;
}

const said = ({ lines }: Started, words: RegExp) => lines.filter(({ msg }) => words.test(msg));

test('out of a swarm: the file store, for networks of every kind', async (context) => {
  const { swarm, start } = await world(context, 'inactive');
  const limpet = await start();
  assert.match(await address(limpet, LOCAL), /^10\.5\.0\./);
  assert.equal(swarm.configs.size, 0);
  const store = limpet.lines.find(({ msg }) => msg === 'open').store;
  assert.match(store, /^auto: file:\/\//);
  assert.equal(said(limpet, /a store of its own/).length, 0);
});

test("in a swarm: its subnets in the swarm's store, this node's own in its files", async (context) => {
  const { swarm, start } = await world(context, 'active');
  const limpet = await start();
  assert.match(await address(limpet, GLOBAL), /^10\.77\.0\./);
  assert.match(await address(limpet, LOCAL), /^10\.5\.0\./);
  const names = [...swarm.configs.values()].map(({ Spec }) => Spec.Name).sort();
  assert.equal(names.length, 2);
  assert.match(names.join(), /limpet\.index,limpet\.swarm\.10\.77\.0\.0-24\./);
  assert.equal(said(limpet, /workers are answered at/).length, 1);
});

test('the swarm is away, or Docker starts: own networks come up all the same', async (context) => {
  const { swarm, docker, start } = await world(context, 'active');
  const first = await start();
  await address(first, GLOBAL);
  const own = await address(first, LOCAL);
  swarm.hasMajority = false;
  const again = await first.client.call('RequestPool', LOCAL);
  assert.equal(again.body.PoolID !== undefined, true, JSON.stringify(again.body));
  await first.pause();
  docker.isSilent = true;
  const limpet = await start();
  const { PoolID } = (await limpet.client.call('RequestPool', LOCAL)).body;
  assert.notEqual(PoolID, undefined);
  const next = (await limpet.client.call('RequestAddress', { PoolID })).body.Address;
  assert.match(next, /^10\.5\.0\./);
  assert.notEqual(next, own);
  docker.isSilent = false;
  swarm.hasMajority = true;
  assert.match(await address(limpet, GLOBAL), /^10\.77\.0\./);
});

test('a node that joins a swarm, and leaves it: told, and from then on so', async (context) => {
  const { swarm, docker, start } = await world(context, 'inactive');
  const limpet = await start();
  const cluster = { ...LOCAL, Pool: '10.6.0.0/24', Options: { 'limpet.scope': 'cluster' } };
  await address(limpet, cluster);
  Object.assign(docker, { state: 'active', isManager: true });
  assert.match(await address(limpet, GLOBAL), /^10\.77\.0\./, 'asked of Docker at once, not at the next look');
  assert.notEqual(swarm.find('limpet.swarm.10.77.0.0-24'), undefined);
  assert.equal(said(limpet, /this node is in a swarm: the swarm's subnets are in Swarm's own store/).length, 1);
  const [left] = said(limpet, /stay in its own store/);
  assert.match(left.msg, /10\.6\.0\.0\/24.*limpet store copy file:/);
  Object.assign(docker, { state: 'inactive', isManager: false });
  await until(
    'it has noticed',
    () => said(limpet, /in no swarm: all subnets are in its own store/).length === 1,
    40_000,
  );
  assert.match(await address(limpet, cluster), /^10\.6\.0\./, 'as before');
});

test('a setting that can never work keeps the plugin from starting; a store that is away does not', async (context) => {
  const { start, folder } = await world(context, 'inactive');
  const cases: [Partial<PluginOptions>, RegExp][] = [
    [{ store: 'swarn:' }, /names no store: write auto, swarm:/],
    [{ store: 'etcd://' }, /an etcd store is named as/],
    [{ store: 'etcd://a', environment: { LIMPET_ETCD_CA: join(folder, 'none.pem') } }, /LIMPET_ETCD_CA: ENOENT/],
    [{ environment: { LIMPET_SWARM_PORT: 'ssh' } }, /LIMPET_SWARM_PORT: "ssh" is not a valid port/],
  ];
  for (const [options, words] of cases)
    await assert.rejects(start(options), (error: any) => error.code === 'BAD_INPUT' && words.test(error.message));
  const limpet = await start({ store: 'etcd://127.0.0.1:1?deadline=200' });
  await until('it says so', () => said(limpet, /etcd/).length > 0);
});

test('without a leader a node starts as pending: it is who it was', async (context) => {
  const { docker, start, folder } = await world(context, 'active');
  const first = await start();
  await address(first, GLOBAL);
  await until('who it is has been kept', () => readFileSync(join(folder, 'host.json'), 'utf8').includes(docker.id));
  await first.pause();
  docker.state = 'pending';
  const limpet = await start();
  const { PoolID } = (await limpet.client.call('RequestPool', { ...LOCAL, Pool: '10.77.0.0/24' })).body;
  assert.equal(PoolID, undefined, 'the swarm is not there to be asked');
  assert.equal(said(limpet, /in no swarm/).length, 0);
  assert.ok(readFileSync(join(folder, 'host.json'), 'utf8').includes(docker.id));
  docker.state = 'active';
  await until('it has the pool', async () => {
    const { body } = await limpet.client.call('RequestPool', { ...LOCAL, Pool: '10.77.0.0/24' });
    return body.PoolID === 'local/swarm/10.77.0.0/24';
  });
});
