// The run that the page shows: one Simulation, where it stands, and who wants to know. It looks ahead, so that the
// slider and the lines know how long the run is; a run of any size takes its turn between frames, and nobody waits for
// it longer than a moment.

import { type Scenario, Simulation, type State, type SwarmEvent } from 'limpet/simulator';
import { Stays } from './stays.js';

/** Milliseconds that going to a moment may take before what is known is shown; from there on it can be played. */
const PATIENCE = 2000;
/** Milliseconds from step to step at speed 1. */
const PACE = 650;
/** Milliseconds after which a run that plays looks again for its next step. */
const LAG = 60;

export interface Change {
  readonly state: State;
  /** What was shown before; undefined when another run begins. */
  readonly before: State | undefined;
}

/** A moment to go to: a step by its number, or the first rest after one. */
export type Goal = { readonly step: number } | { readonly restAfter: number };

export class Session {
  readonly stays = new Stays();
  #simulation: Simulation;
  #states: State[] = [];
  #at = 0;
  #complete = false;
  #handmade = false;
  #playing = false;
  #speed = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the moments that were asked for, and the runs: only the last one of each counts. */
  #wish = 0;
  #load = 0;
  /** Counts the looks ahead: there is one at a time. */
  #look = 0;
  #waiting = 0;
  readonly #showing = new Set<(change: Change) => void>();
  readonly #learning = new Set<() => void>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#remember();
  }

  get state(): State {
    return this.#states[this.#at] as State;
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

  /** Bytes of the memory of Limpet's core. */
  get memory(): Simulation['memory'] {
    return this.#simulation.memory;
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
    return this.#complete && this.#at >= this.last;
  }

  /** Something was asked for that is still being worked out. */
  get busy(): boolean {
    return this.#waiting > 0;
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
  async load(scenario: unknown, origin: 'known' | 'handmade', goal: Goal): Promise<void> {
    const load = ++this.#load;
    this.#wish++;
    await this.#work(async () => {
      const simulation = await Simulation.open(scenario);
      const isOver = () => load !== this.#load;
      const until = performance.now() + PATIENCE;
      while (!isReached(goal, simulation) && !isOver() && performance.now() < until) await simulation.step();
      if (isOver()) return void simulation.close();
      this.pause();
      void this.#simulation.close();
      this.#simulation = simulation;
      this.#handmade = origin === 'handmade';
      this.#complete = false;
      this.#states = [];
      this.stays.forget();
      this.#remember();
      this.#at = placeOf(goal, this.#states) ?? this.last;
      this.#show(undefined);
    });
    this.#lookAhead();
  }

  /** Goes to a moment, at once when it is known. */
  async go(goal: Goal): Promise<void> {
    const wish = ++this.#wish;
    const simulation = this.#simulation;
    await this.#work(async () => {
      const until = performance.now() + PATIENCE;
      while (placeOf(goal, this.#states) === undefined && !this.#complete && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, LAG / 4));
        if (wish !== this.#wish) return;
      }
      if (simulation === this.#simulation) this.#stand(placeOf(goal, this.#states) ?? this.last);
    });
  }

  next(): Promise<void> {
    return this.go({ step: this.#at + 1 });
  }

  /** To the moment in which the event after this one has come to rest. */
  nextEvent(): Promise<void> {
    return this.go({ restAfter: this.#at });
  }

  /** To the moment of rest before. */
  previousEvent(): Promise<void> {
    let to = this.#at - 1;
    while (to > 0 && this.#states[to]?.atRest !== true) to--;
    return this.go({ step: Math.max(to, 0) });
  }

  /**
   * Does an event now; what lay ahead is dropped.
   * @throws LimpetError when it is none
   */
  async apply(event: SwarmEvent): Promise<void> {
    const simulation = this.#simulation;
    const at = this.#at;
    this.#wish++;
    this.#look++;
    this.pause();
    await this.#work(async () => {
      await simulation.seek(at);
      await simulation.apply(event);
    }).catch((error) => {
      this.#lookAhead();
      throw error;
    });
    if (simulation !== this.#simulation) return;
    this.#handmade = true;
    this.#complete = false;
    this.#states.length = at + 1;
    this.stays.cut(at);
    this.#remember();
    this.#stand(at + 1);
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
    const isKnown = this.#at < this.last;
    if (isKnown) this.#stand(this.#at + 1);
    if (this.ended) {
      this.pause();
      return;
    }
    const spent = performance.now() - started;
    this.#timer = setTimeout(() => this.#tick(), isKnown ? Math.max(0, PACE / this.#speed - spent) : LAG);
  }

  #stand(step: number): void {
    const before = this.state;
    this.#at = Math.max(0, Math.min(step, this.last));
    if (this.state !== before) this.#show(before);
  }

  /** Takes in the states that the simulation has and the page has not seen. */
  #remember(): void {
    for (let step = this.#states.length; step <= this.#simulation.length; step++) {
      const state = this.#simulation.at(step);
      this.stays.add(state, this.#states[step - 1]);
      this.#states.push(state);
    }
  }

  async #lookAhead(): Promise<void> {
    const simulation = this.#simulation;
    const look = ++this.#look;
    while (look === this.#look && simulation === this.#simulation && !this.#complete) {
      const { length } = simulation;
      await simulation.seek(length + 1);
      if (look !== this.#look || simulation !== this.#simulation) return;
      this.#complete = simulation.length === length;
      this.#remember();
      this.#tell();
    }
  }

  async #work<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    this.#tell();
    try {
      return await work();
    } finally {
      this.#waiting--;
      this.#tell();
    }
  }

  #show(before: State | undefined): void {
    for (const show of this.#showing) show({ state: this.state, before });
    this.#tell();
  }

  #tell(): void {
    for (const learn of this.#learning) learn();
  }
}

function isReached(goal: Goal, simulation: Simulation): boolean {
  if (simulation.ended) return true;
  return 'step' in goal
    ? simulation.length >= goal.step
    : simulation.state.atRest && simulation.length > goal.restAfter;
}

/** The step of a moment; undefined while it is not known. */
function placeOf(goal: Goal, states: readonly State[]): number | undefined {
  if ('step' in goal) return goal.step < states.length ? Math.max(goal.step, 0) : undefined;
  const at = states.findIndex(({ step, atRest }) => atRest && step > goal.restAfter);
  return at < 0 ? undefined : at;
}
