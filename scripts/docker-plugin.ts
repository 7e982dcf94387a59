// Builds dist/docker-plugin/, the folder that `docker plugin create limpet dist/docker-plugin` takes. Needs dist/.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { pluginConfig } from './docker-plugin/config.js';
import { makeRootfs } from './docker-plugin/rootfs.js';

const TARGET = 'dist/docker-plugin';
if (process.platform !== 'linux')
  throw new Error(`Docker's plugins are for Linux, and so is this build; this is ${process.platform}`);

const started = performance.now();
const staging = `${TARGET}.${process.pid}`;
try {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  await mkdir(staging, { recursive: true });
  await makeRootfs(`${staging}/rootfs`);
  await writeFile(`${staging}/config.json`, `${JSON.stringify(pluginConfig(version), null, 2)}\n`);
  await rm(TARGET, { recursive: true, force: true });
  await rename(staging, TARGET);
} finally {
  await rm(staging, { recursive: true, force: true });
}
console.log(`docker plugin: ${TARGET} made in ${((performance.now() - started) / 1000).toFixed(1)} s`);
