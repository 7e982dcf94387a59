// The simulated swarm's GET /tasks and GET /services, read by the real `limpet rebuild`: it prints the bindings that
// the simulation shows. And Docker's shapes, field by field where a reader depends on them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';
import { Limpet, NETWORK, nodeList, Simulation, type State, scenarios, serviceList, taskList } from './library.js';

const limpet = await Limpet.load();

function played(name: keyof typeof scenarios): Simulation {
  const simulation = new Simulation(scenarios[name], limpet);
  simulation.seek(100_000);
  return simulation;
}

function bindingsByCli(state: State, subnet: string): unknown[] {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-simulator-'));
  try {
    const [tasks, services] = [join(folder, 'tasks.json'), join(folder, 'services.json')];
    writeFileSync(tasks, JSON.stringify(taskList(state, 'sticky')));
    writeFileSync(services, JSON.stringify(serviceList(state, 'sticky')));
    const args = ['rebuild', '--tasks', tasks, '--services', services, '--network', NETWORK.name, '--subnet', subnet];
    return JSON.parse(execFileSync(process.execPath, [cliPath, ...args, '--json'], { encoding: 'utf8' })).bindings;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('limpet rebuild reads it, and comes to the same bindings', () => {
  for (const name of ['classic', 'rolling-update'] as const) {
    const simulation = played(name);
    const { state, network } = simulation;
    const shown = [...state.sticky.cells.entries()].flatMap(([ordinal, cell]) =>
      cell.identity === undefined
        ? []
        : [{ identity: cell.identity, address: simulation.address(ordinal), state: cell.state }],
    );
    assert.ok(shown.length > 5);
    assert.deepEqual(bindingsByCli(state, network.subnet), shown);
    simulation.close();
  }
});

test('the three views show three things', () => {
  const { state } = played('classic');
  const addresses = (view: Parameters<typeof taskList>[1]) =>
    taskList(state, view).map((task: any) => task.NetworksAttachments[0].Addresses[0]);
  const moved = [...state.tasks.values()].findIndex(({ sticky, ticket }) => sticky !== ticket);
  const task = [...state.tasks.values()][moved]!;
  assert.equal(addresses('stock')[moved], `${task.stock}/24`);
  assert.equal(addresses('tickets')[moved], `${task.ticket}/24`);
  assert.equal(addresses('sticky')[moved], `${task.sticky}/24`);
  assert.notEqual(task.sticky, task.ticket);
});

test("times are Docker's, and right across months and leap years", () => {
  for (const second of [0, 59, 86_399, 86_400, 31 * 86_400, 58 * 86_400, 59 * 86_400, 1000 * 86_400 + 3661]) {
    const at = { ...played('classic').state.tasks.get(0)!, createdAt: second };
    const [record] = taskList({ tasks: { values: () => [at] } }, 'stock') as { CreatedAt: string }[];
    const expected = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('.000Z', 'Z');
    assert.equal(record?.CreatedAt, expected);
  }
});

test('the nodes say who leads', () => {
  const { state } = played('classic');
  const leaders = nodeList(state).filter((node: any) => node.ManagerStatus?.Leader);
  assert.deepEqual(
    leaders.map((node: any) => node.ID),
    [state.leader],
  );
});
