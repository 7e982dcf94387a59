// One operation on a store that this process opens itself, where no plugin runs that could be asked.

import { hostname } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import { DockerodeApi } from '../docker/index.js';
import { LimpetError } from '../host/errors.js';
import { AllocatorService } from '../service/index.js';
import { openStore } from '../stores/open-store.js';
import { type InputOf, type OperationName, type OutputOf, perform } from './operations.js';

/**
 * Opens the store, performs, closes. Live marks made meanwhile end with it.
 * @throws LimpetError BAD_INPUT (the URL), LOCKED (a plugin has the file store), UNAVAILABLE, and what the operation throws
 */
export async function withStore<N extends OperationName>(
  url: string,
  name: N,
  input: InputOf<N>,
): Promise<OutputOf<N>> {
  const node = process.env.LIMPET_NODE ?? hostname();
  const docker = new DockerodeApi({ host: dockerHost() });
  const store = await openStore(url, { node });
  const service = await AllocatorService.open(store).catch((error) => {
    throw named(error, store.name);
  });
  try {
    return await perform({ service, store, node, docker, version: packageJson.version, now: Date.now }, name, input);
  } finally {
    await service.close();
  }
}

/** A store's own message about its opening does not always say which store it was. */
function named(error: unknown, store: string): unknown {
  if (!(error instanceof LimpetError) || error.message.includes(store)) return error;
  return new LimpetError(error.code, `${store} cannot be opened: ${error.message}`, error.details);
}

/** As the plugin is told it, as Docker's own commands are, or Docker's default. */
function dockerHost(): string {
  return process.env.LIMPET_DOCKER_SOCKET || process.env.DOCKER_HOST || '/var/run/docker.sock';
}
