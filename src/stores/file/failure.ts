// The file store's errors: what is damaged and where, and what could not be written and whether it was.

import { LimpetError } from '../../host/errors.js';
import { VERSION } from './format.js';

/** The data cannot be trusted from `offset` of `file` on. */
export function damaged(file: string, offset: number, why: string, more: Record<string, unknown> = {}): LimpetError {
  return new LimpetError(
    'DAMAGED',
    `${file} is damaged at offset ${offset}: ${why}. Nothing was changed; put back a copy of the folder that is whole`,
    { file, offset, ...more },
  );
}

/** The folder was written by another release: nothing is wrong with it, and nothing in it can be read. */
export function otherVersion(file: string, version: number): LimpetError {
  return new LimpetError(
    'DAMAGED',
    `${file} is of format version ${version}, and this release reads and writes ${VERSION} alone. ` +
      'Nothing was changed. Go on with the release that wrote it, or give this one an empty folder and let ' +
      '`limpet import` take over the addresses in use',
    { file, offset: 8, version },
  );
}

/** `outcome` tells whether the changes may have been written all the same. */
export function unavailable(what: string, outcome: 'none' | 'unknown', cause?: unknown): LimpetError {
  const why = cause === undefined ? '' : `: ${(cause as Error).message ?? cause}`;
  const known = outcome === 'none' ? 'nothing was written' : 'whether it was written cannot be told';
  return new LimpetError(
    'UNAVAILABLE',
    `${what}${why}; ${known}`,
    cause === undefined ? { outcome } : { outcome, cause },
  );
}

/** What is to be the store's folder is none. */
export function notDirectory(path: string): LimpetError {
  return new LimpetError('BAD_INPUT', `${path} is a file, not a directory`, { value: path });
}

/** The service refuses what a file says: as against a core that has no memory left, or has trapped. */
export function isRefusal(error: unknown): error is LimpetError {
  return error instanceof LimpetError && !['NO_MEMORY', 'BROKEN', 'ENDED', 'DAMAGED'].includes(error.code);
}
