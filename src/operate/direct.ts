// One operation on a store that this process opens itself, where no plugin runs that could be asked.

import { resolve } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { Docker } from '../docker/docker.js';
import { dockerHost } from '../docker/docker-host.js';
import { isHostSpace, SWARM } from '../docker/spaces.js';
import { LimpetError } from '../host/errors.js';
import { withoutSecrets } from '../host/secrets.js';
import { AllocatorService, type ServiceOptions, systemClock } from '../service/index.js';
import { lookFor } from '../stores/file/folder.js';
import { HOST_STATE_FILE, type HostState, newHostState, readHostState, writeHostState } from '../stores/host-state.js';
import { folderOf, openStore } from '../stores/open-store.js';
import type { InSpace } from '../tickets/environment.js';
import { type CopyStep, copyStore } from './copy.js';
import { type InputOf, type OperationName, type OutputOf, operations, perform } from './operations.js';

const DOCKER = '/var/run/docker.sock';

/** A store for this process alone, of which nothing stays. */
const NOTHING = 'memory:';

/**
 * Opens the store, performs, closes. Live marks made meanwhile end with it. What only looks makes nothing, and an
 * import makes a store only when there is something to put into it.
 * @throws LimpetError BAD_INPUT (the URL, no store), LOCKED (a plugin has the file store), UNAVAILABLE, and what the
 * operation throws
 */
export async function withStore<N extends OperationName>(
  url: string,
  name: N,
  input: InputOf<N>,
): Promise<OutputOf<N>> {
  const isDry = (input as { readonly dryRun?: unknown }).dryRun === true;
  const looks = operations[name].method === 'GET' || isDry;
  if (name !== 'import') await demandStore(url);
  else if ((await lookAt(url)) !== 'store') {
    const dry = { ...input, dryRun: true } as InputOf<N>;
    const would = (await performOn(NOTHING, await thisHost(), name, dry)) as OutputOf<'import'>;
    const isWorth = would.steps.some(({ outcome }) => outcome === 'add');
    if (isDry || !isWorth) return { ...would, dryRun: isDry } as OutputOf<N>;
  }
  return performOn(url, await (looks ? thisHost() : keptHost()), name, input);
}

async function performOn<N extends OperationName>(
  url: string,
  { id, swarmNode }: HostState,
  name: N,
  input: InputOf<N>,
): Promise<OutputOf<N>> {
  const host = thisDocker();
  const docker = new Docker(host);
  const store = await openStore(url, { node: id, docker: host });
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
  if (placeOf(from) === placeOf(to)) {
    const both = from === to ? withoutSecrets(from) : `${withoutSecrets(from)} and ${withoutSecrets(to)}`;
    throw new LimpetError('BAD_INPUT', `FROM and TO are the same store: ${both}`);
  }
  if ([from, to].includes(NOTHING)) {
    const message = `${NOTHING} ends with this command: copy from and to a store that lasts`;
    throw new LimpetError('BAD_INPUT', message, { value: NOTHING });
  }
  await demandStore(from);
  const isNew = (await lookAt(to)) !== 'store';
  const { id } = await (dryRun ? thisHost() : keptHost());
  const docker = thisDocker();
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
    const target = await open(dryRun && isNew ? NOTHING : to, { clock });
    const setTime = (at: number) => {
      time = at;
    };
    // A swarm has no use for the subnets of single nodes.
    const isWanted = (space: string) => to !== 'swarm:' || !isHostSpace(space);
    return await copyStore({ from: source, to: target, setTime, isWanted, dryRun }).finally(() => target.close());
  } finally {
    await source.close();
  }
}

/** The same for two URLs of one store: a folder can be written in several ways. */
function placeOf(url: string): string {
  return url.startsWith('file:') ? resolve(folderOf(url)) : url;
}

/** What is only looked at must be there: a slip in a path is no empty store. @throws LimpetError BAD_INPUT */
async function demandStore(url: string): Promise<void> {
  const found = await lookAt(url);
  if (found === 'store') return;
  const why =
    found === 'no store' ? 'the directory has neither a journal nor a snapshot' : 'there is no such directory';
  throw new LimpetError('BAD_INPUT', `${url} has no store: ${why}; check the path`, { value: url });
}

/** Whether a file store is there; of every other store it is not known before it is opened. */
async function lookAt(url: string): ReturnType<typeof lookFor> {
  return url.startsWith('file:') ? lookFor(folderOf(url)) : 'store';
}

function thisDocker(): ReturnType<typeof dockerHost> {
  return dockerHost(process.env.LIMPET_DOCKER_SOCKET || process.env.DOCKER_HOST || DOCKER, process.env);
}

/** The same ID that a plugin here has. Where there is none yet, one for this once: looking leaves nothing behind. */
async function thisHost(): Promise<HostState> {
  return (await readHostState(stateFile())) ?? newHostState();
}

/** The same ID that a plugin here has, or is to have. Where it cannot be kept, one for this once. */
async function keptHost(): Promise<HostState> {
  const known = await readHostState(stateFile());
  if (known !== undefined) return known;
  const state = newHostState();
  await writeHostState(stateFile(), state).catch(() => {}); // the change does not hang on it
  return state;
}

function stateFile(): string {
  return process.env.LIMPET_STATE || HOST_STATE_FILE;
}

/** A store's own message about its opening does not always say which store it was. */
function named(error: unknown, store: string): unknown {
  if (!(error instanceof LimpetError) || error.message.includes(store)) return error;
  return new LimpetError(error.code, `${store} cannot be opened: ${error.message}`, error.details);
}
