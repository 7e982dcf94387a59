// Tells which steps of dist/ were built from the present inputs: for each step one hash over the path and content of
// every file that it reads, and over the stamps of the steps before it.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { EMBEDDED, INPUTS, type StepName, withEarlier } from './inputs.js';

/** Lies beside what it tells of, and is not packed. */
const FILE = '.stamp';
const NOT_READ = /^(assembly\/__tests__|src\/host\/generated)\//;

/** What dist/ remembers of a step. */
export interface Done {
  readonly stamp: string;
  /** What the step has made, by paths in dist/. */
  readonly files: readonly string[];
}

export type DoneSteps = Partial<Record<StepName, Done>>;

/** The stamps of the tree as it is now. */
export async function stampsOfTree(names: readonly StepName[]): Promise<Map<StepName, string>> {
  const stamps = new Map<StepName, string>();
  for (const name of withEarlier(names)) {
    const hash = createHash('sha256');
    for (const path of await inputsOf(name)) {
      const content = await readFile(path);
      hash.update(`${path} ${content.length}\n`).update(content);
    }
    for (const earlier of INPUTS[name].after) hash.update(`after ${stamps.get(earlier)}\n`);
    stamps.set(name, hash.digest('hex'));
  }
  return stamps;
}

/** Those of the steps, with the ones before them, that dist/ lacks or has from other inputs. */
export async function staleSteps(names: readonly StepName[]): Promise<StepName[]> {
  const now = await stampsOfTree(names);
  const then = existsSync(EMBEDDED) ? await readRecord('dist') : {};
  return [...now.keys()].filter((name) => then[name]?.stamp !== now.get(name));
}

/** What is remembered of a folder's steps; nothing when it was never built. */
export async function readRecord(folder: string): Promise<DoneSteps> {
  try {
    return JSON.parse(await readFile(`${folder}/${FILE}`, 'utf8'));
  } catch {
    return {}; // none, or one of before there were steps
  }
}

export async function writeRecord(folder: string, record: DoneSteps): Promise<void> {
  await writeFile(`${folder}/${FILE}`, JSON.stringify(record));
}

async function inputsOf(name: StepName): Promise<string[]> {
  const lists = await Promise.all(INPUTS[name].reads.map(filesOf));
  return lists.flat().sort();
}

/** A folder's files, at any depth; a file is itself. */
async function filesOf(path: string): Promise<string[]> {
  if (/\.\w+$/.test(path)) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  return files.filter((file) => !NOT_READ.test(file));
}
