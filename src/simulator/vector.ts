// A persistent list: a changed copy shares all that did not change, so that a thousand states of a simulation cost
// little more than their differences. Items lie in a tree of 32-way branches by their index; indexes may have gaps.

const BITS = 5;
const WIDTH = 1 << BITS;

type Branch = readonly unknown[];

export class Vector<T> {
  private static readonly none = new Vector<never>(undefined, BITS, 0);

  private constructor(
    private readonly root: Branch | undefined,
    /** Bits of an index that this tree tells apart. */
    private readonly bits: number,
    /** Behind the highest index that was ever set. */
    readonly length: number,
  ) {}

  static empty<T>(): Vector<T> {
    return Vector.none;
  }

  /** The item at an index; undefined in a gap or outside. */
  get(index: number): T | undefined {
    return itemAt<T>(this.root, this.bits, this.length, index);
  }

  /** The items and their indexes, ascending, without the gaps. */
  *entries(): IterableIterator<[number, T]> {
    yield* entriesOf<T>(this.root, this.bits - BITS, 0);
  }

  *values(): IterableIterator<T> {
    for (const [, item] of this.entries()) yield item;
  }

  /** Indexes whose item is not the same (`===`) in another vector, ascending; costs what differs, not what is there. */
  *differences(other: Vector<T>): IterableIterator<number> {
    const bits = Math.max(this.bits, other.bits);
    yield* differencesOf(this.grown(bits), other.grown(bits), bits - BITS, 0);
  }

  edit(): VectorEditor<T> {
    return new VectorEditor(
      (root, bits, length) => new Vector<T>(root, bits, length),
      this.root,
      this.bits,
      this.length,
    );
  }

  private grown(bits: number): Branch | undefined {
    let root = this.root;
    for (let have = this.bits; have < bits && root !== undefined; have += BITS) root = [root];
    return root;
  }
}

/** Changes to one vector, gathered: each branch is copied once, however many of its items change. */
export class VectorEditor<T> {
  private readonly own = new Set<Branch>();

  /** @internal Made by `edit`. */
  constructor(
    private readonly make: (root: Branch | undefined, bits: number, length: number) => Vector<T>,
    private root: Branch | undefined,
    private bits: number,
    private size: number,
  ) {}

  get length(): number {
    return this.size;
  }

  get(index: number): T | undefined {
    return itemAt<T>(this.root, this.bits, this.size, index);
  }

  /** As {@link Vector.entries}; changes made meanwhile may or may not show. */
  entries(): IterableIterator<[number, T]> {
    return entriesOf<T>(this.root, this.bits - BITS, 0);
  }

  /** Sets an item; undefined makes a gap. */
  set(index: number, item: T | undefined): void {
    while (index >= 2 ** this.bits) {
      if (this.root !== undefined) this.root = this.mine([this.root]);
      this.bits += BITS;
    }
    this.root = this.copied(this.root);
    let branch = this.root as unknown[];
    for (let shift = this.bits - BITS; shift > 0; shift -= BITS) {
      const at = (index >>> shift) & (WIDTH - 1);
      const next = this.copied(branch[at] as Branch | undefined);
      branch[at] = next;
      branch = next as unknown[];
    }
    branch[index & (WIDTH - 1)] = item;
    this.size = Math.max(this.size, index + 1);
  }

  /** The changed vector; the editor must not be used any more. */
  seal(): Vector<T> {
    return this.make(this.root, this.bits, this.size);
  }

  private copied(branch: Branch | undefined): Branch {
    return branch !== undefined && this.own.has(branch)
      ? branch
      : this.mine(branch === undefined ? [] : branch.slice());
  }

  private mine(branch: Branch): Branch {
    this.own.add(branch);
    return branch;
  }
}

function itemAt<T>(root: Branch | undefined, bits: number, length: number, index: number): T | undefined {
  if (index < 0 || index >= length) return undefined;
  let branch = root;
  for (let shift = bits - BITS; shift > 0 && branch !== undefined; shift -= BITS) {
    branch = branch[(index >>> shift) & (WIDTH - 1)] as Branch | undefined;
  }
  return branch?.[index & (WIDTH - 1)] as T | undefined;
}

function* entriesOf<T>(branch: Branch | undefined, shift: number, base: number): IterableIterator<[number, T]> {
  if (branch === undefined) return;
  for (let at = 0; at < branch.length; at++) {
    const item = branch[at];
    if (item === undefined) continue;
    const index = base + at * 2 ** shift;
    if (shift === 0) yield [index, item as T];
    else yield* entriesOf<T>(item as Branch, shift - BITS, index);
  }
}

function* differencesOf(
  a: Branch | undefined,
  b: Branch | undefined,
  shift: number,
  base: number,
): IterableIterator<number> {
  if (a === b) return;
  for (let at = 0; at < WIDTH; at++) {
    const [left, right] = [a?.[at], b?.[at]];
    if (left === right) continue;
    const index = base + at * 2 ** shift;
    if (shift === 0) yield index;
    else yield* differencesOf(left as Branch | undefined, right as Branch | undefined, shift - BITS, index);
  }
}
