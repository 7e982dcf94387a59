// The bill of materials, in CycloneDX's form: what of others is inside of dist/, with version, licence and hash. `npm
// sbom` does not know what is bundled; what it says of those packages is the same (tests/package/bill.test.ts). No time
// and no random number is in it: the same sources give the same bill.
import { readFile } from 'node:fs/promises';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** @param folders of the packages, as the lock file names them */
export async function billOfMaterials(folders: readonly string[]): Promise<string> {
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8'));
  const own = await manifestOf('.');
  const components = await Promise.all(
    folders.map(async (folder) => componentOf(await manifestOf(folder), lock.packages[folder]?.integrity)),
  );
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: componentOf(own, undefined) },
    components,
    dependencies: [{ ref: refOf(own), dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf(manifest: Manifest, integrity: string | undefined) {
  const { name, version, license } = manifest;
  return {
    'bom-ref': refOf(manifest),
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(integrity === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: hexOf(integrity) }] }),
    ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
  };
}

/** One of SPDX's names, or an expression of several. */
function licenseOf(license: string) {
  return /[\s()]/.test(license) ? { expression: license } : { license: { id: license } };
}

function refOf({ name, version }: Manifest): string {
  return `${name}@${version}`;
}

function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
}
