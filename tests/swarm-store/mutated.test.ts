// Labels as nobody would write them, of every kind, put into the swarm's configs under a process that runs: it goes on
// serving, a fresh process opens and has the same, and whoever reads the log reads a few lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LimpetError } from '../../src/host/errors.js';
import { dataOf } from '../../src/stores/swarm/config-reader.js';
import { begin, judge, SPEC, stateOf } from '../service/beside-mutations.js';
import { mutated } from '../service/mutations.js';
import { Swarm } from './dockerd.js';
import { eventually, open } from './open.js';

/** The suite `swarm-mutations` makes 10 000. */
const VALUES = Number(process.env.LIMPET_MUTATIONS ?? 1000);
const AT_ONCE = 250;
const NODE = 'a'.repeat(25);

type Labels = Record<string, string>;
/** What is done to one config, and which. */
type Act = { readonly of: 'victim' | 'index'; readonly labels: Labels } | { readonly of: 'new'; readonly spec: Buffer };

const asText = (bytes: Buffer) => bytes.toString('utf8');

/** The n-th has a subnet, an identity and an address of its own. */
function acts(n: number): fc.Arbitrary<Act> {
  const [third, fourth] = [(n >> 8) & 255, n & 255];
  const address = `10.201.${third}.${fourth}`;
  const cidr = subnetOf(n);
  const spec = { ...SPEC, cidr, gateway: cidr.replace('0/24', '1'), exclude: [cidr.replace('0/24', '5')] };
  const bytes = mutated(`web.${n}`).map(asText);
  const usual = [
    `live ${NODE}: id.${n}`,
    `pinned reserved 2026-11-26T04:30:00.123Z: id.${n}`,
    'held 2026-11-26T04:30:00Z',
  ];
  const bent = fc.tuple(fc.constantFrom(...usual), bytes, fc.nat(40)).map(([text, strange, at]) => {
    return text.slice(0, at) + strange + text.slice(at);
  });
  const victim = (labels: Labels): Act => ({ of: 'victim', labels });
  return fc.oneof(
    mutated(spec).map((value): Act => ({ of: 'new', spec: value })),
    bent.map((text) => victim({ [address]: text })),
    bytes.map((text) => victim({ [address]: text })),
    fc.constant(victim({ [address]: 'reserved: first' })), // a thief
    fc.tuple(bytes, fc.constantFrom(...usual)).map(([name, text]) => victim({ [name.slice(0, 300)]: text })),
    bytes.map((text) => victim({ [`limpet.user.${text}`]: text })),
    bytes.map((text) => victim({ 'limpet.recent': text })),
    bytes.map((text): Act => ({ of: 'index', labels: { [`node node-${n}`]: text } })),
    fc
      .tuple(fc.constantFrom('subnet ', 'subnet default ', 'node ', ''), bytes, bytes)
      .map(([head, name, text]): Act => ({ of: 'index', labels: { [head + name]: text } })),
  );
}

function subnetOf(n: number): string {
  return `10.${100 + (n >> 8)}.${n & 255}.0/24`;
}

/** Takes what earlier rounds have put there out again: a config has room for so much only. */
class Hand {
  readonly #swarm: Swarm;
  readonly #put = new Map<string, Set<string>>();

  constructor(swarm: Swarm) {
    this.#swarm = swarm;
  }

  put(all: readonly Act[], round: number, first: number): void {
    const index: Labels = { [`node round-${round}`]: `round ${round}` };
    const victim: Labels = {};
    for (const [n, act] of all.entries()) {
      if (act.of !== 'new') Object.assign(act.of === 'victim' ? victim : index, act.labels);
      else index[`subnet default ${subnetOf(first + n)}`] = this.#make(first + n, act.spec);
    }
    this.#write('limpet.default.10.201.0.0-16', victim);
    this.#write('limpet.index', index);
  }

  #make(n: number, spec: Buffer): string {
    const name = `limpet.made.${n}`;
    const data = dataOf({ space: 'default', cidr: subnetOf(n) });
    const Labels = { 'limpet.settings': asText(spec) };
    const [status] = this.#swarm.create({ Name: name, Labels, Data: Buffer.from(data).toString('base64') });
    assert.equal(status, 201);
    return name;
  }

  #write(name: string, labels: Labels): void {
    const config = this.#swarm.find(name);
    assert.ok(config, name);
    const before = this.#put.get(name) ?? new Set();
    const own = Object.entries(config.Spec.Labels).filter(
      ([label]) => !before.has(label) || label.startsWith('subnet'),
    );
    const added = Object.entries(labels).filter(
      ([label]) => label === 'limpet.recent' || !(label in config.Spec.Labels),
    );
    this.#put.set(name, new Set(added.map(([label]) => label).filter((label) => label !== 'limpet.recent')));
    const Labels = Object.fromEntries([...own, ...added]);
    const { ID, Version, Spec } = config;
    const answer = this.#swarm.update(ID, Version.Index, { ...Spec, Labels });
    assert.equal(answer[0], 200, JSON.stringify(answer[1]));
  }
}

test(`${VALUES} of them, and a process that runs goes on`, { timeout: 600_000 }, async (t) => {
  const swarm = await Swarm.start(1);
  swarm.nodes = [{ ID: NODE, Description: { Hostname: 'host' }, Status: { State: 'ready' } }];
  const [manager] = swarm.managers;
  assert.ok(manager);
  const running = await open(manager);
  t.after(async () => {
    await running.service.close();
    await swarm.stop();
  });
  const { service } = running;
  await begin(service, NODE);
  const hand = new Hand(swarm);
  let slowest = 0;
  for (let round = 0; round * AT_ONCE < VALUES; round++) {
    const seed = fc.sample(fc.integer(), 1)[0] as number;
    const first = 256 + round * AT_ONCE;
    const some = Array.from(
      { length: AT_ONCE },
      (_, n) => fc.sample(acts(first + n), { numRuns: 1, seed: seed ^ n })[0] as Act,
    );
    hand.put(some, round, first);
    await eventually(`all is told (seed ${seed})`, () => service.nodeName(`round-${round}`) !== undefined, 20_000);
    const started = performance.now();
    const failed = (error: any) =>
      assert.fail(`round ${round}, seed ${seed}: ${error instanceof LimpetError ? error.message : error.stack}`);
    await judge(service, NODE, round).catch(failed);
    slowest = Math.max(slowest, performance.now() - started);
    if (round % 4 !== 3) continue;
    const fresh = await open(manager);
    await judge(fresh.service, NODE, round).catch(failed);
    const isSame = () => JSON.stringify(stateOf(fresh.service)) === JSON.stringify(stateOf(service));
    await eventually('both have the same', isSame, 5000).catch(() => {
      assert.deepEqual(stateOf(service), stateOf(fresh.service), `round ${round}, seed ${seed}`);
    });
    assert.equal(await service.whyAway(), undefined);
    await fresh.service.close();
  }
  const { damaged } = stateOf(service);
  const lines = running.told.filter(({ level }) => level !== 'info');
  t.diagnostic(`${damaged.length} damaged, ${lines.length} lines, four calls in at most ${Math.round(slowest)} ms`);
  assert.ok(damaged.length > VALUES / 30, `${damaged.length}`);
  for (const { message } of lines) assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
});
