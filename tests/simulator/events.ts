// Random scenarios and events, for the property tests: few names, so that events meet what others did.
import fc from 'fast-check';
import type { Scenario, SwarmEvent } from './library.js';

const service = fc.constantFrom('a', 'b', 'g');
const replicated = fc.constantFrom('a', 'b');
const identity = fc.constantFrom('a.1', 'a.2', 'a.3', 'b.1', 'g.node-1', 'g.node-2');
const order = fc.constantFrom('stop-first' as const, 'start-first' as const);
const parallelism = fc.nat({ max: 3 });
const replicas = fc.nat({ max: 6 });

const nodeIn = (nodes: number) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: nodes }).map((number) => `node-${number}`) },
    { weight: 2, arbitrary: fc.constant('@leader') },
    { weight: 2, arbitrary: fc.constant('@last') },
    { weight: 1, arbitrary: identity.map((one) => `@node-of ${one}`) },
  );

export const eventIn = (nodes: number): fc.Arbitrary<SwarmEvent> => {
  const options = fc.record({ order, parallelism }, { requiredKeys: [] });
  const some = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
  return fc.oneof(
    some(2, fc.record({ do: fc.constant('create' as const), service: replicated, replicas, order, parallelism })),
    some(
      1,
      fc.record({ do: fc.constant('create' as const), service: fc.constant('g'), mode: fc.constant('global'), order }),
    ),
    some(4, fc.record({ do: fc.constant('scale' as const), service, replicas })),
    some(
      3,
      fc.tuple(service, options).map(([name, more]) => ({ do: 'update' as const, service: name, ...more })),
    ),
    some(1, fc.record({ do: fc.constant('remove' as const), service })),
    some(3, fc.record({ do: fc.constant('drain' as const), node: nodeIn(nodes) })),
    some(3, fc.record({ do: fc.constant('activate' as const), node: nodeIn(nodes) })),
    some(3, fc.record({ do: fc.constant('crash' as const), node: nodeIn(nodes) })),
    some(4, fc.record({ do: fc.constant('reboot' as const), node: nodeIn(nodes) })),
    some(3, fc.record({ do: fc.constant('restart' as const), identity })),
    some(1, fc.record({ do: fc.constant('look' as const), identity })),
  ) as fc.Arbitrary<SwarmEvent>;
};

/** A swarm that begins with two services, not at rest yet. */
export const swarmOn = (...subnets: string[]): fc.Arbitrary<Scenario> =>
  fc.record({
    name: fc.constant('random'),
    seed: fc.nat({ max: 2 ** 32 - 1 }),
    subnet: fc.constantFrom(...subnets),
    managers: fc.integer({ min: 1, max: 4 }),
    workers: fc.nat({ max: 3 }),
    events: fc.tuple(replicas, order, parallelism, order).map(([replicas, order, parallelism, globally]) => [
      { do: 'create' as const, at: 1, service: 'a', replicas, order, parallelism },
      { do: 'create' as const, at: 2, service: 'g', mode: 'global' as const, order: globally },
    ]),
  });
