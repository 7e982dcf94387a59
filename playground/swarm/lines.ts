// Two lines over time: addresses changed so far, with Docker's own IPAM and with Limpet. Drawn as SVG, a step a pixel at most.

import type { State } from 'limpet/simulator';
import { h, setAttr, setText } from '../dom.js';
import type { Session } from '../session.js';
import type { Side } from '../stays.js';

const NAMESPACE = 'http://www.w3.org/2000/svg';
const WIDTH = 400;
const HEIGHT = 96;
const FOOT = 4;

export class Lines {
  readonly element: HTMLElement;
  readonly #paths: Readonly<Record<Side, SVGElement>>;
  readonly #ahead: Readonly<Record<Side, SVGElement>>;
  readonly #now: SVGElement;
  readonly #said = h('p', { class: 'unseen' });
  readonly #top = h('span', { class: 'lines-top mono small quiet' });
  #drawn = '';

  constructor(private readonly session: Session) {
    this.#paths = {
      stock: svg('path', { class: 'line line-stock' }),
      sticky: svg('path', { class: 'line line-sticky' }),
    };
    this.#ahead = {
      stock: svg('path', { class: 'line line-stock line-ahead' }),
      sticky: svg('path', { class: 'line line-sticky line-ahead' }),
    };
    this.#now = svg('line', { class: 'line-now', y1: 0, y2: HEIGHT });
    const picture = svg('svg', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    });
    picture.append(this.#ahead.stock, this.#ahead.sticky, this.#now, this.#paths.stock, this.#paths.sticky);
    const key = h(
      'p',
      { class: 'small lines-key', attrs: { 'aria-hidden': 'true' } },
      h('span', { class: 'lines-key-stock', text: 'Docker' }),
      h('span', { class: 'lines-key-sticky', text: 'Limpet' }),
    );
    this.element = h(
      'section',
      { class: 'panel lines', attrs: { 'aria-label': 'Addresses changed over time' } },
      h('header', { class: 'panel-head' }, h('h2', { text: 'Addresses changed so far' }), key),
      h('div', { class: 'lines-picture' }, this.#top, picture as unknown as HTMLElement),
      this.#said,
    );
  }

  draw(): void {
    const { states, state, last } = this.session;
    const drawn = `${state.step} ${last} ${states[last]?.stock.changed}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const most = Math.max(1, ...(['stock', 'sticky'] as const).map((side) => states[last]?.[side].changed ?? 0));
    for (const side of ['stock', 'sticky'] as const) {
      setAttr(this.#paths[side], 'd', pathOf(states, side, state.step, last, most));
      setAttr(this.#ahead[side], 'd', pathOf(states, side, last, last, most));
    }
    const x = String((state.step / Math.max(1, last)) * WIDTH);
    setAttr(this.#now, 'x1', x);
    setAttr(this.#now, 'x2', x);
    setText(this.#top, String(most));
    setText(this.#said, `So far Docker changed ${state.stock.changed}, Limpet ${state.sticky.changed}.`);
  }
}

/** A line of stairs; a long run is thinned out to the picture's width. */
function pathOf(states: readonly State[], side: Side, to: number, last: number, most: number): string {
  const stride = Math.max(1, Math.floor(last / WIDTH));
  let path = '';
  let before = '';
  for (let step = 0; step <= to; step = step === to ? to + 1 : Math.min(to, step + stride)) {
    const x = ((step / Math.max(1, last)) * WIDTH).toFixed(1);
    const y = (HEIGHT - FOOT - ((states[step]?.[side].changed ?? 0) / most) * (HEIGHT - 2 * FOOT)).toFixed(1);
    if (path === '') path = `M${x} ${y}`;
    else if (y !== before || step >= to) path += `H${x}V${y}`;
    before = y;
  }
  return path;
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
