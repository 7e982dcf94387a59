// A page's commands with what it says that they show: a block of `sh`, and the block of `text` below it.
import { readFileSync } from 'node:fs';

export interface Shown {
  readonly command: string;
  /** Undefined where the page does not say. */
  readonly text?: string;
}

/** The blocks of a page in their order, or of one section of it. */
export function blocksOf(file: string, section?: string): Shown[] {
  const page = readFileSync(file, 'utf8');
  const begin = section === undefined ? 0 : page.indexOf(`\n## ${section}\n`);
  if (begin < 0) throw new Error(`${file} has no section ${section}`);
  const end = section === undefined ? page.length : page.indexOf('\n## ', begin + 1);
  const part = page.slice(begin, end < 0 ? page.length : end);
  const blocks = part.matchAll(/```sh\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```\n)?/g);
  return Array.from(blocks, ([, command = '', text]) => ({ command, ...(text !== undefined && { text }) }));
}

/** What a block of `text` stands for: `…` is anything, and spaces are as many as they are. */
export function patternOf(text: string): RegExp {
  const parts = text
    .trim()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +'));
  return new RegExp(`^\\s*${parts.join('[\\s\\S]*?')}\\s*$`);
}
