// What the service is told of, as it is learnt. What the service will not have (the core refuses it) is not so for the
// view either: the two always agree.

import type { Change, StoreListener, SubnetKey } from '../../service/store.js';

export class Teller {
  readonly #listener: StoreListener;
  #isSilent = false;

  constructor(listener: StoreListener) {
    this.#listener = listener;
  }

  /** What this process has changed itself: the service knows. */
  silently(learn: () => void): void {
    this.#isSilent = true;
    try {
      learn();
    } finally {
      this.#isSilent = false;
    }
  }

  /** Why the service refuses it; undefined when it has taken it. */
  tell(subnet: SubnetKey, change: Change): string | undefined {
    if (this.#isSilent) return undefined;
    try {
      this.#listener.apply(subnet, change);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
