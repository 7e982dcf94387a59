// Runs the test suites, a progress line for each; `tsx scripts/test.ts NAME...` runs only those. The last line counts all.
import { suites, usual } from './test/suites.js';

const names = process.argv.length > 2 ? process.argv.slice(2) : usual;
const unknown = names.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const undo = [];
const context = { onEnd: (action) => undo.push(action) };

try {
  for (const name of names) {
    const started = performance.now();
    const result = await runSuite(name);
    passed += result.passed;
    failed += result.failed;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const skipped = result.skipped ? `, ${result.skipped} skipped` : '';
    const mark = result.failed ? 'FAIL' : 'ok  ';
    console.log(
      `${mark} ${name.padEnd(14)} ${seconds.padStart(6)} s  ${result.passed} passed, ${result.failed} failed${skipped}`,
    );
    for (const note of result.notes ?? []) console.log(`     ${note}`);
    if (result.failed) console.log(result.output.trimEnd());
    if (result.failed && suites[name].vital) break;
  }
} finally {
  for (const action of undo.reverse()) await action();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;

/** A suite that cannot even start, or that runs no test, is a failed one. */
async function runSuite(name) {
  try {
    const result = await suites[name].run(context);
    if (result.passed + result.failed > 0) return result;
    return { passed: 0, failed: 1, output: `${name}: no test was run\n${result.output}` };
  } catch (error) {
    return { passed: 0, failed: 1, output: error.stack ?? String(error) };
  }
}
