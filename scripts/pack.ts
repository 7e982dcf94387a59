// Packs the project as npm would publish it and installs the tarball into an empty folder, without asking a registry.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Installed {
  /** Its node_modules has limpet and nothing else. */
  readonly folder: string;
  readonly tarball: string;
  /** What the tarball contains. */
  readonly files: readonly string[];
  /** Deletes tarball and folder. */
  remove(): Promise<void>;
}

export async function packAndInstall(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-package-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const packed = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], process.cwd());
    const [{ filename, files }] = JSON.parse(packed);
    const tarball = join(folder, filename);
    await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
    await npm(['install', '--offline', '--ignore-scripts', tarball], folder);
    return { folder, tarball, files: files.map(({ path }: { path: string }) => path), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Runs the npm that runs us, or the one in PATH. */
async function npm(args: string[], cwd: string): Promise<string> {
  const cli = process.env.npm_execpath;
  const [command, before]: [string, string[]] = cli ? [process.execPath, [cli]] : ['npm', []];
  const env = { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false' };
  const { stdout } = await promisify(execFile)(command, [...before, ...args], { cwd, env, maxBuffer: 1 << 24 });
  return stdout;
}
