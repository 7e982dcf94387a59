// Docker's API for configs as one process on the node asks it: it stands where the swarm store has Docker's own client,
// and says of a change that got no answer whether it can have been made.
import type {
  Config,
  Membership,
  NewConfig,
  SwarmNode as NodeOfApi,
  SwarmApi,
  SwarmListener,
} from '../../../src/docker/swarm-api.js';
import { LimpetError } from '../../../src/host/errors.js';
import type { SwarmNode } from '../../../src/simulator/swarm/node.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import type { Timeline } from '../../../src/simulator/swarm/timeline.js';
import type { Load } from '../load.js';
import type { Network } from '../network.js';
import type { Raft } from './raft.js';

/** Milliseconds that the client waits for an answer. */
const DEADLINE = 5000;
/** Raft takes a few, and waits for the disks of a majority. */
const SHORTEST = 2;
const LONGEST = 12;

export interface AroundDocker {
  readonly raft: Raft;
  readonly network: Network;
  readonly timeline: Timeline;
  readonly node: SwarmNode;
  readonly process: Process;
  readonly happened: (what: string) => void;
  readonly load: Load;
}

type Outcome = 'none' | 'unknown';

export class SimulatedDocker implements SwarmApi {
  readonly name: string;
  readonly #around: AroundDocker;

  constructor(around: AroundDocker) {
    this.name = `docker of ${around.node.record.hostname}`;
    this.#around = around;
  }

  configs(prefix: string): Promise<readonly Config[]> {
    return this.#read('configs', (all) => [...all.values()].filter(({ name }) => name.startsWith(prefix)));
  }

  config(idOrName: string): Promise<Config | undefined> {
    return this.#read('configs', (all) => all.get(idOrName) ?? [...all.values()].find(({ name }) => name === idOrName));
  }

  createConfig(config: NewConfig): Promise<'done' | 'exists'> {
    return this.#write('configs/create', (by) => this.#around.raft.create(config, by));
  }

  async updateConfig(config: Config, labels: Config['labels']): Promise<'done' | 'stale' | 'gone'> {
    const answer = await this.#write('configs/update', (by) => this.#around.raft.update(config, labels, by));
    if (answer === 'stale') this.#around.happened('a config is stale');
    const { load } = this.#around;
    load.add(answer === 'done' ? 'transactions' : 'transactions that lost a compare');
    if (answer === 'done') load.add('bytes', JSON.stringify(labels).length);
    return answer;
  }

  removeConfig(id: string): Promise<void> {
    return this.#write('configs', (by) => this.#around.raft.remove(id, by));
  }

  nodes(): Promise<readonly NodeOfApi[]> {
    const { raft, node } = this.#around;
    const { leader, nodes } = raft.swarm;
    const answering = new Set(
      nodes.filter(({ isInTouch }) => isInTouch && !node.isCutOff).map((each) => each.record.id),
    );
    return this.#read('nodes', () =>
      [...raft.nodes()].map(({ id, title, isReady }) => {
        const state = isReady ? 'ready' : 'down';
        const isGone = !isReady && !answering.has(id);
        return { id, hostname: title, state, address: title, leader: id === leader?.record.id, isGone };
      }),
    );
  }

  /** A manager without a leader is silent even about itself. */
  async membership(): Promise<Membership> {
    const { node, raft } = this.#around;
    await this.#reach('info', 'none');
    if (node.isManager && raft.read(node) === undefined) await this.#silence('info', 'none');
    const { hostname, manager } = node.record;
    return { state: 'active', isManager: manager, address: hostname, managers: raft.members };
  }

  async events(signal: AbortSignal, told: SwarmListener): Promise<void> {
    const { raft, node, process, timeline } = this.#around;
    await this.#reach('events', 'none');
    if (!node.isManager) throw this.#unavailable('events', 'This node is not a swarm manager.', 'none');
    const { life } = node.engine;
    await new Promise<void>((resolve) => {
      let isOver = false;
      const end = () => {
        isOver = true;
        leave();
        signal.removeEventListener('abort', end);
        resolve();
      };
      let last = 0;
      const leave = raft.listen(node, {
        event: (event) => {
          if (node.engine.state !== 'up' || node.engine.life !== life) return;
          // One connection: what is told later comes later.
          last = Math.max(last, timeline.now + timeline.chance.below(5));
          timeline.after(last - timeline.now, () => process.enter(() => signal.aborted || told.event(event)));
        },
        end,
      });
      const look = () => {
        if (isOver) return;
        if (process.isDead) return leave();
        if (node.engine.life !== life || node.engine.state !== 'up') return process.enter(end);
        timeline.after(500, look);
      };
      timeline.after(500, look);
      signal.addEventListener('abort', end);
      told.begun();
    });
  }

  async #read<T>(what: string, answer: (all: ReadonlyMap<string, Config>) => T): Promise<T> {
    const { raft, node } = this.#around;
    await this.#reach(what, 'none');
    const all = raft.read(node);
    if (all === undefined) return this.#refuse(what, 'none');
    const answered = answer(all);
    await this.#wait(1);
    return answered;
  }

  /** By way of this manager to the leader, which has it agreed on; then the answer comes the same way. */
  async #write<T>(what: string, change: (by: string) => T): Promise<T> {
    const { raft, node, network, timeline, process, happened } = this.#around;
    await this.#reach(what, 'unknown');
    // What is under way needs nobody who waits for it.
    return new Promise<T>((resolve, reject) => {
      const { clock } = process;
      let isOver = false;
      const late = clock.after(DEADLINE, () => {
        reject(this.#unavailable(what, `no answer within ${DEADLINE} ms`, 'unknown'));
      });
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        late();
        settle();
      };
      const { life } = node.engine;
      let times = 0;
      const arrive = () => {
        if (node.engine.life !== life) return;
        const refusal = raft.refusal(node);
        if (refusal !== undefined) {
          if (timeline.chance.below(2) === 0) return; // it waits for a leader
          return timeline.after(2, () => process.enter(() => end(() => reject(this.#refused(what, refusal)))));
        }
        if (times++ > 0) happened('a call comes twice');
        const leader = raft.swarm.leader?.record.hostname as string;
        const done = change(node.record.hostname);
        const isLost = !network.answer(leader, node.record.hostname, () => {
          if (node.engine.life === life && node.isInTouch) process.enter(() => end(() => resolve(done)));
        });
        if (isLost) happened('an answer is lost after the fact');
      };
      timeline.after(SHORTEST + timeline.chance.below(LONGEST - SHORTEST), arrive);
      // The leader is asked again when the first answer is late.
      if (network.doubled > 0 && timeline.chance.below(100) < network.doubled) {
        network.hasDoubled = true;
        timeline.after(SHORTEST + timeline.chance.below(200), arrive);
      }
    });
  }

  /** The socket answers. @param outcome of what is asked, when there is no answer in time */
  async #reach(what: string, outcome: Outcome): Promise<void> {
    const { engine } = this.#around.node;
    await this.#wait(0.5);
    if (engine.state === 'down') throw this.#unavailable(what, 'connect ECONNREFUSED', 'none');
    if (engine.state !== 'up') await this.#silence(what, outcome);
  }

  async #refuse(what: string, outcome: Outcome): Promise<never> {
    const { raft, node, process } = this.#around;
    const refusal = raft.refusal(node) ?? '';
    if (process.clock.random() < 0.5) throw this.#refused(what, refusal, outcome);
    return this.#silence(what, outcome);
  }

  async #silence(what: string, outcome: Outcome): Promise<never> {
    await this.#around.process.clock.sleep(DEADLINE);
    throw this.#unavailable(what, `no answer within ${DEADLINE} ms`, outcome);
  }

  #wait(ms: number): Promise<void> {
    const { clock } = this.#around.process;
    return clock.sleep(ms * (0.5 + clock.random()));
  }

  #refused(what: string, why: string, outcome: Outcome = 'unknown'): LimpetError {
    return this.#unavailable(what, why, /not a swarm manager/.test(why) ? 'none' : outcome);
  }

  #unavailable(question: string, why: string, outcome: Outcome): LimpetError {
    const message = `the swarm does not answer (${question} at ${this.name}): ${why}`;
    return new LimpetError('UNAVAILABLE', message, { docker: this.name, question, outcome });
  }
}
