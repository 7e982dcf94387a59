// Before what cannot be undone: `--yes`, or a question on the terminal. Without either nothing is done.

import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { EXIT, Failure } from './failure.js';

export const YES_HELP = 'do it without a question';

/**
 * Returns once somebody has agreed. `before` is printed above the question.
 * @throws Failure when there is nobody to ask, or the answer is no
 */
export async function consent(before: Iterable<string>, question: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new Failure(`${question} There is no terminal to ask on: say --yes`);
  }
  for (const line of before) process.stderr.write(`${line}\n`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = once(lines, 'close').then(() => '');
  const said = lines.question(`${question} [y/N] `).catch(() => ''); // Ctrl-C, Ctrl-D
  const answer = await Promise.race([said, ended]);
  lines.close();
  if (!/^\s*y(es)?\s*$/i.test(answer)) throw new Failure('nothing has changed', EXIT.found);
}
