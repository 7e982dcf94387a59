// A tool or a test file as a child process, and what it says.
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

export interface Ended {
  readonly code: number | null;
  /** Both outputs, without colours. */
  readonly output: string;
}

/** Runs Node with those arguments until it ends. `onText` sees its output as it comes. */
export function node(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onText: (text: string) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: '1', ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        onText(text);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: stripVTControlCharacters(output) }));
  });
}
