// Limpet at work in the simulated swarm: the ticket protocol (docs/ARCHITECTURE.md, "The way of an address") on a
// subnet of the core, through the package's public API. The cells that a page draws are read back from the core,
// address by address, after every call.

import type { Limpet } from '../host/limpet.js';
import type { Subnet } from '../host/subnet.js';
import type { Binding } from '../host/types.js';
import type { Plan } from './plan.js';
import type { Cell } from './types.js';
import type { VectorEditor } from './vector.js';
import type { AllocatorRecord } from './world.js';

/** A fresh subnet of the core for the plan. */
export function subnetOf(limpet: Limpet, plan: Plan): Subnet {
  return limpet.subnet(plan.cidr, { gateway: plan.gateway, exclude: plan.exclude });
}

export class StickyDraft {
  readonly cells: VectorEditor<Cell>;
  readonly holds: VectorEditor<string>;
  /** Bindings that this step reclaimed because the subnet was full. */
  readonly reclaimed: Binding[] = [];

  #net: Subnet;

  constructor(
    net: Subnet,
    private readonly plan: Plan,
    private readonly before: AllocatorRecord,
  ) {
    this.#net = net;
    this.cells = before.cells.edit();
    this.holds = before.holds.edit();
  }

  get net(): Subnet {
    return this.#net;
  }

  /**
   * The leader asks for somebody whom it cannot name: a fresh address, held. Undefined when not even reclaiming helps.
   */
  hold(purpose: string): string | undefined {
    // One reclaim can be too few: an address that is held besides stays taken.
    while (this.full) if (!this.reclaim()) return undefined;
    const address = this.net.holdNext();
    this.note(address, purpose);
    return address;
  }

  /** A new leader replays a record. */
  rehold(address: string, purpose: string): void {
    this.net.rehold(address);
    this.note(address, purpose);
  }

  unhold(address: string): void {
    this.net.unhold(address);
    this.note(address, undefined);
  }

  /** The node trades a ticket for the identity's own address; `busy` while the identity is live somewhere. */
  trade(identity: string, ticket: string): string | 'busy' {
    if (this.net.lookup(identity)?.state === 'live') return 'busy';
    const address = this.net.trade(identity, ticket);
    this.refresh(address);
    return address;
  }

  /** The container has stopped, or its node's lease has run out. */
  release(identity: string, time: number): void {
    this.net.release(identity, time * 1000);
    this.refresh(this.net.lookup(identity)?.address as string);
  }

  get full(): boolean {
    return this.net.stats.free === 0n;
  }

  seal(): Pick<AllocatorRecord, 'cells' | 'counts' | 'cursor' | 'holds'> {
    const { size, live, reserved, held, excluded, free } = this.net.stats;
    const counts = { size: Number(size), live, reserved, held, excluded: Number(excluded), free: Number(free) };
    return { cells: this.cells.seal(), counts, cursor: this.before.cursor, holds: this.holds.seal() };
  }

  /** Reads an address's cell back from the core. */
  refresh(address: string): void {
    const { state, identity } = this.net.inspect(address);
    const ordinal = this.plan.ordinal(address);
    const held = state === 'held' ? this.holds.get(ordinal) : undefined;
    const was = this.cells.get(ordinal);
    if (state === 'free') this.cells.set(ordinal, undefined);
    else if (was?.state !== state || was.identity !== identity || was.held !== held) {
      const about = identity !== undefined ? { identity } : held !== undefined ? { held } : {};
      this.cells.set(ordinal, { state, ...about });
    }
  }

  /** Goes on with another subnet of the core; {@link readBack} must follow. */
  replace(net: Subnet): void {
    this.#net = net;
  }

  /** Reads all that is bound or held back from the core; cells that did not change stay the same objects. */
  readBack(held: Iterable<{ readonly address: string; readonly purpose: string }>): void {
    for (const [ordinal] of [...this.holds.entries()]) this.holds.set(ordinal, undefined);
    for (const { address, purpose } of held) this.holds.set(this.plan.ordinal(address), purpose);
    for (const [ordinal, { state }] of [...this.cells.entries()]) {
      if (state !== 'excluded') this.refresh(this.plan.address(ordinal));
    }
    for (const { address } of this.net.bindings()) this.refresh(address);
    for (const address of this.net.held()) this.refresh(address);
  }

  private note(address: string, purpose: string | undefined): void {
    this.holds.set(this.plan.ordinal(address), purpose);
    this.refresh(address);
  }

  private reclaim(): boolean {
    const [gone] = this.net.reclaimOldest();
    if (gone === undefined) return false;
    this.reclaimed.push(gone);
    this.refresh(gone.address);
    return true;
  }
}
