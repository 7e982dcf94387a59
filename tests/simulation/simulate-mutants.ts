// `npm run simulate:mutants -- [--seeds N] [--seed S] [--keep FOLDER] [PART...]`: judges the judge. Each mutant is made
// in a copy of the sources, never in the checkout, and must be found in N worlds from seed S on. With --keep the world
// that found it, shrunk, is written down as a plan, if all is well in it without the mutant. PART picks mutants by
// their names.
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { upToDate } from '../fresh.js';
import { type Mutant, mutants } from './mutants.js';
import { play } from './play.js';

const COPIED = ['src', 'scripts', 'tests/simulation', 'tests/fresh.ts', 'package.json', 'tsconfig.json'];

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
for (const mutant of chosen) if (!(await isFound(mutant))) survivors++;
console.log(`${chosen.length} mutants, ${chosen.length - survivors} found`);
process.exit(survivors === 0 && chosen.length > 0 ? 0 : 1);

async function isFound(mutant: Mutant): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-mutant-'));
  const plan = values.keep === undefined ? undefined : resolve(values.keep, `${fileNameOf(mutant)}.json`);
  try {
    await make(mutant, folder);
    const began = performance.now();
    const end = Number(values.seed) + Number(values.seeds);
    let found: Found | undefined;
    let output = '';
    for (let first = Number(values.seed); first < end && found === undefined; ) {
      output = await run(
        ['--import', 'tsx', 'tests/simulation/find.ts', `${first}`, `${end - first}`, mutant.store ?? '', plan ?? ''],
        folder,
      );
      const told = readFound(output);
      if (told === undefined) break;
      if (told.seed === undefined || plan === undefined || (await isWell(plan))) found = told;
      else first = told.seed + 1;
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const verdict = found === undefined ? 'SURVIVES' : 'found   ';
    console.log(`${verdict} ${mutant.name} (${seconds} s): ${found?.text ?? output.trim()}`);
    return found !== undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
  await mkdir(join(folder, 'tests'));
  for (const path of COPIED) await cp(path, join(folder, path), { recursive: true });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  let text = await readFile(join(folder, file), 'utf8');
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${name}: ${file} does not have once: ${from}`);
    text = text.replace(from, () => to);
  }
  await writeFile(join(folder, file), text);
}

function run(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, LIMPET_BUILT: '1' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', () => done(output));
  });
}

function fileNameOf({ name }: Mutant): string {
  return name.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
}
