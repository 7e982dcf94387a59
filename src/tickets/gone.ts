// Who nobody comes back as, for those who need an address of a subnet that may be full: Docker is asked only when it
// is.

import type { SubnetService } from '../service/index.js';
import type { Environment } from './environment.js';
import type { Tenants } from './tenants.js';

/** For a call of the service. Docker not answering means that nobody is known to be gone. */
export function goneFrom(
  { containers }: Environment,
  { departures }: Tenants,
  net: SubnetService,
): () => Promise<readonly string[]> {
  return async () => departures.gone(net, await containers.ifAnswered());
}
