// One operation on a store that this process opens itself, where no plugin runs that could be asked.

import { stat } from 'node:fs/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { Docker } from '../docker/docker.js';
import { dockerHost } from '../docker/docker-host.js';
import { SWARM } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import { withoutSecrets } from '../host/secrets.js';
import { AllocatorService, type ServiceOptions, systemClock } from '../service/index.js';
import { HOST_STATE_FILE, type HostState, newHostState, readHostState, writeHostState } from '../stores/host-state.js';
import { folderOf, openStore } from '../stores/open-store.js';
import type { InSpace } from '../tickets/environment.js';
import { type CopyStep, copyStore } from './copy.js';
import { type InputOf, type OperationName, type OutputOf, perform } from './operations.js';

const DOCKER = '/var/run/docker.sock';

/**
 * Opens the store, performs, closes. Live marks made meanwhile end with it.
 * @throws LimpetError BAD_INPUT (the URL), LOCKED (a plugin has the file store), UNAVAILABLE, and what the operation
 * throws
 */
export async function withStore<N extends OperationName>(
  url: string,
  name: N,
  input: InputOf<N>,
): Promise<OutputOf<N>> {
  if (name !== 'import') await demandStore(url);
  const isNew = !(await isThere(url));
  const isDry = (input as { readonly dryRun?: unknown }).dryRun === true;
  const { id, swarmNode } = await hostState(process.env.LIMPET_STATE || HOST_STATE_FILE);
  const where = process.env.LIMPET_DOCKER_SOCKET || process.env.DOCKER_HOST || DOCKER;
  const host = dockerHost(where, process.env);
  const docker = new Docker(host);
  const store = await openStore(isNew && isDry ? 'memory:' : url, { node: id, docker: host });
  const service = await AllocatorService.open(store).catch((error) => {
    throw named(error, store.name);
  });
  try {
    const environment = {
      service,
      store,
      host: id,
      nodeOf: ({ spec }: InSpace) => (spec.space === SWARM ? (swarmNode ?? id) : id),
      isStarting: () => false,
      docker,
      clock: systemClock,
      version: packageJson.version,
      notes: [],
    };
    return await perform(environment, name, input);
  } finally {
    await service.close();
  }
}

/**
 * Copies what one store has into another, both opened by this process. A dry run makes nothing.
 * @throws LimpetError BAD_INPUT (a URL, a store that is not there), LOCKED (a plugin has the file store), UNAVAILABLE
 */
export async function copyBetween(from: string, to: string, dryRun: boolean): Promise<CopyStep[]> {
  if (from === to) throw new LimpetError('BAD_INPUT', `FROM and TO are the same store: ${withoutSecrets(from)}`);
  await demandStore(from);
  const isNew = !(await isThere(to));
  const { id } = await hostState(process.env.LIMPET_STATE || HOST_STATE_FILE);
  const docker = dockerHost(process.env.LIMPET_DOCKER_SOCKET || process.env.DOCKER_HOST || DOCKER, process.env);
  let time: number | undefined;
  const clock = { ...systemClock, now: () => time ?? systemClock.now() };
  const open = async (url: string, options: ServiceOptions) => {
    const store = await openStore(url, { node: id, docker });
    return AllocatorService.open(store, options).catch((error) => {
      throw named(error, store.name);
    });
  };
  const source = await open(from, {});
  try {
    const target = await open(dryRun && isNew ? 'memory:' : to, { clock });
    const setTime = (at: number) => {
      time = at;
    };
    // A swarm has no use for the subnets of single nodes.
    const isWanted = (space: string) => to !== 'swarm:' || !space.startsWith('node:');
    return await copyStore({ from: source, to: target, setTime, isWanted, dryRun }).finally(() => target.close());
  } finally {
    await source.close();
  }
}

/** What is only looked at must be there: a slip in a path is no empty store. @throws LimpetError BAD_INPUT */
async function demandStore(url: string): Promise<void> {
  if (await isThere(url)) return;
  throw new LimpetError('BAD_INPUT', `${url} has no store: there is no such directory; check the path`, { value: url });
}

/** Whether a file store's directory is there; of every other store it is not known before it is opened. */
async function isThere(url: string): Promise<boolean> {
  if (!url.startsWith('file:')) return true;
  return stat(folderOf(url)).then(
    () => true,
    () => false,
  );
}

/** The same ID that a plugin here has, or is to have. Where it cannot be kept, one for this once. */
async function hostState(file: string): Promise<HostState> {
  const known = await readHostState(file);
  if (known !== undefined) return known;
  const state = newHostState();
  await writeHostState(file, state).catch(() => {}); // only looking needs no file
  return state;
}

/** A store's own message about its opening does not always say which store it was. */
function named(error: unknown, store: string): unknown {
  if (!(error instanceof LimpetError) || error.message.includes(store)) return error;
  return new LimpetError(error.code, `${store} cannot be opened: ${error.message}`, error.details);
}
