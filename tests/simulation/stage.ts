// The stage of one world: time, the network, the swarm, etcd or raft, and what is written down of what happens there.
// Nothing of Limpet yet: world.ts puts a plugin on every machine, and a judge beside.
import { setImmediate } from 'node:timers';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Process } from '../../src/simulator/swarm/process.js';
import { Swarm } from '../../src/simulator/swarm/swarm.js';
import { Timeline } from '../../src/simulator/swarm/timeline.js';
import { Etcd } from './etcd/etcd.js';
import { Load } from './load.js';
import { Network } from './network.js';
import type { Plan } from './plan.js';
import { Raft } from './raft/raft.js';

/** Microtasks are done when the machine turns to the next macrotask. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

export class Stage {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly network: Network;
  /** What the plugins share. */
  readonly shared: Etcd | Raft;
  readonly swarm: Swarm;
  readonly history: string[] = [];
  /** What has happened how often. */
  readonly sometimes = new Map<string, number>();
  readonly load = new Load();
  /** The plugin's process that runs on a node, or stands still there. */
  readonly processes = new Map<SwarmNode, Process>();
  /** The last lease that a process of the node has heard it got. */
  readonly leases = new Map<SwarmNode, string>();
  /** Ends of the faults that last. */
  readonly #healing = new Set<() => void>();

  constructor(plan: Plan) {
    this.plan = plan;
    this.timeline = new Timeline(plan.seed, settled);
    this.network = new Network(this.timeline);
    // In this order: a seed is a history.
    const etcd = this.store === 'etcd' ? new Etcd(this.timeline, plan.etcd, plan.large?.pace) : undefined;
    this.swarm = new Swarm(this.timeline, { ...plan, pace: plan.large?.pace });
    this.shared = etcd ?? new Raft(this.timeline, this.swarm);
  }

  get store(): 'etcd' | 'swarm' {
    return this.plan.store ?? 'etcd';
  }

  /** One line of the history. */
  note(line: string): void {
    this.history.push(`${(this.timeline.age / 1000).toFixed(4)} ${line}`);
    const { lines } = this.plan.large ?? {};
    if (lines !== undefined && this.history.length > 2 * lines) this.history.splice(0, lines);
  }

  happened(what: string): void {
    this.sometimes.set(what, (this.sometimes.get(what) ?? 0) + 1);
    this.load.add(what);
  }

  /** A fault lasts for so many milliseconds, or until the world heals. */
  lasting(duration: number, end: () => void): void {
    const heal = () => {
      if (this.#healing.delete(heal)) end();
    };
    this.#healing.add(heal);
    this.timeline.after(duration, heal);
  }

  /** Every fault ends. */
  heal(): void {
    for (const heal of [...this.#healing]) heal();
  }

  /** Lets time pass until the work is done. @throws what the work throws, and when it takes more than two minutes */
  async until<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    if (!(await this.timeline.until(() => isDone, 120_000))) throw new Error('the work never ends');
    return done;
  }
}
