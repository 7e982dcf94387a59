// The contract's time: it stands still until a test turns it.

import { type Clock, systemClock } from '../service/index.js';

export class HandClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<{ at: number; action: () => void }>();

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(delay: number, action: () => void): () => void {
    const timer = { at: this.#now + Math.max(delay, 0), action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Of real time: who waits does so for another process, not for this clock. */
  readonly alarm = systemClock.alarm;
  readonly sleep = systemClock.sleep;
  readonly random = systemClock.random;

  turn(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
      timer.action();
    }
  }
}
