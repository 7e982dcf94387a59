// How a case is timed: two ways of doing the same work in turn, A B A B, so that what disturbs the machine disturbs
// both. The least of each is quoted, and the ratio of the two: what else a shared machine does only ever adds.

/** One way of doing the work. `run` does it `units` times; `setUp` runs before each round, outside the clock. */
export interface Way {
  readonly units: number;
  readonly setUp?: () => void;
  readonly run: () => void;
}

export interface Timed {
  /** Nanoseconds a unit, in the quickest round. */
  readonly ours: number;
  readonly plain: number;
  /** plain / ours: how many times faster the core is. */
  readonly ratio: number;
  /** Slowest round over fastest, for ours. */
  readonly spread: number;
}

export function compare(ours: Way, plain: Way, rounds: number): Timed {
  const times: { ours: number[]; plain: number[] } = { ours: [], plain: [] };
  for (let round = -1; round < rounds; round++) {
    const a = time(ours);
    const b = time(plain);
    if (round < 0) continue; // the first round warms both up
    times.ours.push(a);
    times.plain.push(b);
  }
  const [a, b] = [Math.min(...times.ours), Math.min(...times.plain)];
  return { ours: a, plain: b, ratio: b / a, spread: Math.max(...times.ours) / a };
}

function time(way: Way): number {
  way.setUp?.();
  const started = process.hrtime.bigint();
  way.run();
  return Number(process.hrtime.bigint() - started) / way.units;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
