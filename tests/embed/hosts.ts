// The hosts that the suite has prepared (LIMPET_HOSTS), and a folder for the files of each run.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Prepared, runScript } from '../../scripts/embed/prepare.js';

if (!process.env.LIMPET_HOSTS) throw new Error('LIMPET_HOSTS is not set: run `npm run test:embed`');
export const hosts = JSON.parse(process.env.LIMPET_HOSTS) as Prepared[];

/** Those that can run. What the machine lacks is skipped by hosts.test.ts, and a failed build fails there. */
export const able = hosts.filter((host) => host.run !== undefined);

/** Runs the work with a new folder, which is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-embed-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the lines as a script on a host. */
export function runLines(host: Prepared, lines: string): Promise<{ code: number | string | null; output: string }> {
  return withFolder(async (folder) => {
    const script = join(folder, 'script.jsonl');
    await writeFile(script, lines);
    return runScript(host, script, folder);
  });
}
