// The Hilbert curve: ordinals that are near each other stay near each other in the plane. Pure arithmetic.

export interface Cell {
  readonly column: number;
  readonly row: number;
}

/** The rectangle that the first `size` steps of the curve fill, `size` a power of two. */
export function gridOf(size: number): { readonly columns: number; readonly rows: number; readonly order: number } {
  const bits = Math.log2(size);
  // Half a square when the size is no power of four: the curve's first half fills the upper half of it exactly.
  return { columns: 2 ** Math.ceil(bits / 2), rows: 2 ** Math.floor(bits / 2), order: Math.ceil(bits / 2) };
}

/** The cell of a step. */
export function cellOf(order: number, step: number): Cell {
  let rest = step;
  let cell: Cell = { column: 0, row: 0 };
  for (let side = 1; side < 2 ** order; side *= 2) {
    const far = 1 & (rest >> 1);
    const turn = 1 & (rest ^ far);
    cell = turned(side, cell, far, turn);
    cell = { column: cell.column + side * turn, row: cell.row + side * far };
    rest >>= 2;
  }
  return cell;
}

/** The step of a cell: what {@link cellOf} undoes. */
export function stepOf(order: number, cell: Cell): number {
  let at = cell;
  let step = 0;
  for (let side = (2 ** order) >> 1; side >= 1; side >>= 1) {
    const far = (at.row & side) > 0 ? 1 : 0;
    const turn = (at.column & side) > 0 ? 1 : 0;
    step += side * side * ((3 * far) ^ turn);
    at = turned(side, { column: at.column & (side - 1), row: at.row & (side - 1) }, far, turn);
  }
  return step;
}

/** Each quarter is the whole curve turned, so that its end touches the next quarter's beginning. */
function turned(side: number, { column, row }: Cell, far: number, turn: number): Cell {
  if (turn === 1) return { column, row };
  return far === 1 ? { column: side - 1 - row, row: side - 1 - column } : { column: row, row: column };
}
