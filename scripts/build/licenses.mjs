// The licences of what is bundled: commander into the CLI, ip-num into the browser form.
import { readFile } from 'node:fs/promises';

/** One text with the name, version and licence of each package. */
export async function collectLicenses(packages) {
  const parts = [];
  for (const name of packages) {
    const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, 'utf8'));
    parts.push(`${name} ${version}\n\n${(await readFile(`node_modules/${name}/LICENSE`, 'utf8')).trim()}\n`);
  }
  return parts.join('\n---\n\n');
}
