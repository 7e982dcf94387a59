// Draws a picture of a subnet: far away one pixel a cell, scaled up; near by, each cell with the pattern of its state,
// and nearer still with the end of its address.

import { gridFor } from './grid.js';
import type { Lens } from './lens.js';
import { type Picture, STATES } from './picture.js';

/** Smaller cells have no pattern; much larger ones have text. */
const PATTERNED = 6;
const LETTERED = 34;

interface Ink {
  readonly fill: string;
  readonly ink: string;
}

export class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #far = document.createElement('canvas');
  #inks: readonly Ink[] = [];
  #line = '';
  #ring = '';
  #font = '';
  #order = new Uint32Array();
  #places = new Uint32Array();

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.dip();
  }

  /** Takes the colours of the present theme. */
  dip(): void {
    const style = getComputedStyle(this.canvas);
    const colour = (name: string) => style.getPropertyValue(`--map-${name}`).trim();
    this.#inks = STATES.map((state) => ({ fill: colour(state), ink: colour(`${state}-ink`) || colour('line') }));
    this.#line = colour('line');
    this.#ring = colour('ring');
    this.#font = style.getPropertyValue('--mono');
  }

  /** Prepares for pictures of a size: where each cell lies is worked out once. */
  prepare(size: number): void {
    if (this.#places.length === size) return;
    const { columns, rows, cellOf } = gridFor(size);
    this.#places = new Uint32Array(size);
    this.#order = new Uint32Array(size);
    for (let at = 0; at < size; at++) {
      const { column, row } = cellOf(at);
      this.#places[at] = row * columns + column;
      this.#order[row * columns + column] = at;
    }
    this.#far.width = columns;
    this.#far.height = rows;
  }

  /** The far view anew; call it when the picture changed. */
  expose(picture: Picture): void {
    this.prepare(picture.size);
    const context = this.#far.getContext('2d') as CanvasRenderingContext2D;
    const image = context.createImageData(this.#far.width, this.#far.height);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = this.#inks.map(({ fill }) => pixelOf(fill));
    for (let at = 0; at < picture.size; at++) {
      pixels[this.#places[at] as number] = colours[picture.states[at] as number] as number;
    }
    context.putImageData(image, 0, 0);
  }

  /** @param rings cells to mark, each with a width in pixels */
  draw(picture: Picture, lens: Lens, rings: ReadonlyMap<number, number>): void {
    const context = this.#context;
    const ratio = this.canvas.width / Math.max(1, this.canvas.clientWidth);
    const [width, height] = [this.canvas.width / ratio, this.canvas.height / ratio];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#far, lens.x, lens.y, width / lens.cell, height / lens.cell, 0, 0, width, height);
    if (lens.cell >= PATTERNED) this.#near(picture, lens, width, height);
    for (const [at, thickness] of rings) this.#markCell(at, lens, thickness);
  }

  #near(picture: Picture, lens: Lens, width: number, height: number): void {
    const { columns, rows } = gridFor(picture.size);
    const [right, bottom] = [
      Math.min(columns, lens.x + width / lens.cell),
      Math.min(rows, lens.y + height / lens.cell),
    ];
    for (let row = Math.floor(lens.y); row < bottom; row++) {
      for (let column = Math.floor(lens.x); column < right; column++) {
        const at = this.#order[row * columns + column] as number;
        const [x, y] = [(column - lens.x) * lens.cell, (row - lens.y) * lens.cell];
        if (lens.cell < LETTERED) this.#pattern(picture.states[at] as number, x, y, lens.cell);
        else {
          // The pattern stands above the letters, and neither runs through the other.
          const third = lens.cell / 3;
          this.#pattern(picture.states[at] as number, x + third, y + third * 0.15, third);
          this.#letter(picture, at, x, y + third / 2, lens.cell);
        }
      }
    }
    this.#grid(lens, right, bottom);
  }

  /** All lines as one path: a frame for each cell would cost more than the cells. */
  #grid(lens: Lens, right: number, bottom: number): void {
    const context = this.#context;
    const [width, height] = [(right - lens.x) * lens.cell, (bottom - lens.y) * lens.cell];
    context.strokeStyle = this.#line;
    context.lineWidth = 1;
    context.beginPath();
    for (let column = Math.ceil(lens.x); column <= right; column++) {
      const x = Math.round((column - lens.x) * lens.cell) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, height);
    }
    for (let row = Math.ceil(lens.y); row <= bottom; row++) {
      const y = Math.round((row - lens.y) * lens.cell) + 0.5;
      context.moveTo(0, y);
      context.lineTo(width, y);
    }
    context.stroke();
  }

  /** Reserved is hatched, held has a dot, excluded a cross; free is empty and live is full. */
  #pattern(state: number, x: number, y: number, cell: number): void {
    const name = STATES[state];
    if (name === 'free' || name === 'live') return;
    const context = this.#context;
    context.strokeStyle = context.fillStyle = this.#inks[state]?.ink ?? this.#line;
    context.lineWidth = Math.max(1, cell / 12);
    context.beginPath();
    if (name === 'held') {
      context.arc(x + cell / 2, y + cell / 2, cell / 6, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    const edge = cell * 0.22;
    if (name === 'reserved') {
      for (const [from, to] of [
        [0, 1],
        [0.5, 1],
        [0, 0.5],
      ] as const) {
        const shift = from === 0.5 ? cell / 2 : 0;
        context.moveTo(x + shift, y + cell * to);
        context.lineTo(x + cell * to, y + shift);
      }
    } else {
      context.moveTo(x + edge, y + edge);
      context.lineTo(x + cell - edge, y + cell - edge);
      context.moveTo(x + cell - edge, y + edge);
      context.lineTo(x + edge, y + cell - edge);
    }
    context.stroke();
  }

  #letter(picture: Picture, at: number, x: number, y: number, cell: number): void {
    const context = this.#context;
    const { ink } = this.#inks[picture.states[at] as number] as Ink;
    const name = STATES[picture.states[at] as number];
    const size = Math.min(15, cell * 0.3);
    const text = /[^.:]*$/.exec(picture.address(at))?.[0] ?? '';
    context.font = `600 ${size}px ${this.#font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = name === 'free' ? this.#ring : ink;
    context.fillText(text, x + cell / 2, y + cell / 2 + 0.5);
  }

  /** A frame round the cell; round a cell that is too small to have one, a circle. */
  #markCell(at: number, lens: Lens, thickness: number): void {
    const columns = this.#far.width;
    const place = this.#places[at];
    if (place === undefined) return;
    const x = ((place % columns) - lens.x) * lens.cell;
    const y = (Math.floor(place / columns) - lens.y) * lens.cell;
    const context = this.#context;
    for (const [colour, width] of [
      [this.#inks[0]?.fill ?? '', thickness + 2],
      [this.#ring, thickness],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      if (lens.cell >= 9) context.rect(x + 1, y + 1, lens.cell - 1, lens.cell - 1);
      else context.arc(x + lens.cell / 2, y + lens.cell / 2, Math.max(5, lens.cell), 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

/** `rgb(1, 2, 3)` as one little-endian pixel. */
function pixelOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+(\.\d+)?/g) ?? []).map(Number);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
