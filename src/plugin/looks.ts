// The plugin's looks around, one after the other for as long as it runs: at Docker and its part in the swarm, at what runs
// here, and on the leader at what the swarm has.

import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from '../tickets/context.js';
import { Reconciler } from '../tickets/reconciler.js';
import { Sweeper } from '../tickets/sweeper.js';
import type { Tenants } from '../tickets/tenants.js';
import type { Situation } from './situation.js';

/** After a look that failed, and after the first one: what it missed is looked for again soon. */
const SOON = 2000;

export class Looks {
  readonly #context: Context;
  readonly #situation: Situation;
  readonly #reconciler: Reconciler;
  readonly #sweeper: Sweeper;
  readonly #ended = new AbortController();
  /** Why the last look failed; before the first one, that there was none. */
  #failed: string | undefined = 'what runs here has not been looked at yet';
  #loop: Promise<void> | undefined;

  constructor(context: Context, tenants: Tenants, situation: Situation) {
    this.#context = context;
    this.#situation = situation;
    this.#reconciler = new Reconciler(context, tenants);
    this.#sweeper = new Sweeper(context);
  }

  /** Why the store may not agree with what runs here; undefined when the last look was good. */
  get failed(): string | undefined {
    return this.#failed;
  }

  begin(): void {
    this.#loop = this.#run();
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { reconcile, sweep } = this.#context.waits;
    for (let n = 0; !this.#ended.signal.aborted; n++) {
      const good = await this.#look();
      const wait = good && n > 0 ? Math.min(reconcile, sweep) : Math.min(SOON, reconcile);
      await pause(wait, undefined, { signal: this.#ended.signal }).catch(() => {}); // called off: the loop sees it
    }
  }

  async #look(): Promise<boolean> {
    try {
      const { swarm } = await this.#situation.look();
      await this.#reconciler.look();
      if (swarm.manager) await this.#sweeper.look(swarm.nodeId);
      if (this.#failed !== undefined) this.#context.log.info({ event: 'look' }, 'what runs here agrees with the store');
      this.#failed = undefined;
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.#failed && !this.#ended.signal.aborted) this.#context.log.warn({ event: 'look' }, why);
      this.#failed = why;
      return false;
    }
  }
}
