// Watches a simulation from outside, state by state, and says what must hold: of one state, and of two in a row. Knows
// the public state and docs/SWARM.md, and shares no code with src/simulator.
import assert from 'node:assert/strict';
import type { Simulation, State, Task } from './library.js';

const ENDED = ['complete', 'shutdown', 'failed', 'rejected'];
/** So long a node's records can be behind what is true there: seconds. */
const LAG = 3;

/** What the scenario settles. */
export interface Rules {
  readonly network: Simulation['network'];
  ordinal(address: string): number;
  address(ordinal: number): string;
}

export class Observer {
  /** Identity → where it was at home when it last started. */
  readonly #homes = { stock: new Map<string, string>(), sticky: new Map<string, string>() };
  readonly #firsts = { stock: new Map<string, string>(), sticky: new Map<string, string>() };
  readonly #counted = {
    stock: { kept: 0, changed: 0, guests: 0 },
    sticky: { kept: 0, changed: 0, guests: 0 },
  };
  /** Since when a node has been up, and the swarm has had a leader. */
  readonly #since = new Map<string, number>();
  readonly #rules: Rules;
  #before: State | undefined;
  /** Then tasks can fail and come again for as long as one looks. */
  #wasFull = false;
  /** A reserved address was reclaimed. */
  reclaimed = false;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  see(state: State): void {
    if (state.sticky.counts.free === 0) this.#wasFull = true;
    this.#times(state);
    this.#nodes(state);
    this.#addresses(state);
    this.#cells(state);
    if (state.atRest) this.#rest(state);
    if (this.#before !== undefined) this.#between(this.#before, state);
    this.#count(state);
    this.#before = state;
  }

  #times({ nodes, leader, time }: State): void {
    for (const { name, status } of nodes) {
      if (status !== 'up' || leader === undefined) this.#since.delete(name);
      else if (!this.#since.has(name)) this.#since.set(name, this.#before === undefined ? -LAG : time);
    }
  }

  #nodes(state: State): void {
    for (const { name, tasks } of state.nodes) {
      const here = [...state.tasks.values()].filter((task) => task.node === name && !ENDED.includes(task.state));
      assert.deepEqual(
        [...tasks].sort((a, b) => a - b),
        here.map(({ number }) => number),
        `tasks on ${name}`,
      );
    }
    const managers = state.nodes.filter(({ role }) => role === 'manager');
    if (state.leader !== undefined) assert.ok(managers.some(({ name }) => name === state.leader));
  }

  /** No two containers have one address, and each has its identity's own unless it is a guest. */
  #addresses(state: State): void {
    const taken = new Map<string, Task>();
    for (const task of this.#containers(state)) {
      const { sticky, identity, stay } = task;
      if (sticky === undefined) continue;
      assert.equal(taken.get(sticky)?.identity, undefined, `${sticky} has ${identity} and another`);
      taken.set(sticky, task);
      const cell = state.sticky.cells.get(this.#rules.ordinal(sticky));
      // A container that has just ended is let go of before Swarm hears of its end.
      if (stay === 'home') assert.equal(cell?.identity, identity, `home of ${identity}`);
      if (stay === 'home' && state.atRest && !this.#wasFull)
        assert.equal(cell?.state, 'live', `${identity} runs at home`);
      if (stay === 'guest') assert.notDeepEqual({ ...cell }, { state: 'live', identity }, `${identity} is no guest`);
    }
    const alive = [...state.tasks.values()].filter((task) => !ENDED.includes(task.state) && task.stock !== undefined);
    assert.equal(new Set(alive.map((task) => task.stock)).size, alive.length, "Docker's gives one address once");
  }

  #cells(state: State): void {
    for (const side of [state.stock, state.sticky]) {
      const { size, live, reserved, held, excluded, free } = side.counts;
      assert.equal(size, this.#rules.network.size);
      assert.equal(live + reserved + held + excluded + free, size);
      const counted = { live: 0, reserved: 0, held: 0, excluded: 0 };
      for (const cell of side.cells.values()) counted[cell.state]++;
      assert.deepEqual(counted, { live, reserved, held, excluded });
    }
    const gateway = state.sticky.cells.get(this.#rules.ordinal(this.#rules.network.gateway));
    assert.deepEqual({ ...gateway }, { state: 'held', held: 'gateway' });
  }

  /** Nothing is under way: everybody has what they should have, where there is room. */
  #rest(state: State): void {
    const eligible = state.nodes.filter(({ status, availability }) => availability === 'active' && status === 'up');
    if (state.leader === undefined || eligible.length === 0 || this.#wasFull) return;
    for (const { name, replicas, revision } of state.services) {
      const wanted = [...state.tasks.values()].filter((task) => task.service === name && task.desired === 'running');
      assert.equal(wanted.length, replicas, `tasks of ${name}`);
      assert.ok(wanted.every((task) => task.state === 'running' && task.revision === revision));
    }
  }

  #between(before: State, now: State): void {
    assert.equal(now.step, before.step + 1);
    assert.ok(now.time > before.time);
    for (const task of now.tasks.values()) {
      const was = before.tasks.get(task.number);
      if (was === undefined) continue;
      assert.ok(
        !ENDED.includes(was.state) || was.state === task.state,
        `${task.identity}: ${was.state} → ${task.state}`,
      );
      if (was.stay !== undefined) assert.equal(task.sticky, was.sticky, 'a container keeps its address');
    }
    const after = bound(now, this.#rules);
    for (const [identity, address] of bound(before, this.#rules)) {
      if (after.get(identity) === address) continue;
      const isReclaimed = now.log.some(({ text }) => text.startsWith(`${address} of ${identity} is reclaimed`));
      assert.ok(isReclaimed, `${identity} lost ${address}`);
      this.reclaimed = true;
    }
  }

  /** The counters, counted again. Of two tasks of one identity that start in one moment the newer one counts last. */
  #count(state: State): void {
    for (const which of ['stock', 'sticky'] as const) {
      const counted = this.#counted[which];
      const runs = (task: Task | undefined) =>
        task?.state === 'running' && task.desired === 'running' && task[which] !== undefined;
      const running = [...state.tasks.values()].filter(runs);
      const started = running.filter(({ number }) => !runs(this.#before?.tasks.get(number)));
      const isGuest = ({ stay }: Task) => which === 'sticky' && stay === 'guest';
      counted.guests += started.filter(isGuest).length;
      const atHome = started.filter((task) => !isGuest(task));
      for (const task of atHome) {
        const past = this.#homes[which].get(task.identity);
        if (past !== undefined) counted[past === task[which] ? 'kept' : 'changed']++;
      }
      for (const { identity, [which]: address = '' } of atHome) {
        this.#homes[which].set(identity, address);
        if (!this.#firsts[which].has(identity)) this.#firsts[which].set(identity, address);
      }
      const { kept, changed, guests } = state[which];
      assert.deepEqual({ kept, changed, guests }, counted, which);
      assert.equal(state[which].running, running.length);
    }
  }

  /** Tasks whose container runs right now, as far as the records can be believed. */
  #containers(state: State): Task[] {
    const isSure = (name = '') => state.time - (this.#since.get(name) ?? state.time) >= LAG;
    return [...state.tasks.values()].filter(
      (task) => task.state === 'running' && task.desired === 'running' && isSure(task.node),
    );
  }
}

/** Identity → address, of all bindings. */
function bound(state: State, rules: Pick<Rules, 'address'>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [ordinal, { identity }] of state.sticky.cells.entries()) {
    if (identity !== undefined) found.set(identity, rules.address(ordinal));
  }
  return found;
}
