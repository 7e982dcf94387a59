// `npm run simulate:mutants -- [--seeds N] [--seed S] [--keep FOLDER] [PART...]`: judges the judge. Each mutant is made
// in a copy of the sources, never in the checkout, and must be found in N worlds from seed S on. With --keep the world
// that found it, shrunk, is written down as a plan. PART picks mutants by their names.
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { upToDate } from '../fresh.js';
import { type Mutant, mutants } from './mutants.js';

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
  try {
    await make(mutant, folder);
    const began = performance.now();
    const args = ['--import', 'tsx', 'tests/simulation/find.ts', values.seed, values.seeds, mutant.store ?? ''];
    if (values.keep !== undefined) args.push(resolve(values.keep, `${fileNameOf(mutant)}.json`));
    const output = await run(args, folder);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const found = /^FOUND (.*)$/m.exec(output)?.[1];
    console.log(
      `${found === undefined ? 'SURVIVES' : 'found   '} ${mutant.name} (${seconds} s): ${found ?? output.trim()}`,
    );
    return found !== undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
