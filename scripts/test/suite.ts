// What a suite is: files that run in one environment, or a tool; and how a run takes it to pieces.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StepName } from '../build/inputs.js';
import { asPect } from './as-pect.js';
import { type Manner, nodeTests } from './node-tests.js';
import { node } from './process.js';
import { type Result, single } from './result.js';
import type { Shared } from './shared.js';

/** usual: `npm test`. long: minutes of the same. system: needs more of the machine than Node and npm. */
export type When = 'usual' | 'long' | 'system';

export interface Suite {
  readonly when: When;
  /** What must be built before. */
  readonly builds: readonly StepName[];
  /** Nothing may run beside one of its files: they count frames, or fill the machine themselves. */
  readonly alone?: boolean;
  /** Processes to run, each by itself. */
  jobs(shared: Shared): Job[];
  /** Less of them, when all that the suite has is run. */
  whole?(): Job[];
}

export interface Job {
  /** The test file, or what the tool does. */
  readonly what: string;
  run(manner: Manner): Promise<Result>;
}

export interface Files {
  readonly when?: When;
  readonly builds?: readonly StepName[];
  readonly alone?: boolean;
  /** Of the folder's test files, only those. */
  readonly only?: (file: string) => boolean;
  /** @throws Error when the machine lacks something */
  readonly needs?: () => void;
  readonly env?: (shared: Shared) => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>;
}

/** The release build, or the one that the caller's environment names. */
export const RELEASE = { LIMPET_ENTRY: resolve(process.env.LIMPET_ENTRY ?? 'dist/index.js') };

/** The test files of a folder. */
export function testsIn(folder: string, files: Files = {}): Suite {
  const { when = 'usual', builds = ['bundles'], alone = false, only = () => true, needs, env } = files;
  const jobs = (shared: Shared): Job[] =>
    filesIn(folder, '.test.ts')
      .filter(only)
      .map((what) => ({
        what,
        async run(manner) {
          needs?.();
          return nodeTests(what, { ...manner, env: { ...RELEASE, ...(await env?.(shared)) } });
        },
      }));
  return { when, builds, alone, jobs };
}

/** The specs of the core: each is compiled by as-pect itself, so that nothing need be built before. */
export function specsIn(folder: string): Suite {
  const files = filesIn(folder, '.spec.ts');
  const job = (what: string, specs: readonly string[]): Job => ({ what, run: (manner) => asPect(specs, manner) });
  const jobs = () => files.map((file) => job(file, [file]));
  return { when: 'usual', builds: [], jobs, whole: () => [job(folder, files)] };
}

/** A tool that only succeeds or fails: one test. */
export function tool(builds: readonly StepName[], what: string, ...args: string[]): Suite {
  const run = async () => {
    const { code, output } = await node(args);
    return single(code, output);
  };
  return { when: 'usual', builds, jobs: () => [{ what, run }] };
}

/** Whether a folder has test files. */
export function hasTests(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.test.ts'));
}

function filesIn(folder: string, suffix: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith(suffix)).map((name) => join(folder, name));
  if (files.length === 0) throw new Error(`${folder} has no *${suffix}`);
  return files.sort();
}
