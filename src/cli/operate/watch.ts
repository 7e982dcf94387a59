// `--watch`: the same answer again and again, in place on a terminal, one after the other elsewhere.

import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Failure } from '../failure.js';
import { lines, print } from '../output.js';

const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';
const WHOLE_SCREEN = '\u001b[2J';

/** @throws Failure naming what is not a number of seconds */
export function secondsOf(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new Failure(`--watch ${JSON.stringify(text)}: give seconds, from 0.1 to 3600`);
}

/**
 * Looks and prints until the process is stopped. Where nobody answers it says so, and goes on; what is wrong with the
 * question itself ends it. @param told what is shown instead of an answer
 */
export async function watch(
  seconds: number,
  look: () => Promise<Iterable<string>>,
  told: (failure: Failure) => string,
): Promise<never> {
  const unanswered = (error: unknown): string[] => {
    if (error instanceof Failure && error.exitCode === EXIT.unreachable) return [told(error)];
    throw error;
  };
  const inPlace = process.stdout.isTTY === true;
  if (inPlace) process.stdout.write(WHOLE_SCREEN);
  for (;;) {
    const shown = [...(await look().catch(unanswered))];
    if (inPlace) {
      const all = [...shown, '', `every ${seconds} s; Ctrl-C to stop`];
      await print([HOME, ...lines(all.map((line) => line + REST_OF_LINE)), REST_OF_SCREEN]);
    } else await print(lines(shown));
    await sleep(seconds * 1000);
  }
}
