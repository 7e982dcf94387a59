// What the parts of one plugin share.

import type { Coalesced } from '../docker/coalesced.js';
import type { Container, DockerApi } from '../docker/index.js';
import type { Networks } from '../docker/networks.js';
import type { Log } from '../plugin/log.js';
import type { Metrics } from '../plugin/metrics.js';
import type { PoolRange, Waits } from '../plugin/options.js';
import type { AllocatorService } from '../service/index.js';

export interface Context {
  /** This node's name. @throws LimpetError UNAVAILABLE while it is not known */
  readonly node: () => string;
  /** Whether this node is a manager of a swarm, as far as Docker has said. */
  readonly isManager: () => boolean;
  /** @throws LimpetError UNAVAILABLE while the store is not open */
  readonly service: () => AllocatorService;
  readonly docker: DockerApi;
  readonly containers: Coalesced<readonly Container[]>;
  readonly networks: Networks;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly waits: Waits;
  readonly pools: { readonly global: readonly PoolRange[]; readonly local: readonly PoolRange[] };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
