// The subnet as a picture that can be looked into: pointer and keyboard move over it, and what is there is said below.

import { count, h, setText, wantsStillness } from '../dom.js';
import { gridFor, orderOf } from './grid.js';
import { Lens } from './lens.js';
import { Painter } from './painter.js';
import { type Picture, STATES } from './picture.js';

/** What the words mean, where they stand. */
const MEANINGS: Readonly<Record<string, string>> = {
  free: 'nobody has it',
  live: 'a container runs with it',
  reserved: 'its replica does not run now, and gets it back',
  held: 'taken by no replica: gateway, virtual IPs, load balancers, and tickets',
  excluded: 'never given out',
};
const TICKET = 'A ticket is the address that Swarm’s leader gets for a task before it knows which replica that is.';

export class SubnetMap {
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #painter: Painter;
  readonly #lens = new Lens();
  readonly #readout = h('p', { class: 'map-readout', attrs: { 'aria-live': 'polite' } });
  readonly #order = h('span');
  readonly #counts = new Map<string, HTMLElement>();
  #picture: Picture | undefined;
  #cursor: number | undefined;
  #marked: readonly number[] = [];
  #frame = 0;

  /** @param onPick hears of the identity whose address was clicked */
  constructor(name: string, onPick: (identity: string) => void) {
    this.#canvas = h('canvas', {
      class: 'map-canvas',
      attrs: {
        tabindex: 0,
        role: 'application',
        'aria-roledescription': 'map of addresses',
        'aria-label': [
          `${name}. Arrow keys go from address to address, plus and minus zoom, 0 shows all,`,
          'Enter follows the identity.',
        ].join(' '),
      },
    });
    this.element = h(
      'div',
      { class: 'map' },
      this.#canvas,
      h('div', { class: 'map-row' }, this.#readout, this.#zoomButtons()),
      this.#legend(),
      h('p', { class: 'small quiet' }, TICKET, ' ', this.#order),
    );
    this.#painter = new Painter(this.#canvas);
    this.#listen(onPick);
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
  }

  show(picture: Picture): void {
    const another = this.#picture?.size !== picture.size || this.#picture.title !== picture.title;
    this.#picture = picture;
    this.#painter.expose(picture);
    if (another) {
      setText(this.#order, orderOf(picture.size));
      this.#cursor = undefined;
      this.#resize();
      this.#lens.whole();
    }
    const counts = new Array<number>(STATES.length).fill(0);
    for (const state of picture.states) counts[state] = (counts[state] ?? 0) + 1;
    for (const [index, state] of STATES.entries()) {
      setText(this.#counts.get(state) as HTMLElement, (counts[index] as number).toLocaleString('en'));
    }
    this.#tell();
    this.#request();
  }

  /** Marks these addresses, if they are on the map. */
  mark(addresses: readonly string[]): void {
    const picture = this.#picture;
    this.#marked = addresses.flatMap((address) => picture?.place(address) ?? []);
    this.#request();
  }

  /** Another theme: the colours are read anew. */
  recolour(): void {
    this.#painter.dip();
    if (this.#picture !== undefined) this.#painter.expose(this.#picture);
    this.#request();
  }

  #legend(): HTMLElement {
    const items = STATES.map((state) => {
      const number = h('b', { class: 'mono' });
      this.#counts.set(state, number);
      const swatch = h('span', { class: `swatch swatch-${state}`, attrs: { 'aria-hidden': 'true' } });
      return h(
        'li',
        {},
        swatch,
        h('span', {}, number, ` ${state} `, h('span', { class: 'quiet', text: MEANINGS[state] ?? '' })),
      );
    });
    return h('ul', { class: 'legend small', attrs: { 'aria-label': 'Addresses by state' } }, ...items);
  }

  #zoomButtons(): HTMLElement {
    const button = (text: string, name: string, act: () => void) =>
      h('button', {
        class: 'icon',
        text,
        attrs: { type: 'button', 'aria-label': name, title: name },
        on: { click: act },
      });
    return h(
      'div',
      { class: 'map-zoom' },
      button('+', 'Zoom in', () => this.#zoom(2)),
      button('−', 'Zoom out', () => this.#zoom(0.5)),
      button('⤢', 'Show all', () => this.#whole()),
    );
  }

  #listen(onPick: (identity: string) => void): void {
    const canvas = this.#canvas;
    let held: { x: number; y: number; moved: number } | undefined;
    canvas.addEventListener('pointerdown', ({ offsetX, offsetY, pointerId }) => {
      held = { x: offsetX, y: offsetY, moved: 0 };
      canvas.setPointerCapture(pointerId);
    });
    canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
      if (held !== undefined && this.#lens.zoom > 1.01) {
        held.moved += Math.abs(offsetX - held.x) + Math.abs(offsetY - held.y);
        this.#lens.panBy(offsetX - held.x, offsetY - held.y);
        [held.x, held.y] = [offsetX, offsetY];
        this.#request();
      }
      this.#point(this.#at(offsetX, offsetY));
    });
    canvas.addEventListener('pointerup', () => {
      const identity = this.#cursor === undefined ? undefined : this.#owner(this.#cursor);
      if ((held?.moved ?? 0) < 5 && identity !== undefined) onPick(identity);
      held = undefined;
    });
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => {
      if (this.#key(event, onPick)) event.preventDefault();
    });
  }

  /** The page scrolls on, unless the map has the focus or the visitor pinches. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && document.activeElement !== this.#canvas) return;
    event.preventDefault();
    this.#lens.zoomBy(2 ** (-event.deltaY / 240), event.offsetX, event.offsetY);
    this.#request();
  }

  #key(event: KeyboardEvent, onPick: (identity: string) => void): boolean {
    const far = event.shiftKey ? 8 : 1;
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowRight: [far, 0],
      ArrowLeft: [-far, 0],
      ArrowDown: [0, far],
      ArrowUp: [0, -far],
    };
    const step = steps[event.key];
    if (step !== undefined) this.#walk(step);
    else if (event.key === '+' || event.key === '=') this.#zoom(2);
    else if (event.key === '-') this.#zoom(0.5);
    else if (event.key === '0') this.#whole();
    else if (event.key === 'Enter' && this.#cursor !== undefined) {
      const identity = this.#owner(this.#cursor);
      if (identity !== undefined) onPick(identity);
    } else return false;
    return true;
  }

  #walk([dx, dy]: readonly [number, number]): void {
    if (this.#picture === undefined) return;
    const { columns, rows, cellOf, atOf } = gridFor(this.#picture.size);
    const { column, row } = this.#cursor === undefined ? { column: -dx, row: -dy } : cellOf(this.#cursor);
    const to = {
      column: Math.max(0, Math.min(columns - 1, column + dx)),
      row: Math.max(0, Math.min(rows - 1, row + dy)),
    };
    this.#lens.reveal(to.column, to.row);
    this.#point(atOf(to));
    this.#request();
  }

  #point(at: number | undefined): void {
    if (at === this.#cursor) return;
    this.#cursor = at;
    this.#tell();
    this.#request();
  }

  #tell(): void {
    const [picture, at] = [this.#picture, this.#cursor];
    if (picture === undefined) return;
    if (at === undefined) {
      setText(this.#readout, `${picture.title}: ${count(picture.size, 'address').replace(/addresss$/, 'addresses')}`);
      return;
    }
    const who = picture.identities.get(at);
    setText(
      this.#readout,
      `${picture.address(at)} · ${STATES[picture.states[at] ?? 0]}${who === undefined ? '' : ` · ${who}`}`,
    );
  }

  #owner(at: number): string | undefined {
    const state = STATES[this.#picture?.states[at] ?? 0];
    return state === 'live' || state === 'reserved' ? this.#picture?.identities.get(at) : undefined;
  }

  #at(x: number, y: number): number | undefined {
    if (this.#picture === undefined) return undefined;
    const { columns, rows, atOf } = gridFor(this.#picture.size);
    const [column, row] = [
      Math.floor(this.#lens.x + x / this.#lens.cell),
      Math.floor(this.#lens.y + y / this.#lens.cell),
    ];
    if (column < 0 || row < 0 || column >= columns || row >= rows) return undefined;
    return atOf({ column, row });
  }

  #zoom(factor: number): void {
    const { cell, x, y } = this.#lens;
    let [px, py] = [this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2];
    const target = this.#cursor ?? this.#marked[0];
    if (target !== undefined && this.#picture !== undefined) {
      const { column, row } = gridFor(this.#picture.size).cellOf(target);
      [px, py] = [(column + 0.5 - x) * cell, (row + 0.5 - y) * cell];
    }
    this.#lens.zoomBy(factor, px, py);
    this.#request();
  }

  #whole(): void {
    this.#lens.whole();
    this.#request();
  }

  #resize(): void {
    if (this.#picture === undefined || this.#canvas.clientWidth === 0) return;
    const { columns, rows } = gridFor(this.#picture.size);
    const width = this.#canvas.clientWidth;
    this.#canvas.style.aspectRatio = `${columns} / ${rows}`;
    this.#lens.fit(columns, rows, width);
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(this.#lens.height * devicePixelRatio);
    this.#draw();
  }

  #request(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    if (this.#picture === undefined) return;
    const more = this.#lens.approach(wantsStillness() ? 1 : 0.3);
    const rings = new Map(this.#marked.map((at) => [at, 3]));
    if (this.#cursor !== undefined) rings.set(this.#cursor, 2);
    this.#painter.draw(this.#picture, this.#lens, rings);
    if (more) this.#request();
  }
}
