// The desk: which scenario, and where in it. Play, step, back, a slider over the whole run, and what happens now; in
// the end, what it has come to.

import type { Scenario, State } from 'limpet/simulator';
import { button, h, setAttr, setText } from '../dom.js';
import type { Session } from '../session.js';
import { verdictOf } from './verdict.js';
import { sayTime, tell } from './words.js';

export interface DeskActions {
  /** Begins a scenario anew. */
  readonly choose: (name: string) => void;
  /** To what can be done next. */
  readonly goOn: HTMLElement;
}

type Move = 'start' | 'back' | 'undo' | 'step' | 'next';

export class Desk {
  #followed = '';
  readonly #scenario: HTMLSelectElement;
  readonly #slider: HTMLInputElement;
  readonly #play: HTMLButtonElement;
  readonly #buttons: Readonly<Record<Move, HTMLButtonElement>>;
  readonly #now = h('p', { class: 'now', attrs: { 'aria-live': 'polite' } });
  readonly #count = h('span', { class: 'quiet small mono', attrs: { id: 'step-count' } });
  readonly #more = h('p', { class: 'more quiet' });
  readonly #goOn: HTMLElement;

  constructor(
    private readonly session: Session,
    scenarios: Readonly<Record<string, Scenario>>,
    { choose, goOn }: DeskActions,
  ) {
    this.#goOn = goOn;
    this.#scenario = h('select', { attrs: { id: 'scenario', 'aria-label': 'Scenario' } });
    for (const [name, scenario] of Object.entries(scenarios)) {
      this.#scenario.append(h('option', { text: scenario.name, attrs: { value: name } }));
    }
    this.#slider = h('input', { attrs: { id: 'slider', type: 'range', min: 0, value: 0, step: 1 } });
    this.#play = button('Play', 'primary play', () => this.toggle(), undefined, 'space');
    this.#buttons = {
      start: button('|‹', 'icon', () => this.move('start'), 'Back to the start', 'Home'),
      back: button('‹‹', 'icon', () => this.move('back'), 'Back to the event before', 'Shift ←'),
      undo: button('‹', 'icon', () => this.move('undo'), 'One step back', '←'),
      step: button('›', 'icon', () => this.move('step'), 'One step on', '→'),
      next: button('Next event', '', () => this.move('next'), undefined, 'Shift →'),
    };
    this.#scenario.addEventListener('change', () => choose(this.#scenario.value));
    this.#slider.addEventListener('input', () => this.#go(() => session.go({ step: this.#slider.valueAsNumber })));
    session.listen(
      ({ state }) => this.#show(state),
      () => this.#learn(),
    );
  }

  /** Puts the desk into its place on the page. */
  mount(root: HTMLElement): void {
    const { start, back, undo, step, next } = this.#buttons;
    const label = h('label', { class: 'unseen', text: 'Moment', attrs: { for: 'slider' } });
    root.append(
      h(
        'div',
        { class: 'desk-row', attrs: { role: 'group', 'aria-label': 'Time' } },
        this.#scenario,
        h('div', { class: 'desk-buttons' }, this.#play, start, back, undo, step, next),
        h('div', { class: 'desk-time' }, label, this.#slider, this.#count),
      ),
      h('div', { class: 'desk-story' }, h('div', {}, this.#now, this.#more), this.#goOn),
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

  get chosen(): string {
    return this.#scenario.value;
  }

  /** Plays, or stops playing; from the end it begins again. */
  async toggle(): Promise<void> {
    const { session } = this;
    if (session.playing) {
      session.pause();
      return;
    }
    if (session.ended) await session.go({ step: 0 });
    session.play();
  }

  move(where: Move): void {
    if (this.#buttons[where].getAttribute('aria-disabled') === 'true') return;
    const { session } = this;
    const moves: Readonly<Record<Move, () => Promise<void>>> = {
      start: () => session.go({ step: 0 }),
      back: () => session.previousEvent(),
      undo: () => session.go({ step: session.state.step - 1 }),
      step: () => session.next(),
      next: () => session.nextEvent(),
    };
    this.#go(moves[where]);
  }

  #go(move: () => Promise<void>): void {
    this.session.pause();
    void move();
  }

  #show(state: State): void {
    this.#slider.value = String(state.step);
    setAttr(this.#slider, 'aria-valuetext', `step ${state.step}, ${sayTime(state.time)}`);
    this.#learn();
  }

  #tellStory(): void {
    const { states, state, scenario, ended, busy } = this.session;
    const verdict = ended ? verdictOf(states) : undefined;
    const { now, more } = tell(states, state, this.#followed);
    const empty = busy ? 'Working it out …' : 'An empty swarm: create a service, then break something.';
    setText(this.#now, verdict?.headline ?? now ?? empty);
    setText(this.#more, verdict?.why ?? more ?? scenario.about ?? '');
    this.#goOn.hidden = verdict === undefined;
  }

  #learn(): void {
    const { state, last, playing, ended, busy } = this.session;
    document.documentElement.dataset.busy = busy ? 'yes' : 'no';
    this.#tellStory();
    setAttr(this.#slider, 'max', String(last));
    this.#slider.value = String(state.step);
    setText(this.#count, busy ? 'working it out …' : `step ${state.step} of ${last} · ${sayTime(state.time)}`);
    const isEmpty = ended && last === 0;
    setText(this.#play, playing ? 'Pause' : ended && !isEmpty ? 'Again' : 'Play');
    setAttr(this.#play, 'data-playing', String(playing));
    setAttr(this.#play, 'aria-disabled', String(isEmpty));
    setAttr(this.#now, 'aria-live', playing ? 'off' : 'polite'); // a run that plays would talk without end
    const atStart = state.step === 0;
    for (const name of ['start', 'back', 'undo'] as const)
      setAttr(this.#buttons[name], 'aria-disabled', String(atStart));
    for (const name of ['step', 'next'] as const) setAttr(this.#buttons[name], 'aria-disabled', String(ended));
  }
}
