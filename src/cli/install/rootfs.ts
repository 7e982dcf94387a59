// The root file system of the managed plugin: the `node` that runs this build with the libraries that it is linked to,
// one bundled script, and the one package that cannot be bundled because it is a native addon.
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import esbuild from 'esbuild';
import { SCRIPT } from './config.js';

const ADDON = 'fs-native-extensions';

/** Fills `root`. */
export async function makeRootfs(root: string): Promise<void> {
  for (const folder of ['bin', 'etc', 'run/docker/plugins', 'tmp', 'var/lib/limpet']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  // glibc's default asks DNS before /etc/hosts.
  await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  await copyNode(root);
  await bundleScript(join(root, SCRIPT));
  await copyPackage(ADDON, join(root, dirname(SCRIPT), 'node_modules'), 'node_modules');
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
  if (lost.length > 0) throw new Error(`${program} lacks libraries: ${lost.join('; ')}`);
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

async function bundleScript(outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: ['dist/cli.js'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: [ADDON],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    logOverride: { 'ignored-bare-import': 'silent' }, // the CLI's chunks are loaded by others that need them
  });
}

/** Copies a package with those that it depends on; of its prebuilt addons the one for this machine. */
async function copyPackage(name: string, into: string, from: string): Promise<void> {
  const source = join(from, name);
  const { dependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  await cp(source, join(into, name), { recursive: true, filter: (path) => isNeeded(path.slice(source.length + 1)) });
  for (const dependency of Object.keys(dependencies)) await copyPackage(dependency, into, from);
}

function isNeeded(path: string): boolean {
  const [folder = '', platform] = path.split('/');
  if (folder === 'prebuilds') return platform === undefined || platform === `${process.platform}-${process.arch}`;
  return !['src', 'include', 'node_modules', 'binding.c', 'CMakeLists.txt'].includes(folder);
}
