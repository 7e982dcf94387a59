// The JavaScript of dist/, by esbuild. Entries are split, not bundled one by one, so that the CLI runs the very code
// that is shipped, and all of them and what the CLI loads have one LimpetError class.
import { chmod, readdir, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import esbuild, { type BuildOptions, type BuildResult, type ImportKind, type Plugin } from 'esbuild';
import { embedCompressed, embedCore } from './core.js';
import { prefixesOnly, protoInside } from './packages.js';

const LIBRARY = {
  index: 'src/entries/index.ts',
  module: 'src/entries/module.ts',
  service: 'src/entries/service.ts',
  swarm: 'src/entries/swarm.ts',
  simulator: 'src/entries/simulator.ts',
};
/** Of Node alone. */
const STORES = {
  'file-store': 'src/entries/file-store.ts',
  'etcd-store': 'src/entries/etcd-store.ts',
  'store-contract': 'src/entries/store-contract.ts',
};
const CLI = { cli: 'src/cli/main.ts' };
/** Modules that are there once in a process, by their files in dist/: what the CLI loads takes them from there. */
const SHARED = { errors: 'src/host/errors.ts' };
/** What the command line loads when asked: whole, with all that it needs, so that no package must be installed. */
const LOADED = { serve: 'src/cli/serve.ts', operate: 'src/operate/direct.ts' };
const NODE: BuildOptions = {
  platform: 'node',
  target: 'node20',
  external: ['commander', 'fs-native-extensions', 'etcd3'],
};
const BROWSER: BuildOptions = { platform: 'browser', target: 'es2022', plugins: [prefixesOnly()] };
const REQUIRE = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);`;
const CLI_HEAD = `#!/usr/bin/env node\n${REQUIRE}`;

/**
 * Fills `dist` with the ESM, CommonJS, browser and debug forms. Answers the folders of the packages inside.
 */
export async function bundle(dist: string, core: Buffer, debugCore: Buffer): Promise<string[]> {
  const plugins = [staysBeside(LOADED, (kind) => kind === 'dynamic-import'), prefixesOnly()];
  const entries = { ...LIBRARY, ...STORES, ...CLI, ...SHARED };
  await split(entries, dist, { ...NODE, plugins });
  await finishCli(dist);
  await toCommonJs(dist, { ...LIBRARY, ...STORES }, NODE);
  await bundleBrowser(`${dist}/browser`, core);
  await split(entries, `${dist}/debug`, { ...NODE, plugins: [...plugins, embed(embedCore(debugCore))] });
  await finishCli(`${dist}/debug`);
  const folders = await bundleLoaded(dist, []);
  await bundleLoaded(`${dist}/debug`, [embed(embedCore(debugCore))]);
  return [...new Set(['node_modules/ip-num', 'node_modules/commander', ...folders])].sort();
}

function run(options: BuildOptions): Promise<BuildResult> {
  return esbuild.build({ bundle: true, logLevel: 'warning', legalComments: 'none', charset: 'utf8', ...options });
}

function split(entryPoints: Record<string, string>, outdir: string, options: BuildOptions): Promise<BuildResult> {
  return run({ entryPoints, outdir, format: 'esm', splitting: true, chunkNames: 'chunk-[hash]', ...options });
}

/** CommonJS is for Jest's jsdom, which cannot decompress; what pages load, and their bundlers read, has ESM. */
async function bundleBrowser(folder: string, core: Buffer): Promise<void> {
  await split(LIBRARY, folder, BROWSER);
  await toCommonJs(folder, LIBRARY, BROWSER);
  for (const name of await readdir(folder)) if (name.endsWith('.js')) await rm(`${folder}/${name}`);
  await split(LIBRARY, folder, { ...BROWSER, plugins: [...(BROWSER.plugins ?? []), embed(embedCompressed(core))] });
}

/**
 * Bundles commander into cli.js; it is CommonJS and calls `require` for Node's own modules, which ESM does not have.
 */
async function finishCli(dist: string): Promise<void> {
  await run({
    absWorkingDir: resolve(dist),
    entryPoints: ['./cli.js'],
    outfile: 'cli.js',
    allowOverwrite: true,
    format: 'esm',
    banner: { js: CLI_HEAD },
    platform: 'node',
    target: 'node20',
    plugins: [siblingsStay('.js')],
  });
  await chmod(`${dist}/cli.js`, 0o755);
}

/** Bundles what the CLI loads with its packages; only the native addon and what is shared stay outside. */
async function bundleLoaded(dist: string, plugins: Plugin[]): Promise<string[]> {
  const { metafile } = await run({
    entryPoints: LOADED,
    outdir: dist,
    format: 'esm',
    splitting: true,
    chunkNames: 'loaded-[hash]',
    platform: 'node',
    target: 'node20',
    banner: { js: REQUIRE },
    external: ['fs-native-extensions'],
    plugins: [protoInside(), staysBeside(SHARED, () => true), ...plugins],
    metafile: true,
  });
  const inputs = Object.keys(metafile?.inputs ?? {});
  return inputs.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
}

/**
 * Turns the ESM library, file by file, into .cjs beside it. Also that for browsers: Jest requires with their condition
 * set when its environment is jsdom.
 */
async function toCommonJs(folder: string, entries: Record<string, string>, options: BuildOptions): Promise<void> {
  const names = (await readdir(folder)).filter(
    (name) => basename(name, '.js') in entries || /^chunk-.*\.js$/.test(name),
  );
  await run({
    absWorkingDir: resolve(folder),
    entryPoints: names.map((name) => `./${name}`),
    outdir: '.',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    ...options,
    plugins: [siblingsStay('.cjs')],
  });
}

/** Leaves imports between files of dist/ as imports, of files with that extension. */
function siblingsStay(extension: string): Plugin {
  return {
    name: 'siblings-stay',
    setup(build) {
      build.onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ path, kind, importer }) => {
        const sibling = kind !== 'entry-point' && dirname(importer) === build.initialOptions.absWorkingDir;
        return sibling ? { path: `./${basename(path, '.js')}${extension}`, external: true } : undefined;
      });
    },
  };
}

/** Leaves imports of those modules as imports of files beside the importer. */
function staysBeside(modules: Record<string, string>, meant: (kind: ImportKind) => boolean): Plugin {
  const names = new Map(Object.entries(modules).map(([name, path]) => [resolve(path), `./${name}.js`]));
  return {
    name: 'stays-beside',
    setup(build) {
      build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir, kind }) => {
        const found = names.get(resolve(resolveDir, path.replace(/\.js$/, '.ts')));
        return found === undefined || !meant(kind) ? undefined : { path: found, external: true };
      });
    },
  };
}

/** Another module that carries the core than src/host/generated has. */
function embed(contents: string): Plugin {
  return {
    name: 'embed',
    setup(build) {
      build.onLoad({ filter: /generated\/core-wasm\.ts$/ }, () => ({ contents, loader: 'ts' }));
    },
  };
}
