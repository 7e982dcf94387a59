// A run of a scenario, step by step, with time travel. What a step does to the swarm is the rules' affair (leader.ts,
// agent.ts, …); here is only who asked for which step, and what every step left behind.
//
// FIRST FORM: events act at once, without the tasks' way through their states; types.ts is what will stay.

import type { Limpet } from '../index.js';
import type { AllocatorState, Cell, LogLine, Scenario, State, SwarmEvent, SwarmNode, Task } from './types.js';
import { Vector } from './vector.js';

export class Simulation {
  #states: State[];
  #at = 0;
  #events: SwarmEvent[];

  constructor(
    private readonly given: Scenario,
    private readonly limpet: Limpet,
  ) {
    this.#events = [...given.events];
    this.#states = [begin(given)];
    this.net = this.limpet.subnet(given.subnet ?? '10.0.0.0/24', { gateway: given.gateway ?? '10.0.0.1' });
  }
  private net: ReturnType<Limpet['subnet']>;

  get state(): State {
    return this.#states[this.#at] as State;
  }

  /** Steps taken so far, also those that lie ahead after going back. */
  get length(): number {
    return this.#states.length - 1;
  }

  /** No step is left: the scenario's events are over and all is at rest. */
  get ended(): boolean {
    return this.#at >= this.#events.length;
  }

  get scenario(): Scenario {
    return { ...this.given, events: this.#events };
  }

  /** Takes one step, or goes forward to one taken before; answers the state. */
  step(): State {
    if (this.ended) return this.state;
    if (this.#at === this.length) {
      const event = this.#events[this.#at] as SwarmEvent;
      this.#states.push(follow(this.state, event, this.net));
    }
    this.#at++;
    return this.state;
  }

  /** Goes to the state after `step` steps, taken already or not. */
  seek(step: number): State {
    while (this.length < step && !this.ended) {
      this.#at = this.length;
      this.step();
    }
    this.#at = Math.max(0, Math.min(step, this.length));
    return this.state;
  }

  /** Does an event now; steps that lay ahead are dropped, events that had not come yet stay. */
  apply(event: SwarmEvent): State {
    this.#states.length = this.#at + 1;
    this.#events.splice(this.#at, 0, event);
    return this.step();
  }
}

const NO_COUNTS = { size: 256, live: 0, reserved: 0, held: 1, excluded: 2, free: 253 };

function begin(scenario: Scenario): State {
  const managers = scenario.managers ?? 3;
  const nodes: SwarmNode[] = [];
  for (let n = 1; n <= managers + (scenario.workers ?? 0); n++) {
    const role = n <= managers ? 'manager' : 'worker';
    nodes.push({ name: `node-${n}`, id: `node${n}`, role, availability: 'active', status: 'up', tasks: [] });
  }
  const cells = Vector.empty<Cell>().edit();
  cells.set(0, { state: 'excluded' });
  cells.set(1, { state: 'held', held: 'gateway' });
  cells.set(255, { state: 'excluded' });
  const both: AllocatorState = {
    cells: cells.seal(),
    counts: NO_COUNTS,
    kept: 0,
    changed: 0,
    running: 0,
    home: 0,
    waiting: 0,
  };
  return {
    step: 0,
    time: 0,
    atRest: true,
    events: [],
    leader: 'node-1',
    nodes,
    services: [],
    tasks: Vector.empty(),
    stock: both,
    sticky: both,
    log: [],
    rebuild: undefined,
  };
}

function follow(state: State, event: SwarmEvent, net: ReturnType<Limpet['subnet']>): State {
  const tasks = state.tasks.edit();
  const nodes = state.nodes.map((node) => ({ ...node, tasks: [...node.tasks] }));
  const stock = state.stock.cells.edit();
  const sticky = state.sticky.cells.edit();
  const log: LogLine[] = [{ at: state.time + 1, kind: 'event', text: JSON.stringify(event) }];
  let services = [...state.services];
  let { kept, changed } = state.stock;
  let stickyKept = state.sticky.kept;
  const last = (address: string) => Number(address.split('.')[3]);
  const place = (service: string, slot: number, before?: Task) => {
    const node = nodes.filter((n) => n.availability === 'active').sort((a, b) => a.tasks.length - b.tasks.length)[0];
    if (node === undefined) return;
    const identity = `${service}.${slot}`;
    const number = tasks.length;
    let free = before?.stock === undefined ? 2 : last(before.stock) + 1;
    while (stock.get(free) !== undefined) free = (free + 1) % 256;
    stock.set(free, { state: 'live', identity });
    const address = net.allocate(identity);
    sticky.set(last(address), { state: 'live', identity });
    if (before !== undefined) {
      changed++;
      stickyKept++;
      if (before.stock !== undefined) stock.set(last(before.stock), undefined);
    }
    tasks.set(number, {
      number,
      id: `task${number}`,
      identity,
      service,
      slot,
      node: node.name,
      state: 'running',
      desired: 'running',
      message: 'started',
      stock: `10.0.0.${free}`,
      sticky: address,
      ticket: address,
      stay: 'home',
      version: number,
      createdAt: state.time,
      updatedAt: state.time,
    });
    node.tasks.push(number);
  };
  if (event.do === 'create') {
    const replicas = event.replicas ?? 1;
    services = [
      ...services,
      {
        name: event.service,
        id: event.service,
        mode: 'replicated',
        replicas,
        order: 'stop-first',
        parallelism: 1,
        revision: 0,
        updating: false,
        virtualAddress: {},
      },
    ];
    for (let slot = 1; slot <= replicas; slot++) place(event.service, slot);
  } else if (event.do === 'drain') {
    const on = [...tasks.seal().values()].find((task) => event.node.endsWith(` ${task.identity}`))?.node ?? event.node;
    const node = nodes.find(({ name }) => name === on);
    if (node !== undefined) {
      node.availability = 'drain';
      for (const number of node.tasks.splice(0)) {
        const task = tasks.get(number) as Task;
        tasks.set(number, { ...task, state: 'shutdown', desired: 'shutdown' });
        place(task.service, task.slot, task);
      }
    }
  } else if (event.do === 'activate') {
    for (const node of nodes) node.availability = 'active';
  }
  const running = nodes.reduce((sum, node) => sum + node.tasks.length, 0);
  return {
    ...state,
    step: state.step + 1,
    time: state.time + 1,
    events: [event],
    nodes,
    services,
    tasks: tasks.seal(),
    log,
    stock: {
      ...state.stock,
      cells: stock.seal(),
      kept,
      changed,
      running,
      counts: { ...NO_COUNTS, live: running, free: 253 - running },
    },
    sticky: {
      ...state.sticky,
      cells: sticky.seal(),
      kept: stickyKept,
      running,
      home: running,
      counts: { ...NO_COUNTS, live: running, free: 253 - running },
    },
  };
}
