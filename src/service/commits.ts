// What one subnet asks its store to decide: the changes of a commit, and what follows when the store refuses or cannot
// say.

import { LimpetError } from '../host/errors.js';
import type { Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import type { Change, Store, SubnetKey } from './store.js';

/** What of the service a subnet's commits need. */
export interface Deciding {
  readonly store: Store;
  readonly log: (decision: Decision) => void;
  /** The store cannot tell what became of a commit: nothing counts until it has read everything again. */
  readonly unsure: () => void;
}

export class Commits {
  readonly #key: SubnetKey;
  readonly #deciding: Deciding;
  #conflicts = 0;

  constructor({ space, cidr }: SubnetKey, deciding: Deciding) {
    this.#key = { space, cidr };
    this.#deciding = deciding;
  }

  /** Commits that another process was faster than. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** True when done, false on a conflict. */
  async commit(changes: readonly Change[], deadline: Deadline | undefined): Promise<boolean> {
    const [first] = changes;
    deadline?.check(`commit a change (${first?.op}) of ${this.#key.cidr}`);
    try {
      if ((await this.#deciding.store.commit(this.#key, changes, deadline)) === 'done') return true;
    } catch (error) {
      if (this.#isUnsure(error)) this.#deciding.unsure();
      throw error;
    }
    this.#conflicts++;
    const why = `another process was faster (${first?.op})`;
    this.#deciding.log({ event: 'conflict', subnet: this.#key.cidr, why });
    return false;
  }

  /** Commits what has been proposed in the core, and takes it back there unless it is done. */
  async decide(changes: readonly Change[], takeBack: () => void, deadline: Deadline | undefined): Promise<boolean> {
    let done = false;
    try {
      done = await this.commit(changes, deadline);
    } catch (error) {
      // Of an unknown outcome the core's copy stays, so that nobody else gets the address before the truth is read.
      if (!this.#isUnsure(error)) takeBack();
      throw error;
    }
    if (!done) takeBack();
    return done;
  }

  /** Whether what has been told so far may not be so. A store with patience answers when it has told what is so. */
  #isUnsure(error: unknown): boolean {
    const { patience } = this.#deciding.store;
    return patience === undefined && error instanceof LimpetError && error.details.outcome === 'unknown';
  }
}
