// The plugin's looks around, one after the other for as long as it runs: at Docker and its part in the swarm, at what
// runs here, and on the leader at what the swarm has.

import { Configurations } from '../tickets/configurations.js';
import type { Environment } from '../tickets/environment.js';
import { Reconciler } from '../tickets/reconciler.js';
import type { Said } from '../tickets/said.js';
import { Sweeper } from '../tickets/sweeper.js';
import type { Tenants } from '../tickets/tenants.js';
import type { Log } from './log.js';
import type { Situation } from './situation.js';

/** After a look that failed, and after the first one: what it missed is looked for again soon. */
const SOON = 2000;

interface Around {
  readonly environment: Environment;
  readonly tenants: Tenants;
  readonly situation: Situation;
}

export class Looks {
  readonly #environment: Environment;
  readonly #situation: Situation;
  readonly #log: Log;
  readonly #interval: number;
  readonly #reconciler: Reconciler;
  readonly #sweeper: Sweeper;
  readonly #configurations: Configurations;
  readonly #ended = new AbortController();
  /** Why the last look failed; before the first one, that there was none. */
  #failed: string | undefined = 'what runs here has not been looked at yet';
  #loop: Promise<void> | undefined;
  #pause = new AbortController();
  #isDue = false;

  /** @param said what Swarm's leader has said. @param interval milliseconds between two looks */
  constructor({ environment, tenants, situation }: Around, said: Said, log: Log, interval: number) {
    this.#environment = environment;
    this.#situation = situation;
    this.#log = log;
    this.#interval = interval;
    this.#reconciler = new Reconciler(environment, tenants);
    this.#sweeper = new Sweeper(environment, said);
    this.#configurations = new Configurations(environment);
  }

  /** Why the store may not agree with what runs here; undefined when the last look was good. */
  get failed(): string | undefined {
    return this.#failed;
  }

  begin(): void {
    this.#loop = this.#run();
  }

  /** The next look is soon: what runs here may have lost its address to others. */
  soon(): void {
    this.#isDue = true;
    this.#pause.abort();
  }

  async end(): Promise<void> {
    this.#ended.abort();
    this.#pause.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, waits } = this.#environment;
    for (let n = 0; !this.#ended.signal.aborted; n++) {
      const began = clock.elapsed();
      this.#isDue = false;
      const good = await this.#look();
      const soon = Math.min(SOON, this.#interval);
      const wait = good && n > 0 ? Math.min(this.#interval, waits.sweep) : soon;
      this.#pause = new AbortController();
      if (!this.#isDue && !this.#ended.signal.aborted) await clock.sleep(wait, this.#pause.signal);
      // What two looks miss has ended: they are never so near each other that a start could be missed by both.
      await clock.sleep(Math.max(began + soon - clock.elapsed(), 0), this.#ended.signal);
    }
  }

  async #look(): Promise<boolean> {
    try {
      const { swarm } = await this.#situation.look();
      await this.#reconciler.look();
      this.#configurations.look();
      if (swarm.manager) await this.#sweeper.look(swarm.nodeId);
      if (this.#failed !== undefined) this.#log.info({ event: 'look' }, 'what runs here agrees with the store');
      this.#failed = undefined;
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.#failed && !this.#ended.signal.aborted) this.#log.warn({ event: 'look' }, why);
      this.#failed = why;
      return false;
    }
  }
}
