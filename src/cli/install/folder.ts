// The folder that `docker plugin create` takes: config.json and rootfs/.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import { pluginConfig } from './manifest.js';
import { makeRootfs } from './rootfs.js';
import { ownRuntime, type Runtime } from './runtime.js';

/**
 * Makes it from nothing, all or none of it.
 * @param dist the folder of the package that has `cli.js`
 * @param runtime what it is to be run by; else this machine's own Node
 * @throws Failure when this machine, or the package, cannot make one
 */
export async function makePluginFolder(target: string, dist: string, runtime?: Runtime): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Failure(`Docker's plugins are for Linux, and made on Linux: this is ${process.platform}`);
  }
  const { version } = JSON.parse(await readFile(join(dist, '../package.json'), 'utf8'));
  const staging = `${target}.${process.pid}`;
  try {
    await mkdir(staging, { recursive: true });
    await makeRootfs(join(staging, 'rootfs'), dist, runtime ?? (await ownRuntime()));
    await writeFile(join(staging, 'config.json'), `${JSON.stringify(pluginConfig(version), null, 2)}\n`);
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
