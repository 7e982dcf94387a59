// The plugin on one simulated machine: the product's own parts, put together by its own src/plugin/assembly.ts, with a
// simulated Docker, store and clock under them and without a socket. A process of it can die, stand still and start
// anew.
import type { DockerApi } from '../../src/docker/api.js';
import type { OperateEnvironment } from '../../src/operate/environment.js';
import { Assembly } from '../../src/plugin/assembly.js';
import type { OpenStores, StoresAround } from '../../src/plugin/auto-stores.js';
import type { Log } from '../../src/plugin/log.js';
import { DEFAULTS, type PluginOptions, parsePools } from '../../src/plugin/options.js';
import { readRequest } from '../../src/plugin/protocol.js';
import type { Store } from '../../src/service/index.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { Process } from '../../src/simulator/swarm/process.js';
import type { HostState } from '../../src/stores/host-state.js';
import type { Call } from '../../src/tickets/calls.js';
import type { Told } from '../../src/tickets/told.js';
import { DEFAULT_WAITS } from '../../src/tickets/waits.js';
import type { Load } from './load.js';
import type { Stage } from './stage.js';

/** What one process has, as far as others look into it. */
interface Running {
  readonly process: Process;
  readonly parts: Assembly;
}

/** Opens the stores of a process. */
type Backend = (process: Process, around: StoresAround) => Promise<OpenStores>;

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
  /** How many leaders the swarm had had when its process began. */
  #term = 0;
  /** Its process has refused a leader the pool: that one does not say again what is in it. */
  #hasGaps = false;

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
    const { situation, protocol } = this.#running?.parts ?? {};
    return situation?.missing ?? protocol?.looks.failed;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const { timeline, swarm, processes } = this.#stage;
    this.#term = swarm.term;
    this.#hasGaps = false;
    const process = new Process(timeline, this.node.wall, timeline.chanceOf(`${this.node.record.id} ${this.#count++}`));
    const { clock } = process;
    const parts = new Assembly({
      options: { ...OPTIONS, store: this.#stage.store === 'etcd' ? 'etcd://simulated' : 'auto' },
      clock,
      log: this.#log(process),
      docker: asked(swarm.api(this.node, clock, DEFAULT_WAITS.docker), this.#stage.load),
      kept: {
        read: async () => this.#file,
        write: async (state) => {
          if (!process.isDead) this.#file = state;
        },
        stores: (_, around) => this.#backend(process, around),
      },
      tell: (told) => process.isDead || this.#ears.told(told),
    });
    processes.set(this.node, process);
    this.#running = { process, parts };
    this.node.socket.serve(process, (call, request, gone) => this.#answer(call as Call, request, gone));
    void parts.begin();
  }

  /** Whether it has heard all that the swarm's leader has said. */
  get knowsLeader(): boolean {
    return this.#running !== undefined && this.#term < this.#stage.swarm.term && !this.#hasGaps;
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
    if (this.#running === undefined || this.#running.parts.situation.missing !== undefined) return undefined;
    const { environment, situation, protocol } = this.#running.parts;
    const { service, host, nodeOf, docker, clock } = environment;
    return {
      service: service(),
      store: situation.store as Store,
      host: host(),
      nodeOf,
      isStarting: (net, identity, containers) => protocol.tenants.isStarting(net, identity, containers),
      docker,
      clock,
      version: '0',
      notes: [],
    };
  }

  async #answer(call: Call, request: object, gone: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { parts, process } = this.#running as Running;
    try {
      const answer = await parts.protocol.answer(call, readRequest(call, JSON.stringify(request)), gone);
      if (!process.isDead) this.#ears.answered(call, request, answer);
      return answer;
    } catch (error) {
      if (isLeadersPool(call, request) && this.#running?.process === process) this.#hasGaps = true;
      if (!process.isDead) this.#ears.refused(call, request, error as Error);
      throw error;
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

function isLeadersPool(call: Call, request: object): boolean {
  return call === 'IpamDriver.RequestPool' && 'AddressSpace' in request && request.AddressSpace === 'limpet.global';
}

/** The same API, whose questions are counted. */
function asked(api: DockerApi, load: Load): DockerApi {
  return new Proxy(api, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...of: unknown[]) => {
        load.add(`Docker ${String(name)}`);
        return value.apply(target, of);
      };
    },
  });
}

const OPTIONS: PluginOptions = {
  store: '',
  socket: '',
  docker: '',
  stateFile: '',
  logLevel: 'debug',
  pools: { global: parsePools(DEFAULTS.globalPools), local: parsePools(DEFAULTS.localPools) },
  waits: DEFAULT_WAITS,
};
