// A store named by a URL, as operators write it. The only place that knows all stores; each is loaded when it is named.

import { fileURLToPath } from 'node:url';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { withoutSecrets } from '../host/secrets.js';
import type { Store } from '../service/store.js';
import type { EtcdEnvironment } from './etcd/options.js';

export interface StoreUrlOptions {
  /** The ID of the node that asks, for operators who look into etcd. */
  readonly node: string;
  /** Where TLS files, user and password of etcd are named. Default `process.env`. */
  readonly environment?: EtcdEnvironment;
}

/**
 * The store behind `memory:`, `file:///var/lib/limpet` or
 * `etcd://a:2379,b:2379?ttl=10&deadline=3000&prefix=/limpet/v2/`, not opened yet.
 * @throws LimpetError BAD_INPUT naming the URL, never a password
 */
export async function openStore(url: string, { node, environment }: StoreUrlOptions): Promise<Store> {
  if (url === 'memory:') {
    const { MemoryStore } = await import('./memory/memory-store.js');
    return new MemoryStore();
  }
  if (url.startsWith('file:')) {
    const { FileStore } = await import('./file/file-store.js');
    return new FileStore(folderOf(url));
  }
  if (url.startsWith('etcd:')) {
    const [{ EtcdStore }, { etcdOptions }] = await Promise.all([
      import('./etcd/etcd-store.js'),
      import('./etcd/options.js'),
    ]);
    return new EtcdStore(etcdOptions(url, node, environment));
  }
  throw bad(url);
}

function folderOf(url: string): string {
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
    `${shown} names no store: write memory:, file:///var/lib/limpet or etcd://host:2379,host:2379`,
    { value: shown },
  );
}
