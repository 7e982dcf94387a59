// The plugin's parts, put together: plugin.ts has them on a socket, with a real Docker, store and clock under them; the
// simulation has the same ones in virtual time.

import { ContainerList } from '../docker/container-list.js';
import type { DockerApi } from '../docker/index.js';
import { Networks } from '../docker/networks.js';
import { LimpetError } from '../host/errors.js';
import { type Clock, Deadline } from '../service/index.js';
import type { Call, RequestOf } from '../tickets/calls.js';
import { Certainty } from '../tickets/certain.js';
import { Driver } from '../tickets/driver.js';
import type { Environment } from '../tickets/environment.js';
import { Tenants } from '../tickets/tenants.js';
import type { Told } from '../tickets/told.js';
import type { Log } from './log.js';
import { Looks } from './looks.js';
import type { PluginOptions } from './options.js';
import { type Kept, Situation } from './situation.js';
import { AskedWire, type Asking } from './wire.js';

/** What the parts stand on. */
export interface Ground {
  readonly options: PluginOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly docker: DockerApi;
  readonly kept: Kept;
  readonly tell: (told: Told) => void;
  readonly wire?: Asking;
}

/** What else is to be on the plugin's socket stands on this. */
export interface Parts {
  readonly situation: Situation;
  readonly environment: Environment;
  readonly tenants: Tenants;
}

export class Assembly implements Parts {
  readonly situation: Situation;
  readonly environment: Environment;
  readonly tenants: Tenants;
  readonly looks: Looks;
  readonly #driver: Driver;
  readonly #within: number;

  constructor({ options, clock, log, docker, kept, tell, wire }: Ground) {
    const { waits } = options;
    const situation = new Situation(options, docker, log, clock, kept);
    this.situation = situation;
    this.environment = {
      clock,
      service: situation.service,
      host: situation.host,
      nodeOf: situation.nodeOf,
      formerNodeOf: situation.formerNodeOf,
      isManager: situation.isManager,
      limitOfShared: () => situation.limitOfShared,
      locate: situation.locate,
      whoIsMeant: (said) => new Certainty(this.environment, said),
      ...(wire === undefined ? {} : { wire: new AskedWire(wire, tell, situation.nodeOf) }),
      docker,
      containers: new ContainerList(docker, clock),
      networks: new Networks(docker),
      tell,
      waits,
      get pools() {
        return situation.pools();
      },
    };
    this.tenants = new Tenants(clock);
    this.#driver = new Driver(this.environment, this.tenants);
    this.looks = new Looks(this, this.#driver.said, log, waits.reconcile);
    situation.onNews = () => this.looks.soon();
    this.#within = waits.call;
  }

  /** Finds out who the host is and opens the store, for as long as it takes; then looks at what runs here. */
  async begin(): Promise<void> {
    await this.situation.open();
    if (this.situation.isOpen) this.looks.begin();
  }

  /**
   * Docker is told before it gives up by itself: it will ask again. What has not been written by then is not written
   * any more, and neither is what waits when Docker itself is gone: another leader may have asked since.
   * @throws LimpetError in words that Docker passes on to its user
   */
  async answer<C extends Call>(
    call: C,
    request: RequestOf<C>,
    gone?: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { clock } = this.environment;
    let callOff = () => {};
    const late = new Promise<never>((_, reject) => {
      callOff = clock.after(this.#within, () => {
        reject(new LimpetError('UNAVAILABLE', `${call}: no answer within ${this.#within} ms`, { call }));
      });
    });
    const deadline = new Deadline(clock, this.#within * 0.95, gone); // what the store says of it comes first
    return Promise.race([this.#driver.answer(call, request, { deadline }), late]).finally(callOff);
  }
}
