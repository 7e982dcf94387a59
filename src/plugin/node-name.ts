// This node's name. Docker's, unless it is told; remembered in a file, since Docker does not answer while it starts, and that
// is when the plugin is needed.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from './log.js';

/** What was remembered; undefined when there is nothing to read. */
export async function rememberedName(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch {
    return undefined; // the first start here, or a folder that is gone: Docker will say
  }
}

export async function rememberName(file: string, name: string, log: Log): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.tmp`, `${name}\n`, { mode: 0o600 });
    await rename(`${file}.tmp`, file);
  } catch (error) {
    const why = "the node's name cannot be kept: while Docker starts, containers will have to wait for it";
    log.warn({ event: 'node', file, error: (error as Error).message }, why);
  }
}
