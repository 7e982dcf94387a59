// Builds dist/ from assembly/ and src/. Skips the work when no input has changed since the last build; `--force` builds anyway.
// A build is made beside dist/ and takes its place only when every step has succeeded.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { bundle } from './build/bundles.js';
import { compileCore, embedCore } from './build/core.js';
import { collectLicenses } from './build/licenses.js';
import { bundlePlayground } from './build/playground.js';
import { stampOfDist, stampOfInputs, writeStamp } from './build/stamp.js';
import { emitTypes } from './build/types.js';

const stamp = await stampOfInputs();
if (!process.argv.includes('--force') && (await stampOfDist('dist')) === stamp) {
  console.log('build: dist/ is up to date');
} else {
  await build(`dist.${process.pid}`);
}

/** @param {string} staging the folder that becomes dist/ */
async function build(staging) {
  const started = performance.now();
  await mkdir(`${staging}/debug`, { recursive: true });
  try {
    const core = await compileCore('release', `${staging}/core.wasm`);
    const debugCore = await compileCore('debug', `${staging}/debug/core.wasm`);
    await mkdir('src/host/generated', { recursive: true });
    await writeFile('src/host/generated/core-wasm.ts', embedCore(core));
    const packages = await bundle(staging, debugCore);
    await bundlePlayground(staging);
    await emitTypes(staging);
    await writeFile(
      `${staging}/THIRD-PARTY-LICENSES.txt`,
      await collectLicenses(new Set(['ip-num', 'commander', ...packages])),
    );
    await writeStamp(staging, stamp);
    await rm('dist', { recursive: true, force: true });
    await rename(staging, 'dist');
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  console.log(`build: dist/ made in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
