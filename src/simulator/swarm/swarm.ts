// A Docker Swarm: machines, and managers who agree on records and elect a leader. Nothing of Limpet: an IPAM plugin
// listens on each machine's socket, and is asked as Docker asks it.

import type { Clock } from '../../service/clock.js';
import { Allocator } from './allocator.js';
import { SimulatedApi } from './api.js';
import { SwarmNode } from './node.js';
import { Orchestrator } from './orchestrator.js';
import { Records, type ServiceRecord } from './records.js';
import type { Caller } from './socket.js';
import type { Timeline } from './timeline.js';

/** Milliseconds from the loss of a leader to the next one. */
const ELECTION = 3000;
/** After so many without a word a node counts as down. */
const SILENCE = 16_000;
/** So long a leader that has lost takes itself for the leader. */
const UNAWARE = 6000;
const HEARTBEAT = 1000;

export interface SwarmOptions {
  readonly managers: number;
  readonly workers: number;
  /** Docker's, of every node. From 29 on it says who an address is for. */
  readonly version: string;
  /** Milliseconds in which the managers tell of changes together; without it a few. */
  readonly pace?: number | undefined;
}

export class Swarm {
  readonly records: Records;
  readonly nodes: readonly SwarmNode[];
  readonly version: string;
  /** Counts the elections. */
  term = 0;
  readonly #timeline: Timeline;
  readonly #orchestrator: Orchestrator;
  #leader: SwarmNode | undefined;
  /** The leader's dockerd: one that has died leads no longer, however soon the next one is there. */
  #dockerd: Caller | undefined;
  #allocator: Allocator | undefined;
  /** When a node's last allocator has ended. */
  readonly #ended = new Map<SwarmNode, Promise<void>>();
  #electing = false;

  constructor(timeline: Timeline, { managers, workers, version, pace }: SwarmOptions) {
    this.#timeline = timeline;
    this.version = version;
    this.records = new Records(timeline, pace);
    const names = Number(version.split('.')[0]) >= 29;
    this.nodes = Array.from({ length: managers + workers }, (_, n) => {
      const id = timeline.chance.id();
      const record = {
        id,
        hostname: `host-${n}`,
        title: `host-${n}`,
        manager: n < managers,
        isReady: true,
        isActive: true,
        ends: new Map(),
        givenBack: new Set<string>(),
      };
      this.records.nodes.set(id, record);
      return new SwarmNode(record, this.records, timeline, names, () => this.leader !== undefined);
    });
    this.#orchestrator = new Orchestrator(this.records, timeline);
    this.records.watch(() => this.#pass());
    this.#beat();
  }

  /** Undefined while the managers have none. */
  get leader(): SwarmNode | undefined {
    return this.#leader;
  }

  /** Docker's API of a node, for a process there. */
  api(node: SwarmNode, clock: Clock, deadline: number): SimulatedApi {
    const { nodes, records, version } = this;
    return new SimulatedApi({ node, nodes, records, version, leader: () => this.leader }, clock, deadline);
  }

  /** The leader steps down, though nothing ails it. */
  depose(): void {
    this.#leader = undefined;
  }

  createNetwork(name: string, cidr: string, options: Readonly<Record<string, string>> = {}): void {
    const id = this.#timeline.chance.id();
    this.records.networks.set(id, { id, name, cidr, options, pool: '', gateway: '' });
    this.records.changed();
  }

  /** Refused, as Docker does, while a service or a task is on it. */
  async removeNetwork(name: string): Promise<boolean> {
    const network = this.records.networkNamed(name);
    if (network === undefined || this.#leader === undefined) return false;
    const { services, tasks, nodes } = this.records;
    if ([...services.values(), ...tasks.values()].some(({ networkId }) => networkId === network.id)) return false;
    const ends = [...nodes.values()].flatMap((node) => {
      const end = node.ends.get(network.id);
      node.ends.delete(network.id);
      return end === undefined ? [] : [end];
    });
    this.records.networks.delete(network.id);
    const allocator = this.#allocator;
    await allocator?.inLine(() => allocator.giveBackNetwork(network, ends));
    return true;
  }

  createService(
    about: Pick<ServiceRecord, 'name' | 'mode' | 'replicas' | 'order' | 'parallelism' | 'hasVirtual'>,
    network: string,
  ): void {
    const record = this.records.networkNamed(network);
    if (record === undefined || this.records.serviceNamed(about.name) !== undefined) return;
    const id = this.#timeline.chance.id();
    this.records.services.set(id, {
      ...about,
      id,
      networkId: record.id,
      virtual: '',
      spec: 1,
      updated: this.#timeline.now,
      failing: 0,
    });
    this.records.changed();
  }

  scale(name: string, replicas: number): void {
    this.#service(name, (service) => {
      service.replicas = replicas;
    });
  }

  /** A new spec; a rollback is one too. */
  update(name: string, order: ServiceRecord['order'], parallelism?: number): void {
    this.#service(name, (service) => {
      this.records.renewed(service);
      service.order = order;
      service.parallelism = parallelism;
    });
  }

  /** Its next containers have these labels, and it is updated. */
  relabel(name: string, labels: ServiceRecord['labels']): void {
    this.#service(name, (service) => {
      service.labels = labels;
      this.records.renewed(service);
    });
  }

  failNext(name: string, count: number): void {
    this.#service(name, (service) => {
      service.failing = count;
      this.records.renewed(service);
    });
  }

  async removeService(name: string): Promise<void> {
    const service = this.records.serviceNamed(name);
    if (service === undefined || this.#leader === undefined) return;
    this.records.services.delete(service.id);
    this.records.changed();
    const network = this.records.networks.get(service.networkId);
    const { virtual } = service;
    const allocator = this.#allocator;
    if (virtual !== '' && network !== undefined) void allocator?.inLine(() => allocator.release(network, virtual));
  }

  setActive(node: SwarmNode, isActive: boolean): void {
    if (this.#leader === undefined) return;
    node.record.isActive = isActive;
    this.records.changed();
  }

  /** `docker run --network NAME` of a plain container on a swarm's network: the leader gives its address first. */
  async attach(node: SwarmNode, name: string, network: string): Promise<boolean> {
    const record = this.records.networkNamed(network);
    const { engine } = node;
    if (record === undefined || engine.state !== 'up' || engine.named(name) !== undefined) return false;
    const about = { serviceId: '', slot: 0, networkId: record.id, spec: 0, attached: true, nodeId: node.record.id };
    const container = engine.create({ name, network, networkId: record.id });
    const task = this.records.newTask({ ...about, container: container.id });
    const { life } = engine;
    const until = this.#timeline.now + 20_000;
    const isReady = () => task.address !== '' && node.record.ends.has(record.id);
    while (!isReady() && this.#timeline.now < until) await this.#timeline.sleep(50);
    const end = node.record.ends.get(record.id);
    const isOver = life !== engine.life || !engine.containers.has(container.id) || end === undefined;
    if (isOver || task.address === '') {
      this.#detach(task.id);
      engine.containers.delete(container.id);
      return false;
    }
    container.asked = task.address;
    container.tellsAsked = false;
    task.state = 'running';
    this.records.changed(task);
    const runs = await engine.startInSwarm(container, record, () => node.record.ends.get(record.id), false);
    if (!runs) {
      engine.containers.delete(container.id);
      this.#detach(task.id);
    }
    return runs;
  }

  /** Attachments whose container does not run are let go. */
  #dropAttachments(): void {
    for (const task of this.records.tasks.values()) {
      if (!task.attached || task.state !== 'running') continue;
      const node = this.nodes.find(({ record }) => record.id === task.nodeId);
      if (node === undefined || !node.isInTouch || node.engine.state !== 'up') continue;
      const container = node.engine.containers.get(task.container ?? '');
      // One that is `created` and is not being started was left by a dockerd that has died.
      if (container === undefined || (container.state !== 'running' && !container.isBusy)) this.#detach(task.id);
    }
  }

  #detach(id: string): void {
    const task = this.records.tasks.get(id);
    if (task === undefined) return;
    task.state = 'shutdown';
    task.desired = 'remove';
    this.records.changed(task);
  }

  #service(name: string, change: (service: ServiceRecord) => void): void {
    const service = this.records.serviceNamed(name);
    if (service === undefined || this.#leader === undefined) return;
    change(service);
    this.records.changed();
  }

  #beat(): void {
    const { now } = this.#timeline;
    if (this.#dockerd?.isDead || (this.#leader !== undefined && !this.#canLead(this.#leader))) this.#leader = undefined;
    if (this.#leader === undefined) this.#elect();
    for (const node of this.nodes) {
      if (node.isInTouch) node.heard = now;
      const isReady = now - node.heard < SILENCE;
      if (this.#leader === undefined || isReady === node.record.isReady) continue;
      node.record.isReady = isReady;
      this.records.changed();
    }
    this.#dropAttachments();
    this.#pass();
    this.#timeline.after(HEARTBEAT, () => this.#beat());
  }

  #elect(): void {
    if (this.#electing) return;
    this.#electing = true;
    this.#timeline.after(ELECTION + this.#timeline.chance.below(2000), () => {
      this.#electing = false;
      const able = this.nodes.filter((node) => this.#canLead(node));
      if (able.length === 0) return;
      const leader = this.#timeline.chance.pick(able);
      const term = ++this.term;
      this.#leader = leader;
      this.#dockerd = leader.socket.caller;
      // A new leader gives every node time to be heard of.
      for (const node of this.nodes) if (node.record.isReady) node.heard = this.#timeline.now;
      let lostAt = Number.POSITIVE_INFINITY;
      const leads = () => {
        const isSo = this.term === term && this.#leader === leader;
        if (!isSo) lostAt = Math.min(lostAt, this.#timeline.now);
        return isSo;
      };
      const believes = () => leads() || this.#timeline.now - lostAt < UNAWARE;
      const before = this.#ended.get(leader) ?? Promise.resolve();
      this.#allocator = new Allocator(this.records, this.#dockerd, this.#timeline, { leads, believes }, before);
      this.#ended.set(leader, this.#allocator.ended);
    });
  }

  #canLead(node: SwarmNode): boolean {
    const managers = this.nodes.filter(({ isManager }) => isManager);
    const inTouch = managers.filter(({ isInTouch }) => isInTouch);
    return node.isManager && node.isInTouch && inTouch.length > managers.length / 2;
  }

  /** What the leader has, and nobody can know of: see {@link Allocator.lost}. */
  get lost(): ReadonlySet<string> {
    return this.#allocator?.lost ?? new Set();
  }

  #pass(): void {
    if (this.#leader !== undefined) {
      this.#orchestrator.pass();
      this.#allocator?.wake();
    }
    for (const node of this.nodes) node.agent.look();
  }
}
