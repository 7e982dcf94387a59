// The exports of the core as typed functions: docs/ABI.md, "Calls". A number that means one thing cannot be passed for
// another. Only the files of this folder call them.

import { LimpetError } from '../errors.js';
import type { Status } from './status.js';

declare const meaning: unique symbol;
type Meaning<Name extends string> = number & { readonly [meaning]: Name };

/** The core's number of a subnet. */
export type SubnetId = Meaning<'subnet'>;
/** Bytes of the identity in the io area. Only putting one there gives it. */
export type IdentityLength = Meaning<'identity length'>;
/** Bytes at the start of the window. */
export type WindowLength = Meaning<'window length'>;
/** An offset in the window. */
export type WindowOffset = Meaning<'window offset'>;
/** What the scanner shall take a word for. */
export type WordKind = Meaning<'word kind'>;
/** 64 KiB each. */
export type Pages = Meaning<'pages'>;
/** The place of a policy in POLICIES. */
export type PolicyNumber = Meaning<'policy'>;
/** How many ranges, or identities, stand in the window. */
export type Count = Meaning<'count'>;
export type Prefix = Meaning<'prefix'>;

export interface Calls {
  abi_version(): number;
  io(): number;
  window(): number;
  set_seed(): Status;
  set_memory_limit(pages: Pages): void;
  memory_used(): number;
  subnet_create(version: 4 | 6, prefix: Prefix, policy: PolicyNumber, ranges: Count): SubnetId | Status;
  subnet_destroy(subnet: SubnetId): Status;
  subnet_stats(subnet: SubnetId): Status;
  allocate(subnet: SubnetId, identity: IdentityLength): Status;
  allocate_preferred(subnet: SubnetId, identity: IdentityLength): Status;
  allocate_in(subnet: SubnetId, identity: IdentityLength): Status;
  allocate_many(subnet: SubnetId, identities: Count, results: WindowOffset): Status;
  bind(subnet: SubnetId, identity: IdentityLength): Status;
  trade(subnet: SubnetId, identity: IdentityLength): Status;
  release(subnet: SubnetId, identity: IdentityLength): Status;
  pin(subnet: SubnetId, identity: IdentityLength): Status;
  unpin(subnet: SubnetId, identity: IdentityLength): Status;
  reclaim(subnet: SubnetId, identity: IdentityLength): Status;
  reclaim_oldest(subnet: SubnetId): Status;
  oldest(subnet: SubnetId): Status;
  hold(subnet: SubnetId): Status;
  hold_next(subnet: SubnetId): Status;
  hold_next_in(subnet: SubnetId): Status;
  is_held(subnet: SubnetId): Status;
  rehold(subnet: SubnetId): Status;
  unhold(subnet: SubnetId): Status;
  lookup(subnet: SubnetId, identity: IdentityLength): Status;
  inspect(subnet: SubnetId): Status;
  next(subnet: SubnetId): Status;
  rebuild_begin(subnet: SubnetId): Status;
  rebuild_expect(subnet: SubnetId, identities: Count): Status;
  rebuild_feed(subnet: SubnetId, records: WindowLength): Count | Status;
  rebuild_word(subnet: SubnetId, kind: WordKind, word: WindowOffset, name: WindowLength): Status;
  rebuild_scan_array(subnet: SubnetId, from: WindowOffset, end: WindowLength): Status;
  rebuild_scan_lines(subnet: SubnetId, from: WindowOffset, end: WindowLength): Status;
  rebuild_resolve(subnet: SubnetId): Status;
  rebuild_conflict(subnet: SubnetId): Status;
  rebuild_commit(subnet: SubnetId): Status;
  rebuild_abort(subnet: SubnetId): Status;
  snapshot_begin(subnet: SubnetId): Status;
  snapshot_next(): WindowLength;
  restore_begin(): void;
  restore_feed(bytes: WindowLength): Status;
  restore_abort(): void;
}

/** Every call once: the compiler sees that none is missing. */
const NAMES: Readonly<Record<keyof Calls, true>> = {
  abi_version: true,
  io: true,
  window: true,
  set_seed: true,
  set_memory_limit: true,
  memory_used: true,
  subnet_create: true,
  subnet_destroy: true,
  subnet_stats: true,
  allocate: true,
  allocate_preferred: true,
  allocate_in: true,
  allocate_many: true,
  bind: true,
  trade: true,
  release: true,
  pin: true,
  unpin: true,
  reclaim: true,
  reclaim_oldest: true,
  oldest: true,
  hold: true,
  hold_next: true,
  hold_next_in: true,
  is_held: true,
  rehold: true,
  unhold: true,
  lookup: true,
  inspect: true,
  next: true,
  rebuild_begin: true,
  rebuild_expect: true,
  rebuild_feed: true,
  rebuild_word: true,
  rebuild_scan_array: true,
  rebuild_scan_lines: true,
  rebuild_resolve: true,
  rebuild_conflict: true,
  rebuild_commit: true,
  rebuild_abort: true,
  snapshot_begin: true,
  snapshot_next: true,
  restore_begin: true,
  restore_feed: true,
  restore_abort: true,
};

type Call = (a?: number, b?: number, c?: number, d?: number) => number;

/**
 * The calls of one instance. A trap means a bug and may have left anything behind, so that no later answer could be
 * trusted: after one, every call is refused.
 * @throws LimpetError BAD_INPUT when an export is missing
 */
export function callsOf(exports: WebAssembly.Exports, onTrap: () => void): Calls {
  let trap: LimpetError | undefined;
  const trapped = (name: string, cause: unknown) => {
    onTrap();
    const message = `the core trapped in ${name}; this instance answers no more calls`;
    trap = new LimpetError('BROKEN', message, { call: name, cause });
    return trap;
  };
  const guard =
    (name: string, call: Call): Call =>
    (a, b, c, d) => {
      if (trap !== undefined) throw trap;
      try {
        return call(a, b, c, d);
      } catch (cause) {
        throw trapped(name, cause);
      }
    };
  const raw: Record<string, Call> = {};
  const calls: Record<string, Call> = {};
  for (const name of Object.keys(NAMES)) {
    const call = exports[name];
    if (typeof call !== 'function') throw foreign(`it exports no function ${name}`);
    raw[name] = call as Call;
    calls[name] = guard(name, call as Call);
  }
  // The hot ones in functions of their own: a guard that has seen every export is called, and calls, the slow way.
  const { allocate, lookup } = raw as unknown as Calls;
  return {
    ...(calls as unknown as Calls),
    allocate: (subnet, identity) => {
      if (trap !== undefined) throw trap;
      try {
        return allocate(subnet, identity);
      } catch (cause) {
        throw trapped('allocate', cause);
      }
    },
    lookup: (subnet, identity) => {
      if (trap !== undefined) throw trap;
      try {
        return lookup(subnet, identity);
      } catch (cause) {
        throw trapped('lookup', cause);
      }
    },
  };
}

export function foreign(why: string, cause?: unknown): LimpetError {
  const message = `this WebAssembly module is not a Limpet core: ${why}`;
  return new LimpetError('BAD_INPUT', message, cause === undefined ? {} : { cause });
}
