// One action at a time for each key; actions of different keys run side by side.

export class KeyedMutex {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs the action when all before it with the same key have ended, however they ended. */
  async run<T>(key: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    let end = () => {};
    const mine = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(key, mine);
    try {
      if (before !== undefined) await before;
      return await action();
    } finally {
      end();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
