// What the managers of a swarm have agreed on beside what src/simulator/swarm has: configs with versions. One log, as
// raft would have it; each manager has applied it up to somewhere, and tells what it applies as events. A leader that
// is cut off answers for a while by what it has, and can have nothing agreed on.

import type { Config, SwarmEvent } from '../../../src/docker/swarm-api.js';
import type { SwarmNode } from '../../../src/simulator/swarm/node.js';
import type { NodeRecord } from '../../../src/simulator/swarm/records.js';
import type { Swarm } from '../../../src/simulator/swarm/swarm.js';
import type { Timeline } from '../../../src/simulator/swarm/timeline.js';
import type { Revision } from '../etcd/history.js';
import { type Facts, type Shared, Together, Written } from '../facts.js';
import { keysOf, type Labels, listed } from './labels.js';

const INDEX = 'limpet.index';
/** Milliseconds until a follower has applied an entry, most often. */
const APPLIED = 15;
/** Between two looks at whether a manager that lags is in touch again. */
const LAGS = 700;
/** So long a leader that is cut off takes itself for the leader. */
const UNAWARE = 5000;
/** swarmkit, manager/state/raft: the largest proposal. */
const MOST_BYTES = 1.5 * 1024 * 1024;

interface LogEntry {
  readonly event: SwarmEvent;
  /** Undefined when it is no config, or is removed. */
  readonly config: Config | undefined;
}

/** How far a manager is. */
class Replica {
  applied = 0;
  readonly configs = new Map<string, Config>();
  readonly listeners = new Set<Listener>();
  isDue = false;
}

export interface Listener {
  readonly event: (event: SwarmEvent) => void;
  readonly end: () => void;
}

export class Raft implements Shared {
  readonly facts: Facts;
  readonly members: readonly string[];
  readonly swarm: Swarm;
  /** Of the subnets that single hosts keep to themselves. */
  readonly own: Written;
  onChange: (revision: Revision) => void = () => {};
  /** Swarm calls the node down, or no longer. */
  onNode: (node: SwarmNode, is: 'down' | 'up') => void = () => {};
  readonly #timeline: Timeline;
  readonly #log: LogEntry[] = [];
  readonly #configs = new Map<string, Config>();
  readonly #replicas = new Map<SwarmNode, Replica>();
  readonly #written: Written;
  /** The keys that each config stands for now, by its name. */
  readonly #keys = new Map<string, ReadonlyMap<string, string>>();
  readonly #down = new Set<SwarmNode>();
  #version = 10;
  /** The node that led last, until when by its own belief, and how far the log was. */
  #former: { readonly node: SwarmNode; readonly until: number } | undefined;

  constructor(timeline: Timeline, swarm: Swarm) {
    this.#timeline = timeline;
    this.swarm = swarm;
    this.members = swarm.nodes.filter(({ isManager }) => isManager).map(({ record }) => record.hostname);
    for (const node of swarm.nodes) if (node.isManager) this.#replicas.set(node, new Replica());
    const isUp = (id: string) => swarm.records.nodes.get(id)?.isReady !== false;
    this.#written = new Written(({ key }) => isUp(key.slice(key.lastIndexOf('/') + 1)));
    this.own = new Written();
    for (const each of [this.#written, this.own]) each.onChange = (revision) => this.onChange(revision);
    this.facts = new Together([this.#written, this.own]);
    swarm.records.watch(() => this.#lookAtNodes());
    this.#watchLeader();
  }

  /** Whether something can be agreed on by way of this manager now; else why not, in Docker's words. */
  refusal(node: SwarmNode): string | undefined {
    if (!node.isManager) return 'This node is not a swarm manager.';
    const { leader } = this.swarm;
    const isLed = leader?.isInTouch === true && node.isInTouch && this.#hasMajority;
    return isLed ? undefined : 'rpc error: code = Unknown desc = The swarm does not have a leader.';
  }

  /** What this manager answers who reads: the leader's state, or its own where it takes itself for the leader. */
  read(node: SwarmNode): ReadonlyMap<string, Config> | undefined {
    if (this.refusal(node) === undefined) return this.#configs;
    const isBelieving = this.#former?.node === node && this.#timeline.now < this.#former.until;
    return isBelieving ? this.#replicas.get(node)?.configs : undefined;
  }

  create({ name, labels, data }: Pick<Config, 'name' | 'labels' | 'data'>, by: string): 'done' | 'exists' {
    if ([...this.#configs.values()].some((each) => each.name === name)) return 'exists';
    const leader = this.swarm.leader as SwarmNode;
    const created = Math.floor(this.#timeline.now + leader.wall.ahead);
    const id = this.#timeline.chance.id();
    this.#commit({ id, name, version: 0, created, labels: { ...labels }, data }, 'create', by);
    return 'done';
  }

  update({ id, version }: Pick<Config, 'id' | 'version'>, labels: Labels, by: string): 'done' | 'stale' | 'gone' {
    const config = this.#configs.get(id);
    if (config === undefined) return 'gone';
    if (config.version !== version) return 'stale';
    this.#commit({ ...config, labels: { ...labels } }, 'update', by);
    return 'done';
  }

  remove(idOrName: string, by: string): void {
    const config = this.#configs.get(idOrName) ?? [...this.#configs.values()].find(({ name }) => name === idOrName);
    if (config === undefined) return;
    this.#configs.delete(config.id);
    this.#append({ event: { type: 'config', id: config.id, action: 'remove' }, config: undefined });
    this.#learn(config.name, undefined, by);
  }

  listen(node: SwarmNode, listener: Listener): () => void {
    const listeners = this.#replicas.get(node)?.listeners;
    listeners?.add(listener);
    return () => void listeners?.delete(listener);
  }

  /** Dockerd of the node is gone. */
  hangUp(node: SwarmNode): void {
    for (const { end } of [...(this.#replicas.get(node)?.listeners ?? [])]) end();
  }

  leave(member: string): void {
    this.#nodeOf(member).isCutOff = true;
  }

  comeBack(member: string): void {
    this.#nodeOf(member).isCutOff = false;
  }

  compact(): void {
    for (const node of this.#replicas.keys()) this.hangUp(node);
  }

  #nodeOf(member: string): SwarmNode {
    return this.swarm.nodes.find(({ record }) => record.hostname === member) as SwarmNode;
  }

  get #hasMajority(): boolean {
    const managers = [...this.#replicas.keys()];
    return managers.filter(({ isInTouch }) => isInTouch).length > managers.length / 2;
  }

  #commit(config: Config, action: string, by: string): void {
    if (Buffer.byteLength(JSON.stringify(config)) > MOST_BYTES) throw new Error('raft message is too large');
    const written = { ...config, version: ++this.#version };
    this.#configs.set(config.id, written);
    this.#append({ event: { type: 'config', id: config.id, action }, config: written });
    this.#learn(config.name, written.labels, by);
  }

  #append(entry: LogEntry): void {
    this.#version++;
    this.#log.push(entry);
    for (const [node, replica] of this.#replicas) {
      const delay = node === this.swarm.leader ? 0.1 : this.#timeline.chance.below(APPLIED);
      this.#timeline.after(delay, () => this.#apply(node, replica));
    }
  }

  #apply(node: SwarmNode, replica: Replica): void {
    if (replica.applied === this.#log.length) return;
    if (!node.isInTouch) {
      if (replica.isDue) return;
      replica.isDue = true;
      return void this.#timeline.after(LAGS, () => {
        replica.isDue = false;
        this.#apply(node, replica);
      });
    }
    const news = this.#log.slice(replica.applied);
    replica.applied = this.#log.length;
    for (const { event, config } of news) {
      if (config !== undefined) replica.configs.set(config.id, config);
      else if (event.type === 'config') replica.configs.delete(event.id);
      for (const listener of [...replica.listeners]) listener.event(event);
    }
  }

  /** What a config says is so only while the index lists it. */
  #learn(name: string, labels: Labels | undefined, by: string): void {
    const changes = new Map<string, string | undefined>();
    const set = (config: string, keys: ReadonlyMap<string, string>) => {
      for (const key of this.#keys.get(config)?.keys() ?? []) if (!keys.has(key)) changes.set(key, undefined);
      for (const [key, value] of keys) changes.set(key, value);
      this.#keys.set(config, keys);
    };
    const index = [...this.#configs.values()].find((each) => each.name === INDEX)?.labels ?? {};
    const subnets = new Map(listed(index).map(([subnet, config]) => [config, subnet]));
    if (name === INDEX) {
      for (const config of [...this.#keys.keys()]) if (!subnets.has(config)) set(config, new Map());
      for (const [config, subnet] of subnets) {
        const there = [...this.#configs.values()].find((each) => each.name === config);
        if (!this.#keys.get(config)?.size) set(config, there === undefined ? new Map() : keysOf(subnet, there.labels));
      }
    } else {
      const subnet = subnets.get(name);
      set(name, subnet === undefined || labels === undefined ? new Map() : keysOf(subnet, labels));
    }
    this.#written.put(by, changes);
  }

  /** Which nodes there are, as everybody knows from here on. */
  nodes(): Iterable<NodeRecord> {
    this.#lookAtNodes();
    return this.swarm.records.nodes.values();
  }

  #lookAtNodes(): void {
    for (const node of this.swarm.nodes) {
      const isDown = !node.record.isReady;
      if (isDown === this.#down.has(node)) continue;
      if (isDown) this.#down.add(node);
      else this.#down.delete(node);
      this.onNode(node, isDown ? 'down' : 'up');
      this.#append({ event: { type: 'node', id: node.record.id, action: 'update' }, config: undefined });
    }
  }

  #watchLeader(): void {
    const { leader } = this.swarm;
    if (leader?.isInTouch === true) this.#former = { node: leader, until: this.#timeline.now + UNAWARE };
    this.#timeline.after(LAGS, () => this.#watchLeader());
  }
}
