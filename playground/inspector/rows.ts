// A table that makes only the rows that are seen: a hundred thousand bindings scroll like ten. All rows are equally
// high.

import { h } from '../dom.js';

/** Height of a row in root font sizes; tables.css has the same. */
const ROW = 2;
/** Of a row with long text, on a screen where it breaks into lines. */
const TALL = 4.2;
const NARROW = matchMedia('(max-width: 620px)');
/** Rows made beyond the edges, so that none is missing while scrolling. */
const SPARE = 6;

export interface Column<T> {
  readonly title: string;
  /** As CSS grid takes it. */
  readonly width: string;
  readonly cell: (item: T) => string | Node;
  readonly mono?: boolean;
}

export class Rows<T> {
  readonly element: HTMLElement;
  readonly #body = h('div', { class: 'rows-body', attrs: { role: 'rowgroup' } });
  readonly #table: HTMLElement;
  readonly #template: string;
  #items: readonly T[] = [];
  #shown = '';

  constructor(
    name: string,
    private readonly columns: readonly Column<T>[],
    private readonly onPick?: (item: T) => void,
    private readonly text: 'short' | 'long' = 'short',
  ) {
    this.#template = columns.map(({ width }) => width).join(' ');
    const titles = columns.map(({ title }) => h('span', { text: title, attrs: { role: 'columnheader' } }));
    const head = h('div', { class: 'rows-row rows-head', attrs: { role: 'row', 'aria-rowindex': 1 } }, ...titles);
    head.style.gridTemplateColumns = this.#template;
    this.#table = h(
      'div',
      { class: 'rows-table', attrs: { role: 'table', 'aria-label': name } },
      h('div', { attrs: { role: 'rowgroup' } }, head),
      this.#body,
    );
    this.element = h(
      'div',
      { class: `rows rows-${text}`, attrs: { tabindex: 0, role: 'region', 'aria-label': `${name}, scrollable` } },
      this.#table,
    );
    this.element.addEventListener('scroll', () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  show(items: readonly T[]): void {
    this.#items = items;
    this.#shown = '';
    this.#table.setAttribute('aria-rowcount', String(items.length + 1));
    this.#draw();
  }

  /** Scrolls to the end, where what is newest stands. */
  toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
    this.#draw();
  }

  /** In root font sizes. */
  get #height(): number {
    return this.text === 'long' && NARROW.matches ? TALL : ROW;
  }

  #draw(): void {
    const height = this.element.clientHeight;
    if (height === 0) return;
    const row = this.#height * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.#body.style.height = `${this.#items.length * this.#height}rem`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / row) - SPARE);
    const last = Math.min(this.#items.length, Math.ceil((this.element.scrollTop + height) / row) + SPARE);
    const shown = `${first} ${last}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const rows = this.#items.slice(first, last).map((item, index) => this.#row(item, first + index));
    this.#body.replaceChildren(...rows);
  }

  #row(item: T, index: number): HTMLElement {
    const cells = this.columns.map(({ cell, mono }) =>
      h('span', { class: mono ? 'mono' : '', attrs: { role: 'cell' } }, cell(item)),
    );
    const row = h('div', { class: 'rows-row', attrs: { role: 'row', 'aria-rowindex': index + 2 } }, ...cells);
    row.style.gridTemplateColumns = this.#template;
    row.style.transform = `translateY(${index * this.#height}rem)`;
    if (this.onPick !== undefined) row.addEventListener('click', () => this.onPick?.(item));
    return row;
  }
}
