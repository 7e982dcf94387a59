// The event log up to the moment shown, newest last; one kind of line can be looked at alone.

import type { LogLine, State } from 'limpet/simulator';
import { h } from '../dom.js';
import { sayTime } from '../swarm/words.js';
import { Rows } from './rows.js';

const KINDS: Readonly<Record<string, string>> = {
  all: 'everything',
  event: 'events',
  task: 'tasks',
  swarm: 'the swarm',
  sticky: 'Limpet',
};

export class Log {
  readonly element: HTMLElement;
  readonly #kind: HTMLSelectElement;
  readonly #rows: Rows<LogLine>;
  #states: readonly State[] = [];
  #to = 0;

  constructor() {
    this.#kind = h('select', { attrs: { id: 'log-kind' } });
    for (const [value, text] of Object.entries(KINDS)) this.#kind.append(h('option', { text, attrs: { value } }));
    this.#kind.addEventListener('change', () => this.show(this.#states, this.#to));
    this.#rows = new Rows<LogLine>(
      'Event log',
      [
        { title: 'When', width: '3.2rem', cell: ({ at }) => sayTime(at), mono: true },
        { title: 'What', width: 'minmax(0, 1fr)', cell: lineElement },
      ],
      undefined,
      'long',
    );
    const label = h('label', { class: 'field' }, h('span', { text: 'Show' }), this.#kind);
    this.element = h('div', { class: 'inspect' }, h('div', { class: 'inspect-tools' }, label), this.#rows.element);
  }

  show(states: readonly State[], to: number): void {
    this.#states = states;
    this.#to = to;
    const kind = this.#kind.value;
    const lines: LogLine[] = [];
    for (let step = 0; step <= to; step++) {
      for (const line of states[step]?.log ?? []) {
        if (
          kind === 'all' ||
          line.kind === kind ||
          (kind === 'event' && (line.kind === 'refused' || line.kind === 'look'))
        )
          lines.push(line);
      }
    }
    this.#rows.show(lines);
    this.#rows.toEnd();
  }
}

function lineElement({ kind, text }: LogLine): Node {
  return h('span', { class: `log-line log-${kind}`, text, attrs: { title: text } });
}
