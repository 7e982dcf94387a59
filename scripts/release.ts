// `npm run release:docker-plugin`: the managed plugin for each architecture in dist/release/, and with `--to NAME` as
// NAME:VERSION-ARCH in a registry: a tag of a managed plugin can hold one architecture only. Needs dist/, apt, readelf.
//
//   --arch amd64,arm64   which (default: both)
//   --to NAME            HOST:PORT/limpet: created in the Docker of this machine, pushed, and removed from it again
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makePluginFolder } from '../src/cli/install/folder.js';
import { readArguments } from './arguments.js';
import { ARCHITECTURES, type Architecture, runtimeFor } from './release/runtime.js';

const values = readArguments('usage: npm run release:docker-plugin -- [--arch amd64,arm64] [--to HOST:PORT/NAME]', {
  arch: { type: 'string', default: ARCHITECTURES.join(',') },
  to: { type: 'string' },
});
const chosen = values.arch.split(',').map((name) => {
  if (ARCHITECTURES.includes(name as Architecture)) return name as Architecture;
  throw new Error(`no plugin for ${name}: there is ${ARCHITECTURES.join(', ')}`);
});
const { version } = JSON.parse(await readFile('package.json', 'utf8'));

for (const architecture of chosen) {
  const folder = resolve('dist/release', `limpet-${version}-${architecture}`);
  const work = await mkdtemp(join(tmpdir(), 'limpet-release-'));
  try {
    await makePluginFolder(folder, resolve('dist'), await runtimeFor(architecture, work));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  console.log(`docker plugin: ${folder} made`);
  if (values.to !== undefined) push(`${values.to}:${version}-${architecture}`, folder);
}

function push(name: string, folder: string): void {
  docker('create', name, folder);
  try {
    docker('push', name);
  } finally {
    docker('rm', name);
  }
  console.log(`docker plugin: ${name} pushed`);
}

function docker(...args: string[]): void {
  execFileSync('docker', ['plugin', ...args], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
}
