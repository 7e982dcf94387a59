// The plugin on one simulated machine: the product's own parts, put together as src/plugin/plugin.ts does, with a
// simulated Docker, etcd and clock under them and without a socket. A process of it can die, stand still and start
// anew.
import { ContainerList } from '../../src/docker/container-list.js';
import { Networks } from '../../src/docker/networks.js';
import { LimpetError } from '../../src/host/errors.js';
import type { OperateEnvironment } from '../../src/operate/environment.js';
import type { Log } from '../../src/plugin/log.js';
import { Looks } from '../../src/plugin/looks.js';
import { DEFAULT_WAITS, DEFAULTS, type PluginOptions, parsePools } from '../../src/plugin/options.js';
import { readRequest } from '../../src/plugin/protocol.js';
import { Situation } from '../../src/plugin/situation.js';
import { single } from '../../src/plugin/stores.js';
import { Deadline, type Store } from '../../src/service/index.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { Process } from '../../src/simulator/swarm/process.js';
import type { HostState } from '../../src/stores/host-state.js';
import type { Call } from '../../src/tickets/calls.js';
import { Driver } from '../../src/tickets/driver.js';
import type { Environment } from '../../src/tickets/environment.js';
import { Tenants } from '../../src/tickets/tenants.js';
import type { Told } from '../../src/tickets/told.js';
import type { Stage } from './stage.js';

/** What one process has, as far as others look into it. */
interface Running {
  readonly process: Process;
  readonly situation: Situation;
  readonly environment: Environment;
  readonly looks: Looks;
  readonly tenants: Tenants;
  readonly driver: Driver;
}

/** Makes the store of a process. */
type Backend = (process: Process) => Store;

/** Who hears what the plugin says; of a process that has died nothing is heard. */
export interface Ears {
  readonly answered: (call: string, request: object, answer: object) => void;
  readonly refused: (call: string, request: object, error: Error) => void;
  readonly told: (told: Told) => void;
  readonly logged: (level: string, event: string | undefined, message: string) => void;
}

export class Plugin {
  readonly node: SwarmNode;
  readonly #stage: Stage;
  readonly #backend: Backend;
  readonly #ears: Ears;
  /** The host's state file: it outlives the process, what was not flushed aside. */
  #file: HostState;
  #running: Running | undefined;
  #count = 0;

  constructor(stage: Stage, node: SwarmNode, backend: Backend, ears: Ears) {
    this.#stage = stage;
    this.node = node;
    this.#backend = backend;
    this.#ears = ears;
    this.#file = { id: `host-id-${node.record.hostname}` };
  }

  get running(): Running | undefined {
    return this.#running;
  }

  /** Why it is not healthy, as /healthz says; undefined when it is, or is dead. */
  get ails(): string | undefined {
    const { situation, looks } = this.#running ?? {};
    return situation?.missing ?? looks?.failed;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const { timeline, swarm, processes } = this.#stage;
    const process = new Process(timeline, this.node.wall, timeline.chanceOf(`${this.node.record.id} ${this.#count++}`));
    const { clock } = process;
    const docker = swarm.api(this.node, clock, DEFAULT_WAITS.docker);
    const log = this.#log(process);
    const situation = new Situation(OPTIONS, docker, log, clock, {
      read: async () => this.#file,
      write: async (state) => {
        if (!process.isDead) this.#file = state;
      },
      stores: async (_, { service }) => single(this.#backend(process), service),
    });
    const environment: Environment = {
      clock,
      service: situation.service,
      host: situation.host,
      nodeOf: situation.nodeOf,
      formerNodeOf: situation.formerNodeOf,
      isManager: situation.isManager,
      locate: situation.locate,
      docker,
      containers: new ContainerList(docker, clock),
      networks: new Networks(docker),
      tell: (told) => process.isDead || this.#ears.told(told),
      waits: DEFAULT_WAITS,
      get pools() {
        return situation.pools();
      },
    };
    const tenants = new Tenants(clock);
    const looks = new Looks(environment, tenants, situation, log, DEFAULT_WAITS.reconcile);
    const driver = new Driver(environment, tenants);
    processes.set(this.node, process);
    this.#running = { process, situation, environment, looks, tenants, driver };
    this.node.socket.serve(process, (call, request) => this.#answer(call as Call, request));
    void situation.open().then(() => {
      if (situation.missing === undefined && !process.isDead) looks.begin();
    });
  }

  /** SIGKILL, or the machine's end. */
  die(): void {
    this.#running?.process.die();
    this.#running = undefined;
    this.#stage.processes.delete(this.node);
    this.node.socket.close();
  }

  /** As `limpet` on that machine asks the plugin. */
  get operate(): OperateEnvironment | undefined {
    if (this.#running === undefined || this.#running.situation.missing !== undefined) return undefined;
    const { environment, situation, tenants } = this.#running;
    const { service, host, nodeOf, docker, clock } = environment;
    return {
      service: service(),
      store: situation.store as Store,
      host: host(),
      nodeOf,
      isStarting: (net, identity, containers) => tenants.isStarting(net, identity, containers),
      docker,
      clock,
      version: '0',
      notes: [],
    };
  }

  /** As src/plugin/server.ts does, with its deadline. */
  async #answer(call: Call, request: object): Promise<Readonly<Record<string, unknown>>> {
    const { driver, environment, process } = this.#running as Running;
    const { clock } = environment;
    const read = readRequest(call, JSON.stringify(request));
    const deadline = new Deadline(clock, DEFAULT_WAITS.call);
    let callOff = () => {};
    const late = new Promise<never>((_, reject) => {
      callOff = clock.after(DEFAULT_WAITS.call, () => reject(new LimpetError('UNAVAILABLE', `${call}: no answer`)));
    });
    try {
      const answer = await Promise.race([driver.answer(call, read, { deadline }), late]);
      if (!process.isDead) this.#ears.answered(call, request, answer);
      return answer;
    } catch (error) {
      if (!process.isDead) this.#ears.refused(call, request, error as Error);
      throw error;
    } finally {
      callOff();
    }
  }

  #log(process: Process): Log {
    const line = (level: string) => (about: { event?: string }, message: string) => {
      if (!process.isDead) this.#ears.logged(level, about.event, message);
    };
    return {
      trace: () => {},
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    } as unknown as Log;
  }
}

const OPTIONS: PluginOptions = {
  store: 'etcd://simulated',
  socket: '',
  docker: '',
  stateFile: '',
  logLevel: 'debug',
  pools: { global: parsePools(DEFAULTS.globalPools), local: parsePools(DEFAULTS.localPools) },
  waits: DEFAULT_WAITS,
};
