// One simulated world: a swarm with the product's plugin on every machine, one store that they share, and Docker's own
// allocator beside. It lives in time and cannot go back; simulation.ts does that.

import { isMadeUp } from '../docker/made-up.js';
import { LimpetError } from '../host/errors.js';
import { AllocatorService, type Decision, type SubnetService } from '../service/index.js';
import type { Plan } from './plan.js';
import { Plugin } from './plugin.js';
import { SharedStore } from './shared-store.js';
import { Stock } from './stock.js';
import type { SwarmNode } from './swarm/node.js';
import { Process } from './swarm/process.js';
import { Swarm } from './swarm/swarm.js';
import { Timeline } from './swarm/timeline.js';
import { shown, toSay } from './tell.js';
import { settled } from './turns.js';
import type { LogLine, NodeName, Scenario } from './types.js';

/** Docker's, of every node: it says who an address is for. */
const VERSION = '29.7.2';
export const NETWORK = 'web';
const SECOND = 1000;
/** Milliseconds of a step: what happens within is seen at once. */
const TICK = 250;
/** A node's live marks hang on its lease, which ends so long after it was last heard of. */
const LEASE = 10 * SECOND;
const REBOOT = 8 * SECOND;
/** The first election, and the network's addresses, take some seconds; these are moments. */
const PATIENCE = 500;

interface Machine {
  readonly plugin: Plugin;
  endLease: (time: number) => void;
}

export class World {
  readonly plan: Plan;
  readonly swarm: Swarm;
  readonly stock: Stock;
  /** Nodes that are on their way back. */
  readonly rebooting = new Set<SwarmNode>();
  /** The node of the node event before. */
  lastNode: SwarmNode | undefined;
  /** Seconds since the beginning, in quarters. */
  time = 0;
  #log: Omit<LogLine, 'at'>[] = [];
  readonly #timeline: Timeline;
  readonly #store: SharedStore;
  readonly #service: AllocatorService;
  readonly #names = new Map<string, NodeName>();
  readonly #machines = new Map<SwarmNode, Machine>();

  private constructor(plan: Plan, timeline: Timeline, swarm: Swarm, store: SharedStore, service: AllocatorService) {
    this.plan = plan;
    this.stock = new Stock(plan);
    this.swarm = swarm;
    this.#timeline = timeline;
    this.#store = store;
    this.#service = service;
    const tell = (told: Parameters<typeof toSay>[0]) => {
      const line = toSay(told, (id) => this.nameOf(id));
      if (line !== undefined) this.say('sticky', line.text, line);
    };
    for (const [index, node] of swarm.nodes.entries()) {
      const name = `node-${index + 1}`;
      node.record.title = name;
      this.#names.set(node.record.id, name);
      const hear = this.stock.hear.bind(this.stock);
      const plugin = new Plugin(node, { timeline, swarm, service, tell, hear });
      this.#machines.set(node, { plugin, endLease: () => {} });
      this.#start(node);
    }
  }

  /** A swarm that has a leader, and an empty network. */
  static async open(scenario: Scenario, plan: Plan): Promise<World> {
    const { seed = 1, managers = 3, workers = 0, exclude = [], gateway, reclaim } = scenario;
    const timeline = new Timeline(seed, settled);
    const swarm = new Swarm(timeline, { managers, workers, version: VERSION });
    const store = new SharedStore();
    const { clock } = new Process(timeline, { ahead: 0 }, timeline.chanceOf('service'));
    let world: World | undefined;
    const log = (decision: Decision) => {
      if (world !== undefined) world.#hear(decision);
    };
    const service = await AllocatorService.open(store, { clock, log });
    world = new World(plan, timeline, swarm, store, service);
    swarm.createNetwork(NETWORK, plan.cidr, {
      ...(exclude.length === 0 ? {} : { 'limpet.exclude': exclude.join(',') }),
      ...(reclaim === undefined ? {} : { 'limpet.reclaim': reclaim }),
    });
    const network = swarm.records.networkNamed(NETWORK);
    if (network === undefined) throw new Error('the network was not made');
    if (gateway !== undefined) network.gateway = gateway;
    for (let n = 0; world.net === undefined || network.pool === '' || network.gateway === ''; n++) {
      if (n === PATIENCE)
        throw new LimpetError('BAD_INPUT', `scenario.subnet: ${plan.cidr} has no address for a gateway`);
      await world.pass();
    }
    world.time = 0;
    world.takeLog();
    return world;
  }

  /** The subnet; undefined until the leader has asked for it. */
  get net(): SubnetService | undefined {
    return [...this.#service.subnets()][0];
  }

  /** The network's, as the leader got it. */
  get gateway(): string {
    return this.swarm.records.networkNamed(NETWORK)?.gateway ?? '';
  }

  /** Bytes of the core's memory: in use, and in all. */
  get memory(): { readonly used: number; readonly total: number } {
    return this.#service.memory;
  }

  /** Lets a moment pass. */
  async pass(): Promise<void> {
    await this.#timeline.run(TICK);
    this.time += TICK / SECOND;
  }

  say(kind: LogLine['kind'], text: string, about: Pick<LogLine, 'identity' | 'node'> = {}): void {
    const { identity, node } = about;
    const who = { ...(identity === undefined ? {} : { identity }), ...(node === undefined ? {} : { node }) };
    this.#log.push({ kind, text, ...who });
  }

  /** What was said since it was last taken. */
  takeLog(): LogLine[] {
    const log = this.#log;
    this.#log = [];
    return log.map((line) => ({ at: this.time, ...line }));
  }

  nameOf(nodeId: string): NodeName {
    return this.#names.get(nodeId) ?? nodeId;
  }

  node(name: NodeName): SwarmNode | undefined {
    return this.swarm.nodes.find(({ record }) => record.title === name);
  }

  /** The machine loses its power. */
  crash(node: SwarmNode): void {
    this.rebooting.delete(node);
    if (node.engine.state === 'down') return;
    const { plugin, endLease } = this.#machines.get(node) as Machine;
    plugin.die();
    node.engine.die();
    this.#timeline.after(LEASE, () => endLease(Math.floor(this.#timeline.now)));
  }

  /** The machine is switched off and on, or only on. */
  reboot(node: SwarmNode): void {
    this.crash(node);
    this.rebooting.add(node);
    this.#timeline.after(REBOOT, () => {
      if (!this.rebooting.has(node) || node.engine.state !== 'down') return;
      this.#start(node);
      void node.engine.boot().then(() => {
        if (node.engine.state === 'up') this.rebooting.delete(node);
      });
    });
  }

  async close(): Promise<void> {
    for (const { plugin } of this.#machines.values()) plugin.die();
    await this.#service.close();
  }

  #hear({ event, address, identity = '', why }: Decision): void {
    if (event !== 'reclaim' || isMadeUp(identity)) return;
    const name = shown(identity, (id) => this.nameOf(id));
    this.say('sticky', `${address} of ${name} is reclaimed: ${why}`, { identity: name });
  }

  #start(node: SwarmNode): void {
    const machine = this.#machines.get(node) as Machine;
    machine.endLease = this.#store.grant(node.record.id);
    machine.plugin.start();
  }
}
