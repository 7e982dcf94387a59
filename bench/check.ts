// `--check`: ratios measured now beside the committed ones. A guard against collapse, not against noise: it complains
// only when one has fallen by more than half.

export interface Ratio {
  readonly what: string;
  readonly ratio: number;
}

export interface Fallen {
  readonly what: string;
  readonly before: number;
  readonly now: number;
}

/** Those below half of the committed ratio. What was not committed, or not measured now, is not compared. */
export function fallen(before: readonly Ratio[], now: readonly Ratio[]): Fallen[] {
  const measured = new Map(now.map((each) => [each.what, each.ratio]));
  return before.flatMap(({ what, ratio }) => {
    const found = measured.get(what);
    return found !== undefined && found < ratio / 2 ? [{ what, before: ratio, now: found }] : [];
  });
}

/** Prints the comparison and says by the exit code how it ended. @throws Error when nothing could be compared */
export function judge(before: readonly Ratio[], now: readonly Ratio[]): void {
  const known = new Set(before.map((each) => each.what));
  const compared = now.filter((each) => known.has(each.what)).length;
  if (compared === 0) throw new Error('--check found no committed ratio to compare with: run with --write first');
  const bad = fallen(before, now);
  for (const { what, before, now } of bad) {
    console.error(`fallen by more than half: ${what}: ${now.toPrecision(2)}, committed ${before.toPrecision(2)}`);
  }
  console.log(`${compared - bad.length} passed, ${bad.length} failed`);
  if (bad.length > 0) process.exitCode = 1;
}
