// The core's memory: the io area and the window of docs/ABI.md. Views are made anew when the memory has grown; a view
// of the old one has length 0 and would silently read nothing. Every integer is read as unsigned.

import { badIdentity, type Identity } from '../identity.js';
import type { Recalled } from '../recalled.js';
import { decoder } from '../utf8.js';
import type { IdentityLength, WindowLength } from './calls.js';
import { LONGEST_IDENTITY, writeIdentity } from './identity.js';
import { STATES } from './status.js';

/** Bytes of the window. */
export const WINDOW_SIZE = 65536;

// Offsets in the io area; the ordinal is at its start.
const TIME = 16;
const STATE = 24;
const LENGTH = 28;
const POSITION = 32;
const END = 36;
const LAST = 40;
const HANDLE = 56;
const PINNED = 60;
const IDENTITY = 64;
const OTHER = 320;

/** Bytes of a packed record before its identity. */
export const RECORD_HEADER = 28;

const LIVE = STATES.indexOf('live');

/** The index of an address in its subnet. A number in an IPv4 subnet, so that no BigInt is made. */
export type Ordinal = number | bigint;

/** What the last call has put into the io area. */
export interface Answer {
  readonly ordinal: bigint;
  /** The low 32 bits of the ordinal: all of it in an IPv4 subnet. */
  readonly ordinal32: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly state: (typeof STATES)[number];
  /** Whether the state is `live`. */
  readonly live: boolean;
  /** Whether the binding described is pinned. */
  readonly pinned: boolean;
  /** Whether an identity is described. */
  readonly bound: boolean;
  /** The identity described; empty when the ordinal has none. */
  readonly identity: string;
}

/** Where a packed record is written (packed.ts). */
export interface RecordPlace {
  readonly header: DataView;
  /** Has room for the longest identity. */
  readonly identity: Uint8Array;
}

export class Memory implements Answer {
  readonly #memory: WebAssembly.Memory;
  readonly #io: number;
  readonly #window: number;
  #bytes = new Uint8Array();
  #words = new Uint32Array();
  #view = new DataView(new ArrayBuffer(0));
  /** The identity of the io area. */
  #identity = new Uint8Array();
  /** At the start of the window. */
  #record: RecordPlace = recordPlace(new ArrayBuffer(RECORD_HEADER + LONGEST_IDENTITY), 0);

  constructor(memory: WebAssembly.Memory, io: number, window: number) {
    this.#memory = memory;
    this.#io = io >>> 0;
    this.#window = window >>> 0;
    this.#refresh();
  }

  /** Bytes of the whole memory, which never shrinks. */
  get size(): number {
    return this.#memory.buffer.byteLength;
  }

  get ordinal(): bigint {
    this.#fresh();
    return wideAt(this.#view, this.#io);
  }

  get ordinal32(): number {
    this.#fresh();
    return this.#words[this.#io >> 2] as number;
  }

  get time(): number {
    this.#fresh();
    return Number(this.#view.getBigUint64(this.#io + TIME, true));
  }

  get state(): (typeof STATES)[number] {
    return STATES[this.#word(STATE)] as (typeof STATES)[number];
  }

  get live(): boolean {
    return this.#word(STATE) === LIVE;
  }

  get pinned(): boolean {
    return this.#word(PINNED) === 1;
  }

  get bound(): boolean {
    return this.#word(LENGTH) > 0;
  }

  get identity(): string {
    return this.#text(IDENTITY, this.#word(LENGTH));
  }

  /** How many records a scan has read: it shares its place with the identity's length. */
  get scanned(): number {
    return this.#word(LENGTH);
  }

  /** Whether a scanned text may end here: it shares its place with the state. */
  get complete(): boolean {
    return this.#word(STATE) === 1;
  }

  get position(): number {
    return this.#word(POSITION);
  }

  get end(): number {
    return this.#word(END);
  }

  /** The winner of a conflict, of `end` bytes; undefined when there is none. */
  get otherIdentity(): string | undefined {
    const length = this.#word(END);
    return length === 0 ? undefined : this.#text(OTHER, length);
  }

  /** What the call that has just answered OK for an identity lets a host know without another call. */
  recalled(of: object, ordinal: number | bigint): Recalled {
    this.#fresh();
    const handle = (this.#words[(this.#io + HANDLE) >> 2] as number) >> 2;
    const [low, high] = [this.#words[handle] as number, this.#words[handle + 1] as number];
    return { of, handle, low, high, ordinal, address: undefined };
  }

  /** Whether its identity is still live with its ordinal. False also when the memory has grown since the last call. */
  isStill({ handle, low, high }: Recalled): boolean {
    return this.#words[handle] === low && this.#words[handle + 1] === high;
  }

  /** Nothing that was known can be trusted any more. */
  distrust(): void {
    this.#words = new Uint32Array();
  }

  putOrdinal(ordinal: Ordinal): void {
    this.#fresh();
    if (typeof ordinal === 'number') this.#putNarrow(0, ordinal);
    else putWide(this.#view, this.#io, ordinal);
  }

  putRange(first: Ordinal, last: Ordinal): void {
    this.putOrdinal(first);
    if (typeof last === 'number') this.#putNarrow(LAST, last);
    else putWide(this.#view, this.#io + LAST, last);
  }

  putTime(time: number): void {
    this.#fresh();
    this.#view.setUint32(this.#io + TIME, time % 0x100000000, true);
    this.#view.setUint32(this.#io + TIME + 4, time / 0x100000000, true);
  }

  /** @param seed 16 bytes */
  putSeed(seed: Uint8Array): void {
    this.#fresh().set(seed, this.#io);
  }

  /** @throws TypeError; LimpetError BAD_INPUT when it is not 1 to 255 bytes of well-formed text */
  putIdentity(identity: string | Identity): IdentityLength {
    this.#fresh();
    const length = writeIdentity(identity, this.#identity);
    if (length < 0) throw badIdentity(String(identity));
    return length as IdentityLength;
  }

  /** The start of the window as the place of one packed record. Use it before the next call: a call may move it. */
  get record(): RecordPlace {
    this.#fresh();
    return this.#record;
  }

  /** The window as it is now. Use it before the next call: a call may move it. */
  window(): DataView {
    this.#fresh();
    return new DataView(this.#memory.buffer, this.#window, WINDOW_SIZE);
  }

  /** Puts pieces one after another into the window; answers how many bytes they are together. */
  putWindow(...pieces: readonly Uint8Array[]): WindowLength {
    const bytes = this.#fresh();
    let length = 0;
    for (const piece of pieces) {
      bytes.set(piece, this.#window + length);
      length += piece.length;
    }
    return length as WindowLength;
  }

  /** A copy of the first bytes of the window. */
  takeWindow(length: number): Uint8Array {
    return this.#fresh().slice(this.#window, this.#window + length);
  }

  #putNarrow(offset: number, ordinal: number): void {
    const at = (this.#io + offset) >> 2;
    this.#words[at] = ordinal;
    this.#words[at + 1] = 0;
    this.#words[at + 2] = 0;
    this.#words[at + 3] = 0;
  }

  #word(offset: number): number {
    this.#fresh();
    return this.#words[(this.#io + offset) >> 2] as number;
  }

  #text(offset: number, length: number): string {
    const at = this.#io + offset;
    return decoder.decode(this.#fresh().subarray(at, at + length));
  }

  #fresh(): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  #refresh(): void {
    const buffer = this.#memory.buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#view = new DataView(buffer);
    this.#identity = new Uint8Array(buffer, this.#io + IDENTITY, LONGEST_IDENTITY);
    this.#record = recordPlace(buffer, this.#window);
  }
}

function recordPlace(buffer: ArrayBuffer, at: number): RecordPlace {
  const header = new DataView(buffer, at, RECORD_HEADER);
  return { header, identity: new Uint8Array(buffer, at + RECORD_HEADER, LONGEST_IDENTITY) };
}

/** A 128-bit number, low 8 bytes first. */
export function wideAt(view: DataView, at: number): bigint {
  return view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n);
}

export function putWide(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, BigInt.asUintN(64, value), true);
  view.setBigUint64(at + 8, value >> 64n, true);
}
