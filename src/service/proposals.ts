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
  /** Whether what it rests on is still so: looked at before each choice, since the store can be waited for before. */
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
    if (!this.#isAt(identity, address)) return undefined;
    if (isKnown) return address;
    this.#of.log({ event: 'allocate', identity, address, node, why: 'its own' });
    return address;
  }

  bind(live: LiveChange, options: AllocateOptions): Promise<string | undefined> {
    return this.#of.places.while(() => this.#bind(live, options));
  }

  async #bind(
    live: LiveChange,
    { ticket, range, gone, isDue, deadline }: AllocateOptions,
  ): Promise<string | undefined> {
    const { identity, node } = live;
    const { places, state } = this.#of;
    const wanted = ticket === undefined ? undefined : state.net.inspect(ticket);
    if (wanted !== undefined && wanted.address === state.spec.gateway) throw isGateway(state, identity);
    const isTraded = wanted?.state === 'held';
    const place = () => {
      if (ticket === undefined) return this.#chooseFree(identity, range);
      return isTraded ? state.net.trade(identity, ticket) : state.net.bind(identity, ticket);
    };
    const propose = () => {
      if (isDue?.() === false) throw notDue(identity); // room was made, and the store can have told of more
      const chosen = place();
      state.propose(identity, chosen); // at once, as a hold
      return chosen;
    };
    const address = await this.#choose(propose, { range, gone, deadline });
    if (address === undefined) return undefined;
    const bind: Change = isTraded ? { op: 'bind', identity, address, ticket: true } : { op: 'bind', identity, address };
    const takeBack = () => state.takeBack(identity, address);
    if (!(await this.#of.commits.decide([bind, live], takeBack, deadline))) {
      places.lost();
      return undefined;
    }
    if (!this.#isAt(identity, address)) return undefined;
    this.#of.log({ event: 'allocate', identity, address, node, why: isTraded ? 'bound to its ticket' : 'new' });
    return address;
  }

  /** Else others have done something with it since it was written. */
  #isAt(identity: string, address: string): boolean {
    return this.#of.state.lookup(identity)?.address === address;
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
    const held = this.#proposed(this.#of.state.net.hold(address));
    if ((await this.#decideHolds([held], deadline)) === undefined) return undefined;
    this.#of.log({ event: 'hold', address: held, why: 'asked for' });
    return held;
  }

  async holdNext(room: Room): Promise<string | undefined> {
    const { spares } = this.#of;
    const { range = '' } = room;
    const spare = spares.take(range);
    if (spare !== undefined) {
      spares.note();
      this.#of.log({ event: 'hold', address: spare, why: 'next free, held ahead' });
      return spare;
    }
    const first = await this.#choose(this.#nextOf(room), room);
    const held = first && (await this.#holdBlock(first, spares.size, room));
    spares.note();
    if (!held) return undefined;
    if (held.length > 1) spares.keep(range, held.slice(1));
    this.#of.log({ event: 'hold', address: held[0] as string, why: 'next free' });
    return held[0];
  }

  /** The next block of spares, before anybody has to wait for it. No room is made for it. */
  async holdAhead(room: Room): Promise<readonly string[] | undefined> {
    const { spares } = this.#of;
    const size = spares.size;
    const first = size > 1 ? unlessFull(this.#nextOf(room)) : undefined;
    if (typeof first !== 'string') return [];
    const held = await this.#holdBlock(first, size, room);
    spares.note();
    if (held !== undefined) spares.keep(room.range ?? '', held);
    return held;
  }

  #nextOf({ range }: Room): () => string {
    return () => this.#proposed(this.#of.state.net.holdNext(range === undefined ? {} : { range }));
  }

  /** At once: an ending that comes in between would meet a hold that is nobody's. */
  #proposed(address: string): string {
    this.#of.state.proposeHold(address);
    return address;
  }

  /** The first one and as many after it as are wanted and free; undefined when others were faster. */
  async #holdBlock(first: string, size: number, room: Room): Promise<readonly string[] | undefined> {
    const all = [first];
    while (all.length < size) {
      const next = unlessFull(this.#nextOf(room));
      if (typeof next !== 'string') break;
      all.push(next);
    }
    return this.#decideHolds(all, room.deadline);
  }

  /** Of what is proposed in the core. Those that nobody has let go of since; undefined when there is none. */
  async #decideHolds(
    addresses: readonly string[],
    deadline: Deadline | undefined,
  ): Promise<readonly string[] | undefined> {
    const { state, commits } = this.#of;
    const takeBack = () => {
      for (const address of addresses) state.takeBackHold(address);
    };
    const holds = addresses.map((address): Change => ({ op: 'hold', address }));
    if (!(await commits.decide(holds, takeBack, deadline))) return undefined;
    const held = addresses.filter((address) => state.isHeld(address));
    return held.length > 0 ? held : undefined;
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

/** Nobody's home, though it is held as a ticket is. */
function isGateway({ spec: { cidr, gateway } }: SubnetState, identity: string): LimpetError<'OCCUPIED'> {
  const message = `${JSON.stringify(identity)} cannot have ${gateway} of ${cidr}: it is the gateway`;
  return new LimpetError('OCCUPIED', message, { subnet: cidr, identity, address: gateway });
}

/** What it rested on when it was asked for is not so any more. */
export function notDue(identity: string): LimpetError<'CONTENDED'> {
  return new LimpetError('CONTENDED', `${JSON.stringify(identity)} has waited, and it is not as it was`, { identity });
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
