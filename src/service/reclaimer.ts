// When reserved bindings become free again by the policy of their subnet: by age, woken by a timer, or when it is full.

import type { Binding } from '../host/types.js';
import type { Clock } from './clock.js';
import type { CallOptions, Deadline } from './deadline.js';
import type { ReclaimPolicy } from './store.js';

export type Reason = 'asked' | 'age' | 'full';

/** What a log says of each. */
export const WHY: Readonly<Record<Reason, string>> = {
  asked: 'asked to',
  age: 'released long enough ago',
  full: 'the subnet is full',
};

/** Before a sweep that failed is tried again. */
const RETRY = 5_000;

/** One binding that is to be reclaimed, unless it is no longer due by the time it is its turn. */
export interface Reclaiming {
  readonly identity: string;
  readonly isDue: (binding: Binding) => boolean;
  readonly reason: Reason;
  /** Of the call that needs the room. */
  readonly deadline: Deadline | undefined;
}

/** Where room is needed, and until when. */
export interface Room extends CallOptions {
  /** Anywhere in the subnet when absent. */
  readonly range?: string | undefined;
}

/** What the reclaimer needs of its subnet. */
export interface Reclaimable {
  /** The binding that was released first, of those in the range if one is named. */
  oldest(range?: string): Binding | undefined;
  reclaim(reclaiming: Reclaiming): Promise<void>;
  failed(error: Error): void;
}

export class Reclaimer {
  #policy: ReclaimPolicy;
  readonly #clock: Clock;
  readonly #subnet: Reclaimable;
  #cancel = () => {};
  #ended = false;

  constructor(policy: ReclaimPolicy, clock: Clock, subnet: Reclaimable) {
    this.#policy = policy;
    this.#clock = clock;
    this.#subnet = subnet;
  }

  /** The policy from now on. */
  change(policy: ReclaimPolicy): void {
    this.#policy = policy;
    this.plan();
  }

  /** Reclaims the oldest binding, of the range, that the hold-down no longer protects; false when there is none. */
  async makeRoom({ range, deadline }: Room): Promise<boolean> {
    const { whenFull } = this.#policy;
    if (whenFull === undefined) return false;
    const oldest = this.#subnet.oldest(range);
    const isDue = (binding: Binding) => this.#isDue(binding, whenFull.holdDown);
    if (oldest === undefined || !isDue(oldest)) return false;
    await this.#subnet.reclaim({ identity: oldest.identity, isDue, reason: 'full', deadline });
    return true;
  }

  /** Wakes when the next binding is old enough. To be called when the oldest may be another one. */
  plan(): void {
    this.#cancel();
    const { after } = this.#policy;
    const oldest = after === undefined || this.#ended ? undefined : this.#subnet.oldest();
    if (after === undefined || oldest?.releasedAt === undefined) return;
    this.#cancel = this.#clock.after(oldest.releasedAt + after - this.#clock.now(), () => void this.#sweep(after));
  }

  end(): void {
    this.#ended = true;
    this.#cancel();
  }

  async #sweep(after: number): Promise<void> {
    try {
      while (!this.#ended) {
        const oldest = this.#subnet.oldest();
        if (oldest === undefined || !this.#isDue(oldest, after)) break;
        const { identity } = oldest;
        const isDue = (binding: Binding) => this.#isDue(binding, after);
        await this.#subnet.reclaim({ identity, isDue, reason: 'age', deadline: undefined });
        if (!this.#ended && this.#subnet.oldest()?.identity === identity) {
          throw new Error(`${identity} could not be reclaimed`);
        }
      }
      this.plan();
    } catch (error) {
      if (this.#ended) return;
      this.#subnet.failed(error as Error);
      this.#cancel = this.#clock.after(RETRY, () => void this.#sweep(after));
    }
  }

  #isDue(binding: Binding, age: number): boolean {
    return binding.releasedAt !== undefined && binding.releasedAt + age <= this.#clock.now();
  }
}
