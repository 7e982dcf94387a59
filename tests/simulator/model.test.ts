// Random events at random moments, by fast-check's commands. After every step an observer looks at the state from
// outside, and in the end the run is played again from what it recorded. A failure prints the seed and the shortest
// list of commands that shows it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textOf } from './digest.js';
import { eventIn, swarmOn } from './events.js';
import { type Scenario, Simulation, type SwarmEvent } from './library.js';
import { Observer } from './observer.js';

interface Model {
  observer: Observer;
  /** Steps that the observer has seen. */
  seen: number;
}

class Command implements fc.AsyncCommand<Model, Simulation> {
  constructor(
    private readonly name: string,
    private readonly act: (simulation: Simulation) => Promise<unknown>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, simulation: Simulation): Promise<void> {
    const last = simulation.at(simulation.length);
    await this.act(simulation);
    // Another run from an earlier state on: what the observer saw of the old one is void.
    if (simulation.length < last.step || simulation.at(last.step) !== last) {
      Object.assign(model, { observer: new Observer(rulesOf(simulation)), seen: -1 });
    }
    for (let step = model.seen + 1; step <= simulation.length; step++) {
      model.observer.see(simulation.at(step));
    }
    model.seen = simulation.length;
  }

  toString(): string {
    return this.name;
  }
}

function rulesOf(simulation: Simulation) {
  return {
    network: simulation.network,
    ordinal: (address: string) => simulation.ordinal(address),
    address: (ordinal: number) => simulation.address(ordinal),
  };
}

const commandsOn = (nodes: number) => {
  const event = eventIn(nodes);
  const apply = event.map((one: SwarmEvent) => new Command(`apply ${JSON.stringify(one)}`, (s) => s.apply(one)));
  const steps = fc.integer({ min: 1, max: 15 }).map(
    (count) =>
      new Command(`${count} steps`, async (simulation) => {
        for (let n = 0; n < count; n++) await simulation.step();
      }),
  );
  const settle = fc.constant(new Command('settle', (simulation) => simulation.settle()));
  const back = fc.nat({ max: 1000 }).map(
    (n) =>
      new Command(`there and back ${n}`, async (simulation) => {
        const { state, length } = simulation;
        const text = textOf(state);
        const past = await simulation.seek(n % (length + 1));
        assert.equal(past.step, n % (length + 1));
        assert.equal(await simulation.seek(state.step), state, 'the very same object');
        assert.equal(textOf(state), text, 'and unchanged');
      }),
  );
  const fork = fc.tuple(fc.integer({ min: 1, max: 90 }), event).map(
    ([count, one]) =>
      new Command(`${count} steps back, then ${JSON.stringify(one)}`, async (simulation) => {
        await simulation.seek(Math.max(0, simulation.state.step - count));
        await simulation.apply(one);
      }),
  );
  return fc.commands([apply, apply, apply, steps, steps, steps, settle, settle, back, fork], {
    maxCommands: 20,
    size: 'max',
  });
};

async function play(scenario: Scenario, commands: Iterable<fc.AsyncCommand<Model, Simulation>>): Promise<Observer> {
  const simulation = await Simulation.open(scenario);
  const model: Model = { observer: new Observer(rulesOf(simulation)), seen: -1 };
  try {
    await fc.asyncModelRun(() => ({ model, real: simulation }), commands);
    await simulation.settle();
    const again = await Simulation.open(JSON.stringify(simulation.scenario));
    await again.seek(simulation.length);
    assert.equal(again.length, simulation.length);
    for (let step = 0; step <= again.length; step++) assert.equal(textOf(again.at(step)), textOf(simulation.at(step)));
    await again.close();
    return model.observer;
  } finally {
    await simulation.close();
  }
}

for (const [kind, subnets, numRuns] of [
  ['roomy', ['10.0.0.0/24', '2001:db8::/120'], 30],
  ['that gets full', ['10.0.0.0/28', '10.0.0.0/27'], 20],
] as const) {
  test(`random events on a subnet ${kind}: addresses stay, and the run can be had again`, async () => {
    const run = swarmOn(...subnets).chain((scenario) => {
      const nodes = (scenario.managers ?? 3) + (scenario.workers ?? 0);
      return fc.tuple(fc.constant(scenario), commandsOn(nodes));
    });
    await fc.assert(
      fc.asyncProperty(run, async ([scenario, commands]) => {
        const { reclaimed } = await play(scenario, commands);
        assert.ok(kind !== 'roomy' || !reclaimed, 'nothing is reclaimed while there is room');
      }),
      { numRuns, includeErrorInReport: true },
    );
  });
}
