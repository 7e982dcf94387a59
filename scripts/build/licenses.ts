// The licences of what is bundled: ip-num into the library, commander into the CLI, the plugin's packages into its
// bundle.
import { readdir, readFile } from 'node:fs/promises';

/** One text with the name, version and licence of each package, by its folder. */
export async function collectLicenses(folders: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
    // Some packages only name theirs.
    const text =
      file === undefined ? `${license}, as its package.json says` : await readFile(`${folder}/${file}`, 'utf8');
    parts.push(`${name} ${version}\n\n${text.trim()}\n`);
  }
  return parts.join('\n---\n\n');
}
