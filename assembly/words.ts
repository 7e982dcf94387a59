// The words that the scanner understands only because the host has told it: which services and states there are, and
// which network is meant. So Docker's vocabulary stands in the host, and the core can meet new words without change.

import { equalBytes, hashBytes } from './hash';
import { Text } from './json';
import { Binding, FREE, NONE } from './records';
import { Subnet } from './subnet';
import { firstCandidate, nextCandidate } from './table';

// Kinds of words; part of the ABI.
/** A service's ID, with its name; its tasks are told apart by slot. */
export const REPLICATED: u32 = 1;
/** A service's ID, with its name; its tasks are told apart by node. */
export const GLOBAL: u32 = 2;
/** A task state in which the task may still hold its address. */
export const STATE_LIVE: u32 = 3;
/** A task state in which it no longer can. */
export const STATE_ENDED: u32 = 4;
/** The ID of the network to be rebuilt. */
export const NETWORK: u32 = 5;

/**
 * Adds a word, and its name behind it. Words are kept as a subnet keeps identities: `flags` is the kind, `place` the
 * binding-like record that holds the name. Memory has been reserved.
 */
export function addWord(words: Subnet, kind: u32, word: usize, length: u32, nameLength: u32): void {
  words.byIdentity(word, length);
  const entry = words.addIdentity(word, length, <u8>kind);
  entry.place = 0;
  if (nameLength) entry.place = <u32>changetype<usize>(words.records.make(word + length, nameLength, FREE));
}

/** The word in Text that is of this kind or, since kinds come in pairs, of the next; null when nobody registered it. */
export function findWord(words: Subnet, kind: u32): Binding {
  let entry = firstCandidate(words.identities, hashBytes(Text.from, Text.length));
  while (entry) {
    const word = changetype<Binding>(entry);
    const same = <u32>word.length == Text.length && equalBytes(word.identity, Text.from, Text.length);
    if (same && <u32>word.flags - kind < 2) return word;
    entry = nextCandidate();
  }
  return NONE;
}
