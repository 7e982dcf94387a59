// Runs processes side by side, two more than there are processor cores since many tests only wait, the longest first.
import { availableParallelism } from 'node:os';
import { broken, type Result } from './result.js';
import type { Planned } from './select.js';
import { readTimes, writeTimes } from './times.js';

export interface Finished {
  readonly job: Planned;
  readonly result: Result;
  readonly seconds: number;
}

const WIDTH = availableParallelism() + 2;

/** Runs all; `onEnd` is called after each. Those that must be alone come last, one by one. */
export async function runAll(
  jobs: readonly Planned[],
  run: (job: Planned) => Promise<Result>,
  onEnd: (finished: Finished) => void,
): Promise<void> {
  const times = readTimes();
  const lastTime = (job: Planned) => times[keyOf(job)] ?? 0;
  const waiting = jobs.filter(({ alone }) => !alone).sort((a, b) => lastTime(b) - lastTime(a));
  const one = async (job: Planned): Promise<void> => {
    const started = performance.now();
    const result = await run(job).catch((error) => broken(error.stack ?? String(error)));
    const took = performance.now() - started;
    times[keyOf(job)] = Math.round(took);
    onEnd({ job, result, seconds: took / 1000 });
  };
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await one(job);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  for (const job of jobs.filter(({ alone }) => alone)) await one(job);
  writeTimes(times);
}

function keyOf({ suite, what }: Planned): string {
  return `${suite} ${what}`;
}
