// The program that the plugin is run by, and the libraries that it is linked to: this machine's own Node. Another
// machine's comes from scripts/release.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '../failure.js';

export interface Runtime {
  /** As Node names it: `linux-x64`. */
  readonly platform: string;
  /** The program's file. */
  readonly node: string;
  /** The dynamic loader among them: where each is now, and where it has to be. */
  readonly libraries: readonly { readonly file: string; readonly place: string }[];
}

/** The `node` that runs this command. @throws Failure when a library is missing */
export async function ownRuntime(): Promise<Runtime> {
  const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
  const lines = stdout.split('\n').map((line) => line.trim());
  const lost = lines.filter((line) => line.endsWith('not found'));
  if (lost.length > 0) throw new Failure(`${process.execPath} lacks libraries: ${lost.join('; ')}`);
  const files = lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return {
    platform: `${process.platform}-${process.arch}`,
    node: process.execPath,
    libraries: files.map((file) => ({ file, place: file })),
  };
}
