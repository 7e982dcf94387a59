// Every package of a lock file has its hash, so that `npm ci` takes the very bytes that were locked; and no lock file
// names the host of a registry: whoever installs has their own.
import { readFile } from 'node:fs/promises';
import { projectFiles } from './files.js';

interface Entry {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

export async function lockFiles(): Promise<string[]> {
  const files = (await projectFiles()).filter((file) => /(^|\/)package-lock\.json$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return files.flatMap((file, at) => faultsOf(texts[at] ?? '').map((fault) => `${file}: ${fault}`));
}

/** What is wrong with the text of a lock file. */
export function faultsOf(text: string): string[] {
  const packages: Record<string, Entry> = JSON.parse(text).packages;
  return Object.entries(packages).flatMap(([path, { integrity, resolved, link }]) => {
    if (path === '' || link) return []; // the project itself, or a folder of it
    const faults = [];
    if (!/^sha512-[\w+/]{86}==$/.test(integrity ?? '')) faults.push(`${path} has no integrity (sha512)`);
    if (resolved !== undefined) faults.push(`${path} names a host: ${resolved}`);
    return faults;
  });
}
