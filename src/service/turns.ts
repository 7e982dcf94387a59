// Whose turn it is in a subnet: none while its settings change, one call at a time for each key, and each attempted
// until it is answered. In this order: a change waits for all that have come in before it, so nobody who is in may wait
// for the change, neither by himself nor behind another one with the same key.

import { LimpetError } from '../host/errors.js';
import { MOST_ATTEMPTS, untilAnswered } from './attempts.js';
import type { Clock } from './clock.js';
import { answerOf, Deadline } from './deadline.js';
import { KeyedMutex } from './mutex.js';
import type { Store } from './store.js';

/** What one call wants: to do what, about whom, until when. */
export interface Turn {
  /** For messages: `allocate`. */
  readonly what: string;
  /** Calls with the same key run one after the other; those without run side by side. */
  readonly key?: string;
  readonly deadline: Deadline | undefined;
}

export class Turns {
  readonly #cidr: string;
  readonly #clock: Clock;
  readonly #store: Pick<Store, 'name' | 'patience'>;
  readonly #check: () => void;
  readonly #mutex = new KeyedMutex();
  /** Calls that have come in and have not ended: while the settings change, none. */
  #inside = 0;
  #changing: Promise<void> | undefined;
  #idle = () => {};

  /** @param check throws when no call can be answered now */
  constructor(cidr: string, clock: Clock, store: Pick<Store, 'name' | 'patience'>, check: () => void) {
    this.#cidr = cidr;
    this.#clock = clock;
    this.#store = store;
    this.#check = check;
  }

  /**
   * Attempts until there is an answer; `undefined` means that another process was faster. Whoever gives up waiting for
   * the store leaves his turn at work: the next one with the same key waits for it.
   */
  take<T>(turn: Turn, attempt: () => Promise<T | undefined>): Promise<T> {
    const { patience, name: store } = this.#store;
    const bound = patience === undefined ? undefined : (turn.deadline ?? new Deadline(this.#clock, patience));
    const work = this.#enter(turn, turn.deadline ?? bound, () => this.#attempt(turn, attempt));
    return answerOf(work, { clock: this.#clock, deadline: bound, what: this.#doing(turn), store });
  }

  /**
   * Runs the action when all before it with the same key have ended: one that is answered at the first attempt or not
   * at all. It does not wait for a change of settings: who is inside may need it.
   */
  once(key: string, action: () => Promise<void>, deadline: Deadline | undefined): Promise<void> {
    const checked = async () => {
      this.#check();
      await action();
    };
    return this.#mutex.run(key, checked, deadline);
  }

  /** While no call is inside: what it proposed by settings that end meanwhile would be lost. One at a time. */
  async exclusive<T>(action: () => Promise<T>): Promise<T> {
    let open = () => {};
    this.#changing = new Promise((resolve) => {
      open = resolve;
    });
    try {
      if (this.#inside > 0) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
      }
      return await action();
    } finally {
      this.#changing = undefined;
      open();
    }
  }

  #doing({ what }: Turn): string {
    return `${what} in ${this.#cidr}`;
  }

  #attempt<T>(turn: Turn, attempt: () => Promise<T | undefined>): Promise<T> {
    const { key, deadline } = turn;
    const doing = this.#doing(turn);
    const contended = () => {
      const message = `other processes were faster ${MOST_ATTEMPTS} times in ${this.#cidr}: try again`;
      return new LimpetError('CONTENDED', message, { subnet: this.#cidr, ...(key !== undefined && { identity: key }) });
    };
    return untilAnswered({ clock: this.#clock, deadline, what: doing, contended }, async () => {
      this.#check();
      return attempt();
    });
  }

  /** Waits outside while the settings change, then inside for its turn. */
  async #enter<T>(turn: Turn, deadline: Deadline | undefined, action: () => Promise<T>): Promise<T> {
    const { key } = turn;
    while (this.#changing !== undefined) {
      await (deadline?.wait(this.#changing, this.#doing(turn)) ?? this.#changing);
    }
    this.#inside++;
    try {
      return await (key === undefined ? action() : this.#mutex.run(key, action, deadline));
    } finally {
      this.#inside--;
      if (this.#inside === 0) this.#idle();
    }
  }
}
