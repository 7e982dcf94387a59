// What this process lets go of in the store: holds and bindings. A shared store may tell what others did afterwards
// before it has answered: what somebody has taken since then is not let go once more.

import type { Commits } from './commits.js';
import type { Deadline } from './deadline.js';
import type { Change } from './store.js';
import type { SubnetState } from './subnet-state.js';

type Ending = Extract<Change, { readonly op: 'unhold' | 'reclaim' }>;

interface UnderWay {
  readonly change: Ending;
  isTaken: boolean;
}

export class Endings {
  readonly #state: SubnetState;
  readonly #commits: Commits;
  readonly #underWay = new Set<UnderWay>();

  constructor(state: SubnetState, commits: Commits) {
    this.#state = state;
    this.#commits = commits;
  }

  /** The store has told it. */
  told(change: Change): void {
    for (const each of this.#underWay) if (takes(change, each.change)) each.isTaken = true;
  }

  /** False on a conflict. @throws LimpetError UNAVAILABLE */
  async end(change: Ending, deadline: Deadline | undefined): Promise<boolean> {
    const one: UnderWay = { change, isTaken: false };
    this.#underWay.add(one);
    try {
      if (!(await this.#commits.commit([change], deadline))) return false;
      if (!one.isTaken) this.#state.apply(change);
      return true;
    } finally {
      this.#underWay.delete(one);
    }
  }
}

/** It cannot have come before: then the ending would have met it, and would have been a conflict. */
function takes(told: Change, ending: Ending): boolean {
  if (ending.op === 'unhold') return told.op === 'hold' && told.address === ending.address;
  return told.op === 'bind' && told.identity === ending.identity && told.address === ending.address;
}
