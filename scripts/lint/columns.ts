// No line is longer than 120 columns: Biome keeps to that in code, this looks at comments, strings and other languages
// too.
import { readFile } from 'node:fs/promises';
import { projectFiles } from './files.js';

const MOST = 120;
/** Sources. Data and prose may be as wide as they like. */
const SOURCE = /(\.([cm]?[jt]s|css|html|sh|go|rs|py|java|[ch])|(^|\/)(Makefile|Dockerfile|run))$/;
const NOT_OURS = /^tests\/fixtures\//;

export async function columns(): Promise<string[]> {
  const files = (await projectFiles()).filter((file) => SOURCE.test(file) && !NOT_OURS.test(file));
  return (await Promise.all(files.map(longLines))).flat();
}

async function longLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return text.split('\n').flatMap((line, at) => {
    const width = [...line].length;
    return width > MOST ? [`${file}:${at + 1}: ${width} columns`] : [];
  });
}
