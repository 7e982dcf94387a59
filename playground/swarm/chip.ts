// A task as it stands on its node: name, the address that each allocator gave it, and whether that is its first one.

import type { Task } from 'limpet/simulator';
import { h, setAttr, setText } from '../dom.js';
import type { Side, Stays, Verdict } from '../stays.js';
import { markElement } from './marks.js';

const SIGNS: Readonly<Record<Verdict, string>> = { first: '', kept: '✓', changed: '≠', none: '' };
const SAID: Readonly<Record<Verdict, string>> = {
  first: '',
  kept: 'its first address',
  changed: 'not its first address',
  none: '',
};
export const ALLOCATORS: Readonly<Record<Side, string>> = { stock: 'Docker', sticky: 'Limpet' };

/** Roomy: chips with text in them. Dense: tiles. */
export type Density = 'roomy' | 'dense';

/** Sorts by service and slot, so that a chip finds its place again. */
function orderOf(task: Task): string {
  return `${task.service} ${String(task.slot).padStart(9, '0')} ${String(task.number).padStart(9, '0')}`;
}

/** One chip; it is told of its task again whenever that changes. */
export class Chip {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly identity: string;
  readonly number: number;
  readonly #state: HTMLElement;
  readonly #lines: Readonly<Record<Side, Line>>;

  constructor(task: Task) {
    this.identity = task.identity;
    this.number = task.number;
    this.#state = h('span', { class: 'chip-state' });
    const name = h(
      'span',
      { class: 'chip-name' },
      markElement(task.identity),
      h('b', { text: task.identity }),
      this.#state,
    );
    this.#lines = { stock: lineOf('stock'), sticky: lineOf('sticky') };
    this.button = h(
      'button',
      { class: 'chip', attrs: { type: 'button', tabindex: -1 }, data: { identity: task.identity } },
      name,
      this.#lines.stock.line,
      this.#lines.sticky.line,
    );
    this.element = h('li', { data: { number: String(task.number), order: orderOf(task) } }, this.button);
  }

  /** @param density a tile has no text to be read out, and so is given a name */
  show(task: Task, stays: Stays, density: Density): void {
    const running = task.state === 'running';
    setText(this.#state, !running ? task.state : task.stay === 'guest' ? 'guest' : '');
    setAttr(this.button, 'data-state', running && task.desired === 'running' ? 'running' : 'other');
    const said = (['stock', 'sticky'] as const).map((side) => {
      const verdict = stays.verdict(task, side);
      const { address, sign, spoken, line } = this.#lines[side];
      setText(address, task[side] ?? '…');
      setText(sign, SIGNS[verdict]);
      setText(spoken, SAID[verdict]);
      setAttr(line, 'data-verdict', verdict);
      setAttr(this.button, `data-${side}`, verdict);
      return `${ALLOCATORS[side]} ${task[side] ?? 'no address yet'} ${SAID[verdict]}`.trim();
    });
    const guest = task.stay === 'guest' ? ['a guest: its own address is still in use'] : [];
    const all = [task.identity, task.state, ...said, ...guest];
    setAttr(this.button, 'title', all.join('\n'));
    setAttr(this.button, 'aria-label', density === 'dense' ? all.join(', ') : undefined);
  }
}

interface Line {
  readonly line: HTMLElement;
  readonly address: HTMLElement;
  readonly sign: HTMLElement;
  /** What the sign means, for those who do not see it. */
  readonly spoken: HTMLElement;
}

function lineOf(side: Side): Line {
  const [first = '', rest = ''] = [ALLOCATORS[side].slice(0, 1), ALLOCATORS[side].slice(1)];
  const tag = h('span', { class: 'chip-tag' }, first, h('span', { text: rest }));
  const address = h('span', { class: 'chip-address mono' });
  const sign = h('span', { class: 'chip-sign', attrs: { 'aria-hidden': 'true' } });
  const spoken = h('span', { class: 'unseen' });
  const line = h('span', { class: `chip-line chip-${side}` }, tag, ' ', address, ' ', sign, spoken);
  return { line, address, sign, spoken };
}
