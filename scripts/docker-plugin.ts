// Builds dist/docker-plugin/, the folder that `docker plugin create limpet dist/docker-plugin` takes. Needs dist/.
// `limpet install` makes the same one.
import { resolve } from 'node:path';
import { makePluginFolder } from '../src/cli/install/folder.js';

const TARGET = 'dist/docker-plugin';
const started = performance.now();
await makePluginFolder(TARGET, resolve('dist'));
console.log(`docker plugin: ${TARGET} made in ${((performance.now() - started) / 1000).toFixed(1)} s`);
