// Two lines over time: addresses changed so far, with Docker's own IPAM and with Limpet. Drawn as SVG, a step a pixel
// at most.

import type { State } from 'limpet/simulator';
import { h, setAttr, setText } from '../dom.js';
import type { Session } from '../session.js';
import type { Side } from '../stays.js';

const NAMESPACE = 'http://www.w3.org/2000/svg';
const WIDTH = 400;
const HEIGHT = 96;
const FOOT = 4;

export class Lines {
  readonly #paths: Readonly<Record<Side, readonly SVGElement[]>>;
  /** What has come to pass is drawn strongly as far as this goes. */
  readonly #past = svg('rect', { x: 0, y: -HEIGHT, width: 0, height: 3 * HEIGHT });
  readonly #now = svg('line', { class: 'line-now', y1: 0, y2: HEIGHT });
  readonly #said = h('p', { class: 'unseen' });
  readonly #top = h('span', { class: 'lines-top mono small quiet' });
  /** The last state that the lines reach: a state belongs to one run only. */
  #drawn: State | undefined;

  constructor(
    root: HTMLElement,
    private readonly session: Session,
  ) {
    const line = (side: Side) =>
      [`line line-${side} line-ahead`, `line line-${side}`].map((kind) => svg('path', { class: kind }));
    this.#paths = { stock: line('stock'), sticky: line('sticky') };
    const clip = svg('clipPath', { id: 'lines-past' });
    clip.append(this.#past);
    const past = svg('g', { 'clip-path': 'url(#lines-past)' });
    const picture = svg('svg', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    });
    for (const [ahead, strong] of Object.values(this.#paths)) {
      if (ahead !== undefined) picture.append(ahead);
      if (strong !== undefined) past.append(strong);
    }
    picture.append(clip, this.#now, past);
    const key = h(
      'p',
      { class: 'small lines-key', attrs: { 'aria-hidden': 'true' } },
      h('span', { class: 'lines-key-stock', text: 'Docker' }),
      h('span', { class: 'lines-key-sticky', text: 'Limpet' }),
    );
    const element = h(
      'section',
      { class: 'panel lines', attrs: { 'aria-label': 'Addresses changed over time' } },
      h('header', { class: 'panel-head' }, h('h2', { text: 'Addresses changed so far' }), key),
      h('div', { class: 'lines-picture' }, this.#top, picture as unknown as HTMLElement),
      this.#said,
    );
    root.append(element);
    session.listen(
      () => this.#draw(),
      () => this.#draw(),
    );
  }

  #draw(): void {
    const { states, state, last } = this.session;
    const [stock, sticky] = [states[last]?.stock.changed ?? 0, states[last]?.sticky.changed ?? 0];
    if (states[last] !== this.#drawn) this.#drawPaths(states, last, Math.max(1, stock, sticky));
    this.#drawn = states[last];
    const x = String((state.step / Math.max(1, last)) * WIDTH);
    for (const [element, name] of [
      [this.#past, 'width'],
      [this.#now, 'x1'],
      [this.#now, 'x2'],
    ] as const) {
      setAttr(element, name, x);
    }
    setText(this.#said, `So far Docker changed ${state.stock.changed}, Limpet ${state.sticky.changed}.`);
  }

  #drawPaths(states: readonly State[], last: number, most: number): void {
    for (const side of ['stock', 'sticky'] as const) {
      const path = pathOf(states, side, last, most);
      for (const element of this.#paths[side]) setAttr(element, 'd', path);
    }
    setText(this.#top, String(most));
  }
}

/** A line of stairs; a long run is thinned out to the picture's width. */
function pathOf(states: readonly State[], side: Side, last: number, most: number): string {
  const stride = Math.max(1, Math.floor(last / WIDTH));
  let path = '';
  let before = '';
  for (let step = 0; step <= last; step = step === last ? last + 1 : Math.min(last, step + stride)) {
    const x = ((step / Math.max(1, last)) * WIDTH).toFixed(1);
    const y = (HEIGHT - FOOT - ((states[step]?.[side].changed ?? 0) / most) * (HEIGHT - 2 * FOOT)).toFixed(1);
    if (path === '') path = `M${x} ${y}`;
    else if (y !== before || step >= last) path += `H${x}V${y}`;
    before = y;
  }
  return path;
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
