// Random events at random moments, by fast-check's commands. After every step an observer looks at the state from
// outside; the mirror of cells is compared with the core; and the allocator that a new leader would rebuild from the
// task list right now is compared with the one that was never lost. A failure prints the seed and the shortest list of
// commands that shows it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textOf } from './digest.js';
import { eventIn, swarmOn } from './events.js';
import { Limpet, type Scenario, Simulation, type SwarmEvent } from './library.js';
import { bound, isDead, Observer, tells } from './observer.js';
import { rebuilt } from './rebuilt.js';

const limpet = await Limpet.load();

interface Model {
  observer: Observer;
  /** Steps that the observer has seen. */
  seen: number;
}

class Command implements fc.Command<Model, Simulation> {
  constructor(
    private readonly name: string,
    private readonly act: (simulation: Simulation) => void,
  ) {}

  check(): boolean {
    return true;
  }

  run(model: Model, simulation: Simulation): void {
    const last = simulation.at(simulation.length);
    this.act(simulation);
    // Another run from an earlier state on: what the observer saw of the old one is void.
    if (simulation.length < last.step || simulation.at(last.step) !== last) {
      Object.assign(model, { observer: new Observer(rulesOf(simulation)), seen: -1 });
    }
    for (let step = model.seen + 1; step <= simulation.length; step++) {
      model.observer.see(simulation.at(step));
      assertRebuild(simulation, simulation.at(step), model.observer);
    }
    model.seen = simulation.length;
    assertMirror(simulation);
  }

  toString(): string {
    return this.name;
  }
}

function rulesOf(simulation: Simulation) {
  return {
    historyLimit: simulation.scenario.historyLimit ?? 5,
    network: simulation.network,
    ordinal: (address: string) => simulation.ordinal(address),
    address: (ordinal: number) => simulation.address(ordinal),
  };
}

/** What the state shows of the sticky allocator is what the core has. */
function assertMirror(simulation: Simulation): void {
  const net = limpet.restore(simulation.snapshot());
  const { cells } = simulation.at(simulation.length).sticky;
  const shown = [...cells.entries()].flatMap(([ordinal, { state, identity }]) =>
    state === 'excluded' ? [] : [[simulation.address(ordinal), state, identity]],
  );
  const bindings = [...net.bindings()].map(({ identity, address, state }) => [address, state, identity]);
  const held = [...net.held()].map((address) => [address, 'held', undefined]);
  const ordinal = (row: unknown[]) => simulation.ordinal(row[0] as string);
  assert.deepEqual(
    shown,
    [...bindings, ...held].sort((a, b) => ordinal(a) - ordinal(b)),
  );
  net.destroy();
}

/** Rebuilt at this moment, the allocator is as the one that was never lost, in all that the task list can tell. */
function assertRebuild(simulation: Simulation, state: Simulation['state'], observer: Observer): void {
  const { bindings, held, conflicts } = rebuilt(state, simulation, observer);
  const known = bound(state, simulation);
  if (observer.reclaimed) {
    // An old record may tell of an address that was reclaimed since; whoever runs on an address has it all the same.
    for (const { identity, node, sticky, stay, state: is } of state.tasks.values()) {
      const runs = is === 'running' && state.nodes.some((one) => one.name === node && one.status === 'up');
      if (runs && stay === 'home' && tells(state, identity)) assert.equal(bindings.get(identity), `live ${sticky}`);
    }
    return;
  }
  assert.equal(conflicts, 0);
  const told = [...known].filter(([identity]) => tells(state, identity));
  const expected = told.map(([identity, address]) => {
    return [identity, `${state.sticky.cells.get(simulation.ordinal(address))?.state} ${address}`] as const;
  });
  assert.deepEqual(new Map([...bindings].sort()), new Map([...expected].sort()));
  // A ticket whose task has ended is given back a second later.
  const ending = new Set([...state.tasks.values()].filter(isDead).map(({ ticket }) => ticket));
  for (const [ordinal, cell] of state.sticky.cells.entries()) {
    const address = simulation.address(ordinal);
    if (cell.state === 'held' && !ending.has(address)) assert.ok(held.has(address), `${address} is held: ${cell.held}`);
    const isKnown = cell.identity === undefined || tells(state, cell.identity);
    if (cell.state !== 'held' && isKnown) assert.ok(!held.has(address), `${address} is not held`);
  }
}

const commandsOn = (nodes: number) => {
  const event = eventIn(nodes);
  const apply = event.map((one: SwarmEvent) => new Command(`apply ${JSON.stringify(one)}`, (s) => s.apply(one)));
  const steps = fc.integer({ min: 1, max: 15 }).map(
    (count) =>
      new Command(`${count} steps`, (simulation) => {
        for (let n = 0; n < count; n++) simulation.step();
      }),
  );
  const settle = fc.constant(new Command('settle', (simulation) => simulation.settle()));
  const back = fc.nat({ max: 1000 }).map(
    (n) =>
      new Command(`there and back ${n}`, (simulation) => {
        const { state, length } = simulation;
        const text = textOf(state);
        const past = simulation.seek(n % (length + 1));
        assert.equal(past.step, n % (length + 1));
        assert.equal(simulation.seek(state.step), state, 'the very same object');
        assert.equal(textOf(state), text, 'and unchanged');
      }),
  );
  const fork = fc.tuple(fc.integer({ min: 1, max: 90 }), event).map(
    ([count, one]) =>
      new Command(`${count} steps back, then ${JSON.stringify(one)}`, (simulation) => {
        simulation.seek(Math.max(0, simulation.state.step - count));
        simulation.apply(one);
      }),
  );
  return fc.commands([apply, apply, apply, steps, steps, steps, settle, settle, back, fork], {
    maxCommands: 40,
    size: 'max',
  });
};

/** Without the long unrest that many events at once can make, nothing waits for ever. */
function play(scenario: Scenario, commands: Iterable<fc.Command<Model, Simulation>>): Observer {
  const simulation = new Simulation(scenario, limpet);
  const model: Model = { observer: new Observer(rulesOf(simulation)), seen: -1 };
  try {
    fc.modelRun(() => ({ model, real: simulation }), commands);
    simulation.settle();
    const again = new Simulation(JSON.stringify(simulation.scenario), limpet);
    again.seek(simulation.length);
    assert.equal(again.length, simulation.length);
    for (let step = 0; step <= again.length; step++) assert.equal(textOf(again.at(step)), textOf(simulation.at(step)));
    again.close();
    return model.observer;
  } finally {
    simulation.close();
  }
}

for (const [kind, subnets, numRuns] of [
  ['roomy', ['10.0.0.0/24', '2001:db8::/120'], 150],
  ['that gets full', ['10.0.0.0/28', '10.0.0.0/27', '10.0.0.0/29'], 150],
] as const) {
  test(`random events on a subnet ${kind}: addresses stay, and can be rebuilt at any moment`, () => {
    const run = swarmOn(...subnets).chain((scenario) => {
      const nodes = (scenario.managers ?? 3) + (scenario.workers ?? 0);
      return fc.tuple(fc.constant(scenario), commandsOn(nodes));
    });
    fc.assert(
      fc.property(run, ([scenario, commands]) => {
        const { reclaimed } = play(scenario, commands);
        assert.ok(kind !== 'roomy' || !reclaimed, 'nothing is reclaimed while there is room');
      }),
      { numRuns, includeErrorInReport: true },
    );
    assert.ok(limpet.memory.used <= 8192, 'no subnet stays behind');
  });
}

test('two tasks of one identity that start in the same second are counted alike, whichever is told first', () => {
  const events: SwarmEvent[] = [
    { do: 'create', at: 1, service: 'a', replicas: 4, order: 'start-first', parallelism: 3 },
    { do: 'create', at: 2, service: 'g', mode: 'global', order: 'stop-first' },
  ];
  const subnet = '10.0.0.0/29';
  const scenario = { name: 'full', seed: 2699927768, subnet, managers: 2, workers: 2, historyLimit: 0, events };
  const simulation = new Simulation(scenario, limpet);
  simulation.settle();
  simulation.apply({ do: 'reboot', node: 'node-4' });
  simulation.apply({ do: 'update', service: 'a', parallelism: 2 });
  simulation.apply({ do: 'reboot', node: '@last' });
  simulation.apply({ do: 'update', service: 'g', order: 'start-first', parallelism: 2 });
  simulation.settle();
  const observer = new Observer(rulesOf(simulation));
  const told: string[] = [];
  for (let step = 0; step <= simulation.length; step++) {
    const state = simulation.at(step);
    observer.see(state);
    // The old task has waited for an address and gets one as a guest in the second in which the new one starts at home.
    const runs = [...state.tasks.values()].filter(
      ({ identity, state, sticky }) => identity === 'g.node-3' && state === 'running' && sticky !== undefined,
    );
    if (runs.length === 2) told.push(runs.map(({ stay }) => stay).join());
  }
  assert.deepEqual(told, ['guest,home']);
  simulation.close();
});
