// Docker's own allocator, plainly: the next free ordinal after the last one given, wrapping; a released one is free at
// once. A new leader learns from the task list what is taken, and begins to search from the start again (so the
// recordings show). It is no user of the core: that is sticky.ts.

import type { Plan } from './plan.js';
import type { Cell } from './types.js';
import type { VectorEditor } from './vector.js';
import type { AllocatorRecord } from './world.js';

/** Something that has an address for as long as it is there. */
export type Holding = { readonly address: string } & Omit<Cell, 'state'>;

export class StockDraft {
  private readonly cells: VectorEditor<Cell>;
  private cursor: number;
  private free: number;
  private readonly count: { live: number; held: number };

  constructor(
    private readonly plan: Plan,
    private readonly before: AllocatorRecord,
  ) {
    this.cells = before.cells.edit();
    this.cursor = before.cursor;
    this.free = before.counts.free;
    this.count = { live: before.counts.live, held: before.counts.held };
  }

  /** An address for whoever asks; undefined when the subnet is full. */
  take(use: Omit<Cell, 'state'>): string | undefined {
    if (this.free === 0) return undefined;
    while (this.cells.get(this.cursor) !== undefined) this.cursor = (this.cursor + 1) % this.plan.size;
    const ordinal = this.cursor;
    this.cursor = (ordinal + 1) % this.plan.size;
    this.set(ordinal, cellOf(use));
    return this.plan.address(ordinal);
  }

  release(address: string): void {
    this.set(this.plan.ordinal(address), undefined);
  }

  /** What a new leader makes of the records. */
  restore(holdings: Iterable<Holding>): void {
    const taken = new Map<number, Cell>();
    for (const { address, ...use } of holdings) taken.set(this.plan.ordinal(address), cellOf(use));
    for (const [ordinal, cell] of [...this.before.cells.entries()]) {
      if (cell.state !== 'excluded' && !taken.has(ordinal)) this.set(ordinal, undefined);
    }
    for (const [ordinal, cell] of taken) {
      if (this.cells.get(ordinal) === undefined) this.set(ordinal, cell);
    }
    this.cursor = 0;
  }

  get full(): boolean {
    return this.free === 0;
  }

  seal(): Pick<AllocatorRecord, 'cells' | 'counts' | 'cursor' | 'holds'> {
    const { counts, holds } = this.before;
    return {
      cells: this.cells.seal(),
      counts: { ...counts, ...this.count, free: this.free },
      cursor: this.cursor,
      holds,
    };
  }

  private set(ordinal: number, cell: Cell | undefined): void {
    const was = this.cells.get(ordinal);
    this.cells.set(ordinal, cell);
    for (const [one, by] of [
      [was, -1],
      [cell, 1],
    ] as const) {
      if (one?.state === 'live') this.count.live += by;
      else if (one?.state === 'held') this.count.held += by;
      if (one !== undefined) this.free -= by;
    }
  }
}

function cellOf(use: Omit<Cell, 'state'>): Cell {
  return { state: use.identity === undefined ? 'held' : 'live', ...use };
}
