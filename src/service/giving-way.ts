// Which reserved binding gives way next: first those that nobody comes back to, then whose identity has rested for the
// longest time, at last homes that wait for the next turn of an identity that runs at its other one. The core keeps
// bindings in the order of their releases, and nearly always that is the answer: only second homes and ranges need a
// walk over all of them.

import { parseAddress, parseRange } from '../host/address.js';
import type { Binding } from '../host/types.js';
import { isSecondHome, restsSince } from './second-homes.js';
import type { SubnetState } from './subnet-state.js';

/** A reserved binding that may have to go. */
export interface Going {
  readonly identity: string;
  readonly kind: 'gone' | 'resting' | 'waiting';
  /** Since when it has been of no use. */
  readonly since: number;
}

/** Where a binding has to go. */
export interface Place {
  /** Anywhere in the subnet when absent. */
  readonly range?: string | undefined;
  /** Identities that nobody comes back as. */
  readonly gone?: readonly string[] | undefined;
}

export class GivingWay {
  readonly #state: SubnetState;

  constructor(state: SubnetState) {
    this.#state = state;
  }

  /** Whose identity has rested for the longest time; undefined when there is none that rests. */
  longestResting(): Going | undefined {
    return this.#inTurn().find(({ kind }) => kind === 'resting');
  }

  /** Some of those that have rested since that moment or longer, the longest first; none only when there are none. */
  restingSince(moment: number): readonly Going[] {
    return this.#inTurn().filter(({ kind, since }) => kind === 'resting' && since <= moment);
  }

  /** Who gives way when there is no room, of those that are gone, or of no use since `moment` or longer. */
  next(place: Place, moment: number): Going | undefined {
    return this.inTurn(place).find(({ kind, since }) => kind === 'gone' || since <= moment);
  }

  /**
   * Who could give way when there is no room, in turn; not all, but the oldest is among them. What is held beside its
   * binding is so without it, and makes no room.
   */
  inTurn({ range, gone = [] }: Place): readonly Going[] {
    const isIn = range === undefined ? () => true : this.#isIn(range);
    const makesRoom = (binding: Binding) => !this.#state.isHeld(binding.address) && isIn(binding);
    return [...this.#gone(gone, makesRoom), ...(range === undefined ? this.#inTurn(makesRoom) : this.#walk(makesRoom))];
  }

  /** When the binding began to be of no use; undefined while it is live. */
  since(binding: Binding): number | undefined {
    return restsSince(this.#state, binding) ?? binding.releasedAt;
  }

  isResting(binding: Binding): boolean {
    return restsSince(this.#state, binding) !== undefined;
  }

  #gone(gone: readonly string[], isMeant: (binding: Binding) => boolean): Going[] {
    const there = gone.flatMap((identity) => this.#state.lookup(identity) ?? []).filter(isMeant);
    return there.flatMap(({ identity, releasedAt, pinned }) =>
      releasedAt === undefined || pinned ? [] : [{ identity, kind: 'gone' as const, since: releasedAt }],
    );
  }

  #inTurn(isMeant: (binding: Binding) => boolean = () => true): readonly Going[] {
    const first = this.#state.oldest();
    if (first === undefined) return [];
    const since = restsSince(this.#state, first);
    // What was released first of all has rested for the longest time, unless its identity has run since.
    if (since !== undefined && since === first.releasedAt && isMeant(first))
      return [{ identity: first.identity, kind: 'resting', since }];
    return this.#walk(isMeant);
  }

  #walk(isMeant: (binding: Binding) => boolean): Going[] {
    const all: Going[] = [];
    for (const binding of this.#state.list()) {
      const { identity, releasedAt } = binding;
      if (releasedAt === undefined || binding.pinned || !isMeant(binding)) continue;
      const since = restsSince(this.#state, binding);
      all.push({ identity, kind: since === undefined ? 'waiting' : 'resting', since: since ?? releasedAt });
    }
    return all.sort(compare);
  }

  #isIn(range: string): (binding: Binding) => boolean {
    const { version } = this.#state.net;
    const [first, last] = parseRange(range, version);
    return ({ address }) => {
      const at = parseAddress(address, version) as bigint;
      return first <= at && at <= last;
    };
  }
}

/** Those that rest before those that wait; of one identity's two homes the second one first. */
function compare(a: Going, b: Going): number {
  const waits = ({ kind }: Going) => Number(kind === 'waiting');
  const first = ({ identity }: Going) => Number(!isSecondHome(identity));
  return waits(a) - waits(b) || a.since - b.since || first(a) - first(b);
}
