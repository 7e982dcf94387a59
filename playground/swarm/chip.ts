// A task as it stands on its node: name, the address that each allocator gave it, and whether that is its first one.

import type { Task } from 'limpet/simulator';
import { h, setAttr, setText } from '../dom.js';
import type { Side, Stays, Verdict } from '../stays.js';
import { markElement } from './marks.js';

const SIGNS: Readonly<Record<Verdict, string>> = { first: '', kept: '✓', changed: '≠', none: '' };
const SAID: Readonly<Record<Verdict, string>> = {
  first: '',
  kept: ', its first address',
  changed: ', not its first address',
  none: '',
};
export const ALLOCATORS: Readonly<Record<Side, string>> = { stock: 'Docker', sticky: 'Limpet' };

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
  readonly #lines: Readonly<Record<Side, { address: HTMLElement; sign: HTMLElement; line: HTMLElement }>>;

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
    const line = (side: Side) => {
      const address = h('span', { class: 'chip-address mono' });
      const sign = h('span', { class: 'chip-sign' });
      const tag = h('span', { class: 'chip-tag', text: ALLOCATORS[side] });
      return { address, sign, line: h('span', { class: `chip-line chip-${side}` }, tag, address, sign) };
    };
    this.#lines = { stock: line('stock'), sticky: line('sticky') };
    this.button = h(
      'button',
      { class: 'chip', attrs: { type: 'button', tabindex: -1 }, data: { identity: task.identity } },
      name,
      this.#lines.stock.line,
      this.#lines.sticky.line,
    );
    this.element = h('li', { data: { number: String(task.number), order: orderOf(task) } }, this.button);
  }

  show(task: Task, stays: Stays): void {
    const running = task.state === 'running';
    setText(this.#state, running ? '' : task.state);
    setAttr(this.button, 'data-state', running && task.desired === 'running' ? 'running' : 'other');
    const said = (['stock', 'sticky'] as const).map((side) => {
      const verdict = stays.verdict(task, side);
      const { address, sign, line } = this.#lines[side];
      setText(address, task[side] ?? '…');
      setText(sign, SIGNS[verdict]);
      setAttr(line, 'data-verdict', verdict);
      setAttr(this.button, `data-${side}`, verdict);
      return `${ALLOCATORS[side]} ${task[side] ?? 'no address yet'}${SAID[verdict]}`;
    });
    const guest = task.stay === 'guest' ? ', as a guest: its own address is still in use' : '';
    setAttr(this.button, 'aria-label', `${task.identity}, ${task.state}, ${said.join('; ')}${guest}`);
    setAttr(this.button, 'title', `${task.identity} · ${task.state}\n${said.join('\n')}${guest}`);
  }
}
