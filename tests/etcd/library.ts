// The etcd store under test, by its built form beside the entry that tests/limpet.ts names.
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const dist = dirname(resolve(process.env.LIMPET_ENTRY ?? `${root}/dist/index.js`));

export const { EtcdStore, etcdOptions } = (await import(
  pathToFileURL(`${dist}/etcd-store.js`).href
)) as typeof import('../../src/entries/etcd-store.js');
