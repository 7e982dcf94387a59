// The shapes that cross Limpet's public API: options in, bindings and reports out. No code lives here.

/** How a free ordinal is chosen: `serial` goes on after the last one given and wraps; `lowest` takes the smallest. */
export type Policy = 'serial' | 'lowest';

/** State of a binding: `live` while its identity runs somewhere, `reserved` while it does not. */
export type BindingState = 'live' | 'reserved';

/** What an address is right now. */
export type AddressState = BindingState | 'free' | 'held' | 'excluded';

/** One identity and the address that is its own. */
export interface Binding {
  readonly identity: string;
  readonly address: string;
  readonly state: BindingState;
  /** Milliseconds since the epoch, as the host passed it to `release`; only on a reserved binding. */
  readonly releasedAt?: number;
  /** Somebody chose this address for it: nothing reclaims it before it is unpinned. Absent on others. */
  readonly pinned?: true;
}

export interface LoadOptions {
  /** 16 bytes that key the identity hash against flooding; random when absent. Addresses never depend on it. */
  readonly seed?: Uint8Array;
  /** The most memory, in bytes, that the core may grow to; rounded down to pages of 64 KiB. Default 4 GiB. */
  readonly maxMemory?: number;
}

export interface SubnetOptions {
  /** Held from the start, so that no identity gets it. */
  readonly gateway?: string;
  /** Never allocated: single addresses, CIDRs, or ranges `first-last`. */
  readonly exclude?: Iterable<string>;
  /** Default `serial`. */
  readonly policy?: Policy;
}

export interface AllocateOptions {
  /** A new binding gets this address if it is free. */
  readonly preferred?: string;
  /**
   * A new binding gets a free address of this range: `first-last`, or a CIDR. By the policy `lowest` the lowest one; by
   * `serial` that after the last one given, if that lies in the range, else the first one.
   */
  readonly range?: string;
}

export interface HoldOptions {
  /** As of {@link AllocateOptions}. */
  readonly range?: string;
}

/**
 * How many addresses are what. A count that only the subnet's width bounds is a bigint: an IPv6 subnet has more
 * addresses than a number can tell. `BigInt(stats.live) + stats.free` adds them; `JSON.stringify(stats)` writes them as
 * numbers, and as strings those above 2^53 − 1.
 */
export interface Stats {
  /** Addresses in the subnet, 2^(host bits). */
  readonly size: bigint;
  readonly live: number;
  readonly reserved: number;
  /** Held without an identity; a binding on a held ordinal counts as live or reserved, not here. */
  readonly held: number;
  readonly excluded: bigint;
  /** size − live − reserved − held − excluded. */
  readonly free: bigint;
  /** Bindings that are pinned; they count as live or reserved too. */
  readonly pinned: number;
}

/** Why a record took no part in a rebuild. */
export type SkipReason =
  | 'bad-record'
  | 'bad-identity'
  | 'bad-address'
  | 'no-address'
  | 'no-slot'
  | 'unknown-service'
  | 'unknown-state'
  | 'outside-subnet'
  | 'excluded'
  | 'held'
  | 'pinned';

export interface Skipped {
  readonly reason: SkipReason;
  /** The task's ID, or `#n` (counted from 0) for a record without one. */
  readonly record: string;
  readonly identity?: string;
  readonly address?: string;
  /** One sentence that names the value. */
  readonly detail: string;
}

/** Two identities claimed one address; the loser stays unbound. */
export interface Conflict {
  readonly address: string;
  readonly winner: string;
  readonly loser: string;
}

export interface RebuildReport {
  /** Bindings made, by state. */
  readonly live: number;
  readonly reserved: number;
  /** Claims that lost to a better claim of the same identity. */
  readonly superseded: number;
  /** Tasks without an attachment to this network. */
  readonly elsewhere: number;
  /** Sorted by address, then by loser. */
  readonly conflicts: readonly Conflict[];
  /** In the order of the input. */
  readonly skipped: readonly Skipped[];
  /** Records read by the core's own scanner, and by the host's slow path. */
  readonly scanned: { readonly core: number; readonly host: number };
}
