// A page of the bitmap: 4096 bits with a summary word, and who owns its ordinals. Unlike bitmap.ts it knows of no other
// page: a bit here says nothing about the levels above.

import { Ordinal, PAGE_BITS, PAGE_SIZE } from './ordinal';
import { FAN, Nodes } from './vector';

//   page  ┌───────────┬───────────────────┬─────────┬────┬────────┬──────────┐
//         │ number lo │ number hi | level │ summary │ id │ owners │ words    │   544 bytes
//         │ 0         │ 8                 │ 16      │ 24 │ 28     │ 32       │
//         └───────────┴───────────────────┴─────────┴────┴────────┴──────────┘
const WORDS: usize = 32;
export const PAGE_BYTES: u32 = 544;

/** The level stands in the top byte of the number's high half, which a number of at most 116 bits leaves free. */
const LEVEL_SHIFT: u64 = 56;
const NUMBER_HI: u64 = ((<u64>1) << LEVEL_SHIFT) - 1;

@unmanaged
export class Page {
  numberLo: u64;
  taggedHi: u64;
  /** One bit for each word that has no clear bit left. */
  summary: u64;
  /** What the page is called in places (pages.ts). */
  id: u32;
  /** Of a level-0 page: a node of 32 nodes of 128 owners each, made when the first comes; 0 before. */
  owners: usize;

  /** The high half of a page's number with its level. */
  @inline
  static tagged(hi: u64, level: u64): u64 {
    return hi | (level << LEVEL_SHIFT);
  }

  @inline
  static levelOf(taggedHi: u64): u32 {
    return <u32>(taggedHi >> LEVEL_SHIFT);
  }

  get level(): u32 {
    return Page.levelOf(this.taggedHi);
  }

  get numberHi(): u64 {
    return this.taggedHi & NUMBER_HI;
  }

  @inline
  is(lo: u64, taggedHi: u64): bool {
    return this.numberLo == lo && this.taggedHi == taggedHi;
  }

  /** The word that has the bit of `offset`. */
  @inline
  word(offset: u32): u64 {
    return load<u64>(changetype<usize>(this) + ((offset >> 6) << 3), WORDS);
  }

  /** Where that word stands. */
  @inline
  wordAt(offset: u32): usize {
    return changetype<usize>(this) + WORDS + ((offset >> 6) << 3);
  }

  @inline
  setWord(offset: u32, word: u64): void {
    store<u64>(changetype<usize>(this) + ((offset >> 6) << 3), word, WORDS);
  }

  @inline
  has(offset: u32): bool {
    return <bool>((this.word(offset) >> (offset & 63)) & 1);
  }

  /** First offset at or after `offset` whose bit is clear, or PAGE_SIZE. */
  nextClear(offset: u32): u32 {
    const clear = ~this.word(offset) >> (offset & 63);
    if (clear) return offset + <u32>ctz(clear);
    // Two shifts: one by 64 would shift by 0.
    const partly = (~this.summary >> (offset >> 6)) >> 1;
    if (!partly) return PAGE_SIZE;
    const next = ((offset >> 6) + 1 + <u32>ctz(partly)) << 6;
    return next + <u32>ctz(~this.word(next));
  }

  /**
   * First offset of all whose bit is clear, in a page that has one. Reads no word but its own: each can be a cache
   * miss.
   */
  firstClear(): u32 {
    const first = (<u32>ctz(~this.summary)) << 6;
    return first + <u32>ctz(~this.word(first));
  }

  /** First offset at or after `offset` (PAGE_SIZE at the most) whose bit is set, or PAGE_SIZE. */
  nextSet(offset: u32): u32 {
    let below: u64 = offset & 63;
    for (let at = offset & ~63; at < PAGE_SIZE; at += 64) {
      const bits = (this.word(at) >> below) << below;
      if (bits) return at + <u32>ctz(bits);
      below = 0;
    }
    return PAGE_SIZE;
  }

  /** Puts the ordinal at `offset` of a level-0 page into Ordinal. */
  toOrdinal(offset: u32): void {
    Ordinal.lo = (this.numberLo << PAGE_BITS) | offset;
    Ordinal.hi = (this.taggedHi << PAGE_BITS) | (this.numberLo >> (64 - PAGE_BITS));
  }

  /** What owns the ordinal at `offset`: an address that setOwner was given, or 0. */
  owner(offset: u32): usize {
    if (!this.owners) return 0;
    const node = load<usize>(this.owners + ((offset / FAN) << 2));
    return node ? load<usize>(node + ((offset % FAN) << 2)) : 0;
  }

  setOwner(offset: u32, owner: usize, nodes: Nodes): void {
    if (!this.owners) this.owners = nodes.node();
    const slot = this.owners + ((offset / FAN) << 2);
    let node = load<usize>(slot);
    if (!node) {
      node = nodes.node();
      store<usize>(slot, node);
    }
    store<usize>(node + ((offset % FAN) << 2), owner);
  }

  /** How many nodes it takes to set the owner of `offset`. */
  nodesToOwn(offset: u32): u32 {
    if (!this.owners) return 2;
    return load<usize>(this.owners + ((offset / FAN) << 2)) ? 0 : 1;
  }

  /** Whether setting the bit of `offset` leaves no clear one. */
  wouldFill(offset: u32): bool {
    if (~(this.word(offset) | ((<u64>1) << (offset & 63)))) return false;
    return !~(this.summary | ((<u64>1) << (offset >> 6)));
  }

  /** Gives the nodes of the owners back. */
  dropOwners(nodes: Nodes): void {
    const owners = this.owners;
    if (!owners) return;
    for (let slot = owners; slot < owners + (PAGE_SIZE / FAN) * 4; slot += 4) {
      const node = load<usize>(slot);
      if (node) nodes.giveNode(node);
    }
    nodes.giveNode(owners);
    this.owners = 0;
  }
}
