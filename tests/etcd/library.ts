// The etcd store under test, by its built form beside the entry that tests/limpet.ts names.
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { upToDate } from '../fresh.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const dist = dirname(resolve(process.env.LIMPET_ENTRY ?? `${root}/dist/index.js`));
await upToDate('bundles');

export const { EtcdStore } = (await import(
  pathToFileURL(`${dist}/etcd-store.js`).href
)) as typeof import('../../src/entries/etcd-store.js');
