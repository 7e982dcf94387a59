// The bill of materials: it names what is bundled, in the words of `npm sbom`, which knows only what is installed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { folder, root } from './installed.js';

const home = join(folder, 'node_modules/limpet/dist');
const bill = JSON.parse(await readFile(join(home, 'sbom.cdx.json'), 'utf8'));

test('says of each package what npm says: version, hash and licence', async () => {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 1 << 26 });
  const installed: any[] = JSON.parse(stdout).components;
  const part = ({ purl, hashes, licenses }: any) => ({ purl, hashes, licenses });
  for (const component of bill.components) {
    const theirs = installed.find(({ purl }) => purl === component.purl);
    assert.deepEqual(part(component), part(theirs), component.name);
  }
});

test('names the packages whose licences come along', async () => {
  const licenses = await readFile(join(home, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  assert.ok(bill.components.length > 40);
  for (const { name, version } of bill.components)
    assert.ok(`\n${licenses}`.includes(`\n${name} ${version}\n\n`), name);
});
