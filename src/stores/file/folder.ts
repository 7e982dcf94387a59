// The files of a store's folder: their names, which there are, and changes to them that last through a power loss.
//
//   00000003.journal    commits since the snapshot of generation 3 was taken; the highest one is written to
//   00000003.snapshot   the state when generation 3 began; there is none in generation 1
//   *.tmp               a file that is not yet whole: removed at the next start
//   lock                stays empty

import type { Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { NEW_FILE, refuseOpenFolder, type Wanted } from '../private-folder.js';
import type { FileKind } from './format.js';

export interface Listing {
  /** Generations, ascending. */
  readonly journals: readonly number[];
  readonly snapshots: readonly number[];
  /** Names of files that never became whole. */
  readonly temporary: readonly string[];
}

const STORE_FOLDER: Wanted = {
  what: "the store's folder",
  danger: 'who could decide who has which address',
  instead: 'another folder',
};

const NAME = /^(\d{8})\.(journal|snapshot)(\.tmp)?$/;

export class Folder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  file(kind: FileKind, generation: number): string {
    return join(this.path, `${String(generation).padStart(8, '0')}.${kind}`);
  }

  get lock(): string {
    return join(this.path, 'lock');
  }

  /** Makes the folder if it is not there, only for its owner. @throws LimpetError BAD_INPUT: others may write there */
  async make(): Promise<void> {
    const first = await fs.mkdir(this.path, { recursive: true, mode: 0o700 });
    await refuseOpenFolder(this.path, STORE_FOLDER);
    if (first === undefined) return;
    for (let made = this.path; made.length >= first.length; made = dirname(made)) await flushFolder(dirname(made));
  }

  async list(): Promise<Listing> {
    const found = { journal: [] as number[], snapshot: [] as number[], temporary: [] as string[] };
    for (const entry of await fs.readdir(this.path, { withFileTypes: true })) {
      const [, generation, kind, temporary] = matchFile(entry) ?? [];
      if (temporary) found.temporary.push(entry.name);
      else if (kind) found[kind as FileKind].push(Number(generation));
    }
    const ascending = (a: number, b: number) => a - b;
    return {
      journals: found.journal.sort(ascending),
      snapshots: found.snapshot.sort(ascending),
      temporary: found.temporary,
    };
  }

  /**
   * A new file that is there whole or not at all: written under a temporary name, flushed, renamed. When the last step
   * fails, that of making its name durable, it may be there.
   */
  async create(path: string, write: (file: fs.FileHandle) => Promise<void>): Promise<void> {
    const temporary = `${path}.tmp`;
    try {
      await fs.rm(temporary, { force: true }); // of a process that died, or a link that somebody has laid
      const file = await fs.open(temporary, NEW_FILE, 0o600);
      try {
        await write(file);
        await file.sync();
      } finally {
        await file.close();
      }
      await fs.rename(temporary, path);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
    await flushFolder(this.path);
  }

  /** Removes files of this folder, if they are there; gone for good when it answers. */
  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) await fs.rm(path, { force: true });
    if (paths.length > 0) await flushFolder(this.path);
  }
}

function matchFile(entry: Dirent): RegExpExecArray | null {
  return entry.isFile() ? NAME.exec(entry.name) : null;
}

/** Windows can neither open a folder for this nor needs it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await fs.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
