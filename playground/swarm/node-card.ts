// A node as a column: its name, role and condition, a button to drain or activate it, and the list its chips stand in.

import type { SwarmEvent, SwarmNode } from 'limpet/simulator';
import { h, setAttr, setText } from '../dom.js';

export interface CardActions {
  readonly select: (node: string) => void;
  readonly apply: (event: SwarmEvent) => void;
}

/** What is the matter with a node, in one word or two. */
function conditionOf(node: SwarmNode): string {
  if (node.status === 'crashed') return 'silent';
  if (node.status !== 'up') return node.status;
  return node.availability === 'drain' ? 'drained' : 'up';
}

export class NodeCard {
  readonly element: HTMLElement;
  readonly list: HTMLUListElement;
  readonly #crown: HTMLElement;
  readonly #condition: HTMLElement;
  readonly #name: HTMLButtonElement;
  readonly #action: HTMLButtonElement;
  #node: SwarmNode;

  constructor(node: SwarmNode, actions: CardActions) {
    this.#node = node;
    this.#crown = h('span', { class: 'crown', text: '♛', attrs: { title: 'leader', 'aria-hidden': 'true' } });
    this.#name = h('button', { class: 'node-name bare', text: node.name, attrs: { type: 'button', tabindex: -1 } });
    this.#name.addEventListener('click', () => actions.select(node.name));
    this.#condition = h('span', { class: 'node-condition' });
    this.#action = h('button', { class: 'node-action', attrs: { type: 'button', tabindex: -1 } });
    this.#action.addEventListener('click', () => {
      actions.apply({ do: this.#node.availability === 'drain' ? 'activate' : 'drain', node: node.name });
    });
    this.list = h('ul', { class: 'chips', attrs: { 'aria-label': `Tasks on ${node.name}` } });
    const heading = h('h3', { class: 'node-title' }, this.#crown, this.#name);
    const head = h('div', { class: 'node-head' }, heading, this.#condition, this.#action);
    this.element = h('li', { class: 'node', data: { node: node.name } }, head, this.list);
  }

  show(node: SwarmNode, leader: string | undefined): void {
    this.#node = node;
    const leads = node.name === leader;
    const condition = conditionOf(node);
    this.#crown.hidden = !leads;
    setText(this.#condition, condition === 'up' ? node.role : condition);
    setAttr(this.element, 'data-condition', condition);
    const action = node.availability === 'drain' ? 'Activate' : 'Drain';
    setText(this.#action, action);
    setAttr(this.#action, 'aria-label', `${action} ${node.name}`);
    const tasks = `${node.tasks.length} task${node.tasks.length === 1 ? '' : 's'}`;
    setAttr(
      this.#name,
      'aria-label',
      `${node.name}: ${leads ? 'leader' : node.role}, ${condition}, ${tasks}. Choose it`,
    );
  }
}
