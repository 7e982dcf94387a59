// The words that the scanner understands only because the host has told it: which services and states there are, and
// which network is meant. So Docker's vocabulary stands in the host, and the core can meet new words without change.

import { equalBytes, hashBytes } from './hash';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { exists, none } from './pointer';
import { firstCandidate, nextCandidate, Table } from './table';
import { createNodes, Nodes } from './vector';

// Kinds of words; part of the ABI.
/** A service's ID, with its name; its tasks are told apart by slot. */
export const REPLICATED: u32 = 1;
/** A service's ID, with its name; its tasks are told apart by node. */
export const GLOBAL: u32 = 2;
/** A task state in which the task may still hold its address. */
export const HOLDING: u32 = 3;
/** A task state in which it no longer can. */
export const ENDED: u32 = 4;
/** The ID of the network to be rebuilt. */
export const NETWORK: u32 = 5;

//   word  ┌────────┬──────┬──────┬────────┬─────────────┬───────────────┐
//         │ before │ hash │ kind │ length │ name length │ word │ name … │
//         │ 0      │ 4    │ 8    │ 9      │ 10          │ 11            │
//         └────────┴──────┴──────┴────────┴─────────────┴───────────────┘
const TEXT: u32 = 11;

@unmanaged
export class Word {
  /** The word taught before this one. */
  before: Word;
  hash: u32;
  kind: u8;
  length: u8;
  nameLength: u8;

  get text(): usize {
    return changetype<usize>(this) + TEXT;
  }

  /** The name of a service. */
  get name(): usize {
    return this.text + this.length;
  }
}

@unmanaged
export class Words {
  nodes: Nodes;
  table: Table;
  last: Word;
  hasNetwork: bool;

  /** Adds a word of this kind, and its name behind it; false when there is no memory. */
  add(kind: u32, from: usize, length: u32, nameLength: u32): bool {
    const table = this.table;
    if (!reserveBlocks(CALL_BLOCKS + (table.isTight() ? table.growth() : 0))) return false;
    const size = length + nameLength;
    const word = changetype<Word>(this.nodes.cut((TEXT + 7 + size) & ~7));
    memory.copy(word.text, from, size);
    word.before = this.last;
    word.hash = hashBytes(from, length);
    word.kind = <u8>kind;
    word.length = <u8>length;
    word.nameLength = <u8>nameLength;
    this.last = word;
    this.hasNetwork = this.hasNetwork || kind == NETWORK;
    if (!table.isTight()) {
      table.insert(changetype<usize>(word), word.hash);
      return true;
    }
    table.makeRoom(this.nodes);
    for (let each = word; exists(each); each = each.before) table.insert(changetype<usize>(each), each.hash);
    return true;
  }

  /** The word that is of this kind or, since kinds come in pairs, of the next; null when nobody taught it. */
  find(kind: u32, text: usize, length: u32): Word {
    let entry = firstCandidate(this.table, hashBytes(text, length));
    while (entry) {
      const word = changetype<Word>(entry);
      const same = <u32>word.length == length && equalBytes(word.text, text, length);
      if (same && <u32>word.kind - kind < 2) return word;
      entry = nextCandidate();
    }
    return none<Word>();
  }
}

/** No words yet, in an arena of their own. Memory has been reserved. */
export function createWords(): Words {
  const nodes = createNodes();
  const words = changetype<Words>(nodes.zeros(offsetof<Words>()));
  words.nodes = nodes;
  words.table = changetype<Table>(nodes.zeros(offsetof<Table>()));
  return words;
}
