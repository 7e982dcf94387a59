// The counters: starts on the address as before or on another one, and how many tasks run on the address that their
// identity had first. Counted from the tasks that a step has changed, never by looking at all of them; of two tasks of
// one identity that start in the same second both are compared with what was before it, and the newer one says where
// the identity is now.

import type { Vector, VectorEditor } from './vector.js';
import type { AllocatorRecord, Seen, TaskRecord, World } from './world.js';

type Counts = { -readonly [K in 'kept' | 'changed' | 'running' | 'home']: AllocatorRecord[K] };
type Which = 'stock' | 'sticky';

/** A task as it was before the step, and as it is now. */
interface Move {
  readonly before: TaskRecord;
  readonly after: TaskRecord;
}

export class Tally {
  private readonly counts: Record<Which, Counts>;
  private readonly before: Vector<Seen>;
  private readonly seen: VectorEditor<Seen>;
  /** By the task's number. */
  private readonly moves = new Map<number, Move>();

  constructor(
    { stock, sticky, seen }: World,
    private readonly indexOf: (identity: string) => number,
  ) {
    this.counts = { stock: countsOf(stock), sticky: countsOf(sticky) };
    this.before = seen;
    this.seen = seen.edit();
  }

  move(before: TaskRecord, after: TaskRecord): void {
    this.moves.set(after.number, { before: this.moves.get(after.number)?.before ?? before, after });
  }

  /** What was known of an identity's addresses before this step. */
  past(identity: string): Seen {
    return this.before.get(this.indexOf(identity)) ?? {};
  }

  seal(): Record<Which, Counts> & Pick<World, 'seen'> {
    const moves = [...this.moves.values()].sort((a, b) => a.after.number - b.after.number);
    for (const which of ['stock', 'sticky'] as const) {
      const started = moves.filter(({ before, after }) => runs(after, which) && !runs(before, which));
      const stopped = moves.filter(({ before, after }) => runs(before, which) && !runs(after, which));
      for (const { after } of started) this.start(after, which);
      for (const { after } of started) this.add(after, which, 1);
      for (const { before } of stopped) this.add(before, which, -1);
    }
    return { ...this.counts, seen: this.seen.seal() };
  }

  private start(task: TaskRecord, which: Which): void {
    const address = task[which] as string;
    const past = this.past(task.identity)[which];
    if (past !== undefined) this.counts[which][past.last === address ? 'kept' : 'changed']++;
    // A guest's address is lent: what counts at its next start is where it was at home.
    if (which === 'sticky' && task.stay === 'guest') return;
    const index = this.indexOf(task.identity);
    this.seen.set(index, { ...this.seen.get(index), [which]: { first: past?.first ?? address, last: address } });
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
