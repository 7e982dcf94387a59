// One identity's story: where it has run, and on which address each allocator put it every time. The classic question
// is about task 3.

import type { State } from 'limpet/simulator';
import { h, setAttr, setText } from '../dom.js';
import type { Session } from '../session.js';
import type { Side, Stay } from '../stays.js';
import { ALLOCATORS } from './chip.js';
import { markElement } from './marks.js';
import { sayTime } from './words.js';

/** More stays than these are folded away in the middle. */
const SHOWN = 6;

export class Follow {
  readonly #input: HTMLInputElement;
  readonly #options = h('datalist', { attrs: { id: 'identities' } });
  readonly #title = h('h2', { attrs: { id: 'follow-title' } });
  readonly #verdict = h('p', { class: 'follow-verdict', attrs: { 'aria-live': 'polite' } });
  readonly #body = h('tbody');
  #identity = '';
  #drawn = '';

  constructor(
    root: HTMLElement,
    private readonly session: Session,
    onFollow: (identity: string) => void,
  ) {
    this.#input = h('input', {
      attrs: { type: 'text', list: 'identities', id: 'follow-input', autocomplete: 'off', spellcheck: 'false' },
    });
    this.#input.addEventListener('change', () => {
      if (this.#input.value !== '') onFollow(this.#input.value.trim());
    });
    this.#input.addEventListener('focus', () => this.#offer());
    const label = h('label', { class: 'field end' }, h('span', { text: 'Follow' }), this.#input, this.#options);
    const head = h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...['When', 'Node', ALLOCATORS.stock, ALLOCATORS.sticky].map((text) =>
          h('th', { text, attrs: { scope: 'col' } }),
        ),
      ),
    );
    const table = h(
      'table',
      { class: 'stays' },
      h('caption', { class: 'unseen', text: 'Where it ran' }),
      head,
      this.#body,
    );
    root.append(
      h('header', { class: 'panel-head' }, this.#title, label),
      this.#verdict,
      h('div', { class: 'stays-box' }, table),
    );
    session.listen(({ state }) => this.#show(state));
  }

  follow(identity: string): void {
    this.#identity = identity;
    this.#drawn = '';
    this.#input.value = identity;
    this.#title.replaceChildren(...(identity === '' ? ['Nobody yet'] : [markElement(identity), identity]));
    this.#show(this.session.state);
  }

  #show(state: State): void {
    const stays = this.session.stays.of(this.#identity, state.step);
    const drawn = stays.map(({ task }) => task).join();
    if (drawn === this.#drawn && this.#body.childElementCount > 0) return;
    this.#drawn = drawn;
    setText(this.#verdict, verdictOn(stays));
    this.#body.replaceChildren(...rowsOf(stays));
  }

  #offer(): void {
    const identities = new Set<string>();
    for (const task of this.session.state.tasks.values()) identities.add(task.identity);
    this.#options.replaceChildren(...[...identities].slice(0, 200).map((value) => h('option', { attrs: { value } })));
  }
}

function verdictOn(stays: readonly Stay[]): string {
  const [first] = stays;
  if (first === undefined) return 'It has not run yet.';
  const again = stays.length - 1;
  if (again === 0) return 'It runs where it first started.';
  const kept = (side: Side) => stays.slice(1).filter((stay) => stay[side] === first[side]).length;
  const times = again === 1 ? 'once' : again === 2 ? 'twice' : `${again} times`;
  return `Restarted ${times}. Kept its address: Docker ${kept('stock')}×, Limpet ${kept('sticky')}×.`;
}

function rowsOf(stays: readonly Stay[]): HTMLElement[] {
  const [first] = stays;
  if (first === undefined) return [h('tr', {}, h('td', { class: 'quiet', text: '–', attrs: { colspan: 4 } }))];
  const late = stays.slice(-(SHOWN - 1));
  const folded = stays.length - late.length - 1;
  const rows = late.filter((stay) => stay !== first).map((stay) => rowOf(stay, first));
  const gap = h('tr', {}, h('td', { class: 'quiet small', text: `… ${folded} more …`, attrs: { colspan: 4 } }));
  return [rowOf(first, first), ...(folded > 0 ? [gap] : []), ...rows];
}

function rowOf(stay: Stay, first: Stay): HTMLElement {
  const cell = (side: Side) => {
    const verdict = stay === first ? 'first' : stay[side] === first[side] ? 'kept' : 'changed';
    const sign = { first: '', kept: ' ✓', changed: ' ≠' }[verdict];
    const td = h('td', { class: 'mono', data: { side, address: stay[side] } }, stay[side] || '–', sign);
    setAttr(td, 'data-verdict', verdict);
    return td;
  };
  const when = h('td', { class: 'quiet mono', text: sayTime(stay.time) });
  return h('tr', {}, when, h('td', { text: stay.node }), cell('stock'), cell('sticky'));
}
