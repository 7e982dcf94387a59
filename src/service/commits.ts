// What one subnet asks its store to decide: the changes of a commit. What the store decides for is taken in here, and
// nowhere else; when it refuses or cannot say, that has its consequences.

import { LimpetError } from '../host/errors.js';
import type { Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import type { Change, Commit, Store, SubnetKey } from './store.js';

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
  readonly #takeIn: (change: Change) => void;
  #conflicts = 0;

  constructor({ space, cidr }: SubnetKey, deciding: Deciding, takeIn: (change: Change) => void) {
    this.#key = { space, cidr };
    this.#deciding = deciding;
    this.#takeIn = takeIn;
  }

  /** Commits that another process was faster than. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** True once the changes count and have been taken in, false on a conflict. */
  async commit(changes: readonly Change[], deadline: Deadline | undefined): Promise<boolean> {
    const [first] = changes;
    deadline?.check(`commit a change (${first?.op}) of ${this.#key.cidr}`);
    let answer: Commit;
    try {
      answer = await this.#deciding.store.commit(this.#key, changes, deadline);
    } catch (error) {
      if (this.#isUnsure(error)) this.#deciding.unsure();
      throw error;
    }
    if (answer === 'done') for (const change of changes) this.#takeIn(change);
    if (answer !== 'conflict') return true;
    this.#conflicts++;
    const why = `another process was faster (${first?.op})`;
    this.#deciding.log({ event: 'conflict', subnet: this.#key.cidr, why });
    return false;
  }

  /** Commits what has been proposed in the core, and takes it back there unless it counts. */
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
