// Eight processes and ten thousand identities on one etcd, while processes are killed, one stands still for longer than its
// lease, and etcd itself is killed: every answer holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd, judge } from './crowd.js';
import { Etcd } from './etcd.js';
import { NET, sleep } from './harness.js';

const PROCESSES = 8;
const IDENTITIES = 10_000;
/** Seconds. */
const TTL = 5;
const LEAST = 60;
const MOST = 100;

test('contention: no address has two identities, no identity two addresses, nothing answered is lost', async () => {
  const { etcd, remove } = await Etcd.start();
  const crowd = new Crowd({ endpoints: [etcd.endpoint], ttl: TTL, cidr: NET.cidr, identities: IDENTITIES, lanes: 16 });
  try {
    for (let place = 0; place < PROCESSES; place++) crowd.start(place);
    const began = Date.now();
    const seconds = () => (Date.now() - began) / 1000;
    const bound = () =>
      JSON.parse(
        etcd.ctl('get', '--prefix', '/limpet/v1/identity/default/10.0.0.0%2F18/web.', '--limit=1', '-w', 'json'),
      ).count ?? 0;
    let etcdKilled = 0;
    const stopped: Promise<void>[] = [];
    const plan = [
      { at: 12, act: () => stopped.push(crowd.stopFor(1, (TTL + 4) * 1000)) },
      { at: 24, act: () => etcd.kill() },
      { at: 46, act: () => etcd.kill() },
    ];
    while (seconds() < LEAST || (seconds() < MOST && bound() < IDENTITIES)) {
      await sleep(2000 + 2000 * Math.random());
      const due = plan[0] !== undefined && plan[0].at <= seconds() ? plan.shift() : undefined;
      if (due?.at === 12) due.act();
      else if (due !== undefined) {
        etcdKilled++;
        await due.act();
        await sleep(1000 + 2000 * Math.random());
        etcd.spawn();
        await etcd.healthy();
      } else crowd.kill(2 + Math.floor(Math.random() * (PROCESSES - 2)));
    }
    await Promise.all(stopped);
    await sleep(5000);
    await crowd.quiet();
    await sleep(1000);
    const verdict = judge(crowd, etcd);
    console.log(
      'contention',
      JSON.stringify({ seconds: Math.round(seconds()), ...crowd.figures, etcdKilled, bound: bound(), ...verdict }),
    );
    assert.equal(bound(), IDENTITIES);
    assert.ok(crowd.figures.killed >= 5 && etcdKilled === 2);
  } finally {
    crowd.end();
    remove();
  }
});
