// Puts generated text between two marks of a document that is otherwise written by hand.

import { readFile, writeFile } from 'node:fs/promises';

/**
 * @param command the command that generates it, which stands in the mark. @throws Error when the marks are not there
 */
export async function between(path: URL, name: string, command: string, text: string): Promise<void> {
  const [begin, end] = marksOf(name, command);
  const document = await readFile(path, 'utf8');
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path.pathname} has lost its marks ${begin} and ${end}`);
  await writeFile(path, document.slice(0, from) + marked(name, command, text) + document.slice(to + end.length));
}

/** The text with its marks. */
export function marked(name: string, command: string, text: string): string {
  const [begin, end] = marksOf(name, command);
  return `${begin}\n${text}\n${end}`;
}

function marksOf(name: string, command: string): [begin: string, end: string] {
  return [`<!-- ${name}:begin (${command}) -->`, `<!-- ${name}:end -->`];
}
