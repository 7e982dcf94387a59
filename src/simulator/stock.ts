// Docker's own allocator beside Limpet. It hears what Swarm's leader asks Limpet, and answers it in its own way: the
// next free address after the last one given, a released one is free at once, and a new leader, who is told again what
// is taken, begins to search from the start. So the recordings of real swarms show.

import type { Plan } from './plan.js';

export class Stock {
  readonly #plan: Plan;
  readonly #excluded: ReadonlySet<number>;
  #taken = new Set<number>();
  /** Where the search for a free ordinal goes on. */
  #next = 0;
  /** What Limpet gave, and what Docker's own allocator gives for it. */
  readonly #given = new Map<string, string>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#excluded = new Set(plan.excluded());
  }

  /** Addresses that are taken, whoever has them. */
  taken(): Iterable<number> {
    return this.#taken;
  }

  /** What it gave where Limpet gave this address to the leader. */
  insteadOf(address: string): string | undefined {
    return this.#given.get(address);
  }

  /** The leader has asked Limpet, and has been answered. */
  hear(call: string, request: { readonly Address: string }, answer: Readonly<Record<string, unknown>>): void {
    const answered = String(answer.Address).replace(/\/\d+$/, '');
    if (call === 'IpamDriver.RequestPool') this.#begin();
    else if (call === 'IpamDriver.ReleaseAddress') this.#release(request.Address);
    else if (call === 'IpamDriver.RequestAddress' && request.Address === '') this.#give(answered);
    else if (call === 'IpamDriver.RequestAddress') this.#again(answered);
  }

  /** A new leader knows nothing yet. */
  #begin(): void {
    this.#taken = new Set();
    this.#next = 0;
  }

  #give(ofLimpet: string): void {
    const ordinal = this.#nextFree();
    if (ordinal !== undefined) this.#take(ofLimpet, ordinal);
  }

  /** A new leader says what it has in its records; a gateway is asked for by its address at once. */
  #again(ofLimpet: string): void {
    this.#take(ofLimpet, this.#plan.ordinal(this.#given.get(ofLimpet) ?? ofLimpet));
  }

  #take(ofLimpet: string, ordinal: number): void {
    this.#taken.add(ordinal);
    this.#given.set(ofLimpet, this.#plan.address(ordinal));
  }

  #release(ofLimpet: string): void {
    const address = this.#given.get(ofLimpet);
    if (address === undefined) return;
    this.#given.delete(ofLimpet);
    this.#taken.delete(this.#plan.ordinal(address));
  }

  #nextFree(): number | undefined {
    const { size } = this.#plan;
    for (let tried = 0; tried < size; tried++) {
      const ordinal = this.#next;
      this.#next = (this.#next + 1) % size;
      if (!this.#taken.has(ordinal) && !this.#excluded.has(ordinal)) return ordinal;
    }
    return undefined;
  }
}
