// Puts generated text between two marks of a document that is otherwise written by hand.

import { readFile, writeFile } from 'node:fs/promises';

/**
 * @param command the command that generates it, which stands in the mark. @throws Error when the marks are not there
 */
export async function between(path: URL, name: string, command: string, text: string): Promise<void> {
  const begin = `<!-- ${name}:begin (${command}) -->`;
  const end = `<!-- ${name}:end -->`;
  const document = await readFile(path, 'utf8');
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path.pathname} has lost its marks ${begin} and ${end}`);
  await writeFile(path, `${document.slice(0, from)}${begin}\n${text}\n${document.slice(to)}`);
}
