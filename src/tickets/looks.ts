// A node's looks around, one after the other for as long as it runs: at Docker and its part in the swarm, at what runs
// here, and on the leader at what the swarm has.

import { Configurations } from './configurations.js';
import type { Environment } from './environment.js';
import { Reconciler } from './reconciler.js';
import type { Said } from './said.js';
import { Sweeper } from './sweeper.js';
import type { Tenants } from './tenants.js';

/** After a look that failed, and after the first one: what it missed is looked for again soon. */
const SOON = 2000;

/** This node's part in its swarm. */
interface Part {
  readonly nodeId: string;
  readonly manager: boolean;
}

/** Who the looks belong to. */
export interface Around {
  /** Comes before each look; what it throws is why that look has failed. */
  readonly part: () => Part | Promise<Part>;
  /** The look is the first good one, or the first after one that failed. */
  readonly agreed: () => void;
  /** A look has failed, for another reason than the one before. What this throws ends the looks. */
  readonly failed: (error: unknown) => void;
}

export class Looks {
  readonly reconciler: Reconciler;
  readonly sweeper: Sweeper;
  readonly #environment: Environment;
  readonly #around: Around;
  readonly #configurations: Configurations;
  readonly #ended = new AbortController();
  /** Why the last look failed; before the first one, that there was none. */
  #failed: string | undefined = 'what runs here has not been looked at yet';
  #loop: Promise<void> | undefined;
  #pause = new AbortController();
  #isDue = false;

  /** @param said what Swarm's leader has said */
  constructor(environment: Environment, tenants: Tenants, said: Said, around: Around) {
    this.#environment = environment;
    this.#around = around;
    this.reconciler = new Reconciler(environment, tenants);
    this.sweeper = new Sweeper(environment, said);
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
      const soon = Math.min(SOON, waits.reconcile);
      const wait = good && n > 0 ? Math.min(waits.reconcile, waits.sweep) : soon;
      this.#pause = new AbortController();
      if (!this.#isDue && !this.#ended.signal.aborted) await clock.sleep(wait, this.#pause.signal);
      // What two looks miss has ended: they are never so near each other that a start could be missed by both.
      await clock.sleep(Math.max(began + soon - clock.elapsed(), 0), this.#ended.signal);
    }
  }

  async #look(): Promise<boolean> {
    try {
      const { nodeId, manager } = await this.#around.part();
      await this.reconciler.look();
      this.#configurations.look();
      if (manager) await this.sweeper.look(nodeId);
      if (this.#failed !== undefined) this.#around.agreed();
      this.#failed = undefined;
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const before = this.#failed;
      this.#failed = why;
      if (why !== before && !this.#ended.signal.aborted) this.#around.failed(error);
      return false;
    }
  }
}
