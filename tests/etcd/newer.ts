// An etcd that is newer than Debian's: built once from the sources that newer/go.mod names, and kept outside of the
// tree. `go install` refuses them, since etcd's own go.mod replaces some of its modules.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('newer', import.meta.url));
const MINUTES = 60_000;

/** From now on this process finds that etcd first, if LIMPET_ETCD says `newer`. @throws Error without Go */
export function useEtcd(): void {
  const wanted = process.env.LIMPET_ETCD ?? '';
  if (!['', 'newer'].includes(wanted)) throw new Error(`LIMPET_ETCD is empty or newer, not ${wanted}`);
  if (wanted === '') return; // what Debian's etcd-server has
  const version = createHash('sha256')
    .update(readFileSync(join(SOURCES, 'go.sum')))
    .digest('hex')
    .slice(0, 16);
  const folder = join(homedir(), '.cache/limpet-etcd', version);
  if (!existsSync(join(folder, 'etcd'))) build(folder);
  if (process.env.PATH?.startsWith(`${folder}:`) !== true) process.env.PATH = `${folder}:${process.env.PATH}`;
}

function build(folder: string): void {
  const draft = join(folder, `draft-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const environment = { ...process.env, CGO_ENABLED: '0' };
  const [command, ...rest] = ['go', 'build', '-C', SOURCES, '-o', draft, '.'] as const;
  execFileSync(command, rest, { env: environment, stdio: 'inherit', timeout: 20 * MINUTES });
  renameSync(draft, join(folder, 'etcd')); // another one may have built it meanwhile
}
