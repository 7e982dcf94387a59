// What is new in a subnet: a binding or a hold is chosen in the core, where it does not show yet, and counts once the
// store has decided for it; a binding that is there only needs its live mark. `undefined` as an answer means that
// another process was faster: it is proposed anew, in the next attempt.

import { LimpetError } from '../host/errors.js';
import type { Commits } from './commits.js';
import type { CallOptions, Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import type { Places } from './places.js';
import type { Reclaimer, Room } from './reclaimer.js';
import type { Spares } from './spares.js';
import type { Change } from './store.js';
import type { LiveBinding, SubnetState } from './subnet-state.js';

export interface AllocateOptions extends CallOptions {
  /** The node that the identity runs on, by its ID. */
  readonly node: string;
  /** The held address that Swarm's leader was given for it: an identity without a binding gets that one. */
  readonly ticket?: string;
  /**
   * `first-last` or a CIDR: an identity without a binding gets a free address in it, and room is made in it alone. One
   * with a binding keeps its own, and a ticket is given wherever it is: both are asked for by name.
   */
  readonly range?: string | undefined;
  /**
   * Identities that nobody comes back as: their addresses go first, without a hold-down. Asked for only when the subnet
   * is full, and lets addresses go when it is.
   */
  readonly gone?: (() => Promise<readonly string[]>) | undefined;
  /** Whether what it rests on is still so: looked at before each attempt, since the store can be waited for between. */
  readonly isDue?: (() => boolean) | undefined;
}

export interface HoldOptions extends CallOptions {
  /** `first-last` or a CIDR: the address is chosen in it, and room is made in it alone. */
  readonly range?: string | undefined;
  /** As of {@link AllocateOptions}. */
  readonly gone?: AllocateOptions['gone'];
}

/** @internal */
export type LiveChange = Extract<Change, { readonly op: 'live' }>;

/** What of its subnet a proposal needs. */
interface Proposing {
  readonly state: SubnetState;
  readonly commits: Commits;
  readonly reclaimer: Reclaimer;
  readonly spares: Spares;
  readonly places: Places;
  /** Whether other processes can change what the store has. */
  readonly isShared: boolean;
  /** @throws LimpetError when nothing can be answered now */
  readonly check: () => void;
  readonly log: (decision: Omit<Decision, 'subnet'>) => void;
}

export class Proposals {
  readonly #of: Proposing;

  constructor(of: Proposing) {
    this.#of = of;
  }

  /**
   * A binding that is there: the live mark is all there is to write, and not even that when it is known. Whether it is,
   * a shared store says itself: the mark may be that of a process that is gone.
   */
  async revive(binding: LiveBinding, live: LiveChange, deadline: Deadline | undefined): Promise<string | undefined> {
    const { identity, address, nodes } = binding;
    const { node } = live;
    const isKnown = nodes.includes(node);
    if (isKnown && !this.#of.isShared) return address;
    if (!(await this.#of.commits.commit([live], deadline))) return undefined;
    if (this.#of.state.lookup(identity)?.address !== address) return undefined; // somebody reclaimed it since
    this.#of.state.apply(live);
    if (isKnown) return address;
    this.#of.log({ event: 'allocate', identity, address, node, why: 'its own' });
    return address;
  }

  bind(live: LiveChange, options: AllocateOptions): Promise<string | undefined> {
    return this.#of.places.while(() => this.#bind(live, options));
  }

  async #bind(live: LiveChange, { ticket, range, gone, deadline }: AllocateOptions): Promise<string | undefined> {
    const { identity, node } = live;
    const { places, state } = this.#of;
    const isTraded = ticket !== undefined && state.net.inspect(ticket).state === 'held';
    const choose = () => {
      if (ticket === undefined) return this.#chooseFree(identity, range);
      return isTraded ? state.net.trade(identity, ticket) : state.net.bind(identity, ticket);
    };
    const address = await this.#choose(choose, { range, gone, deadline });
    if (address === undefined) return undefined;
    state.propose(identity, address);
    const bind: Change = isTraded ? { op: 'bind', identity, address, ticket: true } : { op: 'bind', identity, address };
    const takeBack = () => state.takeBack(identity, address);
    if (!(await this.#of.commits.decide([bind, live], takeBack, deadline))) {
      places.lost();
      return undefined;
    }
    this.#of.state.settle(identity);
    this.#of.state.apply(live);
    this.#of.log({ event: 'allocate', identity, address, node, why: isTraded ? 'bound to its ticket' : 'new' });
    return address;
  }

  /** In this process's part of the range while many bind at once, and where that is full, anywhere in it. */
  #chooseFree(identity: string, range: string | undefined): string {
    const { places, state } = this.#of;
    const part = places.part(range);
    const first = part === undefined ? undefined : unlessFull(() => state.net.allocate(identity, { range: part }));
    if (typeof first === 'string') return first;
    return state.net.allocate(identity, range === undefined ? {} : { range });
  }

  /** A free address. */
  async hold(address: string, deadline: Deadline | undefined): Promise<string | undefined> {
    return this.#decideHold(this.#of.state.net.hold(address), 'asked for', deadline);
  }

  async holdNext({ range, gone, deadline }: Room): Promise<string | undefined> {
    const { spares, state } = this.#of;
    const spare = spares.take(range ?? '');
    if (spare !== undefined) {
      spares.note();
      this.#of.log({ event: 'hold', address: spare, why: 'next free, held ahead' });
      return spare;
    }
    const choose = () => state.net.holdNext(range === undefined ? {} : { range });
    const address = await this.#choose(choose, { range, gone, deadline });
    if (address === undefined) return undefined;
    const more: string[] = [];
    for (let left = spares.size - 1; left > 0; left--) {
      const next = unlessFull(choose);
      if (typeof next !== 'string') break;
      more.push(next);
    }
    const held = await this.#decideHold(address, 'next free', deadline, more);
    spares.note();
    if (held !== undefined && more.length > 0) spares.keep(range ?? '', more);
    return held;
  }

  /** @param more are held with it, for those who will ask */
  async #decideHold(
    address: string,
    why: string,
    deadline: Deadline | undefined,
    more: readonly string[] = [],
  ): Promise<string | undefined> {
    const all = [address, ...more];
    for (const each of all) this.#of.state.proposeHold(each);
    const takeBack = () => {
      for (const each of all) this.#of.state.takeBackHold(each);
    };
    const holds = all.map((each): Change => ({ op: 'hold', address: each }));
    if (!(await this.#of.commits.decide(holds, takeBack, deadline))) return undefined;
    for (const each of all) this.#of.state.settleHold(each);
    this.#of.log({ event: 'hold', address, why });
    return address;
  }

  /**
   * Chooses in the core; when that is full, makes room by the policy and chooses again. Undefined when others were
   * faster to take what became free. @throws LimpetError FULL
   */
  async #choose(choose: () => string, room: Room): Promise<string | undefined> {
    const first = unlessFull(choose);
    if (typeof first === 'string') return first;
    if (!(await this.#of.reclaimer.makeRoom(room))) throw this.#of.reclaimer.explained(first, room);
    this.#of.check();
    const second = unlessFull(choose);
    return typeof second === 'string' ? second : undefined;
  }
}

/** What was chosen, or the error FULL. */
function unlessFull(choose: () => string): string | LimpetError<'FULL'> {
  try {
    return choose();
  } catch (error) {
    if (error instanceof LimpetError && error.code === 'FULL') return error;
    throw error;
  }
}
