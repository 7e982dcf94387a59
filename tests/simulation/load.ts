// What a world asks of those who serve it: etcd's transactions, readings and news, Docker's questions, Swarm's tickets.
// Counted for whoever wants to know what a swarm of that size costs; nothing is decided by it.

export class Load {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** As it is now, to be compared with later. */
  copy(): Load {
    const copy = new Load();
    for (const [what, count] of this.#counts) copy.add(what, count);
    return copy;
  }

  /** What has come since that copy was made. */
  since(before: Load): Load {
    const left = new Load();
    for (const [what, count] of this.#counts) left.add(what, count - before.get(what));
    return left;
  }
}
