// A file store's folder on the machine's own disk: what is done to its files lasts through a power loss once it is
// done.

import * as fs from 'node:fs';
import * as promises from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../private-file.js';
import { flushFolder, NO_LINK, refuseOpenFolder, type Wanted } from '../private-folder.js';
import { notDirectory } from './failure.js';
import { JOURNAL_FLAGS } from './flags.js';
import { type Lock, lock } from './lock.js';

/** Where a new file's bytes go, one after the other. */
export interface Sink {
  writeFile(bytes: Uint8Array): Promise<void>;
}

/** A journal that is written to. */
export interface Opened {
  readonly fd: number;
  close(): Promise<void>;
}

/** A file as it is. Read synchronously: nothing else can be done before it is known anyhow. */
export interface Source {
  readonly size: number;
  /** As `fs.readSync`: how many bytes it has read. */
  read(into: Uint8Array, offset: number, length: number, position: number): number;
  close(): void;
}

export interface Files {
  /** Makes the folder if it is not there, only for its owner. @throws LimpetError BAD_INPUT: others may write there */
  make(folder: string): Promise<void>;
  /** The names of its files. */
  names(folder: string): Promise<readonly string[]>;
  /**
   * A new file that is there whole or not at all: written under a temporary name, flushed, renamed. When the last step
   * fails, that of making its name durable, it may be there.
   */
  create(path: string, write: (file: Sink) => Promise<void>): Promise<void>;
  /** Removes files, if they are there; gone for good when it answers. */
  remove(folder: string, paths: readonly string[]): Promise<void>;
  open(path: string): Promise<Opened>;
  read(path: string): Source;
  /** @throws LimpetError LOCKED when anybody has it */
  lock(path: string): Promise<Lock>;
}

const STORE_FOLDER: Wanted = {
  what: "the store's folder",
  danger: 'who could decide who has which address',
  instead: 'another folder',
};

export const files: Files = {
  async make(folder) {
    const first = await promises.mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
      throw error.code === 'EEXIST' ? notDirectory(folder) : error;
    });
    await refuseOpenFolder(folder, STORE_FOLDER);
    if (first === undefined) return;
    for (let made = folder; made.length >= first.length; made = dirname(made)) await flushFolder(dirname(made));
  },

  async names(folder) {
    const entries = await promises.readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  },

  create: replaceFile,

  async remove(folder, paths) {
    for (const path of paths) await promises.rm(path, { force: true });
    if (paths.length > 0) await flushFolder(folder);
  },

  open: (path) => promises.open(path, JOURNAL_FLAGS),

  read(path) {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | NO_LINK);
    return {
      size: fs.fstatSync(fd).size,
      read: (into, offset, length, position) => fs.readSync(fd, into, offset, length, position),
      close: () => fs.closeSync(fd),
    };
  },

  lock,
};
