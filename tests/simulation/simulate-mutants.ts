// `npm run simulate:mutants -- [--seeds N] [--seed S] [--keep FOLDER] [PART...]`: judges the judge. Each mutant is made
// in a copy of the sources, never in the checkout, and must be found in N worlds from seed S on, or by the test that it
// names. With --keep the world that found it, shrunk, is written down as a plan, if all is well in it without the
// mutant. PART picks mutants by their names.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { upToDate } from '../fresh.js';
import { type Mutant, mutants } from './mutants.js';
import { play } from './play.js';

const COPIED = ['src', 'scripts', 'tests', 'package.json', 'tsconfig.json'];

await upToDate('core');
const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
  allowPositionals: true,
});
const chosen = mutants.filter(
  ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
let survivors = 0;
for (const mutant of chosen) {
  const began = performance.now();
  const { isFound, text } = await inCopy(mutant, (folder) =>
    mutant.test === undefined ? byWorlds(mutant, folder) : byTest(mutant.test, folder),
  );
  if (!isFound) survivors++;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${isFound ? 'found   ' : 'SURVIVES'} ${mutant.name} (${seconds} s): ${text}`);
}
console.log(`${chosen.length} mutants, ${chosen.length - survivors} found`);
process.exit(survivors === 0 && chosen.length > 0 ? 0 : 1);

interface Verdict {
  readonly isFound: boolean;
  readonly text: string;
}

async function inCopy<T>(mutant: Mutant, look: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-mutant-'));
  try {
    await make(mutant, folder);
    return await look(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function byWorlds(mutant: Mutant, folder: string): Promise<Verdict> {
  const plan = values.keep === undefined ? undefined : resolve(values.keep, `${fileNameOf(mutant)}.json`);
  const end = Number(values.seed) + Number(values.seeds);
  for (let first = Number(values.seed); ; ) {
    const { output } = await run(
      ['--import', 'tsx', 'tests/simulation/find.ts', `${first}`, `${end - first}`, mutant.store ?? '', plan ?? ''],
      folder,
    );
    const found = readFound(output);
    if (found === undefined) return { isFound: false, text: output.trim() };
    const isKnown = found.seed === undefined || plan === undefined || (await isWell(plan));
    if (isKnown) return { isFound: true, text: found.text };
    first = (found.seed as number) + 1;
    if (first >= end) return { isFound: false, text: 'what failed fails without it too' };
  }
}

/** @param file of tests that pass without the mutant: `npm test` runs them */
async function byTest(file: string, folder: string): Promise<Verdict> {
  const { output, code } = await run(['--import', 'tsx', '--test', '--test-reporter', 'spec', file], folder);
  const failed = /^\s*✖ (?!failing tests)(.*) \([\d.]+ms\)$/m.exec(output)?.[1];
  if (failed === undefined) return { isFound: false, text: code === 0 ? `${file} passes` : output.trim().slice(-500) };
  return { isFound: true, text: `by ${file}: ${failed}` };
}

interface Found {
  readonly text: string;
  /** Undefined where a kept plan has found it. */
  readonly seed: number | undefined;
}

function readFound(output: string): Found | undefined {
  const text = /^FOUND (.*)$/m.exec(output)?.[1];
  if (text === undefined) return undefined;
  const seed = /^by seed (\d+)/.exec(text)?.[1];
  return { text, seed: seed === undefined ? undefined : Number(seed) };
}

/** Whether the checkout passes in the world that was written down; one that fails here too says nothing of a mutant. */
async function isWell(file: string): Promise<boolean> {
  const written = await readFile(file, 'utf8').catch(() => undefined); // nothing was left when it was shrunk
  if (written === undefined) return false;
  const { failure } = await play(JSON.parse(written));
  if (failure === undefined) return true;
  console.log(`not kept, since it fails without the mutant too: ${failure.slice(0, 120)}`);
  await rm(file);
  return false;
}

/** @throws Error when what is to be changed does not stand there, or more than once */
async function make({ name, file, changes }: Mutant, folder: string): Promise<void> {
  for (const path of COPIED) await cp(path, join(folder, path), { recursive: true });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  let text = await readFile(join(folder, file), 'utf8');
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${name}: ${file} does not have once: ${from}`);
    text = text.replace(from, () => to);
  }
  await writeFile(join(folder, file), text);
}

function run(args: readonly string[], cwd: string): Promise<{ readonly output: string; readonly code: number | null }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, LIMPET_BUILT: '1' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => done({ output, code }));
  });
}

function fileNameOf({ name }: Mutant): string {
  return name.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
}
