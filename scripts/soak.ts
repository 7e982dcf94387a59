// `npm run soak -- [--minutes N] [PART...]`: the property tests over and over, each round with another seed, until the
// time is up. PART picks the test files whose path has it. Ends with 1 when a round has failed, and says how to run it
// again.
import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileTests } from './test/compile.js';
import { nodeTests } from './test/node-tests.js';
import { RELEASE } from './test/suite.js';

const USAGE = 'usage: npm run soak -- [--minutes N] [PART...]; PART: a part of a test file’s path, such as simulator';
const { minutes, parts } = options();
const files = (await propertyTests()).filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
if (files.length === 0) fail(`no property test has ${parts.join(' or ')} in its path`);

const end = performance.now() + minutes * 60_000;
const compiled = await compileTests(files);
let rounds = 0;
let failures = 0;
while (rounds === 0 || performance.now() < end) {
  const seed = String(randomInt(2 ** 31));
  const failed: string[] = [];
  for (const file of files) {
    const result = await nodeTests(file, { compiled, env: { ...RELEASE, LIMPET_SEED: seed } });
    if (result.failed === 0) continue;
    failed.push(file);
    console.log(result.output.trimEnd());
  }
  rounds++;
  if (failed.length > 0) failures++;
  const again = failed.map((file) => `\n     again: LIMPET_SEED=${seed} npm test -- ${file}`).join('');
  console.log(`${failed.length > 0 ? 'FAIL' : 'ok  '} LIMPET_SEED=${seed}  ${files.length} files${again}`);
}
console.log(`${rounds} rounds of ${files.length} files, ${failures} failed`);
await compiled.remove();
process.exitCode = failures > 0 ? 1 : 0;

function options(): { minutes: number; parts: string[] } {
  try {
    const { values, positionals } = parseArgs({
      options: { minutes: { type: 'string', default: '10' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const minutes = Number(values.minutes);
    if (!(minutes > 0)) fail(`--minutes ${values.minutes}: a number above 0`);
    return { minutes, parts: positionals };
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(why: string): never {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}

async function propertyTests(): Promise<string[]> {
  const names = (await readdir('tests', { recursive: true })).filter((name) => name.endsWith('.test.ts')).sort();
  const paths = names.map((name) => join('tests', name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return paths.filter((_, n) => texts[n]?.includes("from 'fast-check'"));
}
