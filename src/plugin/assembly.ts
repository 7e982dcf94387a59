// The plugin's parts, put together: plugin.ts has them on a socket, with a real Docker, store and clock under them; the
// simulation has the same ones in virtual time.

import { ContainerList } from '../docker/container-list.js';
import type { DockerApi } from '../docker/index.js';
import { Networks } from '../docker/networks.js';
import type { Clock } from '../service/index.js';
import { Certainty } from '../tickets/certain.js';
import type { Environment } from '../tickets/environment.js';
import { Protocol } from '../tickets/protocol.js';
import type { Told } from '../tickets/told.js';
import type { Log } from './log.js';
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
  readonly protocol: Protocol;
}

export class Assembly implements Parts {
  readonly situation: Situation;
  readonly environment: Environment;
  readonly protocol: Protocol;

  constructor({ options, clock, log, docker, kept, tell, wire }: Ground) {
    const situation = new Situation(options, docker, log, clock, kept);
    this.situation = situation;
    this.environment = {
      clock,
      service: situation.service,
      host: situation.host,
      nodeOf: situation.nodeOf,
      formerNodeOf: situation.formerNodeOf,
      isManager: situation.isManager,
      dockerVersion: () => situation.dockerVersion,
      locate: situation.locate,
      wished: situation.wished,
      whoIsMeant: (said) => new Certainty(this.environment, said),
      ...(wire === undefined ? {} : { wire: new AskedWire(wire, tell, situation.nodeOf) }),
      docker,
      containers: new ContainerList(docker, clock),
      networks: new Networks(docker),
      tell,
      waits: options.waits,
      get pools() {
        return situation.pools();
      },
    };
    this.protocol = new Protocol(this.environment, {
      part: async () => (await situation.look()).swarm,
      agreed: () => log.info({ event: 'look' }, 'what runs here agrees with the store'),
      failed: (error) => log.warn({ event: 'look' }, error instanceof Error ? error.message : String(error)),
    });
    situation.onNews = () => this.protocol.looks.soon();
  }

  /** Finds out who the host is and opens the store, for as long as it takes; then looks at what runs here. */
  async begin(): Promise<void> {
    await this.situation.open();
    if (this.situation.isOpen) this.protocol.looks.begin();
  }
}
