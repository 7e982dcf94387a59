// A file that is replaced as a whole, and is there once this has answered: a crash leaves the old one or the new one.

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NEW_FILE } from './private-folder.js';

/** @throws system errors; then the old one is as it was */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<unknown>): Promise<void> {
  const draft = `${path}.tmp`;
  try {
    await rm(draft, { force: true }); // of a process that died, or a link that somebody has laid: never followed
    const file = await open(draft, NEW_FILE, 0o600);
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** What was made or removed in it stays so. Windows can neither open a folder for this nor needs it. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
