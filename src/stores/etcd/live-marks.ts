// The live marks of one binding, by node. A Map of one entry is five times as large as the entry, and nearly every
// binding of a million has one mark or none: so the first one stands by itself, and only further ones take a Map.

export interface LiveMark {
  /** 0 for a mark of this process that etcd has lost and that has to be put again. */
  mod: number;
  lease: string;
}

export class LiveMarks implements Iterable<readonly [node: string, mark: LiveMark]> {
  #node: string | undefined;
  #mark: LiveMark | undefined;
  /** Those after the first one; there is none without a first. */
  #more: Map<string, LiveMark> | undefined;

  get size(): number {
    return (this.#node === undefined ? 0 : 1) + (this.#more?.size ?? 0);
  }

  get(node: string): LiveMark | undefined {
    return node === this.#node ? this.#mark : this.#more?.get(node);
  }

  has(node: string): boolean {
    return this.get(node) !== undefined;
  }

  set(node: string, mark: LiveMark): void {
    if (this.#node === undefined || this.#node === node) {
      [this.#node, this.#mark] = [node, mark];
    } else {
      this.#more ??= new Map();
      this.#more.set(node, mark);
    }
  }

  delete(node: string): void {
    if (node !== this.#node) {
      this.#more?.delete(node);
      return;
    }
    const [second] = this.#more ?? [];
    [this.#node, this.#mark] = second ?? [];
    if (second !== undefined) this.#more?.delete(second[0]);
  }

  clear(): void {
    [this.#node, this.#mark, this.#more] = [undefined, undefined, undefined];
  }

  *[Symbol.iterator](): Generator<readonly [node: string, mark: LiveMark]> {
    if (this.#node === undefined) return;
    yield [this.#node, this.#mark as LiveMark];
    if (this.#more !== undefined) yield* this.#more;
  }

  *keys(): Generator<string> {
    for (const [node] of this) yield node;
  }
}
