// A process of a simulated machine: it runs, stands still, or has died. Whatever comes to it from outside, a timer
// or a message, comes through here; what has died hears nothing any more, wherever it was waiting.

import { type Clock, sleepBy } from '../../service/clock.js';
import type { Chance } from '../random.js';
import type { Timeline } from './timeline.js';

/** What a machine's own clock is ahead of the true time: its owner can set it. */
export interface WallClock {
  ahead: number;
}

export class Process {
  readonly clock: Clock;
  /** When it was started, by its machine's own clock. */
  readonly since: number;
  readonly #timeline: Timeline;
  #state: 'runs' | 'stands' | 'dead' = 'runs';
  /** What came while it stood still. */
  #backlog: (() => void)[] = [];

  constructor(timeline: Timeline, wall: WallClock, chance: Chance) {
    this.#timeline = timeline;
    const after = (delay: number, action: () => void) => timeline.after(delay, () => this.enter(action));
    this.clock = {
      now: () => Math.floor(timeline.now + wall.ahead),
      elapsed: () => timeline.age,
      after,
      alarm: after,
      sleep: (delay, signal) => sleepBy(after, delay, signal),
      random: () => chance.below(2 ** 32) / 2 ** 32,
    };
    this.since = this.clock.now();
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get runs(): boolean {
    return this.#state === 'runs';
  }

  /** Something comes from outside. */
  enter(action: () => void): void {
    if (this.#state === 'runs') action();
    else if (this.#state === 'stands') this.#backlog.push(action);
  }

  die(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }

  stand(): void {
    if (this.#state === 'runs') this.#state = 'stands';
  }

  /** All that came meanwhile comes now, in its order. */
  goOn(): void {
    if (this.#state !== 'stands') return;
    this.#state = 'runs';
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const action of backlog) this.#timeline.after(0, () => this.enter(action));
  }
}
