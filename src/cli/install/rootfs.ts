// The root file system of the managed plugin: the `node` that runs this command with the libraries that it is linked
// to, the command line's modules, and the packages that they import.

import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../failure.js';
import { SCRIPT } from './manifest.js';
import { PACKED } from './packages.js';

/**
 * Fills `root`.
 * @param dist the folder of the package that has `cli.js`
 * @throws Failure when a package or a library is missing
 */
export async function makeRootfs(root: string, dist: string): Promise<void> {
  for (const folder of ['bin', 'etc', 'run/docker/plugins', 'tmp', 'var/lib/limpet']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  // glibc's default asks DNS before /etc/hosts.
  await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  await copyNode(root);
  const home = join(root, dirname(SCRIPT));
  await mkdir(join(home, 'dist'), { recursive: true });
  await copyFile(join(dist, '../package.json'), join(home, 'package.json'));
  for (const module of await modulesOf(dist, 'cli.js')) await copyFile(join(dist, module), join(home, 'dist', module));
  await writeFile(join(root, SCRIPT), "import './dist/cli.js';\n");
  const packages = join(home, 'node_modules');
  const here = `${process.platform}-${process.arch}`;
  await cp(join(dist, PACKED), packages, { recursive: true, filter: (path) => !isForAnother(path, here) });
}

async function copyNode(root: string): Promise<void> {
  await copyFile(process.execPath, join(root, 'bin/node'));
  await chmod(join(root, 'bin/node'), 0o755);
  for (const library of await librariesOf(process.execPath)) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await copyFile(library, join(root, library)); // a link's target, under the link's name
  }
}

/** Full paths, the dynamic loader's among them. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program]);
  const lines = stdout.split('\n').map((line) => line.trim());
  const lost = lines.filter((line) => line.endsWith('not found'));
  if (lost.length > 0) throw new Failure(`${program} lacks libraries: ${lost.join('; ')}`);
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** A module with those that it imports, by name; all lie side by side. */
async function modulesOf(dist: string, first: string): Promise<Set<string>> {
  const found = new Set([first]);
  for (const name of found) {
    const text = await readFile(join(dist, name), 'utf8');
    for (const [, imported] of text.matchAll(/\b(?:from|import)\s*\(?\s*["']\.\/([\w.-]+\.js)["']/g)) {
      found.add(imported as string);
    }
  }
  return found;
}

/** Of the prebuilt addons one is for this machine. */
function isForAnother(path: string, here: string): boolean {
  const platform = /\/prebuilds\/([^/]+)/.exec(path)?.[1];
  return platform !== undefined && platform !== here;
}
