// A hundred thousand requests of a swarm that does everything at once: tasks come, move, go and overlap, leaders and
// nodes are lost, plugins restart, users want addresses of others, and some of it is noise. After each step everything
// must still hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { World } from './world.js';

/** `npm test` makes fewer of them than the suite `fuzz`. */
const REQUESTS = Number(process.env.LIMPET_FUZZ_REQUESTS ?? 100_000);
const STEPS = 400;
const RUNS = Math.ceil(REQUESTS * 0.00235);

const node = fc.nat(2);
const pick = fc.nat(1000);
const address = fc.integer({ min: 0, max: 70 }).map((n) => `10.77.0.${n}`);

/** What can happen, and how often. */
const step = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('task'), slot: fc.nat(11), node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('plain'), slot: fc.nat(3), node }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('balancer'), slot: fc.constant(0), node }) },
  { weight: 25, arbitrary: fc.record({ do: fc.constant('start'), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('startAll') }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('stop'), pick }) },
  { weight: 28, arbitrary: fc.record({ do: fc.constant('end'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wish'), address, node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('late'), address, node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart'), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose'), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('elect'), node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look'), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep') }) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        do: fc.constant('noise'),
        call: fc.constantFrom('RequestAddress', 'ReleaseAddress', 'RequestPool', 'ReleasePool', 'GetCapabilities'),
        request: fc.oneof(
          fc.anything(),
          fc.record({ PoolID: fc.string(), Address: fc.string(), AddressSpace: fc.string() }),
          fc.record({ PoolID: fc.constant('global/swarm/10.77.0.0/26'), Address: fc.string({ minLength: 1 }) }),
        ),
        node,
      })
      .filter(({ call, request }) => call !== 'ReleasePool' || !JSON.stringify(request)?.includes('10.77.0.0/26')),
  },
);

type Step = { do: string; slot: number; node: number; pick: number; address: string; call: string; request: unknown };

async function play(world: World, each: Step): Promise<void> {
  const life = world.lives[each.pick % Math.max(1, world.lives.length)];
  switch (each.do) {
    case 'task':
    case 'plain':
    case 'balancer':
      return world.schedule(each.do, each.slot, each.node);
    case 'start':
    case 'stop':
    case 'end':
      return life === undefined ? undefined : world[each.do](life);
    case 'startAll':
      return world.startAll();
    case 'wish':
      return inside(each.address) ? world.wish(each.address, each.node) : undefined;
    case 'late':
      return inside(each.address) ? world.lateRelease(each.address, each.node) : undefined;
    case 'noise':
      return world.noise(each.call, each.request, each.node);
    case 'sweep':
      return world.sweep();
    default:
      return world[each.do as 'restart' | 'lose' | 'elect' | 'look'](each.node);
  }
}

function inside(address: string): boolean {
  const last = Number(address.split('.')[3]);
  return last > 1 && last < 63;
}

test(`${REQUESTS} requests, and everything holds after each`, { timeout: 600_000 }, async (t) => {
  const seed = Number(process.env.LIMPET_SEED ?? Date.now() & 0x7fffffff);
  t.diagnostic(`LIMPET_SEED=${seed}`);
  let requests = 0;
  const started = performance.now();
  await fc.assert(
    fc.asyncProperty(fc.array(step as fc.Arbitrary<unknown>, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
      const world = await World.make();
      try {
        for (const each of steps as Step[]) {
          await play(world, each);
          world.check();
        }
      } finally {
        requests += world.requests;
        await world.service.close();
      }
    }),
    { seed, numRuns: RUNS, verbose: 0 },
  );
  t.diagnostic(`${requests} requests in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  assert.ok(requests >= REQUESTS, `${requests} requests`);
});
