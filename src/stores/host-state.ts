// Who this host is, kept in a file of its state folder: an ID of its own, made at random at the first start, and
// Swarm's ID of the node as it was last heard. Docker does not answer while it starts, and that is when both are
// needed.

import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';

export interface HostState {
  /** The host's own ID. Host names are for people: they change, and two hosts can have one. */
  readonly id: string;
  /** Swarm's ID of the node; absent outside of a swarm. */
  readonly swarmNode?: string;
}

const VERSION = 1;

/**
 * What the file says; undefined when there is none.
 * @throws LimpetError BAD_INPUT when it says something else, UNAVAILABLE when it cannot be read
 */
export async function readHostState(file: string): Promise<HostState | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
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

/** @throws system errors: the file cannot be written */
export async function writeHostState(file: string, { id, swarmNode }: HostState): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.tmp`, `${JSON.stringify({ version: VERSION, id, swarmNode })}\n`, { mode: 0o600 });
  await rename(`${file}.tmp`, file);
}
