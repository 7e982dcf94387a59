// Many callers, one flush: whatever is asked for while a flush runs goes out together with the next one. Whose deadline
// has passed by then is refused; what has begun to be written is waited for.

import type { Deadline } from '../../service/deadline.js';
import type { Commit } from '../../service/store.js';

interface Waiting {
  readonly body: string;
  readonly deadline: Deadline | undefined;
  readonly resolve: (commit: Commit) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets everything run that waits for a promise: what the callers do once they are answered, up to their next wait for
 * I/O.
 */
const callersRun = () => new Promise<void>((resolve) => setImmediate(resolve));

export class GroupCommit {
  readonly #write: (bodies: string[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #between: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /** @param write makes all bodies durable, or throws what all their callers are told */
  constructor(write: (bodies: string[]) => Promise<void>) {
    this.#write = write;
  }

  /** @throws LimpetError UNAVAILABLE; what `write` throws */
  add(body: string, deadline?: Deadline): Promise<Commit> {
    const answer = new Promise<Commit>((resolve, reject) => this.#waiting.push({ body, deadline, resolve, reject }));
    this.#running ??= this.#run();
    return answer;
  }

  /**
   * Runs an action while nothing is being written. All that was added before it has been written and its callers have
   * gone on; what is added from then on waits for the action's end.
   */
  between<T>(action: () => Promise<T>): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      this.#between.push(() => action().then(resolve, reject));
    });
    this.#running ??= this.#run();
    return answer;
  }

  /** Refuses what waits for the next flush. */
  refuse(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#between.length > 0) {
      await callersRun();
      if (this.#waiting.length > 0) await this.#flush();
      const actions = this.#between.splice(0);
      if (actions.length > 0) await callersRun();
      for (const action of actions) await action();
    }
    this.#running = undefined;
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.filter(isInTime);
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      await this.#write(batch.map(({ body }) => body));
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve('done');
  }
}

/** Refuses it otherwise. */
function isInTime({ deadline, reject }: Waiting): boolean {
  try {
    deadline?.check('write to the journal');
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}
