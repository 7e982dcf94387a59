// What a contestant of the race must be able to do, on the side of Node; bench/peers/go/race has the same for Go.

/** An allocator of IPv4 addresses by its own public API. `A` is an address as that API speaks of it. */
export interface Peer<A> {
  /**
   * An empty 10.0.0.0/prefix in the place of what was there; neither network nor broadcast address may be given out.
   */
  open(prefix: number): void;
  /** The next free address, by the allocator's own policy. Throws, or answers undefined, when there is none. */
  take(): A | undefined;
  give(address: A): void;
  /** Takes this very address. */
  occupy(ordinal: number): A;
  /** Index in the subnet, and the address of an index: outside the clock. */
  ordinal(address: A): number;
  address(ordinal: number): A;
  /**
   * Leaves every `every`-th ordinal free and all others taken; without it everything is taken, then those given back.
   */
  prepare?(prefix: number, every: number): void;
  /** Stickiness of its own; without it a Map is put beside it (beside.ts). */
  readonly sticky?: Sticky<A>;
  /** Bytes that it uses, where it can say; of all others JavaScript's heap and buffers are measured. */
  used?(): number;
}

export interface Sticky<A> {
  /** The identity's own address, a new one at the first time. */
  stick(identity: string): A | undefined;
  /** The identity no longer runs; its address stays its own. */
  release(identity: string): void;
  /** Puts the first `count` bindings in, each at its ordinal, into a subnet without any. */
  restore(identities: readonly string[], ordinals: Uint32Array, count: number): void;
}

/** The first address of every subnet, as a number. */
export const BASE = 10 * 2 ** 24;
