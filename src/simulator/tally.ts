// The counters: starts on the address as before or on another one, and how many tasks run on the address that their identity
// had first. Counted as tasks change, never by looking at all of them.

import type { VectorEditor } from './vector.js';
import type { AllocatorRecord, Seen, TaskRecord, World } from './world.js';

type Counts = { -readonly [K in 'kept' | 'changed' | 'running' | 'home']: AllocatorRecord[K] };
type Which = 'stock' | 'sticky';

export class Tally {
  private readonly counts: Record<Which, Counts>;
  private readonly seen: VectorEditor<Seen>;

  constructor(
    { stock, sticky, seen }: World,
    private readonly indexOf: (identity: string) => number,
  ) {
    this.counts = { stock: countsOf(stock), sticky: countsOf(sticky) };
    this.seen = seen.edit();
  }

  move(before: TaskRecord, after: TaskRecord): void {
    for (const which of ['stock', 'sticky'] as const) {
      if (runs(before, which) === runs(after, which)) continue;
      if (runs(after, which)) this.start(after, which);
      this.add(runs(after, which) ? after : before, which, runs(after, which) ? 1 : -1);
    }
  }

  /** What is known of an identity's addresses until now. */
  past(identity: string): Seen {
    return this.seen.get(this.indexOf(identity)) ?? {};
  }

  seal(): Record<Which, Counts> & Pick<World, 'seen'> {
    return { ...this.counts, seen: this.seen.seal() };
  }

  private start(task: TaskRecord, which: Which): void {
    const address = task[which] as string;
    const index = this.indexOf(task.identity);
    const seen = this.seen.get(index) ?? {};
    const past = seen[which];
    const isGuest = which === 'sticky' && task.stay === 'guest';
    if (past === undefined) {
      if (!isGuest) this.seen.set(index, { ...seen, [which]: { first: address, last: address } });
      return;
    }
    this.counts[which][past.last === address ? 'kept' : 'changed']++;
    // A guest's address is lent: what counts at its next start is where it was at home.
    if (past.last === address || isGuest) return;
    this.seen.set(index, { ...seen, [which]: { first: past.first, last: address } });
  }

  private add(task: TaskRecord, which: Which, by: 1 | -1): void {
    this.counts[which].running += by;
    if (this.seen.get(this.indexOf(task.identity))?.[which]?.first === task[which]) this.counts[which].home += by;
  }
}

function runs(task: TaskRecord, which: Which): boolean {
  return task.state === 'running' && task[which] !== undefined;
}

function countsOf({ kept, changed, running, home }: AllocatorRecord): Counts {
  return { kept, changed, running, home };
}
