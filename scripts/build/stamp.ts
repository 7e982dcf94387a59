// Tells whether dist/ was built from the present inputs: one hash over the path and content of every file that a build reads.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';

const FOLDERS = ['assembly', 'src', 'scripts', 'playground'];
const FILES = ['package.json', 'package-lock.json', 'asconfig.json', 'tsconfig.json', 'tsconfig.build.json'];
const NOT_READ = /^(assembly\/__tests__|src\/host\/generated|scripts\/test)\//;

/** The stamp of the tree as it is now. */
export async function stampOfInputs() {
  const hash = createHash('sha256');
  for (const path of await inputs()) {
    const content = await readFile(path);
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** The stamp that `folder` was built with; undefined when there is none. */
export async function stampOfDist(folder) {
  return readFile(`${folder}/.stamp`, 'utf8').catch(() => undefined);
}

export async function writeStamp(folder, stamp) {
  await writeFile(`${folder}/.stamp`, stamp);
}

async function inputs() {
  const paths = [...FILES];
  for (const folder of FOLDERS) {
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const path = `${entry.parentPath ?? entry.path}/${entry.name}`;
      if (entry.isFile() && !NOT_READ.test(path)) paths.push(path);
    }
  }
  return paths.sort();
}
