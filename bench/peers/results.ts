// The results of a race as they are kept in docs/bench/peers.json: every figure of README and docs comes out of that
// file.

import { readFile } from 'node:fs/promises';
import type { Bytes, Missing, Result } from './race.js';

export const RESULTS = new URL('../../docs/bench/peers.json', import.meta.url);

export interface Weight {
  readonly name: string;
  readonly entries: readonly Bytes[];
  readonly missing: readonly Missing[];
}

export interface Results {
  readonly machine: string;
  readonly date: string;
  readonly go: string;
  readonly rounds: number;
  readonly budget: number;
  readonly least: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Contestants that this machine could not build or start. */
  readonly missing: readonly Missing[];
  readonly results: readonly Result[];
  readonly memory: readonly Weight[];
}

/** The committed results; undefined when there are none. */
export async function committed(): Promise<Results | undefined> {
  const text = await readFile(RESULTS, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

/** The measure of all others. */
export const OURS = 'limpet-raw';

/**
 * How many times longer an operation takes a contestant than the core by its raw ABI; undefined where one is missing.
 */
export function ratio(result: Result | undefined, peer: string, ours = OURS): number | undefined {
  const own = result?.entries.find((each) => each.peer === ours);
  const other = result?.entries.find((each) => each.peer === peer);
  return own && other ? other.median / own.median : undefined;
}

/**
 * The committed results with the cases of this run in the place of theirs. @throws Error when they do not belong
 * together
 */
export function merged(before: Results | undefined, now: Results): Results {
  if (!before) return now;
  const same = (each: Results) => JSON.stringify([each.machine, each.go, each.versions]);
  if (same(before) !== same(now)) {
    throw new Error(`the committed results are of ${same(before)}, these of ${same(now)}: run all cases anew`);
  }
  const rest = <T extends { readonly name: string }>(old: readonly T[], fresh: readonly T[]): T[] => [
    ...old.filter(({ name }) => !fresh.some((each) => each.name === name)),
    ...fresh,
  ];
  return { ...now, results: rest(before.results, now.results), memory: rest(before.memory, now.memory) };
}
