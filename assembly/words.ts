// The words that the scanner understands only because the host has told it: which services and states there are, and
// which network is meant. So Docker's vocabulary stands in the host, and the core can meet new words without change.

import { copyBytes } from './bytes';
import { hashBytes } from './hash';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { createTable, KEY, Table } from './table';
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

//   word  ┌──────┬─────────────┬────────┬──────┬────────┐
//         │ kind │ name length │ length │ word │ name … │   length and word lie where the table looks for a key
//         │ 0    │ 1           │ 19     │ 20   │        │
//         └──────┴─────────────┴────────┴──────┴────────┘
@unmanaged
export class Word {
  kind: u8;
  nameLength: u8;

  get length(): u32 {
    return load<u8>(changetype<usize>(this), KEY - 1);
  }

  /** The name of a service. */
  get name(): usize {
    return changetype<usize>(this) + KEY + this.length;
  }
}

@unmanaged
export class Words {
  nodes: Nodes;
  services: Table;
  states: Table;
  networks: Table;

  /** Adds a word of this kind, and its name behind it; what was taught before under the same word is forgotten. */
  add(kind: u32, from: usize, length: u32, nameLength: u32): bool {
    if (!reserveBlocks(CALL_BLOCKS)) return false;
    const table = this.tableOf(kind);
    const hash = hashBytes(from, length);
    const known = table.find(from, length, hash);
    if (known) {
      table.remove(known, hash);
      table.find(from, length, hash);
    }
    const size = length + nameLength;
    const at = this.nodes.cut((KEY + 7 + size) & ~7);
    const word = changetype<Word>(at);
    store<u8>(at, <u8>length, KEY - 1);
    copyBytes(at + KEY, from, size);
    word.kind = <u8>kind;
    word.nameLength = <u8>nameLength;
    table.insert(at, hash);
    return true;
  }

  /**
   * The word that is of this kind or, since kinds come in pairs, of the other of the pair; null when nobody taught
   * it.
   */
  find(kind: u32, text: usize, length: u32): Word {
    return changetype<Word>(this.tableOf(kind).find(text, length, hashBytes(text, length)));
  }

  /** Whether it has been said which network is meant. */
  get hasNetwork(): bool {
    return this.networks.entries != 0;
  }

  private tableOf(kind: u32): Table {
    return kind <= GLOBAL ? this.services : kind <= ENDED ? this.states : this.networks;
  }
}

/** No words yet, in an arena of their own. Memory has been reserved. */
export function createWords(): Words {
  const nodes = createNodes();
  const words = changetype<Words>(nodes.zeros(offsetof<Words>()));
  words.nodes = nodes;
  words.services = createTable(nodes);
  words.states = createTable(nodes);
  words.networks = createTable(nodes);
  return words;
}
