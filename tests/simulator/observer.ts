// Watches a simulation from outside, state by state, and says what must hold: of one state, and of two in a row. Knows
// the public state and docs/SWARM.md, and shares no code with src/simulator.
import assert from 'node:assert/strict';
import type { Simulation, State, Task } from './library.js';

const ORDER = ['new', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'starting', 'running'];
const ENDED = ['complete', 'shutdown', 'failed', 'rejected', 'orphaned', 'remove'];
const WANTS = ['ready', 'running', 'shutdown', 'remove'];
/** How long live marks outlast their node: the ttl of its lease, in seconds. */
const LEASE = 10;

/** What the scenario settles. */
export interface Rules {
  readonly historyLimit: number;
  readonly network: Simulation['network'];
  ordinal(address: string): number;
  address(ordinal: number): string;
}

export class Observer {
  /** Identity → where it was at home when it last started. */
  private readonly homes = { stock: new Map<string, string>(), sticky: new Map<string, string>() };
  private readonly firsts = { stock: new Map<string, string>(), sticky: new Map<string, string>() };
  private readonly counted = { stock: { kept: 0, changed: 0 }, sticky: { kept: 0, changed: 0 } };
  /** Node → when it went away. */
  private readonly away = new Map<string, number>();
  private before: State | undefined;
  /** A reserved address was reclaimed: what a task list tells may differ from then on. */
  reclaimed = false;

  constructor(private readonly rules: Rules) {}

  see(state: State): void {
    this.nodes(state);
    this.addresses(state);
    this.cells(state);
    if (state.atRest) this.rest(state);
    if (this.before !== undefined) this.between(this.before, state);
    this.count(state);
    this.before = state;
  }

  /** The node's live marks have ended. */
  leaseEnded(node: string | undefined, time: number): boolean {
    return time - (this.away.get(node as string) ?? Number.POSITIVE_INFINITY) >= LEASE;
  }

  private nodes(state: State): void {
    for (const { name, status, tasks } of state.nodes) {
      if (status === 'up') this.away.delete(name);
      else if (!this.away.has(name)) this.away.set(name, state.time);
      const here = [...state.tasks.values()].filter((task) => task.node === name && ORDER.indexOf(task.state) >= 2);
      assert.deepEqual(
        [...tasks].sort((a, b) => a - b),
        here.map(({ number }) => number),
        `tasks on ${name}`,
      );
    }
    const managers = state.nodes.filter(({ role }) => role === 'manager');
    if (state.leader !== undefined) assert.ok(managers.some(({ name }) => name === state.leader));
  }

  /** Of all containers that run, no two have one address, and each has its identity's own unless it is a guest. */
  private addresses(state: State): void {
    const taken = new Map<string, Task>();
    for (const task of containers(state)) {
      const { sticky, identity, ticket, stay } = task;
      if (sticky === undefined) continue;
      assert.equal(taken.get(sticky)?.identity, undefined, `${sticky} has ${identity} and another`);
      taken.set(sticky, task);
      const cell = state.sticky.cells.get(this.rules.ordinal(sticky));
      if (stay === 'home') assert.deepEqual({ ...cell }, { state: 'live', identity });
      else assert.deepEqual([stay, sticky, cell?.state], ['guest', ticket, 'held'], identity);
    }
    const stock = [...state.tasks.values()].filter((task) => !isDead(task) && task.stock !== undefined);
    assert.equal(new Set(stock.map((task) => task.stock)).size, stock.length, 'stock gives one address once');
  }

  private cells(state: State): void {
    for (const side of [state.stock, state.sticky]) {
      const { size, live, reserved, held, excluded, free } = side.counts;
      assert.equal(size, this.rules.network.size);
      assert.equal(live + reserved + held + excluded + free, size);
      const counted = { live: 0, reserved: 0, held: 0, excluded: 0 };
      for (const cell of side.cells.values()) counted[cell.state]++;
      assert.deepEqual(counted, { live, reserved, held, excluded });
    }
    const bindings = bound(state, this.rules);
    assert.equal(bindings.size, state.sticky.counts.live + state.sticky.counts.reserved, 'one address an identity');
  }

  /** Nothing is under way: everybody has what they should have. */
  private rest(state: State): void {
    if (state.leader === undefined) return;
    const eligible = state.nodes.filter(({ status, availability }) => availability === 'active' && status === 'up');
    if (eligible.length === 0) return;
    for (const { name, mode, replicas, updating, revision } of state.services) {
      const wanted = [...state.tasks.values()].filter((task) => task.service === name && isWanted(task));
      assert.equal(wanted.length, mode === 'global' ? eligible.length : replicas, `tasks of ${name}`);
      assert.equal(updating, false, `${name} is being updated`);
      assert.ok(wanted.every((task) => task.state === 'running' && task.revision === revision));
    }
    for (const tasks of slots(state).values()) {
      const old = tasks.filter(isDead).length;
      assert.ok(old <= Math.max(0, this.rules.historyLimit - (tasks.length - old)), `${old} tasks of history`);
    }
  }

  private between(before: State, now: State): void {
    assert.equal(now.step, before.step + 1);
    assert.ok(now.time > before.time);
    for (const task of now.tasks.values()) {
      const was = before.tasks.get(task.number);
      if (was === undefined) continue;
      assert.ok(follows(was.state, task.state), `${task.identity}: ${was.state} → ${task.state}`);
      assert.ok(WANTS.indexOf(task.desired) >= WANTS.indexOf(was.desired), `${was.desired} → ${task.desired}`);
      if (was.stay !== undefined) assert.equal(task.sticky, was.sticky, 'a container keeps its address');
      if (was.ticket !== undefined) assert.equal(task.ticket, was.ticket);
      if (task.stay === 'guest' && was.stay === undefined) this.guest([before, now], task);
    }
    this.bindings(before, now);
  }

  /** A task is a guest only while another container of its identity is still there, or has come in the same second. */
  private guest(states: readonly State[], { identity, number }: Task): void {
    const tasks = states.flatMap((state) => [...state.tasks.values()]);
    const other = tasks.find(
      (task) => task.identity === identity && task.number !== number && task.stay === 'home' && hasContainer(task),
    );
    assert.ok(other, `${identity} is a guest for no reason`);
  }

  /**
   * An identity loses its address only when it is reclaimed from a full subnet, or a new leader's list tells nothing of
   * it.
   */
  private bindings(before: State, now: State): void {
    const after = bound(now, this.rules);
    for (const [identity, address] of bound(before, this.rules)) {
      if (after.get(identity) === address) continue;
      const line = `the subnet is full: ${address} of ${identity} is reclaimed`;
      const reclaimed = now.log.some(({ text }) => text.startsWith(line));
      if (reclaimed) this.reclaimed = true;
      if (reclaimed) continue;
      assert.ok(now.rebuild !== undefined && now.rebuild.at === now.time, `${identity} lost ${address}`);
      assert.ok(now.rebuild.forgotten.some((one) => one.identity === identity && one.address === address));
      if (!this.reclaimed)
        assert.ok(!tells(before, identity, address), `the list tells that ${identity} had ${address}`);
    }
  }

  /**
   * The counters, counted again. Two tasks of one identity can start in one second: the newer one tells where it is at
   * home.
   */
  private count(state: State): void {
    for (const which of ['stock', 'sticky'] as const) {
      const counted = this.counted[which];
      const running = [...state.tasks.values()].filter((task) => task.state === 'running' && task[which] !== undefined);
      const started = running.filter(({ number }) => {
        const was = this.before?.tasks.get(number);
        return was?.state !== 'running' || was[which] === undefined;
      });
      for (const task of started) {
        const past = this.homes[which].get(task.identity);
        if (past !== undefined) counted[past === task[which] ? 'kept' : 'changed']++;
      }
      const atHome = started.filter(({ stay }) => which === 'stock' || stay === 'home');
      const homes = new Map(atHome.map((task) => [task.identity, task[which] as string]));
      for (const [identity, address] of homes) {
        this.homes[which].set(identity, address);
        if (!this.firsts[which].has(identity)) this.firsts[which].set(identity, address);
      }
      const home = running.filter((task) => this.firsts[which].get(task.identity) === task[which]).length;
      const { kept, changed, running: told, home: toldHome } = state[which];
      const expected = { ...counted, running: running.length, home };
      assert.deepEqual({ kept, changed, running: told, home: toldHome }, expected, which);
    }
  }
}

/** Identity → address, of all bindings. */
export function bound(state: State, rules: Pick<Rules, 'address'>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [ordinal, { identity }] of state.sticky.cells.entries()) {
    if (identity !== undefined) found.set(identity, rules.address(ordinal));
  }
  return found;
}

/** Whether the task list has a record of the identity, at home on that address. */
export function tells(state: State, identity: string, address?: string): boolean {
  const known = new Set(state.services.map(({ id }) => id));
  return [...state.tasks.values()].some(
    (task) =>
      task.identity === identity &&
      known.has(task.serviceId) &&
      task.stay === 'home' &&
      (address === undefined || task.sticky === address),
  );
}

export const hasContainer = ({ state }: Task) => state === 'starting' || state === 'running';
const isWanted = ({ desired }: Task) => desired === 'ready' || desired === 'running';
/** Swarm's leader needs no address for it any more. */
export const isDead = (task: Task) => ENDED.includes(task.state) && !isWanted(task);

/** Tasks whose container runs right now, whatever Swarm's record says of others. */
function containers(state: State): Task[] {
  const up = new Set(state.nodes.filter(({ status }) => status === 'up').map(({ name }) => name));
  return [...state.tasks.values()].filter((task) => hasContainer(task) && up.has(task.node as string));
}

/** Forward, one state at a time while it lives; and to an end from anywhere, which is final. */
function follows(was: string, now: string): boolean {
  if (was === now) return true;
  if (ENDED.includes(was)) return false;
  return ENDED.includes(now) || ORDER.indexOf(now) === ORDER.indexOf(was) + 1;
}

function slots(state: State): Map<string, Task[]> {
  const found = new Map<string, Task[]>();
  const known = new Set(state.services.map(({ id }) => id));
  for (const task of state.tasks.values()) {
    if (!known.has(task.serviceId)) continue;
    found.set(task.identity, [...(found.get(task.identity) ?? []), task]);
  }
  return found;
}
