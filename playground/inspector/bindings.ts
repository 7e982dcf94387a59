// Every binding of a subnet, searchable by identity and by address.

import { count, h, setText } from '../dom.js';
import { markElement } from '../swarm/marks.js';
import { Rows } from './rows.js';

export interface BindingRow {
  readonly address: string;
  readonly identity: string;
  readonly state: string;
}

export class Bindings {
  readonly element: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #found = h('span', { class: 'small quiet', attrs: { 'aria-live': 'polite' } });
  readonly #rows: Rows<BindingRow>;
  #all: readonly BindingRow[] = [];

  /** @param id makes the search field's id; two tables can be on the page */
  constructor(id: string, onPick?: (identity: string) => void) {
    this.#search = h('input', {
      attrs: { type: 'search', id: `${id}-search`, placeholder: 'web.3 or 10.0.0.7', autocomplete: 'off' },
    });
    this.#search.addEventListener('input', () => this.#filter());
    this.#rows = new Rows<BindingRow>(
      'Bindings',
      [
        { title: 'Address', width: 'minmax(6.6rem, 1fr)', cell: ({ address }) => address, mono: true },
        { title: 'Identity', width: 'minmax(5.6rem, 1.4fr)', cell: ({ identity }) => nameWithMark(identity) },
        { title: 'State', width: '5.8rem', cell: ({ state }) => stateElement(state) },
      ],
      onPick && (({ identity }) => onPick(identity)),
    );
    const label = h('label', { class: 'field' }, h('span', { text: 'Search' }), this.#search);
    this.element = h(
      'div',
      { class: 'inspect' },
      h('div', { class: 'inspect-tools' }, label, this.#found),
      this.#rows.element,
    );
  }

  show(all: readonly BindingRow[]): void {
    this.#all = all;
    this.#filter();
  }

  #filter(): void {
    const wanted = this.#search.value.trim().toLowerCase();
    const found =
      wanted === ''
        ? this.#all
        : this.#all.filter(({ address, identity, state }) =>
            `${address} ${identity.toLowerCase()} ${state}`.includes(wanted),
          );
    setText(this.#found, wanted === '' ? count(found.length, 'binding') : `${found.length} of ${this.#all.length}`);
    this.#rows.show(found);
  }
}

function nameWithMark(identity: string): Node {
  return h(
    'span',
    { class: 'with-mark', attrs: { title: identity } },
    markElement(identity),
    h('span', { text: identity }),
  );
}

function stateElement(state: string): Node {
  return h(
    'span',
    { class: 'with-mark' },
    h('span', { class: `swatch swatch-${state}`, attrs: { 'aria-hidden': 'true' } }),
    h('span', { text: state }),
  );
}
