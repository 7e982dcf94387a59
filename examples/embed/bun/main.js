// Drives the core from Bun, whose engine is JavaScriptCore: bun main.js CORE SCRIPT [FOLDER]
import { join } from 'node:path';
import { run } from '../javascript/steps.js';

const [core, script, folder = '.'] = Bun.argv.slice(2);
try {
  const module = await WebAssembly.compile(await Bun.file(core).arrayBuffer());
  const { code, message } = await run(module, await Bun.file(script).text(), {
    read: (name) => Bun.file(join(folder, name)).bytes(),
    write: (name, bytes) => Bun.write(join(folder, name), bytes),
  });
  (code === 0 ? console.log : console.error)(message);
  process.exitCode = code;
} catch (error) {
  console.error(`bun main.js CORE SCRIPT [FOLDER]: ${error.message}`);
  process.exitCode = 2;
}
