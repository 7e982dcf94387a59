// The desk: which scenario, and where in it. Step, play, speed, back, a slider over the whole run, and what happens
// now.

import type { Scenario, State } from 'limpet/simulator';
import { download, h, setAttr, setText } from '../dom.js';
import type { Session } from '../session.js';
import { sayTime, tell } from './words.js';

const SPEEDS = [0.5, 1, 2, 4, 8, 16];

export interface DeskActions {
  /** Begins a scenario anew, with a seed. */
  readonly choose: (name: string, seed: number | undefined) => void;
  readonly link: () => string;
}

export class Desk {
  #followed = '';
  readonly #scenario: HTMLSelectElement;
  readonly #seed: HTMLInputElement;
  readonly #slider: HTMLInputElement;
  readonly #play: HTMLButtonElement;
  readonly #buttons: Readonly<Record<'start' | 'back' | 'undo' | 'step' | 'next', HTMLButtonElement>>;
  readonly #now = h('p', { class: 'now', attrs: { 'aria-live': 'polite' } });
  readonly #count = h('span', { class: 'quiet small mono', attrs: { id: 'step-count' } });
  readonly #more = h('p', { class: 'more quiet' });

  constructor(
    private readonly session: Session,
    scenarios: Readonly<Record<string, Scenario>>,
    private readonly actions: DeskActions,
  ) {
    this.#scenario = h('select', { attrs: { id: 'scenario' } });
    for (const [name, scenario] of Object.entries(scenarios)) {
      this.#scenario.append(h('option', { text: scenario.name, attrs: { value: name } }));
    }
    this.#seed = h('input', { attrs: { id: 'seed', type: 'number', min: 0, max: 0xffffffff, step: 1 } });
    this.#slider = h('input', { attrs: { id: 'slider', type: 'range', min: 0, value: 0, step: 1 } });
    this.#play = button('Play', 'primary play', () => (session.playing ? session.pause() : this.#start()));
    this.#buttons = {
      start: button('Start', '', () => this.#go(() => session.go({ step: 0 })), 'Back to the start'),
      back: button('‹‹', 'icon', () => this.#go(() => session.previousEvent()), 'Back to the event before'),
      undo: button('‹', 'icon', () => this.#go(() => session.go({ step: session.state.step - 1 })), 'One step back'),
      step: button('›', 'icon', () => this.#go(() => session.next()), 'One step on'),
      next: button('Next event', '', () => this.#go(() => session.nextEvent())),
    };
    this.#scenario.addEventListener('change', () => actions.choose(this.#scenario.value, undefined));
    this.#seed.addEventListener('change', () => actions.choose(this.#scenario.value, seedOf(this.#seed)));
    this.#slider.addEventListener('input', () => this.#go(() => session.go({ step: this.#slider.valueAsNumber })));
    session.listen(
      ({ state }) => this.#show(state),
      () => this.#learn(),
    );
  }

  /** Puts the desk into its place on the page. */
  mount(root: HTMLElement): void {
    const { start, back, undo, step, next } = this.#buttons;
    const share = h('div', { class: 'desk-share' }, copyButton(this.actions.link), this.#saveButton());
    const label = h('label', { class: 'unseen', text: 'Moment', attrs: { for: 'slider' } });
    root.append(
      h(
        'div',
        { class: 'desk-row' },
        field('Scenario', this.#scenario),
        field('Seed', this.#seed),
        this.#speed(),
        share,
      ),
      h(
        'div',
        { class: 'desk-row', attrs: { role: 'group', 'aria-label': 'Time' } },
        h('div', { class: 'desk-buttons' }, this.#play, start, back, undo, step, next),
        h('div', { class: 'desk-time' }, label, this.#slider, this.#count),
      ),
      h('div', { class: 'desk-story' }, this.#now, this.#more),
    );
  }

  /** Whose moves are told before others'. */
  follow(identity: string): void {
    this.#followed = identity;
    this.#show(this.session.state);
  }

  /** Says which scenario is shown; undefined for one that is none of the page's own. */
  name(name: string | undefined): void {
    const own = this.#scenario.querySelector('option[value=""]');
    if (name === undefined && own === null) {
      this.#scenario.append(h('option', { text: 'Your own', attrs: { value: '', disabled: '' } }));
    } else if (name !== undefined) own?.remove();
    this.#scenario.value = name ?? '';
  }

  #go(move: () => Promise<void>): void {
    this.session.pause();
    void move();
  }

  async #start(): Promise<void> {
    if (this.session.ended) await this.session.go({ step: 0 });
    this.session.play();
  }

  #show(state: State): void {
    this.#slider.value = String(state.step);
    setAttr(this.#slider, 'aria-valuetext', `step ${state.step}, ${sayTime(state.time)}`);
    const { seed = 1, about = '' } = this.session.scenario;
    const { now, more } = tell(this.session.states, state, this.#followed);
    if (document.activeElement !== this.#seed) this.#seed.value = String(seed);
    setText(this.#now, now ?? 'An empty swarm.');
    setText(this.#more, more ?? about);
    this.#learn();
  }

  #learn(): void {
    const { state, last, playing, ended, busy } = this.session;
    document.documentElement.dataset.busy = busy ? 'yes' : 'no';
    setAttr(this.#slider, 'max', String(last));
    this.#slider.value = String(state.step);
    setText(this.#count, `step ${state.step} of ${last} · ${sayTime(state.time)}`);
    setText(this.#play, playing ? 'Pause' : ended ? 'Again' : 'Play');
    setAttr(this.#play, 'data-playing', String(playing));
    setAttr(this.#now, 'aria-live', playing ? 'off' : 'polite'); // a run that plays would talk without end
    const atStart = state.step === 0;
    for (const name of ['start', 'back', 'undo'] as const)
      setAttr(this.#buttons[name], 'aria-disabled', String(atStart));
    for (const name of ['step', 'next'] as const) setAttr(this.#buttons[name], 'aria-disabled', String(ended));
  }

  #speed(): HTMLElement {
    const select = h('select', { attrs: { id: 'speed' } });
    for (const speed of SPEEDS) select.append(h('option', { text: `${speed}×`, attrs: { value: speed } }));
    select.value = '1';
    select.addEventListener('change', () => {
      this.session.speed = Number(select.value);
    });
    return field('Speed', select);
  }

  #saveButton(): HTMLButtonElement {
    const save = () => {
      download('limpet-scenario.json', `${JSON.stringify(this.session.scenario, null, 2)}\n`, 'application/json');
    };
    return button('Save scenario', '', save);
  }
}

function copyButton(link: () => string): HTMLButtonElement {
  const copy = button('Copy link', '', async () => {
    try {
      await navigator.clipboard.writeText(link());
      copy.textContent = 'Copied';
    } catch {
      copy.textContent = 'Copy it from the address bar'; // without the right to write to the clipboard
    }
    setTimeout(() => {
      copy.textContent = 'Copy link';
    }, 1800);
  });
  return copy;
}

function button(text: string, kind: string, act: () => void, name?: string): HTMLButtonElement {
  const made = h('button', { class: kind, text, attrs: { type: 'button', 'aria-label': name, title: name } });
  made.addEventListener('click', () => {
    if (made.getAttribute('aria-disabled') !== 'true') act();
  });
  return made;
}

function field(name: string, control: HTMLElement): HTMLElement {
  return h('label', { class: 'field' }, h('span', { text: name }), control);
}

function seedOf(input: HTMLInputElement): number {
  return Math.min(0xffffffff, Math.max(0, Math.trunc(input.valueAsNumber || 0)));
}
