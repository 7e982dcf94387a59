// Docker's API as one process on the node sees it: lists that take a moment, a daemon that is silent while it boots,
// and what only managers can tell, which waits for the swarm's raft.

import type { DockerApi } from '../../docker/api.js';
import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from '../../docker/shapes.js';
import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';
import type { SwarmNode } from './node.js';
import { type Records, slotOf } from './records.js';

/** Between two questions to a Docker that is silent. */
const PROBE = 250;

/** Between two looks at whether a container is locked still. */
const LOCK = 10;

/** What the API stands on. */
export interface Asked {
  readonly node: SwarmNode;
  readonly nodes: readonly SwarmNode[];
  readonly records: Records;
  readonly leader: () => SwarmNode | undefined;
  readonly version: string;
}

export class SimulatedApi implements DockerApi {
  readonly name: string;
  readonly #asked: Asked;
  readonly #clock: Clock;
  readonly #deadline: number;
  #silent = false;

  /** @param clock the asking process's. @param deadline milliseconds that one question may take */
  constructor(asked: Asked, clock: Clock, deadline: number) {
    this.name = `docker of ${asked.node.record.hostname}`;
    this.#asked = asked;
    this.#clock = clock;
    this.#deadline = deadline;
  }

  get silent(): boolean {
    return this.#silent;
  }

  /** A daemon that goes is noticed by its stream of events. */
  get watched(): boolean {
    return this.#asked.node.engine.state === 'up';
  }

  containers(): Promise<readonly Container[]> {
    return this.#ask('containers', () => this.#asked.node.engine.list());
  }

  /** Docker answers for nobody whom it starts or stops. */
  async untilUnlocked(id: string, signal: AbortSignal): Promise<boolean> {
    await this.#clock.sleep(0.5 + this.#clock.random() * 4);
    const { engine } = this.#asked.node;
    while (!signal.aborted && engine.state !== 'down') {
      const container = engine.containers.get(id);
      if (container === undefined) return false;
      if (engine.state === 'up' && !container.isBusy) return true;
      await this.#clock.sleep(LOCK, signal);
    }
    return false;
  }

  networks(): Promise<readonly Network[]> {
    const { node, records } = this.#asked;
    const ofSwarm = () => (node.isManager ? records.networks.values() : []);
    return this.#ask('networks', () => node.engine.networks.listed(ofSwarm()));
  }

  info(): Promise<Info> {
    const { node, version, nodes } = this.#asked;
    const { id, title } = node.record;
    const swarm = { nodeId: id, state: 'active', manager: node.isManager, nodes: node.isManager ? nodes.length : 0 };
    return this.#ask('info', () => ({ name: title, serverVersion: version, swarm }));
  }

  tasks(): Promise<readonly Task[]> {
    return this.#agreed('tasks', ({ tasks }) =>
      [...tasks.values()].map((task): Task => {
        const { id, version, serviceId, nodeId, state, desired, address, networkId, container, attached } = task;
        const attachments = address === '' ? [] : [{ networkId, addresses: [address] }];
        const about = { networks: [networkId], updatedAt: this.#wall(task.updated) };
        const base = { id, version, serviceId, nodeId, state, desiredState: desired, attachments, attached, ...about };
        const slot = slotOf(task, this.#asked.records.services.get(serviceId));
        return { ...base, slot, ...(container === undefined ? {} : { container }) };
      }),
    );
  }

  services(): Promise<readonly Service[]> {
    return this.#agreed('services', ({ services }) =>
      [...services.values()].map(({ id, name, mode, networkId, virtual, hasVirtual, updated }) => {
        const about = { wantsVirtual: hasVirtual, networks: [networkId], updatedAt: this.#wall(updated) };
        return { id, name, mode, virtual: virtual === '' ? [] : [{ networkId, address: virtual }], ...about };
      }),
    );
  }

  nodes(): Promise<readonly Node[]> {
    const leader = () => this.#asked.leader()?.record.id;
    return this.#agreed('nodes', ({ nodes }) =>
      [...nodes.values()].map(({ id, title, isReady }) => {
        return { id, hostname: title, state: isReady ? 'ready' : 'down', address: title, leader: id === leader() };
      }),
    );
  }

  endpoints(networkId: string): Promise<readonly NamedEndpoint[]> {
    return this.#ask(`networks/${networkId}`, () => {
      const { node, nodes } = this.#asked;
      const all = nodes.filter((each) => each === node || (each.isInTouch && node.isInTouch));
      return all.flatMap((each) => {
        const here = each === node;
        const running = [...each.engine.containers.values()]
          .filter(
            (container) => container.networkId === networkId && container.has !== '' && container.state === 'running',
          )
          .map(({ name, has }) => ({ name, address: has, here }));
        const ends = each.engine.networks.ends().filter((end) => end.networkId === networkId);
        return [...running, ...ends.map(({ name, address }) => ({ name, address, here }))].filter(
          (end) => here || !end.name.endsWith('-endpoint'),
        );
      });
    });
  }

  /** A moment as the machine's clock has it, which is the leader's where the leader's plugin asks. */
  #wall(moment: number): number {
    return moment + this.#asked.node.wall.ahead;
  }

  /** What the managers have agreed on: asked of any of them, answered by the leader. */
  #agreed<T>(what: string, answer: (records: Records) => T): Promise<T> {
    const { node, records, leader } = this.#asked;
    return this.#ask(what, () => {
      if (!node.isManager) throw this.#unavailable(what, 'this node is not a swarm manager');
      if (!node.isInTouch || leader() === undefined) return undefined;
      return answer(records);
    });
  }

  /** An answer that is undefined does not come. */
  async #ask<T>(what: string, answer: () => T | undefined): Promise<T> {
    const { engine } = this.#asked.node;
    const until = this.#clock.elapsed() + this.#deadline;
    await this.#clock.sleep(0.5 + this.#clock.random() * 8);
    if (engine.state === 'down') {
      this.#fallSilent();
      throw this.#unavailable(what, 'connect ECONNREFUSED');
    }
    // It is read at once, and takes its time to come.
    const answered = engine.state === 'up' ? answer() : undefined;
    if (answered !== undefined) {
      await this.#clock.sleep(this.#clock.random() * engine.slowest);
      this.#silent = false;
      return answered;
    }
    await this.#clock.sleep(Math.max(until - this.#clock.elapsed(), 0));
    if (engine.state !== 'up') this.#fallSilent();
    throw this.#unavailable(what, `no answer within ${this.#deadline} ms`);
  }

  #fallSilent(): void {
    if (this.#silent) return;
    this.#silent = true;
    this.#probe();
  }

  #probe(): void {
    this.#clock.after(PROBE, () => {
      if (this.#asked.node.engine.state === 'up') this.#silent = false;
      else this.#probe();
    });
  }

  #unavailable(what: string, why: string): LimpetError {
    return new LimpetError('UNAVAILABLE', `${this.name} does not answer (GET ${what}): ${why}`, {
      docker: this.name,
      question: what,
    });
  }
}
