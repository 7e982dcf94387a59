// The swarm store of this node, put together: its Docker, its port for workers, its certificates.

import type { DockerHost } from '../../docker/docker-host.js';
import { DockerSwarm } from '../../docker/swarm-client.js';
import { systemClock } from '../../service/clock.js';
import { keptIn } from './kept.js';
import { type SwarmEnvironment, swarmOptions } from './options.js';
import { NodeSwarm } from './remote/node-swarm.js';
import { overTls } from './remote/over-tls.js';
import { SwarmStore } from './swarm-store.js';

export interface SwarmOpening {
  readonly docker: DockerHost;
  readonly environment: SwarmEnvironment;
  /** The file that keeps what is known. */
  readonly kept?: string;
  readonly answers: 'workers' | 'nobody';
}

/** @throws LimpetError BAD_INPUT naming the setting */
export function openSwarm({ docker, environment, kept, answers }: SwarmOpening): SwarmStore {
  const clock = systemClock;
  const options = swarmOptions(environment);
  return new SwarmStore({
    clock,
    connect: (report) => {
      const lines = overTls({ clock, report, answers, ...options });
      return new NodeSwarm({ docker: new DockerSwarm({ ...docker, clock }), clock, report, lines });
    },
    ...(kept === undefined ? {} : { kept: keptIn(kept) }),
  });
}
