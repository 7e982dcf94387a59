// Three members of etcd, of which any one is lost while the contention goes on: the leader, then the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd, judge } from './crowd.js';
import { Etcd } from './etcd.js';
import { NET, sleep } from './harness.js';

const PROCESSES = 8;
const IDENTITIES = 3_000;
/** Seconds. */
const TTL = 5;
const LOST = 12;
const MOST = 85;

test('members: with any one of three lost, allocation goes on and every answer holds', {
  timeout: 150_000,
}, async (context) => {
  const { members, remove } = await Etcd.cluster(3);
  context.after(remove);
  const endpoints = members.map(({ endpoint }) => endpoint);
  const crowd = new Crowd({ endpoints, ttl: TTL, cidr: NET.cidr, identities: IDENTITIES, lanes: 16 });
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  context.after(() => crowd.end());
  for (let place = 0; place < PROCESSES; place++) crowd.start(place);
  await sleep(8000);
  const leader = members.findIndex((member) => member.isLeader());
  const order = [leader, (leader + 1) % 3, (leader + 2) % 3];
  const answers: number[] = [];
  for (const lost of order) {
    await members[lost]!.kill();
    crowd.kill(Math.floor(Math.random() * PROCESSES));
    await sleep((LOST / 2) * 1000);
    const from = Date.now();
    await sleep((LOST / 2) * 1000);
    answers.push(crowd.answersSince(from));
    members[lost]!.spawn();
    await members[lost]!.healthy();
    await sleep(2000);
  }
  const etcd = members[0]!;
  while (seconds() < MOST && etcd.count('/limpet/v2/identity/default/10.0.0.0%2F18/web.') < IDENTITIES)
    await sleep(1000);
  await crowd.quiet();
  await sleep(1000);
  const verdict = await judge(crowd, etcd);
  const figures = { seconds: Math.round(seconds()), ...crowd.figures, answersWhileOneWasLost: answers, ...verdict };
  console.log('members', JSON.stringify({ ...figures, lost: verdict.lost.length }));
  assert.deepEqual(verdict.lost, []);
  for (const some of answers) assert.ok(some > 0, 'it went on without one member');
});
