// Standard output: text for people and programs, at the reader's pace.

import { once } from 'node:events';

export function* lines(texts: Iterable<string>): Generator<string> {
  for (const text of texts) yield `${text}\n`;
}

/** Writes in pieces worth a system call. */
export async function print(texts: Iterable<string>): Promise<void> {
  const worthWriting = 64 * 1024;
  let pending = '';
  for (const text of texts) {
    pending += text;
    if (pending.length < worthWriting) continue;
    if (!process.stdout.write(pending)) await once(process.stdout, 'drain');
    pending = '';
  }
  process.stdout.write(pending);
}
