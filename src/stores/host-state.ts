// Who this host is, kept in a file of its state folder: an ID of its own, made at random at the first start, and
// Swarm's ID of the node as it was last heard. Docker does not answer while it starts, and that is when both are
// needed. Whoever could write into the folder could be this host, or have root write elsewhere: such a folder is
// refused.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';

/** Where it is kept unless something else is said: a plugin and the commands beside it look in one place. */
export const HOST_STATE_FILE = '/var/lib/limpet/host.json';

export interface HostState {
  /** The host's own ID. Host names are for people: they change, and two hosts can have one. */
  readonly id: string;
  /** Swarm's ID of the node; absent outside of a swarm. */
  readonly swarmNode?: string;
}

const VERSION = 1;

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
/** Of a mode: the group and everybody. */
const OTHERS_WRITE = 0o022;

/**
 * What the file says; undefined when there is none.
 * @throws LimpetError BAD_INPUT when it says something else, or others may write into its folder, UNAVAILABLE when it
 * cannot be read
 */
export async function readHostState(file: string): Promise<HostState | undefined> {
  let text: string;
  try {
    await refuseOpenFolder(file);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof LimpetError) throw error;
    throw new LimpetError('UNAVAILABLE', `${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    const { version, id, swarmNode } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (version === VERSION && typeof id === 'string' && id !== '')
      return { id, ...(typeof swarmNode === 'string' && swarmNode !== '' ? { swarmNode } : {}) };
  } catch {
    // not JSON: an older Limpet kept the host's name there
  }
  const said = quote(text.slice(0, 60));
  const message = `${file} does not say who this host is, but ${said}: remove it, and a new ID is made`;
  throw new LimpetError('BAD_INPUT', message, { value: file });
}

/** A host that has no ID yet. */
export function newHostState(): HostState {
  return { id: randomUUID() };
}

/** @throws LimpetError BAD_INPUT: others may write into the folder; system errors: the file cannot be written */
export async function writeHostState(file: string, { id, swarmNode }: HostState): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await refuseOpenFolder(file);
  const draft = `${file}.tmp`;
  await rm(draft, { force: true }); // of a process that died, or a link that somebody has laid: never followed
  const handle = await open(draft, NEW_FILE, 0o600);
  try {
    await handle.writeFile(`${JSON.stringify({ version: VERSION, id, swarmNode })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** @throws LimpetError BAD_INPUT when another user, or a group, may write there; system errors when it is not there */
async function refuseOpenFolder(file: string): Promise<void> {
  const folder = dirname(file);
  const { mode, uid } = await stat(folder);
  const self = process.getuid?.();
  const isForeign = self !== undefined && uid !== self && uid !== 0;
  if ((mode & OTHERS_WRITE) === 0 && !isForeign) return;
  const who = isForeign ? `belongs to the user ${uid}` : 'may be written by others';
  const mend = isForeign ? `chown ${self} ${folder}` : `chmod go-w ${folder}`;
  const danger = 'who could be this host in the swarm';
  const message = `the state folder ${folder} ${who}, ${danger}: ${mend}, or name another --state`;
  throw new LimpetError('BAD_INPUT', message, { value: folder });
}
