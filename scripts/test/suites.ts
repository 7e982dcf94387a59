// The suites by name. A folder of tests/ that is not named here is a usual suite by its own name.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CHROMIUM, needChromium, needEtcd, needPrometheus } from './machine.js';
import { broken, single } from './result.js';
import type { Shared } from './shared.js';
import { hasTests, type Suite, specsIn, testsIn, tool } from './suite.js';

/** Minutes of processes killed and restarted, on real etcd. */
const isContention = (file: string) => /\/(contention|members)\.test\.ts$/.test(file);

/** On a real swarm. */
const isReal = (file: string) => /\/real\.test\.ts$/.test(file);
/** Processes on a real swarm, killed and stopped: it needs a machine for itself. */
const isCrowd = (file: string) => /\/real-crowd\.test\.ts$/.test(file);

const TSC = [
  'node_modules/typescript/bin/tsc',
  '--noEmit',
  '--incremental',
  '--tsBuildInfoFile',
  'node_modules/.cache/limpet/tsc.json',
];

/** How much the long suites draw; the soak says more. */
const { LIMPET_MUTATIONS = '4000', LIMPET_CALLS = '300000', LIMPET_FUZZ_LISTS = '30000' } = process.env;

const named: Record<string, Suite> = {
  lint: tool(['core'], 'npm run lint', '--import', 'tsx', 'scripts/lint.ts'),
  types: tool(['core'], 'tsc', ...TSC),
  core: specsIn('assembly/__tests__'),
  package: testsIn('tests/package', { builds: ['bundles', 'types', 'playground'], env: packed }),
  host: testsIn('tests/host', { env: () => ({ LIMPET_CALLS: '300000' }) }),
  service: testsIn('tests/service', { env: () => ({ LIMPET_CRASH_ROUNDS: '15' }) }),
  security: testsIn('tests/security', { env: () => ({ LIMPET_FUZZ_LISTS: '1000' }) }),
  plugin: testsIn('tests/plugin', { env: () => ({ LIMPET_FUZZ_REQUESTS: '8000' }) }),

  // The whole campaigns; the usual suites run a part of each.
  crash: testsIn('tests/service', { when: 'long', only: (file) => file.endsWith('/file-crash.test.ts') }),
  fuzz: testsIn('tests/plugin', { when: 'long', only: (file) => file.endsWith('/fuzz.test.ts') }),
  lists: testsIn('tests/security', {
    when: 'long',
    only: (file) => file.endsWith('/containers.test.ts'),
    env: () => ({ LIMPET_FUZZ_LISTS }),
  }),
  mutations: testsIn('tests/security', {
    when: 'long',
    only: (file) => file.endsWith('/file-mutations.test.ts'),
    env: () => ({ LIMPET_MUTATIONS }),
  }),
  scope: testsIn('tests/host', {
    when: 'long',
    only: (file) => file.endsWith('/scope.test.ts'),
    env: () => ({ LIMPET_DEPTH: '6' }),
  }),
  'swarm-mutations': testsIn('tests/swarm-store', {
    when: 'long',
    only: (file) => file.endsWith('/mutated.test.ts'),
    env: () => ({ LIMPET_MUTATIONS }),
  }),
  'host-debug': testsIn('tests/host', {
    when: 'long',
    env: () => ({ LIMPET_ENTRY: resolve('dist/debug/index.js'), LIMPET_CALLS }),
  }),
  'host-packed': testsIn('tests/host', { when: 'long', builds: ['bundles', 'types', 'playground'], env: fromTarball }),

  'swarm-store': testsIn('tests/swarm-store', { only: (file) => !isReal(file) && !isCrowd(file) }),
  'swarm-real': testsIn('tests/swarm-store', { when: 'system', alone: true, only: isReal }),
  'swarm-crowd': testsIn('tests/swarm-store', { when: 'system', alone: true, only: isCrowd }),
  etcd: testsIn('tests/etcd', {
    when: 'system',
    alone: true,
    needs: needEtcd,
    only: (file) => !isContention(file),
  }),
  contention: testsIn('tests/etcd', { when: 'system', alone: true, needs: needEtcd, only: isContention }),
  browser: testsIn('tests/browser', {
    when: 'system',
    builds: ['bundles', 'types', 'playground'],
    needs: needChromium,
    env: packed,
  }),
  playground: testsIn('tests/playground', {
    when: 'system',
    builds: ['playground'],
    alone: true,
    needs: needChromium,
    env: () => ({ CHROMIUM }),
  }),
  runtimes: testsIn('tests/runtimes', { when: 'system', builds: ['bundles', 'types', 'playground'], env: packed }),
  site: testsIn('tests/site', { when: 'system', builds: ['bundles', 'types', 'playground'] }),
  monitoring: testsIn('tests/monitoring', { when: 'system', needs: needPrometheus }),
  install: testsIn('tests/install', {
    when: 'system',
    alone: true,
    builds: ['bundles', 'types', 'playground'],
    env: fromTarball,
  }),
  embed: embed(),
};

export const suites: Readonly<Record<string, Suite>> = { ...discovered(), ...named };

function discovered(): Record<string, Suite> {
  const folders = readdirSync('tests', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).filter((name) => hasTests(`tests/${name}`));
  return Object.fromEntries(names.map((name) => [name, testsIn(`tests/${name}`)]));
}

/** The environment that tells tests of the package where it is. */
async function packed(shared: Shared): Promise<NodeJS.ProcessEnv> {
  const { tarball, folder, files } = await shared.installed();
  return { LIMPET_TARBALL: tarball, LIMPET_INSTALLED: folder, LIMPET_FILES: files.join('\n'), CHROMIUM };
}

async function fromTarball(shared: Shared): Promise<NodeJS.ProcessEnv> {
  const { folder } = await shared.installed();
  // The same code as in dist/: what differs is what a package leaves out, and that shows soon.
  return { LIMPET_ENTRY: join(folder, 'node_modules/limpet/dist/index.js'), LIMPET_CALLS: '300000' };
}

/**
 * Builds the hosts of examples/embed for its files. One that the machine has no tools for is told; CI must have all.
 */
function embed(): Suite {
  const env = async (shared: Shared) => ({ LIMPET_HOSTS: JSON.stringify(await shared.hosts()) });
  const tests = testsIn('tests/embed', { when: 'system', env });
  const hosts = async (shared: Shared) => {
    const missing = (await shared.hosts()).flatMap((host) => (host.missing ? [`${host.name}: ${host.missing}`] : []));
    const output = missing.map((each) => `left out: ${each}`).join('\n');
    return process.env.CI && missing.length > 0 ? broken(output) : { ...single(0, output), note: output };
  };
  return { ...tests, jobs: (shared) => [{ what: 'hosts', run: () => hosts(shared) }, ...tests.jobs(shared)] };
}
