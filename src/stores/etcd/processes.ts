// The processes that share the store, by their leases: which of them this one is.

import type { Rank } from '../../service/store.js';

export class Processes {
  readonly #leases = new Set<string>();
  /** Sorted; undefined since one has come or gone. */
  #sorted: readonly string[] | undefined;

  begin(lease: string): void {
    if (this.#leases.has(lease)) return; // it has put its key again
    this.#leases.add(lease);
    this.#sorted = undefined;
  }

  end(lease: string): void {
    this.#leases.delete(lease);
    this.#sorted = undefined;
  }

  /** Undefined when it is the only one, or not among those that are known. */
  rankOf(lease: string): Rank | undefined {
    this.#sorted ??= [...this.#leases].sort();
    const index = this.#sorted.indexOf(lease);
    return index < 0 || this.#sorted.length < 2 ? undefined : { index, of: this.#sorted.length };
  }
}
