// Limpet's plugin on one simulated machine: the product's own tickets, put together with a simulated Docker and clock.
// What makes a plugin of them on a real machine, socket, settings and log, is src/plugin.

import { ContainerList } from '../docker/container-list.js';
import { Networks } from '../docker/networks.js';
import { LimpetError } from '../host/errors.js';
import { type Allocator, type Clock, Deadline } from '../service/index.js';
import type { Call } from '../tickets/calls.js';
import { Driver } from '../tickets/driver.js';
import type { Environment, Waits } from '../tickets/environment.js';
import { Reconciler } from '../tickets/reconciler.js';
import { Sweeper } from '../tickets/sweeper.js';
import { Tenants } from '../tickets/tenants.js';
import type { Told } from '../tickets/told.js';
import type { SwarmNode } from './swarm/node.js';
import { Process } from './swarm/process.js';
import type { Swarm } from './swarm/swarm.js';
import type { Timeline } from './swarm/timeline.js';

/** Milliseconds; the plugin's defaults. */
const WAITS: Waits = { home: 5000, sweep: 60_000, store: 22_000, boot: 10_000 };
const DOCKER = 2000;
const CALL = 27_000;
const LOOK = 30_000;
const SOON = 2000;

export interface Around {
  readonly timeline: Timeline;
  readonly swarm: Swarm;
  readonly service: Allocator;
  readonly tell: (told: Told) => void;
  /** Swarm's leader has asked, and has been answered. */
  readonly hear: (
    call: string,
    request: { readonly Address: string },
    answer: Readonly<Record<string, unknown>>,
  ) => void;
}

export class Plugin {
  readonly #node: SwarmNode;
  readonly #around: Around;
  #process: Process | undefined;
  #lives = 0;

  constructor(node: SwarmNode, around: Around) {
    this.#node = node;
    this.#around = around;
  }

  get runs(): boolean {
    return this.#process !== undefined;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const { timeline } = this.#around;
    const { id } = this.#node.record;
    const process = new Process(timeline, this.#node.wall, timeline.chanceOf(`${id} ${this.#lives++}`));
    this.#process = process;
    const environment = this.#environment(process);
    const tenants = new Tenants(process.clock);
    const driver = new Driver(environment, tenants);
    this.#node.socket.serve(process, (call, request, gone) =>
      this.#answer(driver, process.clock, { call: call as Call, request, gone }),
    );
    void this.#look(process, new Reconciler(environment, tenants), new Sweeper(environment, driver.said));
  }

  /** With its machine. */
  die(): void {
    this.#process?.die();
    this.#process = undefined;
    this.#node.socket.close();
  }

  #environment(process: Process): Environment {
    const { swarm, service, tell } = this.#around;
    const { record } = this.#node;
    const { clock } = process;
    const docker = swarm.api(this.#node, clock, DOCKER);
    return {
      clock,
      service: () => service,
      host: () => record.id,
      nodeOf: () => record.id,
      formerNodeOf: () => undefined,
      isManager: () => record.manager,
      docker,
      containers: new ContainerList(docker, clock),
      networks: new Networks(docker),
      tell: (told) => process.isDead || tell(told),
      waits: WAITS,
      pools: { local: [], global: [] },
    };
  }

  async #answer(
    driver: Driver,
    clock: Clock,
    { call, request, gone }: { readonly call: Call; readonly request: object; readonly gone: AbortSignal },
  ): Promise<Readonly<Record<string, unknown>>> {
    // What Docker leaves out is read as empty.
    const read = {
      AddressSpace: '',
      Pool: '',
      SubPool: '',
      PoolID: '',
      Address: '',
      Options: {},
      V6: false,
      ...request,
    };
    const answer = await driver.answer(call, read, { deadline: new Deadline(clock, CALL, gone) });
    if (read.AddressSpace === 'limpet.global' || read.PoolID.startsWith('global/'))
      this.#around.hear(call, read, answer);
    return answer;
  }

  /** Looks at what runs here, and on the leader at what the swarm has, for as long as it lives. */
  async #look(process: Process, reconciler: Reconciler, sweeper: Sweeper): Promise<void> {
    for (let n = 0; !process.isDead; n++) {
      const good = await this.#lookOnce(reconciler, sweeper);
      await process.clock.sleep(good && n > 0 ? LOOK : SOON);
    }
  }

  async #lookOnce(reconciler: Reconciler, sweeper: Sweeper): Promise<boolean> {
    const { id, manager } = this.#node.record;
    try {
      await reconciler.look();
      if (manager) await sweeper.look(id);
      return true;
    } catch (error) {
      // Docker does not answer: the next look is soon.
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return false;
      throw error;
    }
  }
}
