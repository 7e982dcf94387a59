// The moment by which one call has to be answered. Whoever takes the call makes it; it goes down with the call as far as the
// store's connection, so that nothing is waited for longer and nothing is committed after the answer was given up.

import { LimpetError } from '../host/errors.js';
import type { Clock } from './clock.js';

export class Deadline {
  readonly #clock: Pick<Clock, 'now'>;
  /** Milliseconds since the epoch. */
  readonly at: number;

  /** @param within milliseconds from now on */
  constructor(clock: Pick<Clock, 'now'>, within: number) {
    this.#clock = clock;
    this.at = clock.now() + within;
  }

  /** Milliseconds that are left, 0 once it has passed. */
  get left(): number {
    return Math.max(0, this.at - this.#clock.now());
  }

  get passed(): boolean {
    return this.left === 0;
  }

  /** @throws LimpetError UNAVAILABLE with `outcome` none, naming what was to be done, once it has passed */
  check(what: string): void {
    if (!this.passed) return;
    throw new LimpetError('UNAVAILABLE', `no time is left to ${what}: nothing was changed`, { outcome: 'none' });
  }
}
