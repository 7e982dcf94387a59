// Folders that root writes into and believes: the state folder, and the file store's. Whoever else could write there
// could lay a link for root to write through, or put a file of his own in the place of one.

import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { LimpetError } from '../host/errors.js';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants; // Windows has no links to follow

/** For a file that must not be there yet: neither it nor a link that somebody has laid. */
export const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
/** For one that is there: itself, not what a link points to. */
export const NO_LINK = O_NOFOLLOW;

/** Of a mode: the group and everybody. */
const OTHERS_WRITE = 0o022;

/** What a folder is called in the refusal, and why it matters. */
export interface Wanted {
  /** `the state folder`. */
  readonly what: string;
  /** What others could do there. */
  readonly danger: string;
  /** What can be named instead. */
  readonly instead: string;
}

/** @throws LimpetError BAD_INPUT when another user, or a group, may write there; system errors when it is not there */
export async function refuseOpenFolder(folder: string, { what, danger, instead }: Wanted): Promise<void> {
  if (process.platform === 'win32') return; // its modes say nothing of who may write
  const { mode, uid } = await stat(folder);
  const self = process.getuid?.();
  const isForeign = self !== undefined && uid !== self && uid !== 0;
  if ((mode & OTHERS_WRITE) === 0 && !isForeign) return;
  const who = isForeign ? `belongs to the user ${uid}` : 'may be written by others';
  const mend = isForeign ? `chown ${self} ${folder}` : `chmod go-w ${folder}`;
  const message = `${what} ${folder} ${who}, ${danger}: ${mend}, or name ${instead}`;
  throw new LimpetError('BAD_INPUT', message, { value: folder });
}

/** What was made or removed in it stays so when power is lost. Windows can neither open a folder nor needs it. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
