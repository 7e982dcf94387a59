// The curve of the map: every size from 1 to a /16 fills its rectangle, and neighbours stay neighbours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cell, cellOf, gridOf, stepOf } from '../../playground/map/hilbert.js';

for (let bits = 0; bits <= 16; bits++) {
  test(`${2 ** bits} addresses: each has a cell of its own, beside the one before`, () => {
    const { columns, rows, order } = gridOf(2 ** bits);
    assert.equal(columns * rows, 2 ** bits);
    const taken = new Set<number>();
    let before: Cell | undefined;
    for (let step = 0; step < 2 ** bits; step++) {
      const cell = cellOf(order, step);
      assert.ok(cell.column >= 0 && cell.column < columns && cell.row >= 0 && cell.row < rows);
      assert.equal(stepOf(order, cell), step);
      if (before) assert.equal(Math.abs(cell.column - before.column) + Math.abs(cell.row - before.row), 1);
      taken.add(cell.row * columns + cell.column);
      before = cell;
    }
    assert.equal(taken.size, 2 ** bits);
  });
}
