// An identity that was found live: what makes the next question about it one that needs no call (boundary/recall.ts).

export interface Recalled {
  /** Who found it: after a rebuild, or the end of the subnet, nobody goes by that any more. */
  readonly of: object;
  /** Where in the core's memory it shows whether all is as it was, in words of 32 bits; and the two words there. */
  readonly handle: number;
  readonly low: number;
  readonly high: number;
  readonly ordinal: number | bigint;
  /** Its address as text, once that has been asked for. */
  address: string | undefined;
}
