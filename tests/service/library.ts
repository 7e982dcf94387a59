// The service under test, by its built form beside the entry that tests/limpet.ts names.
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { upToDate } from '../fresh.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const dist = dirname(resolve(process.env.LIMPET_ENTRY ?? `${root}/dist/index.js`));
await upToDate('bundles');

export const { AllocatorService, MemoryStore, parseReclaimPolicy, Deadline, systemClock } = (await import(
  pathToFileURL(`${dist}/service.js`).href
)) as typeof import('../../src/entries/service.js');
export const { FileStore } = (await import(
  pathToFileURL(`${dist}/file-store.js`).href
)) as typeof import('../../src/entries/file-store.js');
export const { storeContract } = (await import(
  pathToFileURL(`${dist}/store-contract.js`).href
)) as typeof import('../../src/entries/store-contract.js');
export type AllocatorService = import('../../src/service/index.js').AllocatorService;
export const { LimpetError } = (await import(
  pathToFileURL(`${dist}/index.js`).href
)) as typeof import('../../src/entries/index.js');
export type LimpetError = import('../../src/entries/index.js').LimpetError;
export type {
  Change,
  Commit,
  Decision,
  Store,
  StoreListener,
  SubnetService,
} from '../../src/service/index.js';
