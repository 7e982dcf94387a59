// Runs one case: every contestant is set up and calibrated, then they take turns, A B C, A B C, so that what disturbs
// the machine disturbs all of them. Slow ones replay fewer operations, and the result says how many.

import { median } from '../measure.js';
import type { Contestant } from './process.js';
import type { Case } from './script.js';

export interface Limits {
  readonly rounds: number;
  /** Milliseconds that a round of one contestant should take at the most. */
  readonly budget: number;
  /**
   * And at the least: one that is through sooner does its round again, so that no moment's disturbance counts for all
   * of it.
   */
  readonly least: number;
  /** Seconds that a set-up may take. */
  readonly setUp: number;
}

/** What surrounds a round can take longer than the round. */
const MOST_AGAIN = 20;

/** One contestant in one case. */
export interface Entry {
  readonly peer: string;
  /** Operations replayed in each round, from the first on. */
  readonly count: number;
  /** Nanoseconds an operation, over the rounds. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
}

/** A contestant whose set-up was not done in time. */
export interface Missing {
  readonly peer: string;
  readonly why: string;
}

export interface Result {
  readonly name: string;
  readonly rounds: number;
  readonly entries: readonly Entry[];
  readonly missing: readonly Missing[];
}

/** How many operations a contestant is to replay; undefined lets the calibration say. */
export type Count = (peer: string) => number | undefined;

export async function race(
  each: Case,
  file: string,
  peers: readonly Contestant[],
  limits: Limits,
  count: Count,
): Promise<Result> {
  const missing: Missing[] = [];
  const runs: Run[] = [];
  for (const peer of peers) {
    try {
      const why = await setUp(peer, file, limits.setUp);
      if (why !== undefined) missing.push({ peer: peer.name, why });
      else {
        const wanted = count(peer.name) ?? (await calibrate(each, peer, limits.budget));
        runs.push({ peer, count: Math.min(wanted, each.operations), times: [] });
      }
    } catch (error) {
      missing.push(refusal(peer, error));
    }
  }
  for (let round = -1; round < limits.rounds; round++) {
    for (const run of runs) {
      const time = await turn(run, limits.least);
      if (round >= 0) run.times.push(time); // the first round warms up
    }
  }
  const { rounds } = limits;
  return {
    name: each.name,
    rounds,
    missing,
    entries: runs.map(({ peer, count, times }) => entry(peer.name, count, times)),
  };
}

/** Why it cannot take part, if so. */
async function setUp(peer: Contestant, file: string, seconds: number): Promise<string | undefined> {
  await peer.ask({ do: 'load', file });
  const { done, of } = await peer.ask({ do: 'setUp', seconds });
  return of === undefined ? undefined : `after ${seconds} s its set-up had reached step ${done ?? 0} of ${of}`;
}

/** An error of Limpet's own ends everything; one of another contestant is its result. */
function refusal(peer: Contestant, error: unknown): Missing {
  const { message } = error as Error;
  if (peer.name.startsWith('limpet') || peer.ended) throw new Error(`${peer.name}: ${message}`, { cause: error });
  return { peer: peer.name, why: message };
}

export interface Bytes {
  readonly peer: string;
  readonly bytes: number;
}

/** The memory that the state of a case takes, peer after peer. */
export async function weigh(
  file: string,
  peers: readonly Contestant[],
  seconds: number,
): Promise<{ readonly entries: Bytes[]; readonly missing: Missing[] }> {
  const entries: Bytes[] = [];
  const missing: Missing[] = [];
  for (const peer of peers) {
    try {
      const { bytes, done, of } = await peer.ask({ do: 'memory', file, seconds });
      if (bytes !== undefined) entries.push({ peer: peer.name, bytes });
      else missing.push({ peer: peer.name, why: `after ${seconds} s it had reached step ${done ?? 0} of ${of}` });
    } catch (error) {
      missing.push(refusal(peer, error));
    }
  }
  return { entries, missing };
}

interface Run {
  readonly peer: Contestant;
  readonly count: number;
  readonly times: number[];
}

/** Nanoseconds an operation. */
async function turn({ peer, count }: Run, least: number): Promise<number> {
  let total = 0;
  let rounds = 0;
  do {
    const { nanoseconds } = await peer.ask({ do: 'round', count });
    total += nanoseconds as number;
    rounds++;
  } while (total < least * 1e6 && rounds < MOST_AGAIN);
  return total / (rounds * count);
}

function entry(peer: string, count: number, times: readonly number[]): Entry {
  return { peer, count, median: median(times), fastest: Math.min(...times), slowest: Math.max(...times) };
}

/** Doubles the operations until a round takes a quarter of the budget; then as many as fit into it. */
async function calibrate({ kind, operations }: Case, peer: Contestant, milliseconds: number): Promise<number> {
  // A million bindings are worth a longer round: the first few of them say nothing about the rest.
  const budget = kind === 'restore' ? milliseconds * 5 : milliseconds;
  for (let count = 1; ; count = Math.min(count * 2, operations)) {
    const time = await fastest(peer, count, budget / 4);
    if (count === operations) return time > 2 * budget ? Math.ceil(count / 2) : count;
    if (time > budget / 4) return time > budget / 2 ? count : Math.min(count * 2, operations);
  }
}

/**
 * Milliseconds of a round, the fastest of three when the first is over the limit: a cold or disturbed one would count
 * for all.
 */
async function fastest(peer: Contestant, count: number, limit: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3 && best > limit; i++) {
    const { nanoseconds } = await peer.ask({ do: 'round', count });
    best = Math.min(best, (nanoseconds as number) / 1e6);
    if (best > 20 * limit) break;
  }
  return best;
}
