// A file that root writes for itself alone, all of it or nothing: what a crash or a lost power leaves behind is the old
// one or the new one. The file store's own files are written piece by piece, in file/files.ts.

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFolder, NEW_FILE, refuseOpenFolder, type Wanted } from './private-folder.js';

/**
 * Returns when it is on the disk. Its folder is made if there is none.
 * @throws LimpetError BAD_INPUT: others may write into the folder; system errors: the file cannot be written
 */
export async function writePrivateFile(file: string, text: string, folder: Wanted): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await refuseOpenFolder(dirname(file), folder);
  const draft = `${file}.tmp`;
  await rm(draft, { force: true }); // of a process that died, or a link that somebody has laid: never followed
  const handle = await open(draft, NEW_FILE, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await flushFolder(dirname(file));
}
