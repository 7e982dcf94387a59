// The steps of a build: what each reads of the tree, whose output it needs, and how it is done.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { bundle } from './bundles.js';
import { compileCore, embedCore } from './core.js';
import { collectLicenses } from './licenses.js';
import { bundlePlayground } from './playground.js';
import { emitTypes } from './types.js';

export interface Step {
  /** Files and folders: a step is done again when one of them changes. */
  readonly reads: readonly string[];
  /** Steps that come first. It reads their output, and is done again when they are. */
  readonly after: readonly StepName[];
  /** Fills the folder `into`; `dist` has the output of the steps before. */
  run(into: string, dist: string): Promise<void>;
}

export type StepName = 'core' | 'bundles' | 'types' | 'playground';

/** The core as a module of src/. The one output that is not in dist/. */
export const EMBEDDED = 'src/host/generated/core-wasm.ts';

/** What makes the tools that all steps use. */
const TOOLS = ['package-lock.json', 'scripts/build.ts', 'scripts/build'];

export const STEPS: Readonly<Record<StepName, Step>> = {
  core: {
    reads: ['assembly', 'asconfig.json', ...TOOLS],
    after: [],
    async run(into) {
      const [core] = await Promise.all([
        compileCore('release', `${into}/core.wasm`),
        compileCore('debug', `${into}/debug/core.wasm`),
      ]);
      await mkdir('src/host/generated', { recursive: true });
      await writeFile(EMBEDDED, embedCore(core));
    },
  },
  bundles: {
    reads: ['src', 'package.json', 'tsconfig.json', ...TOOLS],
    after: ['core'],
    async run(into, dist) {
      const packages = await bundle(into, await readFile(`${dist}/debug/core.wasm`));
      const licenses = await collectLicenses(new Set(['ip-num', 'commander', ...packages]));
      await writeFile(`${into}/THIRD-PARTY-LICENSES.txt`, licenses);
    },
  },
  types: {
    reads: ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', ...TOOLS],
    after: ['core'], // tsc wants the module of the core to be there
    run: (into) => emitTypes(`${into}/types`),
  },
  playground: {
    reads: ['playground', 'package.json', ...TOOLS],
    after: ['bundles'],
    run: (into, dist) => bundlePlayground(`${into}/playground`, dist),
  },
};

export function isStep(name: string): name is StepName {
  return Object.hasOwn(STEPS, name);
}

/** The steps that are named and those that come before them, in an order in which they can be done. */
export function withEarlier(names: readonly StepName[]): StepName[] {
  const found = new Set<StepName>();
  const add = (name: StepName): void => {
    STEPS[name].after.forEach(add);
    found.add(name);
  };
  names.forEach(add);
  return [...found];
}
