// Which processes a run has: by suite, by file, or by the name of a test.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { StepName } from '../build/inputs.js';
import { Shared } from './shared.js';
import type { Job, When } from './suite.js';
import { suites } from './suites.js';

export interface Wish {
  /**
   * Suites, or test files, folders and parts of their paths; of both, the files in those suites. None: the usual
   * suites.
   */
  readonly words: readonly string[];
  /** Only tests whose name has it. */
  readonly name?: string | undefined;
}

export interface Planned extends Job {
  readonly suite: string;
  readonly alone: boolean;
}

export interface Plan {
  readonly jobs: readonly Planned[];
  readonly builds: readonly StepName[];
  /** Lines are told for each file, and not for each suite. */
  readonly byFile: boolean;
}

/** @throws Error when a word means nothing, or no file can have a test of that name */
export function plan({ words, name }: Wish, shared: Shared): Plan {
  const names = words.filter((word) => Object.hasOwn(suites, word));
  const paths = words.filter((word) => !Object.hasOwn(suites, word));
  if (name === undefined && paths.length === 0) {
    return planned(ofSuites(names.length > 0 ? names : suitesOf('usual'), shared, true), false);
  }
  const all = names.length > 0 ? ofSuites(names, shared, false) : everyFile(shared);
  const jobs = paths.length > 0 ? ofPaths(all, paths) : all;
  return planned(name === undefined ? jobs : withName(jobs, name), true);
}

/** The words that choose just that job. */
export function wordsFor({ suite, what }: Planned): string {
  if (!isFile(what)) return suite;
  const usual = everyFile(new Shared()).find((job) => job.what === what);
  return usual?.suite === suite ? what : `${suite} ${what}`;
}

export function suitesOf(when: When): string[] {
  return Object.keys(suites).filter((name) => suites[name]?.when === when);
}

function planned(jobs: Planned[], byFile: boolean): Plan {
  const builds = new Set(jobs.flatMap(({ suite }) => suites[suite]?.builds ?? []));
  return { jobs, builds: [...builds], byFile };
}

function ofSuites(names: readonly string[], shared: Shared, whole: boolean): Planned[] {
  return names.flatMap((name) => {
    const suite = suites[name];
    if (suite === undefined) return [];
    const jobs = (whole ? suite.whole?.() : undefined) ?? suite.jobs(shared);
    return jobs.map((job) => ({ ...job, suite: name, alone: suite.alone ?? false }));
  });
}

/** Each test file once, in the first suite that has it: the usual one before a long one. */
function everyFile(shared: Shared): Planned[] {
  const all = ofSuites([...suitesOf('usual'), ...suitesOf('long'), ...suitesOf('system')], shared, false);
  const first = new Map<string, Planned>();
  for (const job of all) if (isFile(job.what) && !first.has(job.what)) first.set(job.what, job);
  return [...first.values()];
}

/** Those of the files that are meant. @throws Error */
function ofPaths(files: readonly Planned[], paths: readonly string[]): Planned[] {
  const found = paths.flatMap((given) => {
    const path = existsSync(given) ? relative('.', given) : given;
    const there = files.filter(({ what }) => what === path || what.startsWith(`${path}/`));
    const alike = there.length > 0 ? there : files.filter(({ what }) => what.includes(path));
    if (alike.length > 0) return alike;
    throw new Error(`${given}: no suite and no test file of those; the suites are ${Object.keys(suites).join(', ')}`);
  });
  return [...new Set(found)];
}

/** Files that can have such a test: its name is in their text, or in that of a module of tests/ that they import. */
function withName(jobs: Planned[], name: string): Planned[] {
  const files = jobs.filter(({ what }) => isFile(what));
  const likely = files.filter(({ what }) => textOf(what).includes(name));
  // A name that is put together from parts is in no file's text.
  return likely.length > 0 ? likely : files;
}

/** Whether it is a file of node:test. */
export function isTest(what: string): boolean {
  return what.endsWith('.test.ts');
}

function isFile(what: string): boolean {
  return /\.(test|spec)\.ts$/.test(what);
}

function textOf(file: string, seen = new Set<string>()): string {
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imported = [...text.matchAll(/ from '(\.[^']+)\.js'/g)].map(([, path]) => join(dirname(file), `${path}.ts`));
  const next = imported.filter((path) => path.startsWith('tests/') && !seen.has(path) && existsSync(path));
  return text + next.map((path) => textOf(path, seen)).join('');
}
