// Test files, and all of the sources that they import, as JavaScript, before any of them runs: a process that compiles
// TypeScript as it loads it needs half a second more, a hundred times in a run.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Inside the checkout: its packages are found from there. */
const FOLDER = 'node_modules/.cache/limpet';
const PRELOAD = 'tests/seed.ts';
const REPORTER = 'scripts/test/reporter.ts';

export interface Compiled {
  /** Arguments for Node to run the test file. @throws Error when it was not compiled */
  argumentsFor(file: string): string[];
  remove(): Promise<void>;
}

/** @throws Error with esbuild's words when a file cannot be compiled */
export async function compileTests(files: readonly string[]): Promise<Compiled> {
  await mkdir(FOLDER, { recursive: true });
  const folder = await mkdtemp(join(FOLDER, 'tests-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const entries = [...new Set(files)];
  try {
    await build({
      entryPoints: [...entries, PRELOAD, REPORTER],
      outbase: '.',
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      sourcemap: 'linked',
      logLevel: 'silent',
      plugins: [whereItWas()],
    });
  } catch (error) {
    await remove();
    throw error;
  }
  const compiled = (file: string) => `./${join(folder, file.replace(/\.ts$/, '.mjs'))}`;
  return {
    remove,
    argumentsFor(file) {
      if (!entries.includes(file)) throw new Error(`${file} was not compiled`);
      const preload = ['--enable-source-maps', '--import', compiled(PRELOAD)];
      return [...preload, `--test-reporter=${compiled(REPORTER)}`, compiled(file)];
    },
  };
}

/** A file finds what lies next to it by its own place, and tests what is built as it was built. */
function whereItWas(): Plugin {
  return {
    name: 'where-it-was',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/dist\// }, ({ path, resolveDir }) => {
        return { path: resolve(resolveDir, path), external: true };
      });
      // The package by its own name, which Node knows only from within it.
      onResolve({ filter: /^limpet(\/|$)/ }, ({ path }) => {
        return { path: fileURLToPath(import.meta.resolve(path)), external: true };
      });
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const contents = text
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
        return { contents, loader: 'ts' };
      });
    },
  };
}
