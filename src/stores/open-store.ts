// A store named by a URL, as operators write it. The only place that knows all stores; each is loaded when it is named.

import { fileURLToPath } from 'node:url';
import type { DockerHost } from '../docker/docker-host.js';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { withoutSecrets } from '../host/secrets.js';
import type { Store } from '../service/store.js';
import type { EtcdEnvironment } from './etcd/options.js';
import type { SwarmEnvironment } from './swarm/options.js';

export interface StoreUrlOptions {
  /** The ID of the node that asks, for operators who look into etcd. */
  readonly node: string;
  /** What a URL does not say: of etcd TLS files, user and password, of the swarm a port. Default `process.env`. */
  readonly environment?: EtcdEnvironment & SwarmEnvironment;
  /** Where Docker's API is, for the swarm store. Default: its socket. */
  readonly docker?: DockerHost;
  /** Whether it is a plugin's: on a manager the swarm store then answers workers. Default `nobody`. */
  readonly answers?: 'workers' | 'nobody';
  /** The file that keeps what the swarm store knows. Default: none. */
  readonly kept?: string;
}

const DOCKER: DockerHost = { host: '/var/run/docker.sock' };

/**
 * The store behind `memory:`, `file:///var/lib/limpet`, `swarm:` or
 * `etcd://a:2379,b:2379?ttl=10&deadline=3000&prefix=/limpet/v2/`, not opened yet.
 * @throws LimpetError BAD_INPUT naming the URL, never a password
 */
export async function openStore(url: string, options: StoreUrlOptions): Promise<Store> {
  if (url === 'memory:') {
    const { MemoryStore } = await import('./memory/memory-store.js');
    return new MemoryStore();
  }
  if (url.startsWith('file:')) {
    const { FileStore } = await import('./file/file-store.js');
    return new FileStore(folderOf(url));
  }
  if (url === 'swarm:') {
    const { openSwarm } = await import('./swarm/open-swarm.js');
    return openSwarm({ docker: DOCKER, environment: process.env as SwarmEnvironment, answers: 'nobody', ...options });
  }
  if (url.startsWith('etcd:')) {
    const [{ EtcdStore }, { etcdOptions }] = await Promise.all([
      import('./etcd/etcd-store.js'),
      import('./etcd/options.js'),
    ]);
    return new EtcdStore(etcdOptions(url, options.node, options.environment));
  }
  if (url === 'auto') throw new LimpetError('BAD_INPUT', 'auto is two stores: name one, swarm: or file:///folder');
  throw bad(url);
}

/** The directory of a file store's URL. @throws LimpetError BAD_INPUT */
export function folderOf(url: string): string {
  if (!url.startsWith('file:///')) throw bad(url); // `file:relative` would be taken for `/relative`
  const [cut] = /[?#]/.exec(url) ?? [];
  if (cut !== undefined) {
    const shown = quote(withoutSecrets(url));
    const how = `a file store's URL takes no ${cut}: write %3F for ? and %23 for # in a folder's name`;
    throw new LimpetError('BAD_INPUT', `${shown}: ${how}`, { value: shown });
  }
  try {
    return fileURLToPath(url);
  } catch {
    throw bad(url);
  }
}

function bad(url: string): LimpetError {
  const shown = quote(withoutSecrets(url));
  return new LimpetError(
    'BAD_INPUT',
    `${shown} names no store: write auto, swarm:, file:///var/lib/limpet, etcd://host:2379,host:2379 or memory:`,
    { value: shown },
  );
}
