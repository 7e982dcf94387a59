// On which nodes each binding is live. A million bindings are live on a few nodes: what is kept for each is a number that
// stands for a set of nodes, by the ordinal, which is a number too.

/** An ordinal as the host API answers it. */
type Ordinal = number | bigint;

export class LiveNodes {
  /** Every set of nodes that has occurred; the first is the empty one. */
  readonly #sets: (readonly string[])[] = [[]];
  readonly #numbers = new Map<string, number>([['[]', 0]]);
  readonly #setOf = new Map<Ordinal, number>();

  on(ordinal: Ordinal): readonly string[] {
    return this.#sets[this.#setOf.get(ordinal) ?? 0] as readonly string[];
  }

  add(ordinal: Ordinal, node: string): void {
    const nodes = this.on(ordinal);
    if (!nodes.includes(node)) this.#set(ordinal, [...nodes, node].sort());
  }

  remove(ordinal: Ordinal, node: string): void {
    this.#set(
      ordinal,
      this.on(ordinal).filter((each) => each !== node),
    );
  }

  #set(ordinal: Ordinal, nodes: readonly string[]): void {
    if (nodes.length === 0) {
      this.#setOf.delete(ordinal);
      return;
    }
    const key = JSON.stringify(nodes);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#sets.push(nodes) - 1;
      this.#numbers.set(key, number);
    }
    this.#setOf.set(ordinal, number);
  }
}
