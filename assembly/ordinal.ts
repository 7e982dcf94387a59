// Ordinals are 128 bits wide, as ::/0 needs. They travel as two halves; an answer stands in Ordinal until the next call.

/** The ordinal that the last search answered. */
export abstract class Ordinal {
  static lo: u64 = 0;
  static hi: u64 = 0;

  /** (aHi, aLo) > (bHi, bLo), inline: for the paths that every call takes. */
  @inline
  static above(aLo: u64, aHi: u64, bLo: u64, bHi: u64): bool {
    return aHi > bHi || (aHi == bHi && aLo > bLo);
  }
}

/** (aHi, aLo) > (bHi, bLo) */
export function above(aLo: u64, aHi: u64, bLo: u64, bHi: u64): bool {
  return Ordinal.above(aLo, aHi, bLo, bHi);
}
