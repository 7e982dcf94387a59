// The files of a store's folder: their names, which there are, and changes to them that last through a power loss.
//
//   00000003.journal    commits since the snapshot of generation 3 was taken; the highest one is written to
//   00000003.snapshot   the state when generation 3 began; there is none in generation 1
//   *.tmp               a file that is not yet whole: removed at the next start
//   lock                stays empty

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { notDirectory, unavailable } from './failure.js';
import { type Files, files as realFiles, type Sink } from './files.js';
import type { FileKind } from './format.js';

export interface Listing {
  /** Generations, ascending. */
  readonly journals: readonly number[];
  readonly snapshots: readonly number[];
  /** Names of files that never became whole. */
  readonly temporary: readonly string[];
}

const NAME = /^(\d{8})\.(journal|snapshot)(\.tmp)?$/;

export class Folder {
  readonly path: string;
  readonly files: Files;

  constructor(path: string, files: Files = realFiles) {
    this.path = resolve(path);
    this.files = files;
  }

  file(kind: FileKind, generation: number): string {
    return join(this.path, `${String(generation).padStart(8, '0')}.${kind}`);
  }

  get lock(): string {
    return join(this.path, 'lock');
  }

  /** Made if it is not there. @throws LimpetError BAD_INPUT: others may write there, or it is a file */
  make(): Promise<void> {
    return this.files.make(this.path);
  }

  async list(): Promise<Listing> {
    const found = { journal: [] as number[], snapshot: [] as number[], temporary: [] as string[] };
    for (const name of await this.files.names(this.path)) {
      const [, generation, kind, temporary] = NAME.exec(name) ?? [];
      if (temporary) found.temporary.push(name);
      else if (kind) found[kind as FileKind].push(Number(generation));
    }
    const ascending = (a: number, b: number) => a - b;
    return {
      journals: found.journal.sort(ascending),
      snapshots: found.snapshot.sort(ascending),
      temporary: found.temporary,
    };
  }

  /** A new file that is there whole or not at all. */
  create(path: string, write: (file: Sink) => Promise<void>): Promise<void> {
    return this.files.create(path, write);
  }

  /** Removes files of this folder, if they are there; gone for good when it answers. */
  remove(paths: readonly string[]): Promise<void> {
    return this.files.remove(this.path, paths);
  }
}

/**
 * Whether a store is in the folder: a journal or a snapshot is. Looks only.
 * @throws LimpetError BAD_INPUT when it is a file, UNAVAILABLE when it cannot be read
 */
export async function lookFor(path: string, files: Files = realFiles): Promise<'store' | 'no store' | 'no directory'> {
  try {
    const { journals, snapshots } = await new Folder(path, files).list();
    return journals.length + snapshots.length > 0 ? 'store' : 'no store';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isThere = () =>
      stat(path).then(
        () => true,
        () => false, // a part of its path is a file
      );
    if (code === 'ENOTDIR' && (await isThere())) throw notDirectory(path);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'no directory';
    throw unavailable(`the folder ${path} cannot be read`, 'none', error);
  }
}
