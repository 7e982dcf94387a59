// Does the steps of a build, side by side where they do not need each other. dist/ is made beside itself and takes its
// place only when every step has succeeded; what need not be done again is taken over from the dist/ before.
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ALL, INPUTS, type StepName, withEarlier } from './inputs.js';
import { type Done, type DoneSteps, readRecord, staleSteps, stampsOfTree, writeRecord } from './stamp.js';
import { STEPS } from './steps.js';

export const build = {
  /** Does those of the steps, and of the ones before them, whose inputs have changed. */
  async stale(names: readonly StepName[] = ALL): Promise<void> {
    const stale = await staleSteps(names);
    if (stale.length === 0) console.log('build: dist/ is up to date');
    else await make(stale);
  },
  /** Does the steps, and the ones before them, whatever was built. */
  anew: (names: readonly StepName[] = ALL): Promise<void> => make(withEarlier(names)),
};

async function make(names: readonly StepName[]): Promise<void> {
  const started = performance.now();
  const staging = `dist.${process.pid}`;
  await mkdir(staging, { recursive: true });
  try {
    const kept = await takeOver(names, staging);
    await writeRecord(staging, { ...kept, ...(await doAll(names, staging)) });
    await rm('dist', { recursive: true, force: true });
    await rename(staging, 'dist');
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  console.log(`build: ${names.join(', ')} made in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Copies what the other steps have made into the new folder. */
async function takeOver(names: readonly StepName[], staging: string): Promise<DoneSteps> {
  const record = await readRecord('dist');
  for (const name of names) delete record[name];
  for (const { files } of Object.values(record)) {
    for (const file of files) {
      await mkdir(dirname(join(staging, file)), { recursive: true });
      await copyFile(join('dist', file), join(staging, file));
    }
  }
  return record;
}

async function doAll(names: readonly StepName[], staging: string): Promise<DoneSteps> {
  const stamps = await stampsOfTree(names);
  const running = new Map<StepName, Promise<Done>>();
  for (const name of names) {
    const earlier = INPUTS[name].after.map((each) => running.get(each));
    const done = Promise.all(earlier).then(() => doStep(name, stamps.get(name) ?? '', staging));
    running.set(name, done);
  }
  // All are waited for: a step that still wrote would fill the folder again that a failed one has removed.
  const outcomes = await Promise.allSettled(running.values());
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Object.fromEntries(await Promise.all([...running].map(async ([name, done]) => [name, await done])));
}

/** Each step fills a folder of its own first, so that what it has made is known. */
async function doStep(name: StepName, stamp: string, staging: string): Promise<Done> {
  const own = `${staging}.${name}`;
  await mkdir(own, { recursive: true });
  try {
    await STEPS[name](own, staging);
    const entries = await readdir(own, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(own.length + 1));
    for (const file of files) {
      await mkdir(dirname(join(staging, file)), { recursive: true });
      await rename(join(own, file), join(staging, file));
    }
    return { stamp, files };
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
