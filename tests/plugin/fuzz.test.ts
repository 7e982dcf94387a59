// Requests that nobody should make, in a swarm that has one of everything: what is malformed or hostile is refused in
// words and changes nothing; a user's wish for an address is granted or its owner is named; a release that comes late
// ends nothing. What befalls whole swarms is tests/simulation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LimpetError } from '../../src/host/errors.js';
import { container } from '../docker/json.js';
import type { Node } from './nodes.js';
import { HOME, Scene, SIX, WEB } from './scene.js';

/** `npm test` makes fewer of them than the suite `fuzz`. */
const REQUESTS = Number(process.env.LIMPET_FUZZ_REQUESTS ?? 100_000);
/** In one swarm. */
const MANY = 200;
const SIDES = ['leader', 'worker'] as const;
const ADDRESSES = Array.from({ length: 64 }, (_, n) => `10.77.0.${n}`);
const NAME = 'com.docker.network.endpoint.name';

const call = fc.constantFrom(
  'RequestAddress',
  'ReleaseAddress',
  'RequestPool',
  'ReleasePool',
  'GetCapabilities',
  'GetDefaultAddressSpaces',
  'Activate',
);

const pool = fc.oneof(
  fc.constantFrom(
    `global/swarm/${WEB}`,
    `local/swarm/${WEB}`,
    `local/node:node-1/${HOME}`,
    `local/node:node-2/${HOME}`,
    `global/swarm/${SIX}`,
  ),
  fc.constantFrom(
    `local/swarm/${WEB}?range=10.77.0.60-10.78.0.1`,
    `local/swarm/${WEB}?range=10.77.0.9-10.77.0.2`,
    `global/node:node-1/${HOME}`,
    'global/swarm/10.77.0.0/24',
    'global/swarm/../../etc/passwd',
    'local/@/0.0.0.0/0',
    'local//',
  ),
  fc.string(),
);

/** None of them is an address that somebody has. */
const odd = fc.oneof(
  fc.constantFrom(
    '10.77.0.0',
    '10.77.0.63',
    '10.77.0.64',
    '010.077.000.009',
    '10.77.0.9/26',
    '10.77.0.9 ',
    '10.77.0',
    '1e9',
    '0x0a4d0009',
    '::ffff:10.77.0.9',
    'fd00:77::1%eth0',
    '255.255.255.255',
    '-1',
    '__proto__',
  ),
  fc.string({ minLength: 1 }),
  fc.string({ minLength: 65, maxLength: 300 }),
);

const endpoint = fc.constantFrom(
  '@gateway/10.77.0.1',
  '@second/web.1',
  '@pin/web.1',
  '@guest/10.77.0.9',
  `web.1.${'z'.repeat(25)}`,
  '__proto__',
  '\u001b[2Jroot',
  '\u0000',
  'y'.repeat(300),
);

/** A body: anything at all, something of the right shape, or one that only nearly means something. */
const body = fc.oneof(
  fc.string(),
  fc.anything().map((value) => JSON.stringify(value) ?? ''),
  fc
    .record({ PoolID: pool, Address: odd, AddressSpace: fc.string(), Pool: odd, SubPool: odd, Options: fc.anything() })
    .map((each) => JSON.stringify(each)),
  fc.record({ PoolID: pool, Address: odd }).map((each) => JSON.stringify(each)),
  fc
    .record({ PoolID: pool, name: endpoint })
    .map(({ PoolID, name }) => JSON.stringify({ PoolID, Address: '', Options: { [NAME]: name } })),
  fc
    .record({
      AddressSpace: fc.constantFrom('limpet.global', 'limpet.local', 'limpet', ''),
      Pool: fc.oneof(odd, fc.constantFrom('10.77.0.0/25', '10.77.0.0/33', '0.0.0.0/0', '::/0', '10.6.0.0/8')),
      SubPool: odd,
      Options: fc.dictionary(fc.constantFrom('limpet.policy', 'limpet.exclude', 'limpet.nonsense'), fc.string()),
      V6: fc.boolean(),
    })
    .map((each) => JSON.stringify(each)),
);

/** Giving a pool back is no noise. */
const noise = fc
  .record({ from: fc.constantFrom(...SIDES), call, body })
  .filter((each) => each.call !== 'ReleasePool' || !/10\.(77|6)\.0\.0|fd00/.test(each.body));

/** What was refused, and how; undefined when it was answered. */
async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error;
    assert.notEqual(error.message, '');
    return error.message;
  }
}

async function inScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await Scene.make();
  try {
    await play(scene);
    scene.check();
  } finally {
    await scene.run.stop();
  }
}

test(`${REQUESTS} times noise: refused in words with nothing changed, or answered with nothing lost`, async (t) => {
  const seed = Number(process.env.LIMPET_SEED ?? Date.now() & 0x7fffffff);
  t.diagnostic(`LIMPET_SEED=${seed}`);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { minLength: MANY, maxLength: MANY }), async (all) => {
      await inScene(async (scene) => {
        for (const { from, call, body } of all) {
          const before = scene.facts();
          if ((await refusal(scene[from].raw(call, body))) === undefined) {
            assert.deepEqual(scene.lost(before), [], `${call} ${body}`);
          } else {
            assert.deepEqual(scene.changes(before), [], `${call} ${body}`);
            refused++;
          }
        }
      });
    }),
    // Each request is judged by itself: what failed is named, and nothing has to be found by leaving others out.
    { seed, numRuns: Math.ceil(REQUESTS / MANY), verbose: 0, endOnFailure: true },
  );
  assert.ok(refused > REQUESTS / 2, `${refused} were refused`);
});

test("a user's --ip: a free address is his, and of any other one the owner is named and keeps it", async () => {
  await inScene(async (scene) => {
    for (const side of SIDES) for (const address of ADDRESSES) await wish(scene, scene[side], address);
    assert.equal(scene.web.stats.free, 0n, 'the wishes of the first node were granted');
  });
});

async function wish(scene: Scene, node: Node, address: string): Promise<void> {
  const { leader, web } = scene;
  const [G, L] = [`global/swarm/${WEB}`, `local/swarm/${WEB}`];
  const before = scene.facts();
  const { state, identity } = web.inspect(address);
  const name = `wish-${address.replaceAll('.', '-')}`;
  const isHeld = (await refusal(leader.address(G, address))) === undefined;
  if (isHeld) {
    node.docker.put(container(name, { asked: address }));
    const asking = node.address(L, address);
    if (state === 'free') {
      assert.equal(await asking, address);
      assert.equal(web.lookup(name)?.address, address);
      node.docker.put(container(name, { asked: address, address }));
      return assert.deepEqual(scene.lost(before), []);
    }
    const refused = await refusal(asking);
    const owner = identity?.replace(/^@(second|pin)\//, '');
    assert.ok(owner !== undefined && refused?.includes(owner), `${address}: ${refused}`);
    node.docker.remove(name);
    await leader.release(G, address);
  }
  assert.notEqual(state, 'free');
  assert.deepEqual(scene.changes(before), []);
}

test('a release that comes late, from a node that has nothing there, ends nothing', async () => {
  await inScene(async (scene) => {
    const before = scene.facts();
    for (const side of SIDES)
      for (const address of ADDRESSES) {
        const node = scene[side];
        if (scene.has(node, address)) continue;
        await refusal(node.release(`local/swarm/${WEB}`, address));
        await scene.run.time.pass(5000); // it looks at what runs for a while
        assert.deepEqual(scene.changes(before), [], `${address} on ${node.name}`);
      }
  });
});
