// The swarm as it stands: a column for each node, a chip for each task that has not ended. It changes only what differs
// from the state shown before; chips of one identity glide from where that identity stood.

import { hasEnded, type State, type Task } from 'limpet/simulator';
import { h, setAttr } from '../dom.js';
import type { Change, Session } from '../session.js';
import { diff, type Stays } from '../stays.js';
import { Chip, type Density } from './chip.js';
import { glide, type Place, placeOf } from './glide.js';
import { type CardActions, NodeCard } from './node-card.js';
import { roam } from './roam.js';

/** From here on chips are tiles: so many with text in them nobody reads. */
const ROOMY = { nodes: 8, tasks: 120 };
const GLIDE_TIME = 520;
/** Tiles that stand beside each other in the narrowest column; swarm.css has the same. */
const TILES_ABREAST = 5;

export interface StageActions extends CardActions {
  readonly follow: (identity: string) => void;
}

export class Stage {
  readonly #columns = h('ul', { class: 'nodes', attrs: { 'aria-label': 'Nodes' } });
  readonly #waiting = h('ul', { class: 'chips waiting', attrs: { 'aria-label': 'Tasks without a node' } });
  readonly #cards = new Map<string, NodeCard>();
  readonly #chips = new Map<number, Chip>();
  readonly #last = new Map<string, Place>();
  readonly #stays: Stays;
  readonly #settle: () => void;
  #followed = '';
  #tileRows = 0;
  #chipRows = 0;
  #density: Density = 'roomy';

  constructor(
    private readonly root: HTMLElement,
    session: Session,
    private readonly actions: StageActions,
  ) {
    this.#stays = session.stays;
    const waiting = h('div', { class: 'waiting-row' }, h('h3', { text: 'Waiting for a node' }), this.#waiting);
    root.append(this.#columns, waiting);
    root.addEventListener('click', (event) => {
      const chip = (event.target as Element).closest<HTMLElement>('.chip');
      if (chip?.dataset.identity !== undefined) actions.follow(chip.dataset.identity);
    });
    this.#settle = roam(this.#columns);
    session.listen((change) => this.#show(change));
  }

  /** Marks the chips of one identity. */
  follow(identity: string): void {
    this.#followed = identity;
    for (const chip of this.#chips.values()) this.#markFollowed(chip);
  }

  #show({ state, before }: Change): void {
    const same = before?.nodes.length === state.nodes.length;
    if (!same) this.#reset(state);

    const density = this.#density;
    this.#dress(state);
    const whole = !same || before === undefined || density !== this.#density;
    const changed = whole ? [...this.#chips.keys(), ...numbers(state)] : diff(state, before);
    const touched = this.#listsTouched(changed, state);
    const from = this.#places(touched);
    for (const number of changed) this.#place(number, state.tasks.get(number));
    for (const node of state.nodes) this.#cards.get(node.name)?.show(node, state.leader);
    setAttr(this.#waiting, 'data-empty', this.#waiting.childElementCount === 0 ? 'yes' : 'no');
    if (same) glide(this.#moves(touched, from), GLIDE_TIME);
    this.#settle();
  }

  #reset(state: State): void {
    this.#chips.clear();
    this.#last.clear();
    this.#tileRows = 0;
    this.#chipRows = 0;
    this.#cards.clear();
    this.#waiting.replaceChildren();
    for (const node of state.nodes) this.#cards.set(node.name, new NodeCard(node, this.actions));
    this.#columns.replaceChildren(...[...this.#cards.values()].map((card) => card.element));
  }

  /** The density is that of the run's nodes and services, so that it does not flip while tasks come and go. */
  #dress(state: State): void {
    const wanted = state.services.reduce((sum, { replicas }) => sum + replicas, 0);
    this.#density = state.nodes.length > ROOMY.nodes || wanted > ROOMY.tasks ? 'dense' : 'roomy';
    setAttr(this.root, 'data-density', this.#density);
    setAttr(document.body, 'data-density', this.#density); // for the key above the stage
    setAttr(this.root, 'data-nodes', String(Math.min(state.nodes.length, 9)));
    if (this.#density === 'dense') this.#keepHeights(state);
    else this.#makeRoom(state, wanted);
  }

  /** Room for what a node has when another one is drained, and never less than there was: nothing jumps. */
  #makeRoom({ nodes }: State, wanted: number): void {
    const most = nodes.reduce((high, { tasks }) => Math.max(high, tasks.length), 0);
    const rows = Math.max(most, Math.ceil(wanted / Math.max(1, nodes.length - 1)));
    if (rows <= this.#chipRows) return;
    this.#chipRows = rows;
    this.root.style.setProperty('--chip-rows', String(rows));
  }

  /**
   * Tiles stand in columns of one height, which only grows: nothing jumps, and what changes in one column is laid out
   * without the others.
   */
  #keepHeights({ nodes }: State): void {
    const most = nodes.reduce((high, { tasks }) => Math.max(high, tasks.length), 0);
    const rows = Math.ceil((most + 1) / TILES_ABREAST);
    if (rows <= this.#tileRows) return;
    this.#tileRows = rows;
    this.root.style.setProperty('--tile-rows', String(rows));
  }

  #place(number: number, task: Task | undefined): void {
    const shown = this.#chips.get(number);
    if (task === undefined || hasEnded(task)) {
      shown?.element.remove();
      this.#chips.delete(number);
      return;
    }
    const chip = shown ?? new Chip(task);
    if (shown === undefined) {
      this.#chips.set(number, chip);
      this.#markFollowed(chip);
    }
    chip.show(task, this.#stays, this.#density);
    const list = this.#listOf(task);
    if (chip.element.parentElement !== list) insertSorted(list, chip.element);
  }

  #listOf(task: Task): HTMLElement {
    return (task.node === undefined ? undefined : this.#cards.get(task.node)?.list) ?? this.#waiting;
  }

  #listsTouched(changed: readonly number[], state: State): Set<HTMLElement> {
    const lists = new Set<HTMLElement>();
    for (const number of changed) {
      const parent = this.#chips.get(number)?.element.parentElement;
      if (parent) lists.add(parent);
      const task = state.tasks.get(number);
      if (task !== undefined) lists.add(this.#listOf(task));
    }
    return lists;
  }

  /** Where the chips of some lists stand now; and where each identity stood last, for the task that takes its place. */
  #places(lists: Iterable<HTMLElement>): Map<Chip, Place> {
    const places = new Map<Chip, Place>();
    for (const chip of this.#chipsIn(lists)) {
      const place = placeOf(chip.button);
      places.set(chip, place);
      this.#last.set(chip.identity, place);
    }
    return places;
  }

  *#moves(
    lists: Iterable<HTMLElement>,
    from: ReadonlyMap<Chip, Place>,
  ): Iterable<readonly [HTMLElement, Place | undefined]> {
    for (const chip of this.#chipsIn(lists)) yield [chip.button, from.get(chip) ?? this.#last.get(chip.identity)];
  }

  *#chipsIn(lists: Iterable<HTMLElement>): Iterable<Chip> {
    for (const list of lists) {
      for (const item of list.children) {
        const chip = this.#chips.get(Number((item as HTMLElement).dataset.number));
        if (chip !== undefined) yield chip;
      }
    }
  }

  #markFollowed(chip: Chip): void {
    chip.button.classList.toggle('is-followed', chip.identity === this.#followed);
  }
}

function numbers(state: State): number[] {
  return [...state.tasks.entries()].map(([number]) => number);
}

function insertSorted(list: HTMLElement, item: HTMLElement): void {
  const key = item.dataset.order ?? '';
  let next = list.firstElementChild as HTMLElement | null;
  while (next !== null && (next.dataset.order ?? '') < key) next = next.nextElementSibling as HTMLElement | null;
  list.insertBefore(item, next);
}
