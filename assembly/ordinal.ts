// Ordinals are 128 bits wide, as ::/0 needs. They travel as two halves; an answer stands in Ordinal until the next
// call. The upper bits of an ordinal are the number of its page, the lower ones its offset there (page.ts).

/** Bits of an ordinal that are its offset in a page. */
export const PAGE_BITS: u32 = 12;
/** Ordinals of a page. */
export const PAGE_SIZE: u32 = 1 << PAGE_BITS;

/** The ordinal that the last search answered. */
export abstract class Ordinal {
  static lo: u64 = 0;
  static hi: u64 = 0;

  /** (aHi, aLo) > (bHi, bLo), inline: for the paths that every call takes. */
  @inline
  static above(aLo: u64, aHi: u64, bLo: u64, bHi: u64): bool {
    return aHi > bHi || (aHi == bHi && aLo > bLo);
  }

  /** The number of an ordinal's page, low half; of a page's number, that of the page above it. */
  @inline
  static pageLo(lo: u64, hi: u64): u64 {
    return (lo >> PAGE_BITS) | (hi << (64 - PAGE_BITS));
  }

  /** The high half of the same. */
  @inline
  static pageHi(hi: u64): u64 {
    return hi >> PAGE_BITS;
  }

  /** What is left of the low half: the offset in the page. */
  @inline
  static offset(lo: u64): u32 {
    return <u32>lo & (PAGE_SIZE - 1);
  }
}

/** (aHi, aLo) > (bHi, bLo) */
export function above(aLo: u64, aHi: u64, bLo: u64, bHi: u64): bool {
  return Ordinal.above(aLo, aHi, bLo, bHi);
}
