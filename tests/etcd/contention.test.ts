// Eight processes and ten thousand identities on one etcd, while processes are killed, one stands still for longer than
// its lease, and etcd itself is killed: every answer holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd, judge } from './crowd.js';
import { Etcd } from './etcd.js';
import { NET, sleep } from './harness.js';

const PROCESSES = 8;
const IDENTITIES = 10_000;
/** Seconds. */
const TTL = 5;
const CHAOS = 60;
const MOST = 220;

test('contention: no address has two identities, no identity two addresses, nothing answered is lost', {
  timeout: 300_000,
}, async (context) => {
  const { etcd, remove } = await Etcd.start();
  context.after(remove);
  const crowd = new Crowd({ endpoints: [etcd.endpoint], ttl: TTL, cidr: NET.cidr, identities: IDENTITIES, lanes: 16 });
  context.after(() => crowd.end());
  for (let place = 0; place < PROCESSES; place++) crowd.start(place);
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  const killEtcd = async () => {
    await etcd.kill();
    await sleep(1000 + 2000 * Math.random());
    etcd.spawn();
    await etcd.healthy();
  };
  let stopped = Promise.resolve();
  const plan = [
    {
      at: 12,
      act: async () => {
        stopped = crowd.stopFor(1, (TTL + 4) * 1000);
      },
    },
    { at: 24, act: killEtcd },
    { at: 46, act: killEtcd },
  ];
  while (seconds() < CHAOS) {
    await sleep(3000 + 2000 * Math.random());
    if (plan[0] !== undefined && plan[0].at <= seconds()) await plan.shift()?.act();
    else crowd.kill(2 + Math.floor(Math.random() * (PROCESSES - 2)));
  }
  await stopped;
  assert.deepEqual(plan, []);
  while (seconds() < MOST && etcd.count('/limpet/v2/identity/default/10.0.0.0%2F18/web.') < IDENTITIES)
    await sleep(1000);
  await crowd.quiet();
  await sleep(1000);
  const verdict = await judge(crowd, etcd);
  console.log(
    'contention',
    JSON.stringify({ seconds: Math.round(seconds()), ...crowd.figures, ...verdict, lost: verdict.lost.length }),
  );
  assert.deepEqual(verdict.lost, []);
  assert.equal(etcd.count('/limpet/v2/identity/default/10.0.0.0%2F18/web.'), IDENTITIES, 'all have an address');
  assert.ok(crowd.figures.killed >= 5);
});
