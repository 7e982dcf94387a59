// How the command line fails: one line on stderr, and an exit code that says whose fault it was.

import { LimpetError } from '../index.js';

/** Exit codes, as README lists them. */
export const EXIT = { good: 0, conflicts: 1, unusable: 2 } as const;

/** Wrong usage, or input that cannot be used; the message names the option or the file, and the value. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Does the work and puts the file's name before the library's message, when that is why it failed. */
export async function naming<T>(file: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LimpetError) throw new Failure(`${file}: ${error.message}`);
    throw error;
  }
}
