// Packages copied as they are, with those that they depend on: into the package for the plugin, and into the plugin.

import { cp, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.js';

/** The one package of the plugin that cannot be bundled, because it is a native addon. */
export const ADDON = 'fs-native-extensions';
/** Where this package has it, in dist/. */
export const PACKED = 'plugin-packages';

/**
 * Copies a package to `into/NAME`, and what it depends on alongside; answers where they were.
 * @param platforms of whose prebuilt addons there is need, like `linux-x64`
 * @throws Failure when one is not installed
 */
export async function copyPackage(
  name: string,
  into: string,
  from: string,
  platforms: readonly string[],
): Promise<string[]> {
  const source = await folderOf(name, from);
  const { dependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const filter = (path: string) => isNeeded(path.slice(source.length + 1), platforms);
  await cp(source, join(into, name), { recursive: true, filter });
  const copied = [source];
  for (const each of Object.keys(dependencies)) copied.push(...(await copyPackage(each, into, source, platforms)));
  return [...new Set(copied)];
}

/** Where Node would find the package. */
async function folderOf(name: string, from: string): Promise<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (await stat(join(found, 'package.json')).catch(() => undefined)) return found;
    if (folder === dirname(folder)) break;
  }
  throw new Failure(`the package ${name} is not installed: npm install ${name}`);
}

function isNeeded(path: string, platforms: readonly string[]): boolean {
  const [folder = '', platform] = path.split('/');
  if (folder === 'prebuilds') return platform === undefined || platforms.includes(platform);
  return !['src', 'include', 'node_modules', 'binding.c', 'CMakeLists.txt'].includes(folder);
}
