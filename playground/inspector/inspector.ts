// The inspector of the simulated swarm: bindings, log and core in tabs. Only the tab that is seen is kept up
// to date.

import type { AllocatorState } from 'limpet/simulator';
import { h } from '../dom.js';
import type { Session } from '../session.js';
import { makeTabs } from '../tabs.js';
import { type BindingRow, Bindings } from './bindings.js';
import { CoreView } from './core.js';
import { Log } from './log.js';

const TABS = { bindings: 'Bindings', log: 'Log', core: 'Core' } as const;
/** Milliseconds. */
const LAG = 200;
type Tab = keyof typeof TABS;

export interface InspectorOptions {
  readonly session: Session;
  /** The allocator that is looked at now. */
  readonly allocator: () => AllocatorState;
  readonly address: (ordinal: number) => string;
  readonly follow: (identity: string) => void;
}

export class Inspector {
  readonly #bindings: Bindings;
  readonly #log = new Log();
  readonly #core: CoreView;
  #tab: Tab = 'bindings';
  #stale = true;

  constructor(
    root: HTMLElement,
    private readonly options: InspectorOptions,
  ) {
    const { session, follow } = options;
    this.#bindings = new Bindings('bindings', follow);
    this.#core = new CoreView(
      () => session.memory,
      () => session.network.subnet,
    );
    const list = h('div', { class: 'tabs', attrs: { role: 'tablist', 'aria-label': 'Inspector' } });
    const panels = {
      bindings: this.#bindings.element,
      log: this.#log.element,
      core: this.#core.element,
    };
    for (const [id, text] of Object.entries(TABS)) {
      list.append(
        h('button', { text, attrs: { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}` } }),
      );
    }
    root.append(
      h('header', { class: 'panel-head' }, h('h2', { text: 'Inspector', attrs: { id: 'inspector-title' } }), list),
    );
    for (const [id, panel] of Object.entries(panels)) {
      root.append(h('div', { attrs: { id: `panel-${id}`, role: 'tabpanel', 'aria-labelledby': `tab-${id}` } }, panel));
    }
    const choose = makeTabs(list, (id) => {
      this.#tab = id.slice('tab-'.length) as Tab;
      this.update();
    });
    choose('tab-bindings');
    session.listen(() => this.#later());
  }

  /** After what moves has been drawn; a run that plays is not worth more than a few tables a second. */
  #later(): void {
    if (this.#stale) return;
    this.#stale = true;
    setTimeout(() => requestAnimationFrame(() => this.update()), LAG);
  }

  update(): void {
    this.#stale = false;
    const { session, allocator, address } = this.options;
    const { state, states } = session;
    if (this.#tab === 'bindings') this.#bindings.show(rowsOf(allocator(), address));
    else if (this.#tab === 'log') this.#log.show(states, state.step);
    else this.#core.show(state.sticky.counts.live + state.sticky.counts.reserved);
  }
}

function rowsOf({ cells }: AllocatorState, address: (ordinal: number) => string): BindingRow[] {
  const rows: BindingRow[] = [];
  for (const [ordinal, { state, identity }] of cells.entries()) {
    if (identity !== undefined) rows.push({ address: address(ordinal), identity, state });
  }
  return rows;
}
