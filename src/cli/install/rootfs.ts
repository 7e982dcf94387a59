// The root file system of the managed plugin: a `node` with the libraries that it is linked to (runtime.ts), the
// command line's modules, and the packages that they import.

import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SCRIPT } from './manifest.js';
import { PACKED } from './packages.js';
import type { Runtime } from './runtime.js';

/**
 * Fills `root`.
 * @param dist the folder of the package that has `cli.js`
 * @throws Failure when a package is missing
 */
export async function makeRootfs(root: string, dist: string, { platform, node, libraries }: Runtime): Promise<void> {
  for (const folder of ['bin', 'etc', 'run/docker/plugins', 'tmp', 'var/lib/limpet']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  // glibc's default asks DNS before /etc/hosts.
  await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  await copyFile(node, join(root, 'bin/node'));
  await chmod(join(root, 'bin/node'), 0o755);
  for (const { file, place } of libraries) {
    await mkdir(join(root, dirname(place)), { recursive: true });
    await copyFile(file, join(root, place)); // a link's target, under the link's name
  }
  const home = join(root, dirname(SCRIPT));
  await mkdir(join(home, 'dist'), { recursive: true });
  await copyFile(join(dist, '../package.json'), join(home, 'package.json'));
  for (const module of await modulesOf(dist, 'cli.js')) await copyFile(join(dist, module), join(home, 'dist', module));
  await writeFile(join(root, SCRIPT), "import './dist/cli.js';\n");
  const packages = join(home, 'node_modules');
  await cp(join(dist, PACKED), packages, { recursive: true, filter: (path) => !isForAnother(path, platform) });
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

/** Of the prebuilt addons one is for that platform. */
function isForAnother(path: string, wanted: string): boolean {
  const platform = /\/prebuilds\/([^/]+)/.exec(path)?.[1];
  return platform !== undefined && platform !== wanted;
}
