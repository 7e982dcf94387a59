// Which Docker the rig runs: the machine's own, or Docker 29, which is built once from its sources and kept outside of
// the tree.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.js';

export const DOCKERS = ['20.10', '29'] as const;
export type DockerVersion = (typeof DOCKERS)[number];

/** What `go install` takes, and its environment. Debian's runc is too old: it knows no time namespaces. */
const SOURCES: readonly [source: string, flags: readonly string[], cgo: '0' | '1'][] = [
  ['github.com/moby/moby/v2/cmd/dockerd@v2.0.0-beta.24', [], '0'],
  ['github.com/moby/moby/v2/cmd/docker-proxy@v2.0.0-beta.24', [], '0'],
  ['github.com/opencontainers/runc@v1.4.3', ['-tags', 'seccomp'], '1'],
];
const MINUTES = 60_000;

/** From now on this process finds that Docker first. */
export async function useDocker(version: DockerVersion, say: (line: string) => void): Promise<void> {
  if (version === '20.10') return; // what Debian's docker.io has
  const folder = join(homedir(), '.cache/limpet-docker/29');
  if (!existsSync(join(folder, 'bin/runc'))) await build(folder, say);
  process.env.PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
}

async function build(folder: string, say: (line: string) => void): Promise<void> {
  say(`building Docker 29 into ${folder}: some minutes, this once`);
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  for (const [source, flags, cgo] of SOURCES) {
    const environment = [`GOBIN=${join(draft, 'bin')}`, `CGO_ENABLED=${cgo}`];
    await run('env', [...environment, 'go', 'install', ...flags, source], { timeout: 20 * MINUTES });
  }
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
}
