// The inspector of the simulated swarm: bindings, log, rebuild and core in tabs. Only the tab that is seen is kept up
// to date.

import type { Limpet } from 'limpet';
import type { AllocatorState, RebuildView, State } from 'limpet/simulator';
import { h } from '../dom.js';
import type { Session } from '../session.js';
import { sayTime } from '../swarm/words.js';
import { makeTabs } from '../tabs.js';
import { type BindingRow, Bindings } from './bindings.js';
import { CoreView } from './core.js';
import { Log } from './log.js';
import { reportElement } from './report.js';

const TABS = { bindings: 'Bindings', log: 'Log', rebuild: 'Rebuild', core: 'Core' } as const;
/** Milliseconds. */
const LAG = 200;
type Tab = keyof typeof TABS;

export interface InspectorOptions {
  readonly limpet: Limpet;
  readonly session: Session;
  /** The allocator that is looked at now. */
  readonly allocator: () => AllocatorState;
  readonly address: (ordinal: number) => string;
  readonly follow: (identity: string) => void;
}

export class Inspector {
  readonly #bindings: Bindings;
  readonly #log = new Log();
  readonly #report = h('div', { class: 'inspect' });
  readonly #core: CoreView;
  #tab: Tab = 'bindings';
  #stale = true;

  constructor(
    root: HTMLElement,
    private readonly options: InspectorOptions,
  ) {
    const { limpet, session, follow } = options;
    this.#bindings = new Bindings('bindings', follow);
    this.#core = new CoreView(limpet, () => session.network.subnet);
    const list = h('div', { class: 'tabs', attrs: { role: 'tablist', 'aria-label': 'Inspector' } });
    const panels = {
      bindings: this.#bindings.element,
      log: this.#log.element,
      rebuild: this.#report,
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
    else if (this.#tab === 'rebuild') this.#report.replaceChildren(rebuildElement(state));
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

function rebuildElement({ rebuild }: State): HTMLElement {
  if (rebuild === undefined) {
    const text =
      'No new leader has been elected yet. When one is, it rebuilds the bindings from Swarm’s task list: reboot ' +
      'or crash the leader.';
    return h('p', { class: 'quiet', text });
  }
  const title = `${rebuild.leader} took over at ${sayTime(rebuild.at)} and read ${rebuild.tasks} tasks.`;
  return reportElement({ ...rebuild, title, notes: notesOn(rebuild) });
}

function notesOn({ held, forgotten, recalled }: RebuildView): string[] {
  const names = (list: RebuildView['forgotten']) =>
    list.map(({ identity, address }) => `${identity} on ${address}`).join(', ');
  return [
    `${held} addresses are held again: gateway, virtual IPs and tickets.`,
    ...(forgotten.length > 0 ? [`No task mentions ${names(forgotten)} any more: reserved before, free now.`] : []),
    ...(recalled.length > 0 ? [`The list still mentions ${names(recalled)}: reclaimed before, reserved again.`] : []),
  ];
}
