// Runs a script on every host of examples/embed that this machine can build:
// npm run embed -- SCRIPT [FOLDER] [--host NAME]... Exits with the highest exit code of the hosts.
import { parseArgs } from 'node:util';
import { prepareHosts, runScript } from './embed/prepare.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { host: { type: 'string', multiple: true } },
});
const [script, folder] = positionals;
if (script === undefined || positionals.length > 2) {
  console.error('npm run embed -- SCRIPT [FOLDER] [--host NAME]...');
  process.exit(2);
}
let worst = 0;
for (const host of await prepareHosts(values.host)) {
  if (host.missing) {
    console.log(`${host.name.padEnd(9)} left out: ${host.missing}`);
    continue;
  }
  const { code, output } = host.failure ? { code: 3, output: host.failure } : await runScript(host, script, folder);
  console.log(`${host.name.padEnd(9)} ${code}  ${output.trimEnd()}`);
  worst = Math.max(worst, typeof code === 'number' ? code : 3);
}
process.exitCode = worst;
