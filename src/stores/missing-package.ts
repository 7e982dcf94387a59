// A package that one store needs, and that is installed by whoever uses that store.

import { LimpetError } from '../host/errors.js';

/** @param why what needs it, and what for */
export function missingPackage(name: string, why: string, cause: unknown): LimpetError<'UNAVAILABLE'> {
  const isAbsent = /^(ERR_)?MODULE_NOT_FOUND$/.test(String((cause as NodeJS.ErrnoException | undefined)?.code));
  const fault = isAbsent ? 'is not installed' : `cannot be loaded (${(cause as Error).message})`;
  const message = `${why} the package ${name}, which ${fault}: npm install ${name}`;
  return new LimpetError('UNAVAILABLE', message, { outcome: 'none', cause });
}
