// The store that a setting names, open; auto-stores.ts is the one that needs no setting.

import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DockerHost } from '../docker/docker-host.js';
import { openStore, type StoreUrlOptions } from '../stores/open-store.js';
import { AutoStores, type OpenStores, type StoresAround, single } from './auto-stores.js';
import type { PluginOptions } from './options.js';

/** The setting that needs no setting. */
const AUTO = 'auto';

export interface StoresParts extends StoresAround {
  readonly options: PluginOptions;
  readonly docker: DockerHost;
}

/**
 * Whether a store of that setting can ever be opened: the URL, and the files and names that belong to it.
 * @throws LimpetError BAD_INPUT
 */
export async function checkStore(parts: Pick<StoresParts, 'options' | 'docker'>): Promise<void> {
  const { store } = parts.options;
  const urls = store === AUTO ? ['swarm:', ownUrl(parts.options)] : [store];
  for (const url of urls) await openStore(url, urlOptions(parts, 'nobody')).then((made) => made.close());
}

/** @param node the host's own ID. @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE */
export async function openStores(parts: StoresParts, node: string): Promise<OpenStores> {
  const { store: url } = parts.options;
  if (url === AUTO) {
    const own = ownUrl(parts.options);
    return AutoStores.open({
      ...{ clock: parts.clock, service: parts.service, tell: parts.tell, ownName: own },
      own: () => openStore(own, urlOptions(parts, node)),
      cluster: () => openStore('swarm:', urlOptions(parts, node)),
      forget: () => rm(keptFile(parts.options), { force: true }),
    });
  }
  return single(await openStore(url, urlOptions(parts, node)), parts.service);
}

/** The folder of what this node remembers is that of its own store. */
function ownUrl({ stateFile }: PluginOptions): string {
  return `file://${encodeURI(dirname(stateFile))}`;
}

function keptFile({ stateFile }: PluginOptions): string {
  return join(dirname(stateFile), 'swarm.json');
}

function urlOptions({ options, docker }: Pick<StoresParts, 'options' | 'docker'>, node: string): StoreUrlOptions {
  const { environment } = options;
  return {
    node,
    docker,
    answers: 'workers',
    kept: keptFile(options),
    ...(environment === undefined ? {} : { environment }),
  };
}
