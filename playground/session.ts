// The run that the page shows: one Simulation, where it stands, and who wants to know. It looks ahead in small pieces,
// so that the slider and the lines know how long the run is, and never keeps a frame waiting for it.

import type { Limpet } from 'limpet';
import { type Scenario, Simulation, type State, type SwarmEvent } from 'limpet/simulator';
import { Stays } from './stays.js';

/** Time for looking ahead between two frames, in milliseconds. */
const BUDGET = 5;
/** Milliseconds that going to a step may take before anything is shown; from there on it can be played. */
const PATIENCE = 2000;
/** Milliseconds from step to step at speed 1. */
const PACE = 650;

export interface Change {
  readonly state: State;
  /** What was shown before; undefined when another run begins. */
  readonly before: State | undefined;
}

export class Session {
  readonly stays = new Stays();
  #simulation: Simulation;
  #states: State[] = [];
  #complete = false;
  #handmade = false;
  #playing = false;
  #speed = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #showing = new Set<(change: Change) => void>();
  readonly #learning = new Set<() => void>();

  constructor(
    private readonly limpet: Limpet,
    scenario: Scenario,
  ) {
    this.#simulation = new Simulation(scenario, limpet);
    this.#remember();
  }

  get state(): State {
    return this.#simulation.state;
  }

  /** Every state that is known, by step, also those ahead. */
  get states(): readonly State[] {
    return this.#states;
  }

  /** The last step that is known. */
  get last(): number {
    return this.#states.length - 1;
  }

  get scenario(): Scenario {
    return this.#simulation.scenario;
  }

  get network(): Simulation['network'] {
    return this.#simulation.network;
  }

  /** How ordinals and addresses of the run's subnet translate, for as long as this run is shown. */
  get translation(): { address: (ordinal: number) => string; ordinal: (address: string) => number } {
    const simulation = this.#simulation;
    return { address: (ordinal) => simulation.address(ordinal), ordinal: (address) => simulation.ordinal(address) };
  }

  /** Events were done by hand, or the scenario came from outside: its name alone does not tell this run. */
  get handmade(): boolean {
    return this.#handmade;
  }

  get playing(): boolean {
    return this.#playing;
  }

  get ended(): boolean {
    return this.#complete && this.state.step >= this.last;
  }

  /** `show` hears of every state that is to be shown; `learn`, that more steps ahead, or playing, are known. */
  listen(show: (change: Change) => void, learn?: () => void): void {
    this.#showing.add(show);
    if (learn !== undefined) this.#learning.add(learn);
  }

  /**
   * @param scenario a Scenario, or what claims to be one: it is checked
   * @throws LimpetError when the scenario cannot be run; the run shown goes on then
   */
  load(scenario: unknown, origin: 'known' | 'handmade', step = 0): void {
    const simulation = new Simulation(scenario, this.limpet);
    try {
      seekInTime(simulation, step);
    } catch (error) {
      simulation.close();
      throw error;
    }
    this.pause();
    this.#simulation.close();
    this.#simulation = simulation;
    this.#handmade = origin === 'handmade';
    this.#complete = false;
    this.#states = [];
    this.stays.forget();
    this.#remember();
    this.#show(undefined);
    this.#lookAhead();
  }

  go(step: number): void {
    const before = this.state;
    this.#simulation.seek(Math.max(0, step));
    this.#remember();
    if (this.state !== before) this.#show(before);
  }

  next(): void {
    this.go(this.state.step + 1);
  }

  /** To the moment in which the event after this one has come to rest. */
  nextEvent(): void {
    const before = this.state;
    this.#simulation.settle();
    this.#remember();
    if (this.state !== before) this.#show(before);
  }

  /** To the moment of rest before. */
  previousEvent(): void {
    let to = this.state.step - 1;
    while (to > 0 && this.#states[to]?.atRest !== true) to--;
    this.go(to);
  }

  /** Does an event now; what lay ahead is dropped. */
  apply(event: SwarmEvent): void {
    const before = this.state;
    this.#simulation.apply(event);
    this.#handmade = true;
    this.#complete = false;
    this.#states.length = before.step + 1;
    this.stays.cut(before.step);
    this.#remember();
    this.#show(before);
    this.#lookAhead();
    this.play();
  }

  play(): void {
    if (this.#playing) return;
    this.#playing = true;
    this.#tell();
    this.#tick();
  }

  pause(): void {
    if (!this.#playing) return;
    this.#playing = false;
    clearTimeout(this.#timer);
    this.#tell();
  }

  /** @param speed steps come at this many times the usual pace */
  set speed(speed: number) {
    this.#speed = speed;
  }

  #tick(): void {
    const started = performance.now();
    this.next();
    if (this.ended || (this.state.step === this.last && this.#known(this.last + 1) === undefined)) {
      this.pause();
      return;
    }
    const spent = performance.now() - started;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, PACE / this.#speed - spent));
  }

  /** The state after a step, taken if need be; undefined when the run is over before. */
  #known(step: number): State | undefined {
    if (step < this.#states.length || this.#complete) return this.#states[step];
    const at = this.state.step;
    this.#simulation.seek(step);
    this.#remember();
    this.#complete = this.#simulation.state.step < step;
    this.#simulation.seek(at);
    return this.#states[step];
  }

  /** Takes in the states that the simulation has and the page has not seen. */
  #remember(): void {
    for (let step = this.#states.length; step <= this.#simulation.length; step++) {
      const state = this.#simulation.at(step);
      this.stays.add(state, this.#states[step - 1]);
      this.#states.push(state);
    }
  }

  #lookAhead(): void {
    const simulation = this.#simulation;
    const more = () => {
      if (simulation !== this.#simulation || this.#complete) return;
      const until = performance.now() + BUDGET;
      while (!this.#complete && performance.now() < until) this.#known(this.#states.length);
      this.#tell();
      setTimeout(more, 12);
    };
    setTimeout(more, 0);
  }

  #show(before: State | undefined): void {
    for (const show of this.#showing) show({ state: this.state, before });
    this.#tell();
  }

  #tell(): void {
    for (const learn of this.#learning) learn();
  }
}

/** To the step, or as far as it goes in time: a link can name any step of any run. */
function seekInTime(simulation: Simulation, step: number): void {
  const until = performance.now() + PATIENCE;
  while (simulation.state.step < step && !simulation.ended && performance.now() < until) {
    simulation.seek(Math.min(step, simulation.state.step + 16));
  }
}
