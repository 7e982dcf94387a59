// On which nodes each binding is live. A million bindings are live on a few nodes: what is kept for each is a number
// that stands for a set of nodes, in pages of neighbouring ordinals, so that a dense subnet costs four bytes a binding.
//
//   #pages   ordinal / 64 → 64 numbers of sets     #sets   number → nodes, sorted; number 0 is the empty set

/** An ordinal as the host API answers it. */
type Ordinal = number | bigint;

const PAGE = 64;

export class LiveNodes {
  /** Every set of nodes that has occurred. */
  readonly #sets: (readonly string[])[] = [[]];
  readonly #numbers = new Map<string, number>([['[]', 0]]);
  /** For each set what it becomes with one node more. */
  readonly #with: Map<string, number>[] = [new Map()];
  readonly #pages = new Map<Ordinal, Uint32Array>();
  #size = 0;

  /** How many bindings are live on at least one node. */
  get size(): number {
    return this.#size;
  }

  on(ordinal: Ordinal): readonly string[] {
    return this.#sets[this.#pages.get(pageOf(ordinal))?.[slotOf(ordinal)] ?? 0] as readonly string[];
  }

  /** Ordinals of the bindings that are live on the node, ascending. Looks at each page, and at no binding. */
  *of(node: string): Generator<Ordinal> {
    const isOn = this.#sets.map((nodes) => nodes.includes(node));
    const pages = [...this.#pages].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [page, sets] of pages)
      for (const [slot, set] of sets.entries()) if (isOn[set]) yield ordinalOf(page, slot);
  }

  add(ordinal: Ordinal, node: string): void {
    let page = this.#pages.get(pageOf(ordinal));
    if (page === undefined) {
      page = new Uint32Array(PAGE);
      this.#pages.set(pageOf(ordinal), page);
    }
    const slot = slotOf(ordinal);
    const before = page[slot] as number;
    if (before === 0) this.#size++;
    page[slot] = this.#with[before]?.get(node) ?? this.#learnWith(before, node);
  }

  remove(ordinal: Ordinal, node: string): void {
    const page = this.#pages.get(pageOf(ordinal));
    const before = page?.[slotOf(ordinal)] ?? 0;
    if (page === undefined || before === 0) return;
    const nodes = this.#sets[before] as readonly string[];
    const after = this.#numberOf(nodes.filter((each) => each !== node));
    page[slotOf(ordinal)] = after;
    if (after !== 0) return;
    this.#size--;
    if (page.every((each) => each === 0)) this.#pages.delete(pageOf(ordinal));
  }

  #learnWith(before: number, node: string): number {
    const nodes = this.#sets[before] as readonly string[];
    const after = nodes.includes(node) ? before : this.#numberOf([...nodes, node].sort());
    (this.#with[before] as Map<string, number>).set(node, after);
    return after;
  }

  #numberOf(nodes: readonly string[]): number {
    const key = JSON.stringify(nodes);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#sets.push(nodes) - 1;
      this.#with.push(new Map());
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function pageOf(ordinal: Ordinal): Ordinal {
  return typeof ordinal === 'bigint' ? ordinal >> 6n : Math.floor(ordinal / PAGE);
}

function ordinalOf(page: Ordinal, slot: number): Ordinal {
  return typeof page === 'bigint' ? (page << 6n) + BigInt(slot) : page * PAGE + slot;
}

function slotOf(ordinal: Ordinal): number {
  return typeof ordinal === 'bigint' ? Number(ordinal & 63n) : ordinal % PAGE;
}
