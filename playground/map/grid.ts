// Where a cell of the map stands. Up to a /24 in rows, as everybody reads them; a larger subnet along the Hilbert
// curve, so that neighbours stay together at every size.

import { type Cell, cellOf, gridOf, stepOf } from './hilbert.js';

/** The largest subnet in rows. */
const IN_ROWS = 256;

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly cellOf: (at: number) => Cell;
  readonly atOf: (cell: Cell) => number;
}

/** @param size addresses, a power of two */
export function gridFor(size: number): Grid {
  const { columns, rows, order } = gridOf(size);
  if (size > IN_ROWS) return { columns, rows, cellOf: (at) => cellOf(order, at), atOf: (cell) => stepOf(order, cell) };
  return {
    columns,
    rows,
    cellOf: (at) => ({ column: at % columns, row: Math.floor(at / columns) }),
    atOf: ({ column, row }) => row * columns + column,
  };
}

/** What there is to say of the order. */
export function orderOf(size: number): string {
  if (size <= IN_ROWS) return 'Row by row, from the first address to the last.';
  return 'Along a curve that keeps neighbours together: a block of addresses is a block on the map.';
}
