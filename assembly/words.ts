// The words that the scanner understands only because the host has told it: which services and states there are, and
// which network is meant. So Docker's vocabulary stands in the host, and the core can meet new words without change.

import { Arena } from './arena';
import { Binding, exists, NONE } from './bindings';
import { equalBytes, hashBytes } from './hash';
import { Text } from './json';
import { BY_IDENTITY, KEY, Table } from './table';

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

@unmanaged
export class Words extends Table {
  /** All of them, chained by `newer`. */
  newest: Binding;

  /** Adds a word and its name. Laid out as a binding: `flags` is the kind, `place` the length of the name behind it. */
  insert(kind: u32, word: usize, length: u32, nameLength: u32, arena: Arena): void {
    const entry = changetype<Binding>(arena.take(KEY + length + nameLength));
    entry.flags = <u8>kind;
    entry.length = <u8>length;
    entry.place = nameLength;
    memory.copy(entry.identity, word, length + nameLength);
    this.add(changetype<usize>(entry), hashBytes(word, length), arena);
    entry.newer = this.newest;
    this.newest = entry;
  }

  freeAll(arena: Arena): void {
    for (let word = this.newest; exists(word); ) {
      const next = word.newer;
      arena.give(changetype<usize>(word), KEY + word.length + word.place);
      word = next;
    }
    this.newest = NONE;
  }
}

export function createWords(arena: Arena): Words {
  const words = changetype<Words>(arena.takeZeroed(offsetof<Words>()));
  words.kind = BY_IDENTITY;
  return words;
}

/** The word in Text that is of this kind or, since kinds come in pairs, of the next; null when nobody registered it. */
export function findWord(words: Words, kind: u32): Binding {
  let entry = words.first(hashBytes(Text.from, Text.length));
  while (entry) {
    const word = changetype<Binding>(entry);
    const same = <u32>word.length == Text.length && equalBytes(word.identity, Text.from, Text.length);
    if (same && <u32>word.flags - kind < 2) return word;
    entry = word.identityLink;
  }
  return NONE;
}
