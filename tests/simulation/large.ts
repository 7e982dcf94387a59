// A large world, and one thing that befalls it: a third of its machines are lost at once. Everything starts, rests, and
// after the loss all tasks of the lost machines start on others. The judge looks as in every world, at Swarm's records
// every few seconds; measured is the time until everybody is at home again, and what that asks of others.
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { boot } from './faults.js';
import type { Plan } from './plan.js';
import { played, untilRight } from './play.js';
import type { World } from './world.js';

export interface Size {
  readonly seed: number;
  readonly nodes: number;
  readonly tasks: number;
  readonly store: 'etcd' | 'swarm';
}

/** One stretch of time. */
export interface Phase {
  readonly name: 'start' | 'rest' | 'loss' | 'return';
  /** Simulated seconds. */
  readonly seconds: number;
  /** What was asked of others how often (load.ts). */
  readonly load: Readonly<Record<string, number>>;
}

export interface LargeOutcome {
  readonly size: Size;
  readonly failure: string | undefined;
  /** The last lines of the history. */
  readonly history: readonly string[];
  readonly phases: readonly Phase[];
  readonly lost: number;
  /** Whether Swarm's leader was among the lost. */
  readonly lostLeader: boolean;
  /** Tasks that ran on lost machines, and those of them that have the address that they had before. */
  readonly moved: number;
  readonly atHome: number;
  /** Simulated seconds after the loss at which half, nineteen of twenty, and all of them had their address. */
  readonly home: readonly [half: number, most: number, all: number];
  /** Of the machine that plays it: seconds, and bytes of memory at most. */
  readonly took: number;
  readonly memory: number;
}

/** A container has got its address. */
interface Came {
  readonly identity: string;
  readonly address: string;
  readonly at: number;
}

/** Tasks of a service. */
const REPLICAS = 500;
const MANAGERS = 3;
/** Milliseconds of rest: two looks of every plugin. */
const REST = 60_000;
const LOOK = 1000;
/** Milliseconds for each task, and for all, in which everything must run. */
const EACH = 60;
const ALL = 300_000;
const NET = 'net';

export function playLarge(size: Size): Promise<LargeOutcome> {
  return new LargeWorld(size).play();
}

/** Homes, tickets, ends of load balancers, and the tickets of the tasks before: four addresses for each task. */
export function planOf({ seed, nodes, tasks, store }: Size): Plan {
  const bits = Math.ceil(Math.log2(4 * Math.min(tasks, store === 'swarm' ? REPLICAS : tasks) + 2 * nodes));
  return {
    ...{ seed, store, managers: MANAGERS, workers: nodes - MANAGERS, version: '29.7.2', etcd: 3 },
    ...{ cidr: `10.64.0.0/${32 - bits}`, policy: 'serial', reclaim: '', replicas: REPLICAS, order: 'stop-first' },
    ...{ hasAgents: false, hasJobs: false, own: 28, lan: 'none', page: 2000, skew: 0, duration: 0, acts: [] },
    large: { pace: 50, look: 5000, checks: 20, lines: 20_000 },
  };
}

class LargeWorld {
  readonly #size: Size;
  readonly #phases: Phase[] = [];
  /** What each task's container has, by service and slot. */
  readonly #homes = new Map<string, string>();
  #came: Came[] = [];
  #lost: readonly SwarmNode[] = [];
  #lostLeader = false;
  #lostAt = 0;

  constructor(size: Size) {
    this.#size = size;
  }

  async play(): Promise<LargeOutcome> {
    let moved: readonly Came[] = [];
    const began = performance.now();
    const world = await played(planOf(this.#size), async (world) => {
      this.#watch(world);
      this.#begin(world);
      await this.#phase(world, 'start', () => this.#untilAllRun(world));
      await this.#phase(world, 'rest', () => world.timeline.run(REST, () => isOver(world)));
      for (const { identity, address } of this.#came) this.#homes.set(identity, address);
      this.#came = [];
      this.#lose(world);
      await this.#phase(world, 'loss', () => this.#untilAllRun(world));
      moved = this.#came;
      for (const node of this.#lost) boot(world, node);
      await this.#phase(world, 'return', () => untilRight(world, () => isOver(world)));
    });
    const times = moved.map(({ at }) => (at - this.#lostAt) / 1000).sort((one, other) => one - other);
    const part = (of: number) => times[Math.ceil(times.length * of) - 1] ?? 0;
    return {
      size: this.#size,
      failure: world.judge.violation,
      history: world.history,
      phases: this.#phases,
      lost: this.#lost.length,
      lostLeader: this.#lostLeader,
      moved: moved.length,
      atHome: moved.filter(({ identity, address }) => this.#homes.get(identity) === address).length,
      home: [part(0.5), part(0.95), part(1)],
      took: (performance.now() - began) / 1000,
      memory: process.resourceUsage().maxRSS * 1024,
    };
  }

  #watch(world: World): void {
    for (const { engine } of world.swarm.nodes) {
      const told = engine.onAddress;
      engine.onAddress = (container) => {
        told(container);
        const { name, has: address } = container;
        this.#came.push({ identity: name.slice(0, name.lastIndexOf('.')), address, at: world.timeline.now });
      };
    }
  }

  /** On etcd all services share a network; a subnet of the swarm store is for some hundred tasks, so each has one. */
  #begin(world: World): void {
    const { swarm, plan } = world;
    const { tasks, store } = this.#size;
    for (const plugin of world.plugins) plugin.start();
    const services = Array.from({ length: Math.ceil(tasks / REPLICAS) }, (_, n) => n);
    const netOf = (n: number) => (store === 'etcd' ? NET : `${NET}-${n}`);
    for (const n of store === 'etcd' ? [0] : services) swarm.createNetwork(netOf(n), cidrAt(plan.cidr, n));
    for (const n of services) {
      const replicas = Math.min(REPLICAS, tasks - n * REPLICAS);
      const about = { name: `web-${n}`, mode: 'replicated', replicas, order: plan.order, hasVirtual: true } as const;
      swarm.createService(about, netOf(n));
    }
  }

  /** Every third machine; two of three managers stay. */
  #lose(world: World): void {
    const { swarm, timeline } = world;
    const first = timeline.chance.below(3);
    this.#lost = swarm.nodes.filter((_, n) => n % 3 === first);
    this.#lostLeader = swarm.leader !== undefined && this.#lost.includes(swarm.leader);
    this.#lostAt = timeline.now;
    world.note(`LOST ${this.#lost.length} machines`);
    for (const node of this.#lost) {
      world.pluginOf(node).die();
      node.engine.die();
      world.judge.lapses.disturb(node);
    }
  }

  async #untilAllRun(world: World): Promise<void> {
    const end = world.timeline.now + ALL + EACH * this.#size.tasks;
    for (let count = 0; count < this.#size.tasks; ) {
      await world.timeline.run(LOOK, () => isOver(world));
      if (isOver(world)) return;
      count = this.#running(world);
      if (world.timeline.now > end) return world.judge.fail(`${count} of ${this.#size.tasks} tasks run`);
    }
  }

  /** Tasks that run on a machine which is there. */
  #running({ swarm }: World): number {
    const lost = new Set(this.#lost.map(({ record }) => record.id));
    let count = 0;
    for (const { state, desired, nodeId } of swarm.records.tasks.values())
      if (state === 'running' && desired === 'running' && !lost.has(nodeId)) count++;
    return count;
  }

  async #phase(world: World, name: Phase['name'], work: () => Promise<void>): Promise<void> {
    if (isOver(world)) return;
    const [before, began] = [world.load.copy(), world.timeline.now];
    await work();
    this.#phases.push({ name, seconds: (world.timeline.now - began) / 1000, load: world.load.since(before).all() });
  }
}

function isOver(world: World): boolean {
  return world.judge.violation !== undefined;
}

/** The n-th subnet of that size, from that one on. */
export function cidrAt(cidr: string, n: number): string {
  const [base = '', prefix = ''] = cidr.split('/');
  const first = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const at = first + n * 2 ** (32 - Number(prefix));
  return `${[24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join('.')}/${prefix}`;
}
