// What the rig needs of the machine. It installs nothing; it says what is missing and which of Debian's packages has
// it.
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const NEEDED: Record<string, readonly string[]> = {
  'docker.io': ['dockerd', 'docker', 'containerd', 'containerd-shim-runc-v2', 'runc'],
  'etcd-server': ['etcd'],
  'busybox-static': ['busybox'],
  iproute2: ['ip'],
  'util-linux': ['nsenter', 'unshare', 'mount'],
  iptables: ['iptables'],
};

/** @throws Error that lists everything that is missing */
export async function demandPrograms(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('this needs root: it makes network namespaces and runs dockerd');
  const missing: string[] = [];
  const packages = new Set<string>();
  for (const [name, programs] of Object.entries(NEEDED)) {
    for (const program of programs) {
      if ((await which(program)) !== undefined) continue;
      missing.push(program);
      packages.add(name);
    }
  }
  if (missing.length === 0) return;
  throw new Error(`missing: ${missing.join(', ')} (Debian: apt-get install ${[...packages].join(' ')})`);
}

/** The program's full path; undefined when PATH does not have it. */
export async function which(program: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
