// The library under test, by its built form: LIMPET_ENTRY names it (release, debug or installed from the tarball), else
// dist/.
// Tests import from here and from nowhere else, so that the same tests run on every form.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { upToDate } from './fresh.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const entry = resolve(process.env.LIMPET_ENTRY ?? join(root, 'dist/index.js'));

await upToDate('bundles');

/** Everything that the entry exports. */
export const library = (await import(pathToFileURL(entry).href)) as typeof import('../src/entries/index.js');
export const { Limpet, LimpetError } = library;
export type Limpet = import('../src/entries/index.js').Limpet;
export type LimpetError = import('../src/entries/index.js').LimpetError;
export type * from '../src/entries/index.js';

/** The command line that belongs to the entry. */
export const cliPath = join(dirname(entry), 'cli.js');
/** The wasm that belongs to the entry. */
export const corePath = join(dirname(entry), 'core.wasm');
