// Drives the core from Node: node main.js CORE SCRIPT [FOLDER]
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../javascript/steps.js';

try {
  const [core, script, folder = '.'] = process.argv.slice(2);
  const module = await WebAssembly.compile(await readFile(core));
  const { code, message } = await run(module, await readFile(script, 'utf8'), {
    read: (name) => readFile(join(folder, name)),
    write: (name, bytes) => writeFile(join(folder, name), bytes),
  });
  (code === 0 ? console.log : console.error)(message);
  process.exitCode = code;
} catch (error) {
  console.error(`node main.js CORE SCRIPT [FOLDER]: ${error.message}`);
  process.exitCode = 2;
}
