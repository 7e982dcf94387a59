// Builds dist/ from assembly/, src/ and playground/: npm run build [-- --force] [STEP...]. Does the steps whose inputs
// have changed since the last build; `--force` does them anyway.
import { parseArgs } from 'node:util';
import { build } from './build/build.js';
import { ALL, isStep } from './build/inputs.js';

const USAGE = `usage: npm run build [-- --force] [STEP...]; the steps are ${ALL.join(', ')}`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});
const names = positionals.filter(isStep);
if (values.help || names.length < positionals.length) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const wanted = names.length > 0 ? names : undefined;
await (values.force ? build.anew(wanted) : build.stale(wanted));
