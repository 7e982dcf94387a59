// Addresses that are held: with an identity's binding or without one, asked for by name or the next that is free. A
// block of them is held ahead (spares.ts), so that those who ask one after the other need not wait for the store.

import { LimpetError } from '../host/errors.js';
import type { Clock } from './clock.js';
import type { Commits } from './commits.js';
import { type CallOptions, Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import type { HoldOptions, Proposals } from './proposals.js';
import type { Spares } from './spares.js';
import type { Change } from './store.js';
import type { SubnetState } from './subnet-state.js';
import type { Turns } from './turns.js';
import { unknown } from './unknown.js';

export interface UnholdOptions extends CallOptions {
  /** Only the hold that is known here: one that another process has made since stays. */
  readonly asKnown?: true;
}

export interface HoldsParts {
  readonly state: SubnetState;
  readonly commits: Commits;
  readonly turns: Turns;
  readonly proposals: Proposals;
  readonly spares: Spares;
  readonly clock: Clock;
  readonly log: (decision: Omit<Decision, 'subnet'>) => void;
}

/** Milliseconds for a block of spares: who waits for it asks by himself then. */
const AHEAD = 2000;

export class Holds {
  readonly #parts: HoldsParts;

  constructor(parts: HoldsParts) {
    this.#parts = parts;
  }

  async hold(asked: string, { deadline }: CallOptions): Promise<string> {
    const { state, turns, spares, proposals } = this.#parts;
    const { address } = state.net.inspect(asked);
    return turns.take({ what: `hold ${address}`, key: keyOf(address), deadline }, async () => {
      spares.drop(address);
      if (state.net.inspect(address).state === 'held') {
        // Another call's proposal counts when the store has decided about it.
        return state.isProposedHold(address) ? undefined : address;
      }
      return proposals.hold(address, deadline);
    });
  }

  async next(options: HoldOptions): Promise<string> {
    const { turns, spares, proposals } = this.#parts;
    const { deadline, range = '' } = options;
    const turn = { what: 'hold the next free address', deadline };
    const coming = spares.coming(range);
    if (coming !== undefined) await (deadline?.wait(coming, turn.what) ?? coming);
    const address = await turns.take(turn, () => proposals.holdNext(options));
    if (spares.isLow(range)) this.#holdAhead(options.range);
    return address;
  }

  async home(identity: string, { deadline }: CallOptions): Promise<string | undefined> {
    const { state, turns, commits, log } = this.#parts;
    return (
      await turns.take({ what: 'hold the home', key: identity, deadline }, async () => {
        const binding = state.lookup(identity);
        if (binding === undefined) throw unknown(state.spec, identity);
        const { address } = binding;
        if (state.isHeld(address)) return { address: undefined };
        const hold: Change = { op: 'hold', address, owner: identity };
        if (!(await commits.commit([hold], deadline))) return undefined;
        if (!state.isHeld(address)) return undefined; // another process has let go of it since
        log({ event: 'hold', address, identity, why: 'its own home is its ticket' });
        return { address };
      })
    ).address;
  }

  async unhold(asked: string, { deadline, asKnown }: UnholdOptions): Promise<boolean> {
    const { state, turns, spares, commits, log } = this.#parts;
    const { address } = state.net.inspect(asked); // as the store has it, however it was written
    return turns.take({ what: `unhold ${address}`, key: keyOf(address), deadline }, async () => {
      const { cidr, gateway } = state.spec;
      if (address === gateway)
        throw new LimpetError('OCCUPIED', `${address} is the gateway of ${cidr}, which stays held`, {
          subnet: cidr,
          address,
        });
      spares.drop(address);
      // Asked before: a shared store may tell of the change before it answers.
      const was = state.isHeld(address);
      if (!(await commits.commit([{ op: 'unhold', address }], deadline))) return asKnown === true ? false : undefined;
      if (was) log({ event: 'unhold', address, why: 'asked to' });
      return was;
    });
  }

  /** Where it fails, who asks next finds out why. */
  #holdAhead(range: string | undefined): void {
    const { clock, turns, proposals, spares } = this.#parts;
    const deadline = new Deadline(clock, AHEAD);
    const held = turns.take({ what: 'hold ahead', deadline }, () => proposals.holdAhead({ range, deadline }));
    void spares.expect(
      range ?? '',
      held.catch(() => {}),
    );
  }
}

/** Of the address's turn, which no identity has. */
function keyOf(address: string): string {
  return `\0${address}`;
}
