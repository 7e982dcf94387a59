// A run of a scenario, step by step, with time travel. A world cannot go back: what each step has left is kept, and who
// goes on another way from an earlier one lives through the same world again up to there.

import { Camera } from './camera.js';
import { happen } from './events.js';
import type { Frame } from './frame.js';
import { Plan } from './plan.js';
import { isSettled } from './rest.js';
import { parseEvent, parseScenario } from './scenario.js';
import type { Scenario, State, SwarmEvent } from './types.js';
import { World } from './world.js';

/** Moments without news after which a swarm counts as at rest: when all is as it should be, and else. */
const QUIET = { settled: 4, waiting: 80 };

/** Seconds after the last event in which rest is waited for: on a full subnet tasks can fail for ever. */
const LONGEST = 180;

/** An event that has happened, and when. */
interface Happened {
  readonly event: SwarmEvent;
  readonly time: number;
}

export class Simulation {
  readonly #given: Scenario;
  readonly #plan: Plan;
  readonly #camera: Camera;
  #world: World;
  #events: SwarmEvent[];
  readonly #byHand = new Set<SwarmEvent>();
  #frames: Frame[];
  /** How many events have happened, by step. */
  #happened: number[] = [0];
  readonly #past: Happened[] = [];
  #at = 0;
  /** One call after the other: each moves the one world. */
  #line: Promise<unknown> = Promise.resolve();

  private constructor(scenario: Scenario, plan: Plan, world: World) {
    this.#given = scenario;
    this.#plan = plan;
    this.#world = world;
    this.#events = [...scenario.events];
    this.#camera = new Camera();
    this.#frames = [this.#camera.take(world, undefined, [], true)];
  }

  /**
   * A run at its beginning: a swarm with a leader, and nothing on it.
   * @param scenario as an object or as JSON text; it is checked, and copied
   * @throws LimpetError BAD_INPUT naming the place and the value
   */
  static async open(scenario: unknown): Promise<Simulation> {
    const checked = parseScenario(scenario);
    const { subnet = '10.0.0.0/24', exclude = [] } = checked;
    const plan = new Plan(subnet, exclude);
    return new Simulation(checked, plan, await World.open(checked, plan));
  }

  /** The state shown: after the step that was sought or taken last. */
  get state(): State {
    return this.#frames[this.#at] as Frame;
  }

  /** Steps taken so far, also those that lie ahead after going back. */
  get length(): number {
    return this.#frames.length - 1;
  }

  /** Nothing lies ahead: all events are done and the swarm is at rest. */
  get ended(): boolean {
    return this.#at === this.length && this.state.atRest && this.#next >= this.#events.length;
  }

  /** The scenario with the events by hand in it, each with its time: as JSON it replays this run. */
  get scenario(): Scenario {
    return { ...this.#given, events: [...this.#events] };
  }

  /** What limits and excludes addresses, with all defaults filled in. */
  get network(): { readonly subnet: string; readonly prefix: number; readonly size: number; readonly gateway: string } {
    const { cidr, prefix, size } = this.#plan;
    return { subnet: cidr, prefix, size, gateway: this.#world.gateway };
  }

  /** Bytes of the memory of Limpet's core: in use, and in all. */
  get memory(): { readonly used: number; readonly total: number } {
    return this.#world.memory;
  }

  /** Goes one step on, in which something happens; answers the state. At the end it stays where it is. */
  step(): Promise<State> {
    return this.#inLine(() => this.#seek(this.#at + 1));
  }

  /**
   * Goes to the state after so many steps, back or on; not beyond the end. A state that was there before is the very
   * same object.
   */
  async seek(step: number): Promise<State> {
    if (!Number.isInteger(step) || step < 0) throw new RangeError(`a step is a whole number from 0, not ${step}`);
    return this.#inLine(() => this.#seek(step));
  }

  /** Goes on until all is at rest before the next event, or to the end: three minutes of the swarm at most. */
  settle(): Promise<State> {
    return this.#inLine(async () => {
      do await this.#seek(this.#at + 1);
      while (!this.state.atRest && !this.ended);
      return this.state;
    });
  }

  /** The state after a step that was taken already. */
  at(step: number): State {
    const frame = this.#frames[step];
    if (frame === undefined) throw new RangeError(`step ${step} is not taken yet: there are 0 to ${this.length}`);
    return frame;
  }

  /**
   * Does an event right after the state shown. What lay ahead is dropped, events by hand too; the given
   * scenario's events that had not come yet stay. From an earlier state it costs the run up to there once more.
   * @throws LimpetError BAD_INPUT naming the place and the value; nothing has changed then. An event that is sound but
   * cannot be done is told in the state's log, as `refused`.
   */
  async apply(event: SwarmEvent): Promise<State> {
    const checked = parseEvent(event, this.state.nodes.length);
    return this.#inLine(async () => {
      await this.#cut();
      const ahead = this.#events.splice(this.#next).filter((one) => !this.#byHand.has(one));
      const now = { ...checked, at: this.state.time };
      this.#byHand.add(now);
      this.#events.push(now, ...ahead);
      return this.#seek(this.#at + 1);
    });
  }

  /** An address's text, and back: `state.stock.cells` and `state.sticky.cells` go by ordinal. */
  address(ordinal: number): string {
    return this.#plan.address(ordinal);
  }

  ordinal(address: string): number {
    return this.#plan.ordinal(address);
  }

  /** Gives everything back; no step can be taken any more. */
  close(): Promise<void> {
    return this.#inLine(() => this.#world.close());
  }

  /** Index of the event that comes next, at the state shown. */
  get #next(): number {
    return this.#happened[this.#at] as number;
  }

  async #inLine<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#line;
    const done = before.then(work);
    this.#line = done.catch(() => {});
    return done;
  }

  async #seek(step: number): Promise<State> {
    while (this.length < step && (await this.#take()));
    this.#at = Math.min(step, this.length);
    return this.state;
  }

  /** Takes one more step at the end; false when there is none. */
  async #take(): Promise<boolean> {
    const before = this.#frames[this.length] as Frame;
    let next = this.#happened[this.length] as number;
    if (before.atRest && next >= this.#events.length) return false;
    const events: SwarmEvent[] = [];
    for (let quiet = 0; ; quiet++) {
      const due = this.#due(next, before.atRest && events.length === 0);
      for (const event of due) this.#happen(event);
      next += due.length;
      events.push(...due);
      await this.#world.pass();
      const isTooLong = this.#world.time - (this.#past.at(-1)?.time ?? 0) >= LONGEST;
      const frame = this.#camera.take(this.#world, before, events, isTooLong);
      if (events.length > 0 || Camera.differs(frame, before)) return this.#keep(frame, next);
      const patience = isSettled(this.#world) ? QUIET.settled : QUIET.waiting;
      if (!before.atRest && quiet >= patience) return this.#keep({ ...frame, atRest: true }, next);
    }
  }

  #keep(frame: Frame, next: number): true {
    this.#frames.push(frame);
    this.#happened.push(next);
    return true;
  }

  /** The events of the moment that comes, in the scenario's order; one without a time comes alone, at rest. */
  #due(next: number, isAtRest: boolean): SwarmEvent[] {
    const first = this.#events[next];
    if (first === undefined) return [];
    if (first.at === undefined) return isAtRest ? [first] : [];
    let end = next;
    while ((this.#events[end]?.at ?? Number.POSITIVE_INFINITY) <= this.#world.time) end++;
    return this.#events.slice(next, end);
  }

  #happen(event: SwarmEvent): void {
    this.#past.push({ event, time: this.#world.time });
    happen(this.#world, event);
  }

  /** Drops what lies ahead of the state shown, and lives through the world again up to it. */
  async #cut(): Promise<void> {
    if (this.#at === this.length) return;
    const { state } = this;
    await this.#world.close();
    this.#frames.length = this.#at + 1;
    this.#happened.length = this.#at + 1;
    this.#past.length = this.#next;
    this.#camera.forget(state as Frame);
    this.#world = await World.open(this.#given, this.#plan);
    let next = 0;
    while (this.#world.time < state.time) {
      for (; this.#past[next]?.time === this.#world.time; next++)
        happen(this.#world, (this.#past[next] as Happened).event);
      await this.#world.pass();
    }
    this.#world.takeLog();
  }
}
