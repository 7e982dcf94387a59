// Bindings made anew from claims, in any order and any number of calls. Unlike allocating it chooses no ordinal: it
// only decides between claims. Everything happens in a second subnet beside the first, which stays as it is until
// commit.

import { HELD, LIVE, LOST, ownerAt, PINNED, STATE_EXCLUDED, STATE_HELD, TIME_LIMIT, WANTED } from './bindings';
import { byRank } from './by-rank';
import { sortLosers } from './losers';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { above, Ordinal } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';
import { Binding, isBefore } from './records';
import { hasRoomToBind, hasRoomToSettle } from './room';
import { createSubnet, destroySubnet, excludeRanges } from './shape';
import * as status from './status';
import { Subnet } from './subnet';
import { nextUsed } from './used';
import { createWords, Words } from './words';

// Stages of a rebuild.
/** Claims are taken. */
export const OPEN: u32 = 0;
/** Memory ran out while claims were being decided: to be decided further, or aborted. */
export const RESOLVING: u32 = 1;
export const RESOLVED: u32 = 2;
/** Memory ran out while claims were taken: only to be aborted. */
export const FAILED: u32 = 3;

@unmanaged
export class Rebuild {
  /** Where the new bindings are made. */
  staging: Subnet;
  /** Claims of distinct identities, chained by `older`; until the commit `time` is their rank. */
  claims: Binding;
  /** Where in that chain the decisions have come to. */
  undecided: Binding;
  /** Claims that another identity won and that have not been told, chained by `newer`. */
  losers: Binding;
  /** Claims that lost to one of the same identity. */
  superseded: u32;
  stage: u32;
  /** What the scanner knows by name (words.ts). */
  words: Words;
  /** What is between two records of the text being scanned. */
  scanState: u32;
  /** Tasks of other networks. */
  elsewhere: u32;
}

export function rebuildOf(subnet: Subnet): Rebuild {
  return changetype<Rebuild>(subnet.rebuild);
}

export function beginRebuild(subnet: Subnet): i32 {
  if (subnet.rebuild) return status.BAD_STATE;
  if (!reserveBlocks(CALL_BLOCKS)) return status.NO_MEMORY;
  const staging = createSubnet(subnet.version, subnet.prefix, <u8>subnet.policy.kind, subnet.baseLo, subnet.baseHi);
  for (let i: u32 = 0; i < subnet.exclusions.length; i++) {
    if (excludeRanges(staging, changetype<usize>(subnet.exclusions.range(i)), 1) != status.OK) {
      destroySubnet(staging);
      return status.NO_MEMORY;
    }
  }
  if (!reserveBlocks(CALL_BLOCKS)) {
    destroySubnet(staging);
    return status.NO_MEMORY;
  }
  // It lies among the words, and goes with them.
  const words = createWords();
  const rebuild = changetype<Rebuild>(words.nodes.zeros(offsetof<Rebuild>()));
  rebuild.staging = staging;
  staging.bitmap.keepsPages = true;
  rebuild.words = words;
  subnet.rebuild = changetype<usize>(rebuild);
  return status.OK;
}

export function abortRebuild(subnet: Subnet): i32 {
  if (!subnet.rebuild) return status.BAD_STATE;
  const rebuild = rebuildOf(subnet);
  destroySubnet(rebuild.staging);
  rebuild.words.nodes.destroy();
  subnet.rebuild = 0;
  return status.OK;
}

/** Makes room at once for so many more identities: an estimate, and never needed. */
export function expectClaims(subnet: Subnet, count: u32): i32 {
  const table = rebuildOf(subnet).staging.bindings.table;
  const most = min(<u64>table.entries + count, <u64>u32.MAX_VALUE);
  return table.expect(<u32>most) ? status.OK : status.NO_MEMORY;
}

/** An ordinal is held no more: neither will it be after the commit, when claims have been decided already. */
export function unholdStaged(subnet: Subnet, lo: u64, hi: u64): void {
  if (subnet.rebuild) rebuildOf(subnet).staging.unhold(lo, hi);
}

/** One identity says that an ordinal is its own. The better claim of an identity stands, whichever comes first. */
export function claim(
  subnet: Subnet,
  identity: usize,
  length: u32,
  hash: u32,
  lo: u64,
  hi: u64,
  rank: u64,
  flags: u8,
): i32 {
  const rebuild = rebuildOf(subnet);
  const staging = rebuild.staging;
  if (!length || rank >= TIME_LIMIT || flags & ~(LIVE | WANTED)) return status.BAD_INPUT;
  if (subnet.isOutside(lo, hi)) return status.OUT_OF_RANGE;
  const state = subnet.stateOf(lo, hi);
  if (state == STATE_EXCLUDED) return status.EXCLUDED;
  if (state == STATE_HELD) return status.OCCUPIED;
  if (isAgainstPin(subnet, identity, length, lo, hi)) return status.IS_PINNED;
  const pages = staging.bitmap.pages;
  const known = pages.of(lo, hi);
  if (!hasRoomToBind(staging.bitmap, staging.bindings, known, lo, hi, length)) return status.NO_MEMORY;
  let binding = staging.bindings.ofHashed(identity, length, hash);
  if (exists(binding)) {
    rebuild.superseded++;
    if (!replaces(staging, binding, flags, rank, lo, hi)) return status.OK;
  } else {
    binding = staging.bindings.add(identity, length, flags);
    binding.older = rebuild.claims;
    rebuild.claims = binding;
  }
  binding.flags = flags;
  binding.time = rank;
  binding.place = pages.place(pages.orNew(known, lo, hi), lo);
  return status.CHANGED;
}

/** Whether the ordinal is pinned to another identity, or the identity to another ordinal: pins stay. */
function isAgainstPin(subnet: Subnet, identity: usize, length: u32, lo: u64, hi: u64): bool {
  if (!subnet.bindings.pinned) return false;
  const owner = subnet.bindingAt(lo, hi);
  const own = subnet.bindings.of(identity, length);
  if (owner == own) return false;
  return (exists(owner) && (owner.flags & PINNED) != 0) || (exists(own) && (own.flags & PINNED) != 0);
}

/** Whether a claim beats the standing one of its identity: wanted, then newer, then live, then the lower ordinal. */
function replaces(staging: Subnet, standing: Binding, flags: u8, rank: u64, lo: u64, hi: u64): bool {
  const differ = flags ^ standing.flags;
  if (differ & WANTED) return (flags & WANTED) != 0;
  if (rank != standing.time) return rank > standing.time;
  if (differ & LIVE) return (flags & LIVE) != 0;
  staging.bitmap.pages.toOrdinal(standing.place);
  return above(Ordinal.lo, Ordinal.hi, lo, hi);
}

/** Which of two identities has an ordinal: the live one, then the wanted, then the newer, then the lower identity. */
function wins(a: Binding, b: Binding): bool {
  const differ = a.flags ^ b.flags;
  if (differ & LIVE) return (a.flags & LIVE) != 0;
  if (differ & WANTED) return (a.flags & WANTED) != 0;
  if (a.time != b.time) return a.time > b.time;
  return isBefore(a, b);
}

/** Decides between identities that claim one ordinal. What lost is read with nextLoser; commit or abort follow. */
export function resolveRebuild(subnet: Subnet): i32 {
  const rebuild = rebuildOf(subnet);
  if (rebuild.stage == RESOLVED) return status.OK;
  if (rebuild.stage == OPEN) {
    if (!keepPins(subnet, rebuild)) return status.NO_MEMORY;
    rebuild.undecided = rebuild.claims;
  }
  rebuild.stage = RESOLVING;
  const staging = rebuild.staging;
  const kept = keepHolds(subnet, rebuild);
  if (kept != status.OK) return kept;
  for (let binding = rebuild.undecided; exists(binding); binding = rebuild.undecided) {
    const page = staging.bitmap.pages.at(binding.place);
    if (!hasRoomToSettle(staging.bitmap, page, Ordinal.offset(binding.place))) return status.NO_MEMORY;
    rebuild.undecided = binding.older;
    settleClaim(rebuild, binding, page);
  }
  rebuild.stage = RESOLVED;
  rebuild.losers = sortLosers(rebuild.losers, staging.bitmap.pages);
  return status.OK;
}

/** What is pinned stays so, claimed or not: nobody else has claimed its ordinal. False when memory is short. */
function keepPins(subnet: Subnet, rebuild: Rebuild): bool {
  const staging = rebuild.staging;
  let left = subnet.bindings.pinned;
  let lo: u64 = 0;
  let hi: u64 = 0;
  while (left && nextUsed(subnet, lo, hi)) {
    lo = Ordinal.lo;
    hi = Ordinal.hi;
    const pinned = subnet.bindingAt(lo, hi);
    if (exists(pinned) && pinned.flags & PINNED) {
      let claimed = staging.bindings.of(pinned.identity, pinned.length);
      if (!exists(claimed)) {
        const pages = staging.bitmap.pages;
        const known = pages.of(lo, hi);
        if (!hasRoomToBind(staging.bitmap, staging.bindings, known, lo, hi, pinned.length)) return false;
        claimed = staging.bindings.add(pinned.identity, pinned.length, 0);
        claimed.older = rebuild.claims;
        rebuild.claims = claimed;
        claimed.place = pages.place(pages.orNew(known, lo, hi), lo);
      }
      claimed.flags |= PINNED;
      left--;
    }
    hi += <u64>(++lo == 0);
  }
  return true;
}

function settleClaim(rebuild: Rebuild, binding: Binding, page: Page): void {
  const staging = rebuild.staging;
  const place = binding.place;
  if (!page.has(Ordinal.offset(place))) {
    staging.settle(binding, page, place);
    return;
  }
  const other = ownerAt(page, Ordinal.offset(place));
  if (!exists(other) || !wins(binding, other)) {
    lose(rebuild, binding);
    return;
  }
  staging.bindings.disown(other, page);
  lose(rebuild, other);
  staging.bindings.own(binding, page);
}

function lose(rebuild: Rebuild, binding: Binding): void {
  rebuild.staging.bindings.remove(binding);
  binding.flags |= LOST;
  binding.newer = rebuild.losers;
  rebuild.losers = binding;
}

/** Takes one loser off the list; null when there is none. Its memory goes with the commit. */
export function nextLoser(rebuild: Rebuild): Binding {
  const loser = rebuild.losers;
  if (exists(loser)) rebuild.losers = loser.newer;
  return loser;
}

/**
 * Puts the new bindings in the place of the old ones and answers the subnet that now stands; null when memory is short.
 * Reserved bindings count as released at `time`, those of lower rank first.
 */
export function commitRebuild(subnet: Subnet, time: u64): Subnet {
  const rebuild = rebuildOf(subnet);
  const staging = rebuild.staging;
  if (keepHolds(subnet, rebuild) != status.OK) return changetype<Subnet>(0);
  staging.bindings.lastTime = subnet.bindings.lastTime;
  if (!chainReserved(rebuild, time)) return changetype<Subnet>(0);
  staging.policy.cursorLo = subnet.policy.cursorLo;
  staging.policy.cursorHi = subnet.policy.cursorHi;
  staging.bitmap.keepsPages = false;
  dropEmptyPages(staging);
  rebuild.words.nodes.destroy();
  destroySubnet(subnet);
  return staging;
}

/**
 * What is held stays held. Before claims are resolved: what is held alone, so that claims for it lose. At commit: also
 * what is held beside a binding, and what has been held since.
 */
function keepHolds(subnet: Subnet, rebuild: Rebuild): i32 {
  let lo: u64 = 0;
  let hi: u64 = 0;
  while (nextUsed(subnet, lo, hi)) {
    lo = Ordinal.lo;
    hi = Ordinal.hi;
    const binding = subnet.bindingAt(lo, hi);
    if (!exists(binding) || (rebuild.stage == RESOLVED && binding.flags & HELD)) {
      if (rebuild.staging.rehold(lo, hi) == status.NO_MEMORY) return status.NO_MEMORY;
    }
    hi += <u64>(++lo == 0);
    if (!(lo | hi)) break;
  }
  return status.OK;
}

/**
 * Chains the reserved bindings by rank, those of one rank by ordinal, and frees the losers; pinned ones are in no
 * chain. False when memory is short.
 */
function chainReserved(rebuild: Rebuild, time: u64): bool {
  const bindings = rebuild.staging.bindings;
  const sorted = byRank(rebuild.claims, bindings.reserved, rebuild.staging.bitmap.pages, rebuild.words.nodes);
  if (!exists(sorted)) return false;
  for (let claim = rebuild.claims; exists(claim); ) {
    const next = claim.older;
    if (claim.flags & LOST) bindings.records.free(claim);
    else if (claim.flags & LIVE)
      claim.time = 0; // a rank is no stamp
    else if (claim.flags & PINNED) {
      claim.flags &= ~WANTED;
      bindings.stampRelease(claim, time);
    }
    claim = next;
  }
  for (let i: u32 = 0; i < sorted.length; i++) {
    const binding = sorted.binding(i);
    binding.flags &= ~WANTED;
    bindings.chain(binding, time);
  }
  return true;
}

/** Claims that were beaten may have left pages without a bit. */
function dropEmptyPages(staging: Subnet): void {
  const pages = staging.bitmap.pages;
  for (let page = pages.firstFrom(0, 0); exists(page); ) {
    const next = pages.after(page);
    pages.dropIfEmpty(page);
    page = next;
  }
}
