// Which part of the map is seen, and how large: zoom and pan, kept inside the map. Numbers only; the map draws.

/** A cell is never larger than this many CSS pixels. */
const LARGEST_CELL = 60;

export class Lens {
  /** Pixels of a cell. */
  cell = 1;
  /** The column and row at the upper left corner. */
  x = 0;
  y = 0;
  #wanted = { cell: 1, x: 0, y: 0 };
  #columns = 1;
  #rows = 1;
  #width = 1;

  /** Another map, or another size of the picture: all of it is seen. */
  fit(columns: number, rows: number, width: number): void {
    const same = columns === this.#columns && rows === this.#rows;
    const zoom = same ? this.zoom : 1;
    [this.#columns, this.#rows, this.#width] = [columns, rows, width];
    this.#wanted = { cell: (width / columns) * zoom, x: this.x, y: this.y };
    this.#clamp();
    this.#jump();
  }

  get zoom(): number {
    return this.#wanted.cell / (this.#width / this.#columns);
  }

  get height(): number {
    return (this.#width * this.#rows) / this.#columns;
  }

  /** Zooms so that what is at a pixel stays there. */
  zoomBy(factor: number, px: number, py: number): void {
    const wanted = this.#wanted;
    const cell = Math.min(LARGEST_CELL, wanted.cell * factor);
    const [column, row] = [wanted.x + px / wanted.cell, wanted.y + py / wanted.cell];
    this.#wanted = { cell, x: column - px / cell, y: row - py / cell };
    this.#clamp();
  }

  panBy(dx: number, dy: number): void {
    this.#wanted.x -= dx / this.#wanted.cell;
    this.#wanted.y -= dy / this.#wanted.cell;
    this.#clamp();
    this.#jump();
  }

  whole(): void {
    this.#wanted = { cell: 0, x: 0, y: 0 };
    this.#clamp();
  }

  /** Brings a cell into view. */
  reveal(column: number, row: number): void {
    const { cell } = this.#wanted;
    const [across, down] = [this.#width / cell, this.height / cell];
    const near = (at: number, from: number, room: number) =>
      at < from + 1 ? at - 1 : at > from + room - 2 ? at - room + 2 : from;
    this.#wanted.x = near(column, this.#wanted.x, across);
    this.#wanted.y = near(row, this.#wanted.y, down);
    this.#clamp();
  }

  /** A part of the way to where it should be; false once it is there. */
  approach(share: number): boolean {
    const { cell, x, y } = this.#wanted;
    const there = Math.abs(cell - this.cell) < 0.01 && Math.abs(x - this.x) + Math.abs(y - this.y) < 0.01;
    if (there || share >= 1) {
      this.#jump();
      return false;
    }
    this.cell += (cell - this.cell) * share;
    this.x += (x - this.x) * share;
    this.y += (y - this.y) * share;
    return true;
  }

  #jump(): void {
    ({ cell: this.cell, x: this.x, y: this.y } = this.#wanted);
  }

  #clamp(): void {
    const smallest = this.#width / this.#columns;
    const cell = Math.max(smallest, Math.min(Math.max(LARGEST_CELL, smallest), this.#wanted.cell));
    const x = Math.max(0, Math.min(this.#columns - this.#width / cell, this.#wanted.x));
    const y = Math.max(0, Math.min(this.#rows - this.height / cell, this.#wanted.y));
    this.#wanted = { cell, x, y };
  }
}
