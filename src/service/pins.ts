// Addresses that a person chose for an identity. What is pinned is bound as anything else, and no policy ends it. An
// identity that runs at another address keeps that until it stops: the chosen one waits for it under a name of its own,
// and its next start comes home to it. No pin takes what somebody else has.

import { LimpetError } from '../host/errors.js';
import { isIdentity } from '../host/identity.js';
import type { Clock } from './clock.js';
import type { Commits } from './commits.js';
import type { CallOptions, Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import { notDue } from './proposals.js';
import { homeText, isSecondHome, whose } from './second-homes.js';
import type { Change } from './store.js';
import type { LiveBinding, SubnetState } from './subnet-state.js';
import type { Turns } from './turns.js';
import { unknown } from './unknown.js';

const WAITING = '@pin/';

/** What has the chosen address until the identity comes home to it: no container's name begins so. */
function waiting(identity: string): string {
  return WAITING + identity;
}

/** For whom such an address waits; undefined for every other identity. */
export function waitsFor(identity: string): string | undefined {
  return identity.startsWith(WAITING) ? identity.slice(WAITING.length) : undefined;
}

export interface PinOptions extends CallOptions {
  /** The held address that Swarm's leader was given for it: that one it can have, and no other that is held. */
  readonly ticket?: string;
  /** As of `AllocateOptions`: whether what it rests on is still so. */
  readonly isDue?: (() => boolean) | undefined;
}

export interface Pinned {
  readonly address: string;
  /** The identity runs at another address, and has this one from its next start on. */
  readonly waits: boolean;
}

/** What of its subnet a pin needs. */
interface Pinning {
  readonly state: SubnetState;
  readonly commits: Commits;
  readonly turns: Turns;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: (decision: Omit<Decision, 'subnet'>) => void;
  /** Other bindings may be the next to be reclaimed now. */
  readonly changed: () => void;
}

export class Pins {
  readonly #of: Pinning;

  constructor(of: Pinning) {
    this.#of = of;
  }

  /** The address that was chosen for the identity, if one was. */
  find(identity: string): Pinned | undefined {
    const { state } = this.#of;
    const waits = this.#waiting(identity);
    if (waits !== undefined) return { address: waits.address, waits: true };
    const own = state.lookup(identity);
    return own?.pinned ? { address: own.address, waits: false } : undefined;
  }

  /** The address that waits for the identity, if one does. */
  #waiting(identity: string): LiveBinding | undefined {
    const name = waiting(identity);
    return isIdentity(name) ? this.#of.state.lookup(name) : undefined;
  }

  pin(identity: string, address: string, { ticket, isDue, deadline }: PinOptions): Promise<Pinned> {
    const { state, turns } = this.#of;
    return turns.take({ what: 'pin', key: identity, deadline }, async () => {
      if (isDue?.() === false) throw notDue(identity);
      const wanted = state.inspect(address).address;
      this.check(identity, wanted, ticket);
      const own = state.lookup(identity);
      const waits = own !== undefined && own.address !== wanted && own.nodes.length > 0;
      const changes = waits ? this.#toWait(own, wanted) : this.#toHave(identity, own, wanted);
      if (changes.length > 0 && !(await this.#commit(changes, deadline))) return undefined;
      const why = waits ? `has ${own.address} until it stops` : 'chosen';
      if (changes.length > 0) this.#of.log({ event: 'pin', identity, address: wanted, why });
      return { address: wanted, waits };
    });
  }

  unpin(identity: string, { deadline }: CallOptions): Promise<boolean> {
    const { state, turns, commits, clock } = this.#of;
    return turns.take({ what: 'unpin', key: identity, deadline }, async () => {
      const own = state.lookup(identity);
      const waits = this.#waiting(identity);
      if (own === undefined && waits === undefined) throw unknown(state.spec, identity);
      const changes = this.#end(waits);
      if (own?.pinned) changes.push({ op: 'unpin', identity, time: clock.now() });
      if (changes.length === 0) return false;
      if (!(await commits.commit(changes, deadline))) return undefined;
      this.#of.changed();
      this.#of.log({ event: 'unpin', identity, address: (waits ?? own)?.address as string, why: 'asked to' });
      return true;
    });
  }

  comeHome(identity: string, { deadline }: CallOptions): Promise<boolean> {
    return this.#of.turns.take({ what: 'bring home', key: identity, deadline }, async () => {
      const own = this.#of.state.lookup(identity);
      const waits = own === undefined || own.nodes.length === 0 ? this.#waiting(identity) : undefined;
      if (waits === undefined) return false;
      const { address } = waits;
      if (!(await this.#commit(this.#toHave(identity, own, address), deadline))) return undefined;
      const left = own === undefined ? '' : `, and leaves ${own.address}`;
      this.#of.log({ event: 'pin', identity, address, why: `comes home${left}` });
      return true;
    });
  }

  async #commit(changes: readonly Change[], deadline: Deadline | undefined): Promise<boolean> {
    if (!(await this.#of.commits.commit(changes, deadline))) return false;
    this.#of.changed();
    return true;
  }

  /** That the address is the identity's own, and pinned: nothing when it is so. */
  #toHave(identity: string, own: LiveBinding | undefined, address: string): Change[] {
    const time = this.#of.clock.now();
    const changes = this.#end(this.#waiting(identity));
    if (own?.address === address) return own.pinned ? changes : [...changes, { op: 'pin', identity, address, time }];
    if (own !== undefined) changes.push(ended(own));
    return [...changes, this.#toPin(identity, address, time)];
  }

  #toPin(identity: string, address: string, time: number): Change {
    const pin: Change = { op: 'pin', identity, address, time };
    return this.#of.state.isHeld(address) ? { ...pin, ticket: true } : pin;
  }

  /** That the address waits for an identity that has another one now: nothing when it does. */
  #toWait({ identity, pinned }: LiveBinding, address: string): Change[] {
    const waits = this.#waiting(identity);
    const time = this.#of.clock.now();
    const name = waiting(identity);
    const changes: Change[] = pinned ? [{ op: 'unpin', identity, time }] : [];
    if (waits?.address === address) return changes;
    if (!isIdentity(name)) throw tooLong(identity);
    return [...changes, ...this.#end(waits), this.#toPin(name, address, time)];
  }

  /** That nothing waits any more. */
  #end(waits: LiveBinding | undefined): Change[] {
    return waits === undefined ? [] : [ended(waits)];
  }

  /** @throws LimpetError BAD_INPUT, OUT_OF_RANGE, EXCLUDED, OCCUPIED saying who or what has it */
  check(identity: string, text: string, ticket?: string): void {
    const { state } = this.#of;
    const { address } = state.inspect(text);
    const { cidr, gateway } = state.spec;
    const { state: is, identity: owner } = state.inspect(address);
    const details = { subnet: cidr, identity, address };
    const refused = `${address} of ${cidr} cannot be pinned to ${quoted(identity)}: it`;
    if (is === 'excluded') throw new LimpetError('EXCLUDED', `${refused} is excluded`, details);
    if (address === gateway) throw new LimpetError('OCCUPIED', `${refused} is the gateway`, details);
    if (is === 'held' && address !== ticket) {
      const what = 'is held: a virtual IP, an end of a load balancer or the ticket of a task has it';
      throw new LimpetError('OCCUPIED', `${refused} ${what}`, { ...details, state: is });
    }
    if (owner === undefined || owner === identity || owner === waiting(identity)) return;
    const other = waitsFor(owner);
    const how = other === undefined ? `belongs to ${quoted(owner)} (${is})` : `is pinned to ${homeText(other)}`;
    throw new LimpetError('OCCUPIED', `${refused} ${how}`, { ...details, owner: other ?? owner, state: is });
  }
}

/** Whose home it is, in quotation marks. */
function quoted(name: string): string {
  return `${JSON.stringify(whose(name))}${isSecondHome(name) ? ' (second home)' : ''}`;
}

function ended({ identity, address, pinned }: LiveBinding): Change {
  const reclaim: Change = { op: 'reclaim', identity, address };
  return pinned ? { ...reclaim, pinned } : reclaim;
}

function tooLong(identity: string): LimpetError {
  const message = `${JSON.stringify(identity)} runs, and its name is too long for a pin to wait: stop it first`;
  return new LimpetError('BAD_INPUT', message, { identity });
}
