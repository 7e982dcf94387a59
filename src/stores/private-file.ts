// Files that root writes for itself alone, all of one or nothing: what a crash or a lost power leaves behind is the old
// one or the new one.

import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFolder, NEW_FILE, refuseOpenFolder, type Wanted } from './private-folder.js';

/**
 * Returns when it is on the disk. Its folder is made if there is none.
 * @throws LimpetError BAD_INPUT: others may write into the folder; system errors: the file cannot be written
 */
export async function writePrivateFile(file: string, text: string, folder: Wanted): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await refuseOpenFolder(dirname(file), folder);
  await replaceFile(file, (handle) => handle.writeFile(text));
}

/** As it is written, in a folder that is there. @throws system errors; then the old one is as it was */
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
