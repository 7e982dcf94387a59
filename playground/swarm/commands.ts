// Doing something to the swarm by hand: every event that the simulator knows, one row for each kind of thing.

import type { State, SwarmEvent, UpdateOrder } from 'limpet/simulator';
import { h, setAttr } from '../dom.js';
import type { Session } from '../session.js';
import { sayEvent } from './words.js';

export class Commands {
  readonly #node = select('node', 'Node');
  readonly #service = select('service', 'Service');
  readonly #task: HTMLInputElement;
  readonly #replicas = number('replicas', 'Replicas', 10);
  readonly #order = select('order', 'Order');
  readonly #name: HTMLInputElement;
  readonly #mode = select('mode', 'Kind');
  readonly #said = h('p', { class: 'commands-said small', attrs: { 'aria-live': 'polite' } });

  constructor(
    root: HTMLElement,
    private readonly session: Session,
  ) {
    this.#task = h('input', {
      attrs: { type: 'text', list: 'identities', id: 'task', 'aria-label': 'Task', size: 10 },
    });
    this.#name = h('input', {
      attrs: { type: 'text', id: 'service-name', 'aria-label': 'Name of the new service', size: 8 },
    });
    this.#name.value = 'api';
    options(this.#order, ['stop-first', 'start-first']);
    options(this.#mode, ['replicated', 'global']);
    root.append(
      h('header', { class: 'panel-head' }, h('h2', { text: 'Break something', attrs: { id: 'commands-title' } })),
      this.#row('Node', this.#node, ...this.#nodeButtons()),
      this.#row(
        'Task',
        this.#task,
        this.#button('Restart', () => ({ do: 'restart', identity: this.#task.value.trim() })),
      ),
      this.#serviceRow(),
      this.#createRow(),
      this.#said,
    );
    session.listen(({ state }) => this.#show(state));
  }

  chooseNode(name: string): void {
    this.#node.value = name;
  }

  chooseTask(identity: string): void {
    this.#task.value = identity;
  }

  async apply(event: SwarmEvent): Promise<void> {
    const { step } = this.session.state;
    try {
      await this.session.apply(event);
      const refused = this.session.states[step + 1]?.log.find(({ kind }) => kind === 'refused');
      this.#say(
        refused === undefined ? `${sayEvent(event)}.` : refused.text,
        refused === undefined ? 'done' : 'refused',
      );
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), 'refused');
    }
  }

  #say(text: string, kind: 'done' | 'refused'): void {
    this.#said.textContent = text;
    setAttr(this.#said, 'data-kind', kind);
  }

  #nodeButtons(): HTMLElement[] {
    const acts = { Drain: 'drain', Activate: 'activate', Reboot: 'reboot', Crash: 'crash' } as const;
    return Object.entries(acts).map(([text, act]) => this.#button(text, () => ({ do: act, node: this.#node.value })));
  }

  #serviceRow(): HTMLElement {
    const service = () => this.#service.value;
    const scale = (): SwarmEvent => ({ do: 'scale', service: service(), replicas: countIn(this.#replicas) });
    const update = (): SwarmEvent => ({ do: 'update', service: service(), order: this.#order.value as UpdateOrder });
    return this.#row(
      'Service',
      this.#service,
      h('span', { class: 'pair' }, this.#replicas, this.#button('Scale', scale)),
      h('span', { class: 'pair' }, this.#order, this.#button('Update', update)),
      this.#button('Remove', () => ({ do: 'remove', service: service() })),
    );
  }

  #createRow(): HTMLElement {
    const create = (): SwarmEvent => {
      const service = this.#name.value.trim();
      if (this.#mode.value === 'global') return { do: 'create', service, mode: 'global' };
      return { do: 'create', service, replicas: countIn(this.#replicas) };
    };
    return this.#row('New', this.#name, this.#mode, this.#button('Create', create));
  }

  #row(name: string, ...controls: HTMLElement[]): HTMLElement {
    const label = h('span', { class: 'commands-name', text: name });
    return h('div', { class: 'commands-row', attrs: { role: 'group', 'aria-label': name } }, label, ...controls);
  }

  #button(text: string, event: () => SwarmEvent): HTMLButtonElement {
    return h('button', { text, attrs: { type: 'button' }, on: { click: () => this.apply(event()) } });
  }

  #show(state: State): void {
    options(this.#node, ['@leader', ...state.nodes.map(({ name }) => name)], (name) =>
      name === '@leader' ? 'the leader' : name,
    );
    options(
      this.#service,
      state.services.map(({ name }) => name),
    );
  }
}

function select(id: string, name: string): HTMLSelectElement {
  return h('select', { attrs: { id: `do-${id}`, 'aria-label': name } });
}

function number(id: string, name: string, value: number): HTMLInputElement {
  const input = h('input', { attrs: { id: `do-${id}`, type: 'number', min: 0, max: 5000, 'aria-label': name } });
  input.value = String(value);
  return input;
}

function countIn(input: HTMLInputElement): number {
  return Math.max(0, Math.trunc(input.valueAsNumber || 0));
}

/** Fills a list anew only when it changed, and keeps what was chosen. */
function options(list: HTMLSelectElement, values: readonly string[], say = (value: string) => value): void {
  if (list.length === values.length && values.every((value, index) => list.options[index]?.value === value)) return;
  const chosen = list.value;
  list.replaceChildren(...values.map((value) => h('option', { text: say(value), attrs: { value } })));
  if (values.includes(chosen)) list.value = chosen;
}
