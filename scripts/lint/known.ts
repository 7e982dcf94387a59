// What a check finds and is known to, in scripts/lint/known/: it does not fail, but a line that finds nothing any more
// does. So the lists can only get shorter.
import { readFileSync, writeFileSync } from 'node:fs';

const FOLDER = 'scripts/lint/known';

let pruning = false;

/** From now on, lines that are no longer needed are deleted and not told. */
export function prune(): void {
  pruning = true;
}

/** The findings that are not known, and the known ones that are none any more. */
export function beyondKnown(list: string, findings: readonly string[]): string[] {
  const path = `${FOLDER}/${list}.txt`;
  const lines = readFileSync(path, 'utf8').split('\n');
  const isGone = (line: string) => line !== '' && !line.startsWith('#') && !findings.includes(line);
  const gone = lines.filter(isGone);
  if (pruning) writeFileSync(path, lines.filter((line) => !isGone(line)).join('\n'));
  const told = pruning ? [] : gone.map((line) => `no longer so, delete the line from ${path}: ${line}`);
  return [...new Set(findings.filter((finding) => !lines.includes(finding))), ...told];
}

/** The lines of a list. */
export function known(list: string): string[] {
  const lines = readFileSync(`${FOLDER}/${list}.txt`, 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}
