// The pages of a long reading, on the simulated etcd's history: every key comes once, whatever the keys are, and of the
// keys that etcd counts for that there are not many times as many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IRangeResponse } from 'etcd3';
import { Chance } from '../../src/simulator/random.js';
import { Keys } from '../../src/stores/etcd/keys.js';
import { Pages } from '../../src/stores/etcd/pages.js';
import { History } from './etcd/history.js';

const PAGE = 2000;
const KEYS = new Keys('/limpet/v2/');
const SUBNET = { space: 'swarm', cidr: '10.0.0.0/8' };

interface Read {
  readonly keys: readonly string[];
  readonly counted: number;
  readonly pages: number;
}

function readAll(written: Iterable<string>, page: number): Read {
  const history = new History(() => true);
  for (const key of written) history.put(key, Buffer.alloc(0));
  history.put('/limpet/v20', Buffer.alloc(0)); // behind all
  const pages = new Pages(KEYS.watched);
  const keys: string[] = [];
  let [counted, asked] = [0, 0];
  for (let next: ReturnType<Pages['after']> = pages.next; next !== undefined; asked++) {
    const answer = history.range({ ...next, limit: page });
    counted += Number(answer.count);
    keys.push(...answer.kvs.map(({ key }) => String(key)));
    next = pages.after(answer as unknown as IRangeResponse);
  }
  return { keys, counted, pages: asked };
}

function check(written: readonly string[], page = PAGE): Read {
  const read = readAll(written, page);
  const sorted = [...written].sort();
  const wrong = sorted.findIndex((key, n) => key !== read.keys[n]);
  assert.ok(wrong < 0 && read.keys.length === sorted.length, `${read.keys[wrong]} for ${sorted[wrong]}`);
  return read;
}

const swarm = (services: number, tasks: number): string[] =>
  Array.from({ length: services }, (_, service) =>
    Array.from({ length: tasks }, (_, slot) => {
      const identity = `web-${service}.${slot + 1}`;
      return [KEYS.identity(SUBNET, identity), KEYS.live(SUBNET, identity, `node-${slot % 50}`)];
    }),
  ).flat(2);

test('few keys are one range, page by page', () => {
  const { pages } = check(swarm(4, 50), 7);
  assert.equal(pages, Math.ceil(400 / 7));
});

test('many keys are counted a few times, not once for each page', () => {
  const written = swarm(100, 500);
  const { counted, pages } = check(written);
  assert.ok(counted < 8 * written.length, `${counted} counted`);
  assert.ok(pages < 3 * (written.length / PAGE), `${pages} pages`);
});

test('names of one length, and others that all begin alike', () => {
  const even = Array.from({ length: 60_000 }, (_, n) => KEYS.identity(SUBNET, `front.${String(n).padStart(7, '0')}`));
  const { counted } = check(even);
  assert.ok(counted < 8 * even.length, `${counted} counted`);
  const alike = Array.from({ length: 60_000 }, (_, n) => KEYS.identity(SUBNET, `${'a'.repeat(60)}.${n}`));
  assert.ok(check(alike).counted < 8 * alike.length);
});

test('names at random, and keys of others between them', () => {
  const chance = new Chance(7);
  const written = new Set(Array.from({ length: 45_000 }, () => KEYS.identity(SUBNET, chance.id())));
  for (let n = 0; n < 500; n++) written.add(`/limpet/v2/${n % 2 === 0 ? 'ix' : 'x'}${chance.id()}`);
  check([...written]);
});
