// Versions of what takes part, read from the packages themselves.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const versionIn = (path: string | URL): string => JSON.parse(readFileSync(path, 'utf8')).version;

export const limpetVersion = versionIn(new URL('../../../package.json', import.meta.url));

/** The version of an installed npm package that has its main file directly in its folder or below. */
export function packageVersion(name: string): string {
  const main = createRequire(import.meta.url).resolve(name);
  const folder = main.slice(0, main.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
  return versionIn(`${folder}package.json`);
}
