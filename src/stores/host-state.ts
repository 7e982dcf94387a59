// Who this host is, kept in a file of its state folder: an ID of its own, made at random at the first start, and
// Swarm's ID of the node as it was last heard. Docker does not answer while it starts, and that is when both are
// needed. Whoever could write into the folder could be this host, or have root write elsewhere: such a folder is
// refused.

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { writePrivateFile } from './private-file.js';
import { refuseOpenFolder, type Wanted } from './private-folder.js';
import { type HostState, readHostState as readState } from './values.js';

export type { HostState };

/** Where it is kept unless something else is said: a plugin and the commands beside it look in one place. */
export const HOST_STATE_FILE = '/var/lib/limpet/host.json';

const VERSION = 1;

const STATE_FOLDER: Wanted = {
  what: 'the state folder',
  danger: 'who could be this host in the swarm',
  instead: 'another --state',
};

/**
 * What the file says; undefined when there is none.
 * @throws LimpetError BAD_INPUT when it says something else, or others may write into its folder, UNAVAILABLE when it
 * cannot be read
 */
export async function readHostState(file: string): Promise<HostState | undefined> {
  let bytes: Buffer;
  try {
    await refuseOpenFolder(dirname(file), STATE_FOLDER);
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof LimpetError) throw error;
    throw new LimpetError('UNAVAILABLE', `${file} cannot be read: ${(error as Error).message}`);
  }
  const read = readState(bytes);
  if ('value' in read) return read.value;
  const said = quote(bytes.toString('utf8', 0, 60)); // an older Limpet kept the host's name there
  const message = `${file} does not say who this host is, but ${said}: remove it, and a new ID is made`;
  throw new LimpetError('BAD_INPUT', message, { value: file });
}

/** A host that has no ID yet. */
export function newHostState(): HostState {
  return { id: randomUUID() };
}

/** @throws LimpetError BAD_INPUT: others may write into the folder; system errors: the file cannot be written */
export async function writeHostState(file: string, { id, swarmNode, wished }: HostState): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify({ version: VERSION, id, swarmNode, wished })}\n`, STATE_FOLDER);
}
