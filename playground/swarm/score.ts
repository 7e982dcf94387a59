// The two allocators beside each other: how often an identity that started again kept its address, and how often it got
// another one.

import type { AllocatorState, State } from 'limpet/simulator';
import { count, h, setText } from '../dom.js';
import type { Session } from '../session.js';
import type { Side } from '../stays.js';

const TITLES: Readonly<Record<Side, string>> = { stock: "Docker's own IPAM", sticky: 'Limpet' };

export class Scores {
  constructor(root: HTMLElement, session: Session) {
    const cards = { stock: new ScoreCard('stock'), sticky: new ScoreCard('sticky') };
    root.append(cards.stock.element, cards.sticky.element);
    session.listen(({ state }: { state: State }) => {
      cards.stock.show(state.stock);
      cards.sticky.show(state.sticky);
    });
  }
}

class ScoreCard {
  readonly element: HTMLElement;
  readonly #kept = h('b', { class: 'score-number mono' });
  readonly #changed = h('b', { class: 'score-number mono' });
  readonly #bar = h('span', { class: 'score-bar-kept' });
  readonly #home = h('p', { class: 'small quiet score-home' });
  readonly #waiting = h('p', { class: 'small score-waiting' });

  constructor(side: Side) {
    this.#kept.id = `${side}-kept`;
    this.#changed.id = `${side}-changed`;
    this.#home.id = `${side}-home`;
    const kept = h('p', { class: 'score-part is-kept' }, this.#kept, h('span', { text: 'kept ✓' }));
    const changed = h('p', { class: 'score-part is-changed' }, this.#changed, h('span', { text: 'changed ≠' }));
    this.element = h(
      'section',
      { class: `panel score score-${side}`, attrs: { 'aria-label': `${TITLES[side]}: addresses kept and changed` } },
      h('h2', { text: TITLES[side] }),
      h('div', { class: 'score-parts' }, kept, changed),
      h('div', { class: 'score-bar', attrs: { 'aria-hidden': 'true' } }, this.#bar),
      this.#home,
      this.#waiting,
    );
  }

  show({ kept, changed, guests, running, home, waiting }: AllocatorState): void {
    setText(this.#kept, String(kept));
    setText(this.#changed, String(changed));
    this.element.dataset.none = kept + changed === 0 ? 'yes' : 'no';
    this.#bar.style.transform = `scaleX(${kept + changed === 0 ? 0 : kept / (kept + changed)})`;
    setText(this.#home, running === 0 ? 'nothing runs yet' : `${home} of ${running} on their first address`);
    const full = waiting === 0 ? [] : [`${waiting} wait: the subnet is full`];
    const lent = guests === 0 ? [] : [`${count(guests, 'start')} as a guest: two of one slot ran at once`];
    setText(this.#waiting, [...full, ...lent].join('; '));
  }
}
