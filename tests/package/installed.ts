// The packed tarball as scripts/test.ts has installed it, and how a consumer beside it runs.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

function fromRunner(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; run these tests with: npm test -- package`);
  return value;
}

/** The project's own folder, for its tools. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const tarball = fromRunner('LIMPET_TARBALL');
/** A folder whose node_modules has limpet and nothing else. */
export const folder = fromRunner('LIMPET_INSTALLED');
/** What the tarball contains. */
export const files: readonly string[] = fromRunner('LIMPET_FILES').split('\n');

/** Runs Node in the consumer's folder and gives what it printed; a failure throws with both outputs. */
export async function node(...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(process.execPath, args, { cwd: folder });
    if (stderr !== '') throw new Error(`unexpected on stderr: ${stderr}`);
    return stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout?: string };
    throw new Error(`${message}\n${stdout ?? ''}`);
  }
}

/** Path of a tool's script in the project's node_modules. */
export function tool(path: string): string {
  return join(root, 'node_modules', path);
}
