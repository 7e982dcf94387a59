// The lock that keeps a second process out of a folder. It belongs to an open file, not to a process number written
// down somewhere, so it ends with its holder however that ends.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LimpetError } from '../../host/errors.js';
import { missingPackage } from '../missing-package.js';
import { NO_LINK } from '../private-folder.js';

const LOCK_FILE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_LINK;

export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks the file, which is made if need be and stays empty.
 * @throws LimpetError LOCKED when anybody has it, this process included; UNAVAILABLE without the package for locks
 */
export async function lock(path: string): Promise<Lock> {
  const tryLock = await loadTryLock();
  const file = await open(path, LOCK_FILE, 0o600);
  try {
    if (!tryLock(file.fd)) throw locked(path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { release: () => release(file) };
}

function locked(path: string): LimpetError {
  return new LimpetError(
    'LOCKED',
    `another process, or another store in this one, has ${path}: give each a folder of its own, or end the other`,
    { file: path },
  );
}

async function release(file: FileHandle): Promise<void> {
  await file.close();
}

async function loadTryLock(): Promise<(fd: number) => boolean> {
  try {
    const { default: native } = await import('fs-native-extensions');
    return native.tryLock;
  } catch (cause) {
    throw missingPackage('fs-native-extensions', 'the file store locks its folder with', cause);
  }
}
