// When reserved bindings become free again by the policy of their subnet: by age, woken by a timer, or when it is full.

import type { LimpetError } from '../host/errors.js';
import type { Binding } from '../host/types.js';
import type { Clock } from './clock.js';
import type { CallOptions, Deadline } from './deadline.js';
import { explained } from './full.js';
import type { GivingWay, Place } from './giving-way.js';
import type { ReclaimPolicy } from './store.js';

export type Reason = 'asked' | 'age' | 'full' | 'gone';

/** What a log says of each. */
export const WHY: Readonly<Record<Reason, string>> = {
  asked: 'asked to',
  age: 'released long enough ago',
  full: 'the subnet is full',
  gone: 'the subnet is full, and its container was removed',
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
export interface Room extends CallOptions, Pick<Place, 'range'> {
  readonly gone?: (() => Promise<readonly string[]>) | undefined;
}

/** What the reclaimer needs of its subnet. */
export interface Reclaimable {
  readonly givingWay: GivingWay;
  reclaim(reclaiming: Reclaiming): Promise<void>;
  failed(error: Error): void;
}

export class Reclaimer {
  #policy: ReclaimPolicy;
  readonly #clock: Clock;
  readonly #subnet: Reclaimable;
  #cancel = () => {};
  /** When the next sweep is due; undefined when none is. */
  #wakes: number | undefined;
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

  /** Reclaims the binding whose turn it is, of the range, if the hold-down lets it go; false when there is none. */
  async makeRoom({ range, gone, deadline }: Room): Promise<boolean> {
    const { whenFull } = this.#policy;
    if (whenFull === undefined) return false;
    const { givingWay } = this.#subnet;
    const now = () => this.#clock.now();
    const place = { range, gone: await gone?.() };
    const going = givingWay.next(place, now() - whenFull.holdDown);
    if (going === undefined) return false;
    const isGone = going.kind === 'gone';
    const isDue = (binding: Binding) => {
      if (isGone) return binding.releasedAt === going.since; // nobody has come back as it meanwhile
      const since = givingWay.since(binding);
      return since !== undefined && since + whenFull.holdDown <= now();
    };
    await this.#subnet.reclaim({ identity: going.identity, isDue, reason: isGone ? 'gone' : 'full', deadline });
    return true;
  }

  /** The refusal of whoever found no room, with what the policy will do about it. */
  explained(full: LimpetError<'FULL'>, { range }: Room): LimpetError<'FULL'> {
    return explained(full, this.#policy, this.#subnet.givingWay.inTurn({ range }), this.#clock.now());
  }

  /** Wakes when the next binding is old enough. To be called when any may have become older. */
  plan(): void {
    const { after } = this.#policy;
    const longest = after === undefined || this.#ended ? undefined : this.#subnet.givingWay.longestResting();
    if (after === undefined || longest === undefined) this.#sleep();
    else this.#wakeAt(longest.since + after, after);
  }

  /** Something was released right now. Whatever rests since now is not older than what is waited for already. */
  released(): void {
    const { after } = this.#policy;
    if (after === undefined || this.#ended) return;
    const due = this.#clock.now() + after;
    if (this.#wakes === undefined || this.#wakes > due) this.#wakeAt(due, after);
  }

  end(): void {
    this.#ended = true;
    this.#sleep();
  }

  #wakeAt(moment: number, after: number): void {
    this.#cancel();
    this.#wakes = moment;
    this.#cancel = this.#clock.after(moment - this.#clock.now(), () => void this.#sweep(after));
  }

  #sleep(): void {
    this.#cancel();
    this.#wakes = undefined;
  }

  async #sweep(after: number): Promise<void> {
    const { givingWay } = this.#subnet;
    const due = () => (this.#ended ? [] : givingWay.restingSince(this.#clock.now() - after));
    const isDue = (binding: Binding) => {
      const since = givingWay.isResting(binding) ? givingWay.since(binding) : undefined;
      return since !== undefined && since + after <= this.#clock.now();
    };
    try {
      for (let all = due(); all.length > 0; all = due()) {
        for (const { identity } of all) {
          await this.#subnet.reclaim({ identity, isDue, reason: 'age', deadline: undefined });
          if (this.#ended) return;
        }
        const [first] = all;
        if (first?.identity === due()[0]?.identity) throw new Error(`${first?.identity} could not be reclaimed`);
      }
      this.plan();
    } catch (error) {
      if (this.#ended) return;
      this.#subnet.failed(error as Error);
      this.#wakeAt(this.#clock.now() + RETRY, after);
    }
  }
}
