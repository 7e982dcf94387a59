// How each step of a build is done. inputs.ts says what they read and in which order they come.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { ADDON, copyPackage, PACKED } from '../../src/cli/install/packages.js';
import { billOfMaterials } from './bill.js';
import { bundle } from './bundles.js';
import { compileCore, embedCore } from './core.js';
import { EMBEDDED, type StepName } from './inputs.js';
import { collectLicenses } from './licenses.js';
import { bundlePlayground } from './playground.js';
import { emitTypes } from './types.js';

/** Fills the folder `into`; `dist` has the output of the steps before. */
type Work = (into: string, dist: string) => Promise<void>;

export const STEPS: Readonly<Record<StepName, Work>> = {
  async core(into) {
    const [core] = await Promise.all([
      compileCore('release', `${into}/core.wasm`),
      compileCore('debug', `${into}/debug/core.wasm`),
    ]);
    await mkdir('src/host/generated', { recursive: true });
    await writeFile(EMBEDDED, embedCore(core));
  },
  async bundles(into, dist) {
    const bundled = await bundle(into, await readFile(`${dist}/core.wasm`), await readFile(`${dist}/debug/core.wasm`));
    // For the plugin that `limpet install` makes.
    const copied = await copyPackage(ADDON, `${into}/${PACKED}`, resolve('.'), ['linux-x64', 'linux-arm64']);
    const inside = [...bundled, ...copied.map((folder) => relative('.', folder))];
    await writeFile(`${into}/THIRD-PARTY-LICENSES.txt`, await collectLicenses(inside));
    await writeFile(`${into}/sbom.cdx.json`, await billOfMaterials(inside));
  },
  types: (into) => emitTypes(`${into}/types`),
  playground: (into, dist) => bundlePlayground(`${into}/playground`, dist),
};
