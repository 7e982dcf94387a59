// The same work in plain JavaScript, as a careful author would write it without a core: two Maps for the bindings and a
// bitmap in a Uint32Array with a moving cursor. No order of release, no exclusions, no snapshot: it does less.

export class PlainSubnet {
  readonly #size: number;
  readonly #bits: Uint32Array;
  readonly #byIdentity = new Map<string, number>();
  readonly #byOrdinal = new Map<number, string>();
  readonly #reserved = new Set<string>();
  #cursor = 0;

  constructor(size: number) {
    this.#size = size;
    this.#bits = new Uint32Array(Math.ceil(size / 32));
  }

  /** The next free ordinal from the cursor on, marked as taken; −1 when there is none. */
  hold(): number {
    const bits = this.#bits;
    let word = this.#cursor >>> 5;
    let free = ~(bits[word] as number) & (-1 << (this.#cursor & 31));
    for (let n = 0; n <= bits.length; n++) {
      if (free !== 0) {
        const ordinal = word * 32 + 31 - Math.clz32(free & -free);
        if (ordinal < this.#size) {
          bits[word] = (bits[word] as number) | (free & -free);
          this.#cursor = ordinal + 1 === this.#size ? 0 : ordinal + 1;
          return ordinal;
        }
      }
      word = word + 1 === bits.length ? 0 : word + 1;
      free = ~(bits[word] as number);
    }
    return -1;
  }

  /** Marks an ordinal as taken. */
  mark(ordinal: number): void {
    this.#bits[ordinal >>> 5] = (this.#bits[ordinal >>> 5] as number) | (1 << (ordinal & 31));
  }

  unhold(ordinal: number): void {
    this.#bits[ordinal >>> 5] = (this.#bits[ordinal >>> 5] as number) & ~(1 << (ordinal & 31));
  }

  allocate(identity: string): number {
    const own = this.#byIdentity.get(identity);
    if (own !== undefined) {
      if (this.#reserved.size > 0) this.#reserved.delete(identity);
      return own;
    }
    const ordinal = this.hold();
    if (ordinal < 0) return ordinal;
    this.#byIdentity.set(identity, ordinal);
    this.#byOrdinal.set(ordinal, identity);
    return ordinal;
  }

  release(identity: string): void {
    if (this.#byIdentity.has(identity)) this.#reserved.add(identity);
  }

  /** Binds without choosing, for a rebuild. */
  bind(identity: string, ordinal: number): void {
    this.mark(ordinal);
    this.#byIdentity.set(identity, ordinal);
    this.#byOrdinal.set(ordinal, identity);
  }
}
