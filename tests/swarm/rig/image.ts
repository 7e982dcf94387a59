// The image of every test container: Debian's static busybox and nothing else, since there is no registry to pull from.
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerNode } from './docker-node.js';
import { which } from './programs.js';
import { run } from './run.js';
import type { RunFolder } from './run-folder.js';

export const IMAGE = 'busybox:limpet';
/** A command that stays, and ends at once when it is told to. */
export const STAY = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait; done'];
const APPLETS = ['sh', 'sleep', 'ip', 'ping', 'nslookup', 'true'];

/** The image as a tar file for `docker import`. */
export async function makeImage(folder: RunFolder): Promise<string> {
  const root = await folder.sub('image');
  const bin = join(root, 'bin');
  await mkdir(bin);
  await copyFile((await which('busybox')) as string, join(bin, 'busybox'));
  for (const applet of APPLETS) await symlink('busybox', join(bin, applet));
  const tar = `${root}.tar`;
  await run('tar', ['-C', root, '-cf', tar, '.']);
  return tar;
}

export async function loadImage(node: DockerNode, tar: string): Promise<void> {
  await node.docker(['import', tar, IMAGE]);
}

/** `nginx`, which the documentation runs, from no registry: it stays as nginx does, and serves nothing. */
export async function makeNginx(node: DockerNode): Promise<void> {
  const container = (await node.docker(['create', IMAGE, 'true'])).trim();
  await node.docker(['commit', '--change', `CMD ${JSON.stringify(STAY)}`, container, 'nginx:latest']);
  await node.docker(['rm', container]);
}
