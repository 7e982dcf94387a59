// What a rebuild and a reader of records say to each other. A reader knows records that are not Limpet's own, such as
// Docker's tasks; which claim wins is decided in the core. No code lives here.

import type { Json } from './json.js';
import type { BindingState, SkipReason } from './types.js';

/** What one record says: this identity has, or had, one of these addresses. */
export interface Claim {
  readonly identity: string;
  /** Without prefix length, in the record's order; several for one with IPv4 and IPv6. Never empty. */
  readonly addresses: readonly string[];
  readonly state: BindingState;
  /** Its identity is meant to run. */
  readonly wanted: boolean;
  /** Below 2^48: of two claims of one identity the higher is the newer. */
  readonly rank: number;
  /** The record's ID, or `#n` (counted from 0) for one without. */
  readonly record: string;
  /** Once the core's scanner knows this word, it reads records like this one by itself. */
  readonly word?: ScannerWord;
}

/** Why a record makes no claim; the shape that a report's `skipped` has. */
export interface Refusal {
  readonly reason: SkipReason;
  readonly record: string;
  readonly identity?: string;
  readonly address?: string;
  readonly detail: string;
}

/** `elsewhere`: the record is of another network, and so none of this subnet's. */
export type Reading = Claim | Refusal | 'elsewhere';

/** A word of the records' own, and what the core's scanner shall take it for. */
export type ScannerWord =
  | { readonly kind: 'replicated service' | 'global service'; readonly word: string; readonly name: string }
  | { readonly kind: 'live state' | 'ended state' | 'network'; readonly word: string };

/** Reads the records of one rebuild. */
export interface RecordReader {
  /** What the scanner is taught before it reads anything. */
  readonly words: Iterable<ScannerWord>;
  /** Reads a record that is not a compact one. Never throws. @param index the record's place in the list, from 0 */
  read(record: unknown, index: number): Reading;
  /** Called when all records are read. @throws LimpetError BAD_INPUT when together they make no sense */
  end(): void;
}

/** What a rebuild leaves to its reader: who says what the options mean. */
export type ReaderOptions = Json;

/** Where readers come from: a host API that has one understands more than compact records. */
export interface RecordReading {
  /** The options of a rebuild that are the reader's. */
  readonly options: readonly string[];
  /** @throws TypeError, or LimpetError BAD_INPUT, when the options make no sense */
  reader(options: ReaderOptions): RecordReader;
}
