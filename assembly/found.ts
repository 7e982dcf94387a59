// What the scanner has read of one record so far, and which members of it matter.

import { none } from './pointer';
import { Word } from './words';

/** What a record has said so far. Strings are addresses in the text, with their length. */
export abstract class Found {
  /** One bit a field; a field that comes twice is odd. */
  static fields: u32 = 0;
  static identity: usize = 0;
  static identityLength: u32 = 0;
  static address: usize = 0;
  static addressLength: u32 = 0;
  static flags: u8 = 0;
  static service: Word = none<Word>();
  static slot: u64 = 0;
  static node: usize = 0;
  static nodeLength: u32 = 0;
  static rank: u64 = 0;
  /** The task is attached to the network; an address of it lies in the subnet. */
  static attached: bool = false;
  static placed: bool = false;
  static lo: u64 = 0;
  static hi: u64 = 0;
}

// Fields by their bit.
export const IDENTITY: u32 = 1;
export const ADDRESS: u32 = 2;
export const STATE: u32 = 4;
export const VERSION: u32 = 8;
export const SERVICE: u32 = 16;
export const SLOT: u32 = 32;
export const NODE: u32 = 64;
export const STATUS: u32 = 128;
export const DESIRED: u32 = 256;
export const NETWORKS: u32 = 512;
export const COMPACT: u32 = IDENTITY | ADDRESS | STATE;
export const TASK: u32 = VERSION | STATUS | DESIRED | NETWORKS;

/** The bit of a member's name; 0 for one that does not matter. Names are compared as little-endian numbers. */
export function fieldOf(key: usize, length: u32): u32 {
  const word = load<u64>(key);
  switch (length) {
    case 4:
      return <u32>word == 0x746f6c53 ? SLOT : 0;
    case 5:
      return (word & 0xffffffffff) == 0x6574617473 ? STATE : 0;
    case 6: {
      const name = word & 0xffffffffffff;
      return name == 0x737574617453 ? STATUS : name == 0x444965646f4e ? NODE : 0;
    }
    case 7: {
      const name = word & 0xffffffffffffff;
      return name == 0x6e6f6973726556 ? VERSION : name == 0x73736572646461 ? ADDRESS : 0;
    }
    case 8:
      return word == 0x797469746e656469 ? IDENTITY : 0;
    case 9:
      return word == 0x4965636976726553 && load<u8>(key, 8) == 0x44 ? SERVICE : 0;
    case 12:
      return word == 0x5364657269736544 && load<u32>(key, 8) == 0x65746174 ? DESIRED : 0;
    case 19:
      return word == 0x736b726f7774654e && load<u64>(key, 8) == 0x656d686361747441 && load<u32>(key, 15) == 0x73746e65
        ? NETWORKS
        : 0;
    default:
      return 0;
  }
}
