// Node and its libraries for a machine of another kind, from packages: Node from npm, the libraries from Debian's. Only
// files are unpacked; nothing of it is installed or run here.
import { execFile } from 'node:child_process';
import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Runtime } from '../../src/cli/install/runtime.js';

const run = promisify(execFile);

/** By Docker's name of the architecture, which is Debian's too. */
const KINDS = {
  amd64: { node: 'x64', loader: '/lib64/ld-linux-x86-64.so.2' },
  arm64: { node: 'arm64', loader: '/lib/ld-linux-aarch64.so.1' },
} as const;
export type Architecture = keyof typeof KINDS;
export const ARCHITECTURES = Object.keys(KINDS) as Architecture[];

const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1'];

/** This process's version of Node, for that architecture. @param work an empty folder */
export async function runtimeFor(architecture: Architecture, work: string): Promise<Runtime> {
  const kind = KINDS[architecture];
  const node = await nodeFor(kind.node, work);
  const root = await librariesFor(architecture, work);
  const needed = await neededBy(node);
  const found = await Promise.all(
    [...needed, kind.loader].map(async (name) => {
      const place = name.startsWith('/') ? name : await placeOf(name, root);
      return { file: await resolved(root, place), place };
    }),
  );
  return { platform: `linux-${kind.node}`, node, libraries: found };
}

async function nodeFor(kind: string, work: string): Promise<string> {
  const name = `node-linux-${kind}`;
  const { stdout } = await run('npm', ['pack', '--silent', `${name}@${process.versions.node}`], { cwd: work });
  await run('tar', ['-xzf', stdout.trim().split('\n').at(-1) as string, 'package/bin/node'], { cwd: work });
  return join(work, 'package/bin/node');
}

/** The packages' files, in a folder that stands for `/`. apt has lists and a cache of its own for it. */
async function librariesFor(architecture: Architecture, work: string): Promise<string> {
  const apt = join(work, 'apt');
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
    await mkdir(join(apt, folder), { recursive: true });
  }
  await writeFile(join(apt, 'state/status'), '');
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'APT::Sandbox::User': 'root',
    'Dir::State': join(apt, 'state'),
    'Dir::State::status': join(apt, 'state/status'),
    'Dir::Cache': join(apt, 'cache'),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await run('apt-get', [...options, 'update'], { cwd: apt, maxBuffer: 2 ** 24 });
  await run('apt-get', [...options, 'download', ...LIBRARIES], { cwd: apt, maxBuffer: 2 ** 24 });
  const root = join(work, 'root');
  for (const file of await readdir(apt)) {
    if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(apt, file), root]);
  }
  return root;
}

/** The libraries that a program names. */
async function neededBy(program: string): Promise<string[]> {
  const { stdout } = await run('readelf', ['--dynamic', program]);
  const names = [...stdout.matchAll(/\(NEEDED\)\s+.*\[([^\]]+)\]/g)].map(([, name]) => name as string);
  if (names.length === 0) throw new Error(`${program} names no libraries`);
  return names.filter((name) => !name.startsWith('ld-linux'));
}

/** Where a library is, as the machine will see it. */
async function placeOf(name: string, root: string): Promise<string> {
  const all = await readdir(root, { recursive: true });
  const found = all.find((file) => file.endsWith(`/${name}`));
  if (found === undefined) throw new Error(`none of ${LIBRARIES.join(', ')} has ${name}`);
  return `/${found}`;
}

/** The file behind a place, whose links may be those of the machine. */
async function resolved(root: string, place: string): Promise<string> {
  const direct = join(root, place);
  return realpath(direct).catch(() => realpath(join(root, 'usr', place)));
}
