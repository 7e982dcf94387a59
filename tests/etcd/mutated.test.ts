// 10 000 values that are none, of every kind, put under the prefix of a process that runs: it goes on serving, a fresh
// process opens and has the same, and whoever reads the log reads a few lines.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { LimpetError } from '../../src/host/errors.js';
import { AllocatorService } from '../../src/service/index.js';
import type { StoreEvent } from '../../src/service/store.js';
import { begin, judge, SPEC, stateOf, VICTIM } from '../service/beside-mutations.js';
import { mutated } from '../service/mutations.js';
import { Hand, type Pair } from './by-hand.js';
import { Etcd } from './etcd.js';
import { eventually, Wire } from './harness.js';

const VALUES = 10_000;
const AT_ONCE = 500;
const PREFIX = '/mutated/';

let etcd: Etcd;
let hand: Hand;
let remove = () => {};
const closes: (() => Promise<unknown>)[] = [];

before(async () => {
  ({ etcd, remove } = await Etcd.start());
  hand = new Hand(etcd.endpoint);
});
after(async () => {
  for (const close of closes) await close();
  hand.close();
  remove();
});

async function open(endpoint = etcd.endpoint) {
  const events: StoreEvent[] = [];
  const store = new EtcdStore({ endpoints: [endpoint], node: 'n1', ttl: 5, prefix: PREFIX, page: 1000 });
  const service = await AllocatorService.open(store, { report: (event) => events.push(event) });
  closes.push(() => service.close());
  return { service, events };
}

/** Key and value of each kind; the n-th has a subnet, an identity and an address of its own. */
function pairs(n: number): fc.Arbitrary<Pair> {
  const victim = `default/${VICTIM.replace('/', '%2F')}`;
  const [third, fourth] = [n >> 8, n & 255];
  const address = `10.201.${third}.${fourth}`;
  const spec = {
    ...SPEC,
    cidr: `10.${100 + (n >> 8)}.${fourth}.0/24`,
    gateway: `10.${100 + (n >> 8)}.${fourth}.1`,
    exclude: [`10.${100 + (n >> 8)}.${fourth}.5`],
  };
  const under = (kind: string, rest: string) => `${PREFIX}${kind}/${victim}/${rest}`;
  const bytes = mutated(`web.${n}`);
  return fc.oneof(
    mutated(spec).map((value): Pair => [`${PREFIX}subnet/default/${spec.cidr.replace('/', '%2F')}`, value]),
    mutated({ address, released: 1_700_000_000_000, pinned: 1 }).map(
      (value): Pair => [under('identity', `id.${n}`), value],
    ),
    mutated({ address: '10.201.0.1' }).map((value): Pair => [under('identity', `thief.${n}`), value]),
    bytes.map((value): Pair => [under('address', address), value]),
    bytes.map((value): Pair => [`${PREFIX}node/node-${n}`, value]),
    // The key itself is what is strange.
    fc
      .tuple(fc.constantFrom('held', 'live', 'user', 'identity', 'pin', 'subnet', 'node', 'process', 'x'), bytes)
      .map(([kind, value]): Pair => [keyOf(under(kind, ''), value, n), '']),
    bytes.map((value): Pair => [keyOf(PREFIX, value, n), value]),
  );
}

/** Apart from every other, and never an index key or longer than etcd takes. */
function keyOf(head: string, tail: Buffer, n: number): Buffer {
  return Buffer.concat([Buffer.from(head), tail.subarray(0, 2000), Buffer.from(`-${n}`)]);
}

test(`${VALUES} of them, and a process that runs goes on`, { timeout: 600_000 }, async (t) => {
  const wire = await Wire.to(etcd.endpoint);
  const { service, events } = await open(wire.endpoint);
  closes.push(() => wire.cut());
  await begin(service, 'n1');
  let slowest = 0;
  for (let round = 0, n = 256; round * AT_ONCE < VALUES; round++) {
    const seed = fc.sample(fc.integer(), 1)[0] as number;
    const some = Array.from(
      { length: AT_ONCE },
      () => fc.sample(pairs(n++), { numRuns: 1, seed: seed ^ n })[0] as Pair,
    );
    const isGap = round === 10;
    if (isGap) await wire.cut();
    await hand.put([...some, [`${PREFIX}node/round-${round}`, `round ${round}`]]);
    if (isGap) {
      etcd.ctl('compact', String(etcd.revision() - 1));
      await wire.mend();
    }
    await eventually(`all is told (seed ${seed})`, () => service.nodeName(`round-${round}`) !== undefined, 20_000);
    const started = performance.now();
    await judge(service, 'n1', round).catch((error) => {
      assert.fail(`round ${round}, seed ${seed}: ${error instanceof LimpetError ? error.message : error.stack}`);
    });
    slowest = Math.max(slowest, performance.now() - started);
    if (round % 5 !== 4) continue;
    const fresh = await open();
    await judge(fresh.service, 'n1', round);
    const isSame = () => JSON.stringify(stateOf(fresh.service)) === JSON.stringify(stateOf(service));
    await eventually('both have the same', isSame, 5000).catch(() => {
      assert.deepEqual(stateOf(service), stateOf(fresh.service), `round ${round}, seed ${seed}`);
    });
    assert.equal(await service.whyAway(), undefined);
    await fresh.service.close();
  }
  const { damaged } = stateOf(service);
  const lines = events.filter(({ level }) => level !== 'info');
  t.diagnostic(
    `${damaged.length} subnets damaged, ${lines.length} lines, four calls in at most ${Math.round(slowest)} ms`,
  );
  assert.ok(damaged.length > VALUES / 20, `${damaged.length}`);
  assert.ok(lines.length > 0 && lines.length < 300, `${lines.length}`);
  for (const { message } of lines) assert.doesNotMatch(message, /[\p{Cc}\p{Cf}\ufffd]/u);
});
