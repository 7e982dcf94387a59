// How the swarm store is told what it cannot ask Docker.

import { quote } from '../../host/address.js';
import { LimpetError } from '../../host/errors.js';
import { PORT } from './remote/calls.js';

/** The environment variables that are read; an empty one counts as unset. */
export interface SwarmEnvironment {
  readonly LIMPET_SWARM_PORT?: string | undefined;
  readonly LIMPET_SWARM_CERTIFICATES?: string | undefined;
}

export interface SwarmOptions {
  /** Where managers answer workers; the same on every node. */
  readonly port: number;
  /** The folder of the swarm's own certificates. */
  readonly certificates: string;
}

/** In the data root that Docker has unless it is told otherwise. */
const CERTIFICATES = '/var/lib/docker/swarm/certificates';

/** @throws LimpetError BAD_INPUT */
export function swarmOptions(environment: SwarmEnvironment): SwarmOptions {
  const port = environment.LIMPET_SWARM_PORT || `${PORT}`;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw new LimpetError('BAD_INPUT', `LIMPET_SWARM_PORT: ${quote(port)} is not a valid port`, { value: port });
  return { port: Number(port), certificates: environment.LIMPET_SWARM_CERTIFICATES || CERTIFICATES };
}
