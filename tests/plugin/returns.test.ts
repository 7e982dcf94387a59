// What the leader gives back, one release after the other: many in a row are answered before they are written.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { network } from '../docker/json.js';
import { HeldBack } from '../service/held-back.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';

let store: HeldBack;
let run: Swarm;
let leader: Node;
let pool: string;
let net: SubnetService;
let tickets: string[];

beforeEach(async () => {
  store = new HeldBack();
  run = await swarm(1, { store });
  [leader] = run.nodes as [Node];
  leader.docker.networks = [network('web', CIDR)];
  pool = await leader.pool('global', CIDR);
  net = subnet(run.service, CIDR);
  tickets = [];
  for (let n = 0; n < 20; n++) tickets.push(await leader.address(pool));
});

afterEach(async () => {
  store.letGo();
  await run.stop();
});

const held = () => [...net.held()];

test('the first ones are written when they are answered', async () => {
  for (const ticket of tickets.slice(0, 4)) {
    await leader.release(pool, ticket);
    assert.equal(net.isHeld(ticket), false);
  }
});

test('many in a row go out together, and the next request sees the end of all', async () => {
  for (const ticket of tickets.slice(0, 4)) await leader.release(pool, ticket);
  store.holdBack();
  for (const ticket of tickets.slice(4)) await leader.release(pool, ticket);
  assert.equal(store.waiting, 16, 'nobody has waited for another one');
  assert.equal(held().length, 16);
  const next = leader.address(pool);
  store.letGo();
  const given = await next;
  assert.deepEqual(held(), [given]);
});

test('what is said again meanwhile stays held', async () => {
  const [again, ...others] = tickets as [string, ...string[]];
  for (const ticket of others.slice(0, 4)) await leader.release(pool, ticket);
  store.holdBack();
  await leader.release(pool, again);
  const said = leader.address(pool, again);
  store.letGo();
  assert.equal(await said, again);
  assert.equal(net.isHeld(again), true);
});

test('a network that is removed waits for them', async () => {
  for (const ticket of tickets.slice(0, 4)) await leader.release(pool, ticket);
  store.holdBack();
  for (const ticket of tickets.slice(4)) await leader.release(pool, ticket);
  const gone = leader.call('ReleasePool', { PoolID: pool });
  store.letGo();
  await gone;
  assert.deepEqual(
    leader.lines.filter(({ outcome }) => outcome === 'failed'),
    [],
  );
});
