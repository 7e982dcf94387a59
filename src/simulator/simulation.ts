// A run of a scenario, step by step, with time travel. What a step does is step.ts' affair; here is only who asked for
// which, and what every step left behind: its world, and now and then the core's own snapshot, to go on from there
// another way.

import type { Limpet } from '../host/limpet.js';
import type { Subnet } from '../host/subnet.js';
import { beginning } from './begin.js';
import { Plan } from './plan.js';
import { parseEvent, parseScenario } from './scenario.js';
import { advance, type Environment } from './step.js';
import { subnetOf } from './sticky.js';
import type { Scenario, State, SwarmEvent } from './types.js';
import type { World } from './world.js';

/**
 * Steps between two snapshots of the core: at most so many are taken again when a run goes on from an earlier state.
 */
const SNAPSHOT_EVERY = 32;

export class Simulation {
  readonly #given: Scenario;
  readonly #environment: Environment & { events: SwarmEvent[] };
  #worlds: World[];
  /** By step, each a multiple of SNAPSHOT_EVERY. */
  #snapshots: Uint8Array[];
  /** Belongs to the last of the worlds. */
  #net: Subnet;
  #at = 0;
  readonly #byHand = new Set<SwarmEvent>();

  /**
   * @param scenario as an object or as JSON text; it is checked, and copied
   * @param limpet whose core the sticky allocator runs on; it can serve others too
   * @throws LimpetError BAD_INPUT naming the place and the value
   */
  constructor(scenario: unknown, limpet: Limpet) {
    this.#given = parseScenario(scenario);
    const { subnet = '10.0.0.0/24', gateway, exclude = [], historyLimit = 5, events } = this.#given;
    const plan = new Plan(subnet, gateway, exclude);
    this.#environment = { limpet, plan, historyLimit, events: [...events], indexOf: indexer() };
    this.#net = subnetOf(limpet, plan);
    this.#worlds = [beginning(this.#given, plan, this.#net)];
    this.#snapshots = [this.#net.snapshot()];
  }

  /** The state shown: after the step that was sought or taken last. */
  get state(): State {
    return this.#worlds[this.#at] as World;
  }

  /** Steps taken so far, also those that lie ahead after going back. */
  get length(): number {
    return this.#worlds.length - 1;
  }

  /** Nothing lies ahead: all events are done and the swarm is at rest. */
  get ended(): boolean {
    const { atRest, next } = this.state as World;
    return this.#at === this.length && atRest && next >= this.#environment.events.length;
  }

  /** The scenario with the events by hand in it, each with its time: as JSON it replays this run. */
  get scenario(): Scenario {
    return { ...this.#given, events: [...this.#environment.events] };
  }

  /** What limits and excludes addresses, with all defaults filled in. */
  get network(): { readonly subnet: string; readonly prefix: number; readonly size: number; readonly gateway: string } {
    const { cidr, prefix, size, gateway } = this.#environment.plan;
    return { subnet: cidr, prefix, size, gateway };
  }

  /** Goes one step on, in which something happens; answers the state. At the end it stays where it is. */
  step(): State {
    return this.seek(this.#at + 1);
  }

  /**
   * Goes to the state after so many steps, back or on; not beyond the end. A state that was there before is the very
   * same object.
   */
  seek(step: number): State {
    if (!Number.isInteger(step) || step < 0) throw new RangeError(`a step is a whole number from 0, not ${step}`);
    while (this.length < step && this.#take());
    this.#at = Math.min(step, this.length);
    return this.state;
  }

  /** Goes on until all is at rest before the next event, or to the end. */
  settle(): State {
    do this.step();
    while (!this.state.atRest && !this.ended);
    return this.state;
  }

  /** The state after a step that was taken already. */
  at(step: number): State {
    const world = this.#worlds[step];
    if (world === undefined) throw new RangeError(`step ${step} is not taken yet: there are 0 to ${this.length}`);
    return world;
  }

  /**
   * Does an event in the second after the state shown. What lay ahead is dropped, events by hand too; the given
   * scenario's events that had not come yet stay. Costs up to 32 steps when the state shown is not the last one.
   * @throws LimpetError BAD_INPUT naming the place and the value; nothing has changed then. An event that is sound but
   * cannot be done is told in the state's log, as `refused`.
   */
  apply(event: SwarmEvent): State {
    const checked = parseEvent(event, this.state.nodes.length);
    this.#cut();
    const { next, time } = this.state as World;
    const { events } = this.#environment;
    const ahead = events.splice(next).filter((one) => !this.#byHand.has(one));
    const now = { ...checked, at: time + 1 };
    this.#byHand.add(now);
    events.push(now, ...ahead);
    return this.step();
  }

  /** An address's text, and back: `state.stock.cells` and `state.sticky.cells` go by ordinal. */
  address(ordinal: number): string {
    return this.#environment.plan.address(ordinal);
  }

  ordinal(address: string): number {
    return this.#environment.plan.ordinal(address);
  }

  /** Bytes of the core's snapshot after the last step taken: `limpet.restore` takes them. */
  snapshot(): Uint8Array {
    return this.#net.snapshot();
  }

  /** Gives the core's memory back; no step can be taken any more. */
  close(): void {
    this.#net.destroy();
  }

  /** Takes one more step at the end; false when there is none. */
  #take(): boolean {
    const next = advance(this.#worlds[this.length] as World, this.#net, this.#environment);
    if (next === undefined) return false;
    this.#net = next.net;
    this.#worlds.push(next.world);
    if (this.length % SNAPSHOT_EVERY === 0) this.#snapshots.push(this.#net.snapshot());
    return true;
  }

  /** Drops what lies ahead of the state shown, the core's state too. */
  #cut(): void {
    if (this.#at === this.length) return;
    const from = Math.floor(this.#at / SNAPSHOT_EVERY);
    this.#snapshots.length = from + 1;
    this.#net.destroy();
    this.#net = this.#environment.limpet.restore(this.#snapshots[from] as Uint8Array);
    // The worlds are there already: the steps since are taken again for the core alone, which is sure to do the same.
    for (let step = from * SNAPSHOT_EVERY; step < this.#at; step++) {
      const next = advance(this.#worlds[step] as World, this.#net, this.#environment);
      if (next === undefined) throw new Error(`step ${step + 1} cannot be taken again`);
      this.#net = next.net;
    }
    this.#worlds.length = this.#at + 1;
  }
}

/** Numbers for identities, in the order in which they are first asked for. */
function indexer(): (identity: string) => number {
  const numbers = new Map<string, number>();
  return (identity) => {
    const known = numbers.get(identity);
    if (known !== undefined) return known;
    numbers.set(identity, numbers.size);
    return numbers.size - 1;
  };
}
