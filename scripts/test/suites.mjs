// The suites by name, in the order of a usual run. Each resolves to { passed, failed, skipped?, output }.
import { access, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { packAndInstall } from '../pack.mjs';
import { asPect, nodeTests, plain } from './run.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** `vital`: when it fails, no later suite says anything useful. */
export const suites = {
  build: { vital: true, run: () => plain('scripts/build.mjs') },
  lint: { run: () => plain('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.') },
  types: { run: () => plain('node_modules/typescript/bin/tsc', '--noEmit') },
  core: { run: async () => asPect(await testFiles('assembly/__tests__', '.spec.ts')) },
  'host release': { run: () => host('dist/index.js') },
  service: {
    run: async () =>
      nodeTests(await testFiles('tests/service', '.test.ts'), { LIMPET_ENTRY: resolve('dist/index.js') }),
  },
  'host debug': { run: () => host('dist/debug/index.js') },
  package: {
    run: async (context) => nodeTests(await testFiles('tests/package', '.test.ts'), await packaged(context)),
  },
  'host packed': {
    run: async (context) => host(join((await packaged(context)).LIMPET_INSTALLED, 'node_modules/limpet/dist/index.js')),
  },
  browser: { run: browser },
};

/** All but the browser, which needs Chromium. */
export const usual = Object.keys(suites).filter((name) => name !== 'browser');

async function host(entry) {
  return nodeTests(await testFiles('tests/host', '.test.ts'), { LIMPET_ENTRY: resolve(entry) });
}

async function browser(context) {
  await access(CHROMIUM).catch(() => {
    throw new Error(
      `Chromium is missing: ${CHROMIUM} is not there. Install it (Debian: apt-get install chromium) or set CHROMIUM`,
    );
  });
  const env = { ...(await packaged(context)), CHROMIUM };
  return nodeTests(await testFiles('tests/browser', '.test.ts'), env);
}

/** The environment that tells tests of the package where it is. Packs once in a run. */
async function packaged(context) {
  if (!context.packed) {
    const made = await packAndInstall();
    context.onEnd(made.remove);
    context.packed = {
      LIMPET_TARBALL: made.tarball,
      LIMPET_INSTALLED: made.folder,
      LIMPET_FILES: made.files.join('\n'),
    };
  }
  return context.packed;
}

async function testFiles(folder, suffix) {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith(suffix)).map((name) => join(folder, name));
  if (files.length === 0) throw new Error(`${folder} has no *${suffix}`);
  return files.sort();
}
