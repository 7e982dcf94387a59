// How the command line fails: one line on stderr, and an exit code that says whose fault it was.

import { LimpetError } from '../host/errors.js';
import { visibleJson } from '../host/visible.js';

/**
 * Exit codes, as README lists them. `found`: a conflict, a finding, something refused or not there; the rest of the
 * work is done. `unusable`: wrong usage or input. `unreachable`: the plugin, the store or Docker does not answer.
 */
export const EXIT = { good: 0, found: 1, unusable: 2, unreachable: 3 } as const;

/**
 * Wrong usage, or input that cannot be used, unless told otherwise; the message names the option or the file, and the
 * value.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;
  /** What programs go by: a LimpetError's own, else `USAGE`, `REFUSED`, `UNREACHABLE`. */
  readonly code: string;

  constructor(message: string, exitCode: number = EXIT.unusable, code: string = codeOf(exitCode)) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

function codeOf(exitCode: number): string {
  if (exitCode === EXIT.unusable) return 'USAGE';
  return exitCode === EXIT.unreachable ? 'UNREACHABLE' : 'REFUSED';
}

/** What programs get instead of an answer: the same as over HTTP. */
export function errorJson({ code, message }: { readonly code: string; readonly message: string }): string {
  return visibleJson(JSON.stringify({ error: { code, message } }, null, 2));
}

/** Does the work and puts the file's name before the library's message, when that is why it failed. */
export async function naming<T>(file: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LimpetError) throw new Failure(`${file}: ${error.message}`, EXIT.unusable, error.code);
    throw error;
  }
}
