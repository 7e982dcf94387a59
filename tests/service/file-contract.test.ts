// The contract on the file store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contract } from './contract.js';
import { FileStore } from './library.js';

contract('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-contract-'));
  return {
    open: async () => new FileStore(folder),
    durable: true,
    remove: () => rm(folder, { recursive: true }),
  };
});
