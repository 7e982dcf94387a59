// The one boundary: nothing else touches the wasm memory. It re-creates its views when the memory has grown, reads every
// integer as unsigned, and after a trap refuses to go on. What the offsets and statuses mean stands in docs/ABI.md.

import { LimpetError } from './errors.js';

/** Statuses of the core's calls (assembly/status.ts). */
export const Status = {
  OK: 0,
  CHANGED: 1,
  HOST: 2,
  FULL: -1,
  OCCUPIED: -2,
  OUT_OF_RANGE: -3,
  EXCLUDED: -4,
  UNKNOWN: -5,
  BAD_INPUT: -6,
  NO_MEMORY: -7,
  IS_LIVE: -8,
  NOT_HELD: -9,
  BOUND_ELSEWHERE: -10,
  NO_SUBNET: -11,
  BAD_STATE: -12,
  BAD_SNAPSHOT: -13,
  BAD_VERSION: -14,
} as const;

/** What an ordinal is, as `inspect` answers it. */
export const STATES = ['free', 'live', 'reserved', 'held', 'excluded'] as const;

/** Kinds of words that the scanner is taught. */
export const Word = { REPLICATED: 1, GLOBAL: 2, STATE_LIVE: 3, STATE_ENDED: 4, NETWORK: 5 } as const;

type Call = (a?: number, b?: number, c?: number, d?: number) => number;

const CALLS = [
  'abi_version',
  'io',
  'window',
  'set_seed',
  'set_memory_limit',
  'memory_used',
  'subnet_create',
  'subnet_destroy',
  'subnet_stats',
  'allocate',
  'allocate_preferred',
  'allocate_in',
  'allocate_many',
  'bind',
  'trade',
  'release',
  'reclaim',
  'reclaim_oldest',
  'oldest',
  'hold',
  'hold_next',
  'hold_next_in',
  'is_held',
  'rehold',
  'unhold',
  'lookup',
  'inspect',
  'next',
  'rebuild_begin',
  'rebuild_feed',
  'rebuild_word',
  'rebuild_scan_array',
  'rebuild_scan_lines',
  'rebuild_resolve',
  'rebuild_conflict',
  'rebuild_commit',
  'rebuild_abort',
  'snapshot_begin',
  'snapshot_next',
  'restore_begin',
  'restore_feed',
  'restore_abort',
] as const;

/** Every function of the ABI; integers in, an integer out. */
export type Calls = Readonly<Record<(typeof CALLS)[number], Call>>;

const ABI_VERSION = 1;
const PAGE = 65536;

/** Bytes of the window. */
export const WINDOW_SIZE = 65536;

// Offsets in the io area; the ordinal is at its start.
const TIME = 16;
const STATE = 24;
const LENGTH = 28;
const POSITION = 32;
const END = 36;
const IDENTITY = 64;
const OTHER = 320;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Core {
  readonly calls: Calls;
  readonly #memory: WebAssembly.Memory;
  readonly #io: number;
  readonly #window: number;
  #bytes = new Uint8Array();
  #words = new Uint32Array();
  #view = new DataView(new ArrayBuffer(0));
  /** The identity of the io area. */
  #identity = new Uint8Array();

  /** @throws LimpetError BAD_INPUT when the instance is no Limpet core, or one of another ABI version */
  constructor(exports: WebAssembly.Exports) {
    const memory = exports.memory;
    if (!(memory instanceof WebAssembly.Memory)) throw foreign('it exports no memory');
    this.#memory = memory;
    const calls: Partial<Record<keyof Calls, Call>> = {};
    for (const name of CALLS) {
      const call = exports[name];
      if (typeof call !== 'function') throw foreign(`it exports no function ${name}`);
      calls[name] = this.#guard(name, call as Call);
    }
    this.calls = calls as Calls;
    const version = this.calls.abi_version();
    if (version !== ABI_VERSION) throw foreign(`its ABI has version ${version}, this host speaks ${ABI_VERSION}`);
    this.#io = this.calls.io() >>> 0;
    this.#window = this.calls.window() >>> 0;
    this.#refresh();
  }

  /** Bytes of the whole memory, which never shrinks. */
  get memorySize(): number {
    return this.#memory.buffer.byteLength;
  }

  /** @param seed 16 bytes */
  seed(seed: Uint8Array): void {
    this.#live().set(seed, this.#io);
    this.calls.set_seed();
  }

  /** @param bytes rounded down to pages of 64 KiB */
  limitMemory(bytes: number): void {
    this.calls.set_memory_limit(Math.min(Math.floor(bytes / PAGE), 0xffff));
  }

  get ordinal(): bigint {
    this.#live();
    return this.#view.getBigUint64(this.#io, true) | (this.#view.getBigUint64(this.#io + 8, true) << 64n);
  }

  set ordinal(ordinal: bigint) {
    this.#live();
    this.#view.setBigUint64(this.#io, BigInt.asUintN(64, ordinal), true);
    this.#view.setBigUint64(this.#io + 8, ordinal >> 64n, true);
  }

  /** The low 32 bits of the ordinal: all of it in an IPv4 subnet. No BigInt is made. */
  get ordinal32(): number {
    this.#live();
    return this.#words[this.#io >> 2] as number;
  }

  set ordinal32(ordinal: number) {
    this.#live();
    const at = this.#io >> 2;
    this.#words[at] = ordinal;
    this.#words[at + 1] = 0;
    this.#words[at + 2] = 0;
    this.#words[at + 3] = 0;
  }

  /** Milliseconds since the epoch. */
  get time(): number {
    this.#live();
    return Number(this.#view.getBigUint64(this.#io + TIME, true));
  }

  set time(time: number) {
    this.#live();
    this.#view.setUint32(this.#io + TIME, time % 0x100000000, true);
    this.#view.setUint32(this.#io + TIME + 4, time / 0x100000000, true);
  }

  get state(): number {
    return this.#word(STATE);
  }

  get length(): number {
    return this.#word(LENGTH);
  }

  get position(): number {
    return this.#word(POSITION);
  }

  get end(): number {
    return this.#word(END);
  }

  /** The identity that the last call described. */
  get identity(): string {
    return this.#text(IDENTITY, this.#word(LENGTH));
  }

  /** The second identity, of `io.end` bytes. */
  get otherIdentity(): string {
    return this.#text(OTHER, this.#word(END));
  }

  /**
   * Writes an identity into the io area; its length in bytes, or −1 when it is not 1 to 255 bytes of well-formed text.
   * The encoder writes into the memory itself: for 27 characters that is faster than a loop over them.
   */
  putIdentity(identity: string): number {
    this.#live();
    const { read, written } = encoder.encodeInto(identity, this.#identity);
    // As many bytes as characters is ASCII. Half a surrogate pair would have become a replacement character.
    if (written === identity.length && written > 0) return written;
    return read !== identity.length || written === 0 || /\p{Surrogate}/u.test(identity) ? -1 : written;
  }

  /** Writes the bytes of an identity that has been checked. */
  putBytes(identity: Uint8Array): number {
    this.#live();
    this.#identity.set(identity);
    return identity.length;
  }

  /** The window as it is now. Use it before the next call: a call may move it. */
  window(): DataView {
    this.#live();
    return new DataView(this.#memory.buffer, this.#window, WINDOW_SIZE);
  }

  putWindow(bytes: Uint8Array, at = 0): void {
    this.#live().set(bytes, this.#window + at);
  }

  /** A copy of the first `length` bytes of the window. */
  takeWindow(length: number): Uint8Array {
    return this.#live().slice(this.#window, this.#window + length);
  }

  #word(offset: number): number {
    this.#live();
    return this.#words[(this.#io + offset) >> 2] as number;
  }

  #text(offset: number, length: number): string {
    const at = this.#io + offset;
    return decoder.decode(this.#live().subarray(at, at + length));
  }

  /** Growing the memory detaches its buffer: a view of the old one has length 0 and would silently read nothing. */
  #live(): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  #refresh(): void {
    const buffer = this.#memory.buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#view = new DataView(buffer);
    this.#identity = new Uint8Array(buffer, this.#io + IDENTITY, 255);
  }

  /** A trap means a bug and may have left anything behind, so that no later answer could be trusted. */
  #guard(name: string, call: Call): Call {
    return (a, b, c, d) => {
      if (this.#trap !== undefined) throw this.#trap;
      try {
        return call(a, b, c, d);
      } catch (cause) {
        this.#trap = new LimpetError('BROKEN', `the core trapped in ${name}; this instance answers no more calls`, {
          call: name,
          cause,
        });
        throw this.#trap;
      }
    };
  }

  #trap: LimpetError | undefined;
}

function foreign(why: string): LimpetError {
  return new LimpetError('BAD_INPUT', `this WebAssembly module is not a Limpet core: ${why}`);
}
