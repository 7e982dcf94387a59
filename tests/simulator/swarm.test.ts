// The simulated swarm does what Swarm does, and Limpet on it what Limpet does: each by an example, or for all sizes
// where that is cheap.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Scenario, Simulation, type State, type SwarmEvent, scenarios, type Task } from './library.js';

/** What was played, and the state after everything. */
async function played(events: SwarmEvent[], more: Partial<Scenario> = {}): Promise<Simulation> {
  const simulation = await Simulation.open({ name: 'test', events, ...more });
  await simulation.seek(10_000);
  return simulation;
}

async function finalState(events: SwarmEvent[], more: Partial<Scenario> = {}): Promise<State> {
  const simulation = await played(events, more);
  await simulation.close();
  return simulation.state;
}

function statesOf(simulation: Simulation): State[] {
  return Array.from({ length: simulation.length + 1 }, (_, step) => simulation.at(step));
}

const tasksOf = (state: State, identity: string) =>
  [...state.tasks.values()].filter((one) => one.identity === identity);
const newest = (state: State, identity: string) => tasksOf(state, identity).at(-1) as Task;
const running = (state: State) =>
  [...state.tasks.values()].filter((task) => task.state === 'running' && task.desired === 'running');
const web = (replicas: number, more: object = {}): SwarmEvent => ({ do: 'create', service: 'web', replicas, ...more });

describe('the scheduler', () => {
  test('spreads a service over the nodes, whatever their numbers', async () => {
    const numbers = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 5 }), fc.nat({ max: 40 }), fc.nat());
    await fc.assert(
      fc.asyncProperty(numbers, async ([managers, workers, replicas, seed]) => {
        const { nodes } = await finalState([web(replicas)], { managers, workers, seed });
        const loads = nodes.map(({ tasks }) => tasks.length);
        assert.equal(
          loads.reduce((a, b) => a + b),
          replicas,
        );
        assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, loads.join());
      }),
      { numRuns: 20 },
    );
  });

  test('passes over nodes that are drained or known to be down; a task without a node waits for one', async () => {
    const drained = await finalState([{ do: 'drain', node: 'node-2' }, web(6)]);
    assert.deepEqual(
      drained.nodes.map(({ tasks }) => tasks.length),
      [3, 0, 3],
    );
    const none = [{ do: 'drain', node: 'node-1' }, web(1)] as SwarmEvent[];
    assert.equal(newest(await finalState(none, { managers: 1 }), 'web.1').state, 'pending');
    const again = await finalState([...none, { do: 'activate', node: 'node-1' }], { managers: 1 });
    assert.equal(newest(again, 'web.1').state, 'running');
  });

  test('gives every node one task of a global service, also one that comes later', async () => {
    const events: SwarmEvent[] = [
      { do: 'drain', node: 'node-2' },
      { do: 'create', service: 'agent', mode: 'global' },
      { do: 'activate', node: 'node-2' },
    ];
    const identities = running(await finalState(events)).map(({ identity }) => identity);
    assert.deepEqual(identities.sort(), ['agent.node-1', 'agent.node-2', 'agent.node-3']);
  });
});

describe('tasks', () => {
  test('a container that is killed has failed, and its successor waits for the restart delay', async () => {
    const simulation = await played([web(1), { do: 'restart', identity: 'web.1' }]);
    const [old, fresh] = tasksOf(simulation.state, 'web.1') as [Task, Task];
    assert.deepEqual([old.state, old.desired, fresh.state], ['failed', 'shutdown', 'running']);
    const states = statesOf(simulation);
    const first = (task: Task, state: Task['state']) =>
      states.find(({ tasks }) => tasks.get(task.number)?.state === state)?.time as number;
    assert.ok(first(fresh, 'running') - first(old, 'failed') >= 5);
  });

  test('the tasks of a slot that is scaled away, and of a service that is removed, leave the list', async () => {
    const scaled = await finalState([web(3), { do: 'scale', service: 'web', replicas: 1 }]);
    assert.equal([...scaled.tasks.values()].length, 1);
    assert.equal([...(await finalState([web(3), { do: 'remove', service: 'web' }])).tasks.values()].length, 0);
  });

  test('an update takes as many slots at once as it may', async () => {
    for (const parallelism of [1, 2, 0]) {
      const simulation = await played([web(6), { do: 'update', service: 'web', parallelism }]);
      assert.ok(running(simulation.state).every(({ revision }) => revision === 2));
      const most = Math.max(
        ...statesOf(simulation)
          .slice(5)
          .map((state) => 6 - running(state).length),
      );
      assert.ok(parallelism === 0 ? most > 2 : most <= parallelism, `${most} slots at once of ${parallelism}`);
    }
  });
});

describe('leaders', () => {
  test('without most managers there is no leader, and every command is refused', async () => {
    const simulation = await played([web(6), { do: 'crash', node: '@leader' }, { do: 'crash', node: 'node-2' }]);
    assert.equal(simulation.state.leader, undefined);
    const commands: SwarmEvent[] = [
      { do: 'create', service: 'api' },
      { do: 'scale', service: 'web', replicas: 9 },
      { do: 'update', service: 'web' },
      { do: 'remove', service: 'web' },
      { do: 'drain', node: 'node-3' },
      { do: 'activate', node: 'node-3' },
    ];
    const { services } = simulation.state;
    for (const command of commands) {
      const { log } = await simulation.apply(command);
      assert.deepEqual(log[0]?.text, `cannot ${command.do}: the swarm has no leader`);
      assert.equal(log[0]?.kind, 'refused');
    }
    assert.equal(simulation.state.services, services);
    await simulation.apply({ do: 'reboot', node: '@last' });
    await simulation.seek(10_000);
    assert.notEqual(simulation.state.leader, undefined);
    assert.equal(running(simulation.state).length, 6);
    assert.equal(simulation.state.sticky.home, 6);
  });

  test('the lease of a node that crashes ends before Swarm misses it', async () => {
    const simulation = await played([web(3), { do: 'crash', node: 'node-3' }]);
    const states = statesOf(simulation);
    const crashed = states.find(({ events }) => events[0]?.do === 'crash') as State;
    const reserved = states.find((state) => state.step > crashed.step && state.sticky.counts.reserved > 0) as State;
    const down = states.find((state) => state.nodes[2]?.status === 'down') as State;
    assert.ok(reserved.time - crashed.time >= 9 && down.time - crashed.time >= 14, `${reserved.time}, ${down.time}`);
    assert.ok(reserved.time < down.time);
    assert.equal(simulation.state.sticky.counts.reserved, 0, 'home again, on another node');
    assert.equal(simulation.state.sticky.changed, 0);
  });

  test("a new leader's own allocator gives out again what was given back, Limpet's does not", async () => {
    const { stock, sticky } = await finalState([...scenarios.classic.events], { seed: 28 });
    assert.ok(stock.changed > 0 && sticky.changed === 0 && sticky.kept > 0);
    assert.equal(sticky.home, 10);
  });
});

describe('addresses', () => {
  test('stop-first keeps them; start-first makes guests, who go home at their next start', async () => {
    const stopFirst = await finalState([web(4), { do: 'update', service: 'web' }]);
    assert.deepEqual([stopFirst.sticky.kept, stopFirst.sticky.changed, stopFirst.stock.kept], [4, 0, 0]);
    const update: SwarmEvent = { do: 'update', service: 'web', order: 'start-first' };
    const guests = await finalState([web(4), update]);
    assert.deepEqual(
      running(guests).map(({ stay }) => stay),
      Array.from({ length: 4 }, () => 'guest'),
    );
    assert.deepEqual([guests.sticky.guests, guests.sticky.changed], [4, 0]);
    const home = await finalState([web(4), update, { ...update, order: 'stop-first' }]);
    assert.ok(running(home).every(({ stay }) => stay === 'home'));
    assert.equal(home.sticky.home, 4);
  });

  test('a full subnet reclaims the oldest reserved address; then tasks wait, and get one when others go', async () => {
    const simulation = await played([...scenarios.exhausted.events], scenarios.exhausted);
    const states = statesOf(simulation);
    const said = states.flatMap(({ log }) => log.flatMap(({ text }) => /of (\S+) is reclaimed/.exec(text)?.[1] ?? []));
    assert.deepEqual(said.slice(0, 2).sort(), ['batch.1', 'batch.2']);
    assert.ok(Math.max(...states.map(({ sticky }) => sticky.waiting)) > 0);
    assert.equal(simulation.state.sticky.waiting, 0);
    assert.ok(running(simulation.state).every(({ sticky }) => sticky !== undefined));
  });
});
