// What a run is played with, and how it is given to others: seed, speed, a link, a file.

import { button, copyButton, download, h } from '../dom.js';
import type { Session } from '../session.js';

const SPEEDS = [0.5, 1, 2, 4, 8, 16];

export interface SettingsActions {
  /** Begins the scenario anew with a seed. */
  readonly reseed: (seed: number) => void;
  readonly link: () => string;
}

export class Settings {
  constructor(root: HTMLElement, session: Session, { reseed, link }: SettingsActions) {
    const seed = h('input', { attrs: { id: 'seed', type: 'number', min: 0, max: 0xffffffff, step: 1 } });
    seed.addEventListener('change', () => reseed(seedOf(seed)));
    const speed = h('select', { attrs: { id: 'speed' } });
    for (const each of SPEEDS) speed.append(h('option', { text: `${each}×`, attrs: { value: each } }));
    speed.value = '1';
    speed.addEventListener('change', () => {
      session.speed = Number(speed.value);
    });
    const save = () =>
      download('limpet-scenario.json', `${JSON.stringify(session.scenario, null, 2)}\n`, 'application/json');
    root.append(
      h('header', { class: 'panel-head' }, h('h2', { text: 'This run', attrs: { id: 'settings-title' } })),
      h(
        'div',
        { class: 'settings' },
        field('Speed', speed),
        field('Seed', seed),
        copyButton('Copy link', link),
        button('Save scenario', '', save),
      ),
      h('p', {
        class: 'small quiet',
        text: 'The same seed gives the same run. Space plays, ← and → go step by step, with Shift event by event.',
      }),
    );
    session.listen(() => {
      if (document.activeElement !== seed) seed.value = String(session.scenario.seed ?? 1);
    });
  }
}

function field(name: string, control: HTMLElement): HTMLElement {
  return h('label', { class: 'field' }, h('span', { text: name }), control);
}

function seedOf(input: HTMLInputElement): number {
  return Math.min(0xffffffff, Math.max(0, Math.trunc(input.valueAsNumber || 0)));
}
