// One file of node:test, compiled, as a process of its own.
import type { Compiled } from './compile.js';
import { node } from './process.js';
import { broken, type Result } from './result.js';

/** What a file comes to that has no test of the wished name. */
const NONE: Result = { passed: 0, failed: 0, skipped: 0, output: '' };

export interface Manner {
  /** Has the file among others. */
  readonly compiled: Compiled;
  readonly env?: NodeJS.ProcessEnv;
  /** Only tests whose name has it. */
  readonly name?: string | undefined;
  /** Sees the output as it comes. */
  readonly onText?: ((text: string) => void) | undefined;
}

/** Runs the file. One that runs no test is a failure, unless tests were asked for by name. */
export async function nodeTests(file: string, { compiled, env, name, onText }: Manner): Promise<Result> {
  const pattern = name === undefined ? [] : [`--test-name-pattern=${asPattern(name)}`];
  const { code, output } = await node([...pattern, ...compiled.argumentsFor(file)], env, onText);
  const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN);
  const passed = count('pass');
  const failed = count('fail') + count('cancelled');
  // Node tells nothing of a file that has no test.
  const none = Number.isNaN(passed + failed) || passed + failed === 0;
  if (none && code === 0) return name === undefined ? broken(`${file} has no test\n${output}`) : NONE;
  if (none) return broken(output);
  // A non-zero exit without a failed test is a failure that nobody counted.
  const details = output.slice(Math.max(0, output.indexOf('✖ failing tests:')));
  const skipped = name === undefined ? count('skipped') + count('todo') : 0; // by name, all others are skipped
  return { passed, failed: failed || Number(code !== 0), skipped, output: details };
}

/** Text is found as it is written; /…/ is a regular expression, as for Node itself. */
function asPattern(name: string): string {
  return /^\/.*\/[a-z]*$/.test(name) ? name : name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
