// The suites by name, in the order of a usual run. Each resolves to { passed, failed, skipped?, output }.
import { access, readdir } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { prepareHosts } from '../embed/prepare.js';
import { packAndInstall } from '../pack.js';
import { asPect, nodeTests, plain } from './run.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** `vital`: when it fails, no later suite says anything useful. */
export const suites = {
  build: { vital: true, run: () => plain('--import', 'tsx', 'scripts/build.ts') },
  lint: { run: () => plain('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.') },
  types: { run: () => plain('node_modules/typescript/bin/tsc', '--noEmit') },
  core: { run: async () => asPect(await testFiles('assembly/__tests__', '.spec.ts')) },
  'host release': { run: () => host('dist/index.js') },
  service: {
    run: async () =>
      nodeTests(await testFiles('tests/service', '.test.ts'), { LIMPET_ENTRY: resolve('dist/index.js') }),
  },
  operate: {
    run: async () =>
      nodeTests(await testFiles('tests/operate', '.test.ts'), { LIMPET_ENTRY: resolve('dist/index.js') }),
  },
  plugin: { run: async () => nodeTests(await testFiles('tests/plugin', '.test.ts')) },
  simulator: {
    run: async () =>
      nodeTests(await testFiles('tests/simulator', '.test.ts'), { LIMPET_ENTRY: resolve('dist/index.js') }),
  },
  bench: { run: async () => nodeTests(await testFiles('tests/bench', '.test.ts')) },
  'host debug': { run: () => host('dist/debug/index.js') },
  package: {
    run: async (context) => nodeTests(await testFiles('tests/package', '.test.ts'), await packaged(context)),
  },
  'host packed': {
    run: async (context) => host(join((await packaged(context)).LIMPET_INSTALLED, 'node_modules/limpet/dist/index.js')),
  },
  browser: { run: browser },
  playground: { run: playground },
  embed: { run: embed },
  etcd: { run: async () => etcd((await testFiles('tests/etcd', '.test.ts')).filter((file) => !isLong(file))) },
  contention: { run: async () => etcd((await testFiles('tests/etcd', '.test.ts')).filter(isLong)) },
};

/** Minutes of processes killed and restarted: a suite of its own, so that the rest can be run without. */
const isLong = (file) => file.endsWith('contention.test.ts') || file.endsWith('members.test.ts');

/** Those that need more of the machine than Node: Chromium, etcd, compilers. */
const demanding = ['browser', 'playground', 'embed', 'etcd', 'contention'];
export const usual = Object.keys(suites).filter((name) => !demanding.includes(name));

async function host(entry) {
  return nodeTests(await testFiles('tests/host', '.test.ts'), { LIMPET_ENTRY: resolve(entry) });
}

async function etcd(files) {
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'etcd'));
  const there = await Promise.any(found.map((path) => access(path))).then(
    () => true,
    () => false,
  );
  if (!there)
    throw new Error('etcd is missing: install it (Debian: apt-get install etcd-server), so that `etcd` is in PATH');
  return nodeTests(files, { LIMPET_ENTRY: resolve('dist/index.js') });
}

/** The page in dist/playground, in real Chromium. One file after another: one of them counts frames. */
async function playground() {
  await needChromium();
  const files = await testFiles('tests/playground', '.test.ts');
  return nodeTests(['--test-concurrency=1', ...files], { CHROMIUM, LIMPET_ENTRY: resolve('dist/index.js') });
}

async function needChromium() {
  await access(CHROMIUM).catch(() => {
    throw new Error(
      `Chromium is missing: ${CHROMIUM} is not there. Install it (Debian: apt-get install chromium) or set CHROMIUM`,
    );
  });
}

async function browser(context) {
  await needChromium();
  const env = { ...(await packaged(context)), CHROMIUM };
  return nodeTests(await testFiles('tests/browser', '.test.ts'), env);
}

/** Builds the hosts of examples/embed first, for all test files; says which the machine has no tools for. In CI none may be left out. */
async function embed() {
  const hosts = await prepareHosts();
  const env = { LIMPET_ENTRY: resolve('dist/index.js'), LIMPET_HOSTS: JSON.stringify(hosts) };
  const result = await nodeTests(await testFiles('tests/embed', '.test.ts'), env);
  const missing = hosts.filter((host) => host.missing);
  const failed = result.failed + (process.env.CI ? missing.length : 0);
  return { ...result, failed, notes: missing.map((host) => `${host.name} left out: ${host.missing}`) };
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
