// One action at a time for each key; actions of different keys run side by side.

import type { Deadline } from './deadline.js';

export class KeyedMutex {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs the action when all before it with the same key have ended, however they ended.
   * @throws LimpetError UNAVAILABLE when the deadline passes while it waits: the action is not run then
   */
  async run<T>(key: string, action: () => Promise<T>, deadline?: Deadline): Promise<T> {
    const before = this.#last.get(key);
    let end = () => {};
    const mine = new Promise<void>((resolve) => {
      end = resolve;
    });
    // Whoever gives up waiting leaves those before him running: the next one waits for them as well.
    const last = before === undefined ? mine : before.then(() => mine);
    this.#last.set(key, last);
    try {
      if (before !== undefined) await (deadline?.wait(before, 'wait for those who ask for the same') ?? before);
      return await action();
    } finally {
      end();
      last.then(() => {
        if (this.#last.get(key) === last) this.#last.delete(key);
      });
    }
  }
}
