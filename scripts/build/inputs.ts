// The steps of a build, and what each reads of the tree. Apart from how they are done (steps.ts), so that a test can
// look at the stamps without loading compilers.

export type StepName = 'core' | 'bundles' | 'types' | 'playground';

export interface Inputs {
  /** Files and folders: a step is done again when one of them changes. */
  readonly reads: readonly string[];
  /** Steps that come first. It reads their output, and is done again when they are. */
  readonly after: readonly StepName[];
}

/** The core as a module of src/. The one output that is not in dist/. */
export const EMBEDDED = 'src/host/generated/core-wasm.ts';

/** What makes the tools that all steps use. */
const TOOLS = ['package-lock.json', 'scripts/build.ts', 'scripts/build'];

export const INPUTS: Readonly<Record<StepName, Inputs>> = {
  core: { reads: ['assembly', 'asconfig.json', ...TOOLS], after: [] },
  bundles: { reads: ['src', 'package.json', 'tsconfig.json', ...TOOLS], after: ['core'] },
  // tsc wants the module of the core to be there.
  types: { reads: ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', ...TOOLS], after: ['core'] },
  playground: { reads: ['playground', 'package.json', ...TOOLS], after: ['bundles'] },
};

export const ALL = Object.keys(INPUTS) as readonly StepName[];

export function isStep(name: string): name is StepName {
  return Object.hasOwn(INPUTS, name);
}

/** The steps that are named and those that come before them, in an order in which they can be done. */
export function withEarlier(names: readonly StepName[]): StepName[] {
  const found = new Set<StepName>();
  const add = (name: StepName): void => {
    INPUTS[name].after.forEach(add);
    found.add(name);
  };
  names.forEach(add);
  return [...found];
}
