// Limpet's plugin on one simulated machine: the product's own tickets, put together with a simulated Docker and clock.
// What makes a plugin of them on a real machine, socket, settings and log, is src/plugin.

import { ContainerList } from '../docker/container-list.js';
import { Networks } from '../docker/networks.js';
import { LimpetError } from '../host/errors.js';
import type { Allocator } from '../service/index.js';
import type { Call } from '../tickets/calls.js';
import type { Environment } from '../tickets/environment.js';
import { Protocol } from '../tickets/protocol.js';
import type { Told } from '../tickets/told.js';
import { DEFAULT_WAITS } from '../tickets/waits.js';
import type { SwarmNode } from './swarm/node.js';
import { Process } from './swarm/process.js';
import type { Swarm } from './swarm/swarm.js';
import type { Timeline } from './swarm/timeline.js';

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
    const protocol = new Protocol(this.#environment(process), {
      part: () => ({ nodeId: id, manager: this.#node.record.manager }),
      agreed: () => {},
      failed: (error) => {
        // Docker does not answer: the next look is soon. Anything else is a bug.
        if (!(error instanceof LimpetError) || error.code !== 'UNAVAILABLE') throw error;
      },
    });
    this.#node.socket.serve(process, (call, request, gone) =>
      this.#answer(protocol, { call: call as Call, request, gone }),
    );
    protocol.looks.begin();
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
    const docker = swarm.api(this.#node, clock, DEFAULT_WAITS.docker);
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
      waits: DEFAULT_WAITS,
      pools: { local: [], global: [] },
    };
  }

  async #answer(
    protocol: Protocol,
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
    const answer = await protocol.answer(call, read, gone);
    if (read.AddressSpace === 'limpet.global' || read.PoolID.startsWith('global/'))
      this.#around.hear(call, read, answer);
    return answer;
  }
}
