// Swarm's agent on a node: it makes of the tasks that are assigned to its node what runs there, and reports. While it
// does not hear of the leader, what runs runs on.

import type { EngineContainer } from './containers.js';
import type { Engine } from './engine.js';
import { hasEnded, type Records, slotOf, type TaskRecord, type TaskState } from './records.js';
import type { Timeline } from './timeline.js';

/** Milliseconds that a task waits for its node's end of the load balancer. */
const END_WAIT = 10_000;
/** How long a job's task works. */
const JOB = 8000;

interface Work {
  container: EngineContainer | undefined;
  state: TaskState;
  isBusy: boolean;
}

export class Agent {
  readonly #node: string;
  readonly #records: Records;
  readonly #engine: Engine;
  readonly #timeline: Timeline;
  readonly #hears: () => boolean;
  readonly #work = new Map<string, Work>();
  #life = 0;

  /** @param hears whether the node is in touch with the swarm's leader */
  constructor(node: string, records: Records, engine: Engine, timeline: Timeline, hears: () => boolean) {
    this.#node = node;
    this.#records = records;
    this.#engine = engine;
    this.#timeline = timeline;
    this.#hears = hears;
  }

  /** One look at what there is to do. */
  look(): void {
    if (this.#engine.state !== 'up') return;
    if (this.#life !== this.#engine.life) this.#startAnew();
    this.#notice();
    this.#report();
    if (!this.#hears()) return;
    for (const task of this.#records.tasksOn(this.#node)) this.#attend(task);
    for (const [id, work] of this.#work) {
      const task = this.#records.tasks.get(id);
      if (task !== undefined && task.nodeId === this.#node) continue;
      if (!work.isBusy) void this.#end(id, work);
    }
  }

  /** Dockerd was away: what ran has ended. */
  #startAnew(): void {
    this.#life = this.#engine.life;
    for (const work of this.#work.values()) {
      work.isBusy = false;
      if (work.state !== 'complete') work.state = 'failed';
    }
  }

  /** A container whose process has ended by itself. */
  #notice(): void {
    for (const work of this.#work.values())
      if (work.state === 'running' && !work.isBusy && work.container?.state === 'exited') work.state = 'failed';
  }

  #attend(task: TaskRecord): void {
    const work = this.#work.get(task.id);
    const isWanted = task.desired === 'running' || task.desired === 'complete';
    if (work === undefined) {
      if (isWanted && task.state === 'assigned') void this.#begin(task);
      else if (!hasEnded(task) && task.state !== 'new' && task.state !== 'pending' && !task.attached)
        this.#work.set(task.id, { container: undefined, state: isWanted ? 'failed' : 'shutdown', isBusy: false });
    } else if (!isWanted && !work.isBusy && !hasEnded(work)) void this.#shutDown(work);
  }

  async #begin(task: TaskRecord): Promise<void> {
    const work: Work = { container: undefined, state: 'preparing', isBusy: true };
    this.#work.set(task.id, work);
    const life = this.#life;
    const isOver = () => life !== this.#engine.life;
    const network = this.#records.networks.get(task.networkId);
    const service = this.#records.services.get(task.serviceId);
    const node = this.#records.nodes.get(this.#node);
    const until = this.#timeline.now + END_WAIT;
    while (node?.ends.get(task.networkId) === undefined && this.#timeline.now < until) {
      await this.#timeline.sleep(50);
      if (isOver()) return;
    }
    const end = node?.ends.get(task.networkId);
    work.isBusy = false;
    if (network === undefined || service === undefined || end === undefined) return this.#settle(work, 'rejected');
    if (task.desired === 'shutdown' || task.desired === 'remove') return this.#settle(work, 'shutdown');
    work.isBusy = true;
    const name = `${service.name}.${slotOf(task, service) || this.#node}.${task.id}`;
    const container = this.#engine.create({
      ...{ name, network: network.name, networkId: network.id, asked: task.address },
      task: { id: task.id, name, service: service.name, serviceId: service.id },
      labels: service.labels,
    });
    work.container = container;
    this.#settle(work, 'starting');
    const fails = service.failing > 0;
    if (fails) service.failing--;
    const endOf = () => node?.ends.get(network.id);
    const runs = await this.#engine.startInSwarm(container, network, endOf, fails);
    if (isOver()) return;
    work.isBusy = false;
    this.#settle(work, runs ? 'running' : 'failed');
    if (runs && service.mode === 'replicated job') await this.#finish(work);
  }

  async #finish(work: Work): Promise<void> {
    const life = this.#life;
    await this.#timeline.sleep(JOB);
    if (life !== this.#engine.life || work.state !== 'running' || work.isBusy) return;
    work.isBusy = true;
    await this.#engine.stop(work.container as EngineContainer);
    if (life !== this.#engine.life) return;
    work.isBusy = false;
    this.#settle(work, 'complete');
  }

  async #shutDown(work: Work): Promise<void> {
    const life = this.#life;
    work.isBusy = true;
    await this.#timeline.sleep(this.#timeline.chance.below(300));
    if (life !== this.#engine.life) return;
    if (work.container !== undefined) await this.#engine.stop(work.container);
    if (life !== this.#engine.life) return;
    work.isBusy = false;
    this.#settle(work, 'shutdown');
  }

  /** Its record has gone. */
  async #end(id: string, work: Work): Promise<void> {
    work.isBusy = true;
    if (work.container !== undefined) await this.#engine.remove(work.container);
    this.#work.delete(id);
  }

  #settle(work: Work, state: TaskState): void {
    work.state = state;
    this.#report();
  }

  #report(): void {
    if (!this.#hears()) return;
    for (const [id, { state, container }] of this.#work) {
      const task = this.#records.tasks.get(id);
      if (task === undefined || task.state === state || hasEnded(task)) continue;
      task.state = state;
      task.container = container?.id;
      this.#records.changed(task);
    }
  }
}
