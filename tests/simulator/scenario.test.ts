// Scenarios from outside: every mistake is told with its place and value, before anything runs; and what is sound but
// cannot be done is refused in the log, and changes nothing.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { textOf } from './digest.js';
import { LimpetError, parseScenario, Simulation, type SwarmEvent, scenarios } from './library.js';

const sound = { name: 'x', events: [] };
const withEvent = (event: unknown) => ({ ...sound, events: [{ do: 'look', identity: 'a.1' }, event] });

function refusal(input: unknown): string {
  try {
    parseScenario(input);
  } catch (error) {
    assert.ok(error instanceof LimpetError, String(error));
    assert.equal(error.code, 'BAD_INPUT');
    return error.message;
  }
  return 'accepted';
}

describe('bad scenarios', () => {
  const cases: [unknown, RegExp][] = [
    ['{"name":', /^the scenario is not JSON: /],
    ['[]', /^the scenario must be an object, not a list$/],
    [null, /^the scenario must be an object, not null$/],
    [undefined, /^the scenario must be an object, not missing$/],
    [{ events: [] }, /^scenario\.name must be a text of 1 to 1000 characters, not missing$/],
    [{ name: 'x' }, /^scenario\.events must be a list, not missing$/],
    [{ ...sound, sead: 3 }, /^scenario\.sead: the scenario has no "sead"; it can have name, /],
    [{ ...sound, seed: -1 }, /^scenario\.seed must be a whole number from 0 to 4294967295, not -1$/],
    [{ ...sound, seed: '1' }, /^scenario\.seed must be a whole number .*, not "1"$/],
    [{ ...sound, managers: 0 }, /^scenario\.managers must be a whole number from 1 to 15, not 0$/],
    [{ ...sound, workers: 1.5 }, /^scenario\.workers must be a whole number from 0 to 1000, not 1\.5$/],
    [{ ...sound, historyLimit: 3 }, /^scenario\.historyLimit: the scenario has no "historyLimit"/],
    [{ ...sound, reclaim: 'soon' }, /^"soon" is not a valid reclaim policy/],
    [
      { ...sound, exclude: ['10.0.0.1'], gateway: '10.0.0.1' },
      /^scenario\.gateway must be none of the excluded addresses, not "10\.0\.0\.1"$/,
    ],
    [{ ...sound, subnet: '10.0.0.1/24' }, /10\.0\.0\.1\/24/],
    [{ ...sound, subnet: 'nonsense' }, /nonsense/],
    [{ ...sound, subnet: 7 }, /^scenario\.subnet must be a CIDR, not 7$/],
    [
      { ...sound, subnet: '10.0.0.0/8' },
      /^scenario\.subnet must be a subnet of 4 to 1048576 addresses, not "10\.0\.0\.0\/8"$/,
    ],
    [{ ...sound, subnet: '10.0.0.0/31' }, /^scenario\.subnet must be a subnet of 4 to/],
    [
      { ...sound, gateway: '10.0.1.1' },
      /^scenario\.gateway must be an address of 10\.0\.0\.0\/24 for hosts, not "10\.0\.1\.1"$/,
    ],
    [{ ...sound, gateway: '10.0.0.255' }, /^scenario\.gateway must be/],
    [{ ...sound, exclude: '10.0.0.3' }, /^scenario\.exclude must be a list/],
    [
      { ...sound, exclude: ['10.0.0.3', '10.0.2.0/28'] },
      /^scenario\.exclude\[1\] must be within 10\.0\.0\.0\/24, not "10\.0\.2\.0\/28"$/,
    ],
    [withEvent('drain'), /^scenario\.events\[1\] must be an object, not "drain"$/],
    [withEvent({}), /^scenario\.events\[1\]\.do must be one of create, scale, .*, not missing$/],
    [withEvent({ do: 'toString' }), /^scenario\.events\[1\]\.do must be one of .*, not "toString"$/],
    [withEvent({ do: 'drain' }), /^scenario\.events\[1\]\.node must be a text .*, not missing$/],
    [
      withEvent({ do: 'drain', node: 'node-4' }),
      /^scenario\.events\[1\]\.node must be node-1 to node-3, @leader, .*, not "node-4"$/,
    ],
    [withEvent({ do: 'drain', node: '@nobody' }), /\.node must be .*, not "@nobody"$/],
    [
      withEvent({ do: 'drain', node: 'node-1', service: 'x' }),
      /^scenario\.events\[1\]\.service: a drain event has no "service"; it can have do, at, node$/,
    ],
    [
      withEvent({ do: 'create', service: 'a b' }),
      /\.service must be a name of 1 to 63 letters, digits, - and _, not "a b"$/,
    ],
    [
      withEvent({ do: 'create', service: 'a', replicas: 'many' }),
      /\.replicas must be a whole number from 0 to 10000, not "many"$/,
    ],
    [withEvent({ do: 'create', service: 'a', mode: 'globe' }), /\.mode must be "replicated" or "global", not "globe"$/],
    [withEvent({ do: 'create', service: 'a', mode: 'global', replicas: 2 }), /\.replicas must be left out: .*, not 2$/],
    [withEvent({ do: 'scale', service: 'a' }), /\.replicas must be a whole number, not missing$/],
    [
      withEvent({ do: 'update', service: 'a', order: 'both' }),
      /\.order must be "stop-first" or "start-first", not "both"$/,
    ],
    [withEvent({ do: 'look', identity: '' }), /\.identity must be a text of 1 to 1000 characters, not ""$/],
    [withEvent({ do: 'look', identity: 'a.1', at: -3 }), /\.at must be a number of seconds from 0 to \d+, not -3$/],
  ];
  for (const [input, message] of cases) {
    test(String(JSON.stringify(input)).slice(0, 90), () => assert.match(refusal(input), message));
  }

  test('whatever JSON comes, it is read or refused by LimpetError', () => {
    const base = { ...sound, ...scenarios.classic } as Record<string, unknown>;
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(base), 'subnet', 'exclude'), fc.jsonValue())
      .map(([key, value]) => ({ ...base, [key]: value }));
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), mutated, mutated.map(withEvent)), (input) => void refusal(input)));
  });
});

describe('good scenarios', () => {
  test('the bundled ones, as objects and as JSON, give the same run', async () => {
    for (const [name, scenario] of Object.entries(scenarios)) {
      const [one, other] = [await Simulation.open(scenario), await Simulation.open(JSON.stringify(scenario))];
      assert.equal(textOf(await one.seek(5)), textOf(await other.seek(5)), name);
      await one.close();
      await other.close();
    }
  });

  test('a scenario is copied: changing it later changes no run', async () => {
    const scenario = structuredClone(scenarios.classic) as unknown as { events: SwarmEvent[] };
    const simulation = await Simulation.open(scenario);
    scenario.events.length = 0;
    assert.equal(simulation.scenario.events.length, scenarios.classic.events.length);
  });
});

describe('events that cannot be done', () => {
  const cases: [SwarmEvent, RegExp][] = [
    [{ do: 'create', service: 'web' }, /cannot create: there is a service web already/],
    [{ do: 'scale', service: 'wed', replicas: 2 }, /cannot scale: there is no service wed/],
    [{ do: 'scale', service: 'agent', replicas: 2 }, /cannot scale: agent is global/],
    [{ do: 'activate', node: 'node-1' }, /cannot activate: node-1 is active already/],
    [{ do: 'drain', node: '@node-of web.9' }, /cannot drain: no node is @node-of web\.9/],
    [{ do: 'drain', node: '@last' }, /cannot drain: no node is @last/],
    [{ do: 'restart', identity: 'web.9' }, /cannot restart: no container of web\.9 runs/],
  ];
  const events = [
    { do: 'create', service: 'web', replicas: 2 },
    { do: 'create', service: 'agent', mode: 'global' },
  ];
  let simulation: Simulation;
  let start: number;
  before(async () => {
    simulation = await Simulation.open({ ...sound, events });
    start = (await simulation.seek(1000)).step;
  });
  for (const [event, message] of cases) {
    test(JSON.stringify(event), async () => {
      const before = await simulation.seek(start);
      const after = await simulation.apply(event);
      assert.deepEqual(
        after.log.map(({ kind }) => kind),
        ['refused'],
      );
      assert.match(after.log[0]?.text ?? '', message);
      assert.deepEqual([...after.tasks.entries()], [...before.tasks.entries()]);
      assert.deepEqual(after.services, before.services);
      assert.deepEqual(after.nodes, before.nodes);
    });
  }

  test('an event of the wrong shape throws, and nothing has changed', async () => {
    const before = await simulation.seek(start);
    const { length } = simulation;
    await assert.rejects(
      simulation.apply({ do: 'drain', node: 'node-9' }),
      /^LimpetError: event\.node must be node-1 to node-3/,
    );
    assert.equal(simulation.state, before);
    assert.equal(simulation.length, length);
  });
});
