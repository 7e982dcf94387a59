// The simulated swarm does what Swarm does: spreads, keeps a short history, takes tasks through their states, waits
// where Swarm waits. Each by an example, or for all sizes where that is cheap.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Limpet, type Scenario, Simulation, type State, type SwarmEvent, scenarios, type Task } from './library.js';

const limpet = await Limpet.load();

function simulate(events: SwarmEvent[], more: Partial<Scenario> = {}): Simulation {
  return new Simulation({ name: 'test', events, ...more }, limpet);
}

/** The state after everything. */
function finalState(events: SwarmEvent[], more: Partial<Scenario> = {}): State {
  const simulation = simulate(events, more);
  while (!simulation.ended) simulation.step();
  return simulation.state;
}

const tasksOf = (state: State, identity: string) =>
  [...state.tasks.values()].filter((one) => one.identity === identity);
const newest = (state: State, identity: string) => tasksOf(state, identity).at(-1) as Task;
const running = (state: State) => [...state.tasks.values()].filter((task) => task.state === 'running');
const web = (replicas: number, more: object = {}): SwarmEvent => ({ do: 'create', service: 'web', replicas, ...more });

/** The states a task went through, one entry a state. */
function way(simulation: Simulation, number: number): string[] {
  const states = Array.from(
    { length: simulation.length + 1 },
    (_, step) => simulation.at(step).tasks.get(number)?.state,
  );
  return states.filter((state, n) => state !== undefined && state !== states[n - 1]) as string[];
}

describe('the scheduler', () => {
  test('spreads a service over the nodes, whatever their numbers', () => {
    const numbers = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 5 }), fc.nat({ max: 40 }), fc.nat());
    fc.assert(
      fc.property(numbers, ([managers, workers, replicas, seed]) => {
        const { nodes } = finalState([web(replicas)], { managers, workers, seed });
        const loads = nodes.map(({ tasks }) => tasks.length);
        assert.equal(
          loads.reduce((a, b) => a + b),
          replicas,
        );
        assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, loads.join());
      }),
      { numRuns: 60 },
    );
  });

  test('evens out each service, and then the nodes', () => {
    const state = finalState([web(4), { do: 'create', service: 'api', replicas: 4 }], { workers: 1 });
    for (const { tasks } of state.nodes) {
      const services = tasks.map((number) => state.tasks.get(number)?.service);
      assert.deepEqual(services.sort(), ['api', 'web']);
    }
  });

  test('passes over nodes that are drained or known to be down; a task without a node waits for one', () => {
    const drained = finalState([{ do: 'drain', node: 'node-2' }, web(6)]);
    assert.deepEqual(
      drained.nodes.map(({ tasks }) => tasks.length),
      [3, 0, 3],
    );
    const none = [{ do: 'drain', node: 'node-1' }, web(1)] as SwarmEvent[];
    assert.equal(newest(finalState(none, { managers: 1 }), 'web.1').state, 'pending');
    const again = finalState([...none, { do: 'activate', node: 'node-1' }], { managers: 1 });
    assert.equal(newest(again, 'web.1').state, 'running');
  });

  test('gives every node one task of a global service, also one that comes later', () => {
    const events: SwarmEvent[] = [
      { do: 'drain', node: 'node-2' },
      { do: 'create', service: 'agent', mode: 'global' },
      { do: 'activate', node: 'node-2' },
    ];
    const identities = running(finalState(events)).map(({ identity }) => identity);
    assert.deepEqual(identities.sort(), ['agent.node-1', 'agent.node-2', 'agent.node-3']);
  });
});

describe('task states', () => {
  test("a task goes through Swarm's states in order, and down again", () => {
    const simulation = simulate([web(1), { do: 'drain', node: '@node-of web.1' }]);
    simulation.seek(1000);
    const up = ['new', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'starting', 'running'];
    assert.deepEqual(way(simulation, 0), [...up, 'shutdown']);
    assert.deepEqual(way(simulation, 1), up);
  });

  test('a container that is killed has failed, and its successor waits for the restart delay', () => {
    const simulation = simulate([web(1), { do: 'restart', identity: 'web.1' }]);
    const state = simulation.seek(1000);
    const [old, fresh] = tasksOf(state, 'web.1') as [Task, Task];
    assert.deepEqual([old.state, old.desired, fresh.state], ['failed', 'shutdown', 'running']);
    assert.ok(fresh.updatedAt - old.updatedAt >= 5);
  });

  test('the tasks of a slot that is scaled away, and of a service that is removed, leave the list', () => {
    const scaled = finalState([web(3), { do: 'scale', service: 'web', replicas: 1 }]);
    assert.equal([...scaled.tasks.values()].length, 1);
    assert.equal([...finalState([web(3), { do: 'remove', service: 'web' }]).tasks.values()].length, 0);
  });

  test('scaling down takes from the fullest node', () => {
    const events: SwarmEvent[] = [
      { do: 'drain', node: 'node-3' },
      web(5),
      { do: 'activate', node: 'node-3' },
      { do: 'scale', service: 'web', replicas: 6 },
      { do: 'scale', service: 'web', replicas: 3 },
    ];
    assert.deepEqual(
      finalState(events).nodes.map(({ tasks }) => tasks.length),
      [1, 1, 1],
    );
  });

  test('tasks of a node that is down say running for a day, then they are orphaned', () => {
    const events: SwarmEvent[] = [web(3), { do: 'crash', node: 'node-3' }];
    const lost = (state: State) => [...state.tasks.values()].find((task) => task.node === 'node-3') as Task;
    const down = finalState(events);
    assert.deepEqual([lost(down).state, lost(down).desired], ['running', 'shutdown']);
    const later = finalState([...events, { do: 'look', identity: 'web.1', at: 90_000 }]);
    assert.equal(lost(later).state, 'orphaned');
  });

  test('a slot keeps as many tasks as the history limit says', () => {
    for (const historyLimit of [0, 1, 5]) {
      const restarts = Array.from({ length: 8 }, (): SwarmEvent => ({ do: 'restart', identity: 'web.1' }));
      const tasks = tasksOf(finalState([web(1), ...restarts], { historyLimit }), 'web.1');
      assert.equal(tasks.length, Math.max(1, historyLimit));
      assert.equal(tasks.at(-1)?.state, 'running');
    }
  });
});

describe('leaders', () => {
  test('without most managers there is no leader: no task moves, and every command is refused', () => {
    const simulation = simulate([web(6), { do: 'crash', node: '@leader' }, { do: 'crash', node: '@leader' }]);
    const { leader, tasks, services, nodes } = simulation.seek(1000);
    assert.equal(leader, undefined);
    const commands: SwarmEvent[] = [
      { do: 'create', service: 'api' },
      { do: 'scale', service: 'web', replicas: 9 },
      { do: 'update', service: 'web' },
      { do: 'remove', service: 'web' },
      { do: 'drain', node: 'node-3' },
      { do: 'activate', node: 'node-3' },
    ];
    for (const command of commands) {
      const [first] = simulation.apply(command).log;
      assert.deepEqual([first?.kind, first?.text], ['refused', `cannot ${command.do}: the swarm has no leader`]);
    }
    assert.deepEqual([...simulation.state.tasks.values()], [...tasks.values()]);
    assert.deepEqual([simulation.state.services, simulation.state.nodes], [services, nodes]);
    const back = simulation.apply({ do: 'reboot', node: '@last' });
    assert.equal(back.leader, undefined);
    simulation.seek(10_000);
    assert.notEqual(simulation.state.leader, undefined);
    assert.equal(running(simulation.state).filter(({ desired }) => desired === 'running').length, 6);
  });

  test('the lease of a node that crashes ends before Swarm misses it', () => {
    const simulation = simulate([web(3), { do: 'crash', node: 'node-3' }]);
    simulation.seek(1000);
    const states = Array.from({ length: simulation.length + 1 }, (_, step) => simulation.at(step));
    const crashed = states.find(({ events }) => events[0]?.do === 'crash') as State;
    const reserved = states.find((state) => state.step > crashed.step && state.sticky.counts.reserved > 0) as State;
    const down = states.find((state) => state.nodes[2]?.status === 'down') as State;
    assert.deepEqual([reserved.time - crashed.time, down.time - crashed.time], [10, 15]);
    assert.equal(simulation.state.sticky.counts.reserved, 0, 'home again, on another node');
    assert.equal(simulation.state.sticky.changed, 0);
  });

  test("a new leader's stock allocator gives out again what was given back", () => {
    const { stock, sticky, rebuild } = finalState([...scenarios.classic.events], { seed: 28 });
    assert.ok(stock.changed > 0 && sticky.changed === 0 && sticky.kept > 0);
    assert.equal(rebuild?.live, 10);
    assert.deepEqual([rebuild?.conflicts, rebuild?.forgotten, rebuild?.recalled], [[], [], []]);
  });

  test('what the list cannot tell is reported as forgotten', () => {
    const events: SwarmEvent[] = [
      web(3),
      { do: 'scale', service: 'web', replicas: 2 },
      { do: 'reboot', node: '@leader' },
    ];
    const { rebuild } = finalState(events);
    assert.deepEqual(
      rebuild?.forgotten.map(({ identity }) => identity),
      ['web.3'],
    );
  });
});

describe('addresses', () => {
  test('stop-first keeps them; start-first makes guests, who go home at their next start', () => {
    const stopFirst = finalState([web(4), { do: 'update', service: 'web' }]);
    assert.deepEqual([stopFirst.sticky.kept, stopFirst.sticky.changed, stopFirst.stock.kept], [4, 0, 0]);
    const update: SwarmEvent = { do: 'update', service: 'web', order: 'start-first' };
    const guests = finalState([web(4), update]);
    assert.deepEqual(
      running(guests).map(({ stay, sticky, ticket }) => [stay, sticky === ticket]),
      Array.from({ length: 4 }, () => ['guest', true]),
    );
    const home = finalState([web(4), update, update]);
    assert.ok(running(home).every(({ stay }) => stay === 'home'));
    assert.equal(home.sticky.home, 4);
  });

  test('a full subnet reclaims the oldest reserved address; then tasks wait, and get one when others go', () => {
    const simulation = new Simulation(scenarios.exhausted, limpet);
    const waiting: number[] = [];
    const reclaimed: string[] = [];
    while (!simulation.ended) {
      const state = simulation.step();
      waiting.push(state.sticky.waiting);
      reclaimed.push(...state.log.flatMap(({ text }) => /full: \S+ of (\S+) is reclaimed/.exec(text)?.[1] ?? []));
    }
    assert.deepEqual(reclaimed.slice(0, 3), ['batch.1', 'batch.2', 'batch.3']);
    assert.ok(Math.max(...waiting) > 0);
    assert.equal(simulation.state.sticky.waiting, 0);
    assert.ok(running(simulation.state).every(({ sticky }) => sticky !== undefined));
  });
});
