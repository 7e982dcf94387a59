// The simulator under test, by its built form beside the entry that tests/limpet.ts names.
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { upToDate } from '../fresh.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const dist = dirname(resolve(process.env.LIMPET_ENTRY ?? `${root}/dist/index.js`));
await upToDate('bundles');

export const { parseScenario, Simulation, scenarios, Vector } = (await import(
  pathToFileURL(`${dist}/simulator.js`).href
)) as typeof import('../../src/simulator/index.js');
export type Vector<T> = import('../../src/simulator/index.js').Vector<T>;
export type Simulation = import('../../src/simulator/index.js').Simulation;
export type * from '../../src/simulator/index.js';
export { LimpetError } from '../limpet.js';
