// A core without the host API, as docs/ABI.md describes it: for tests of what no host would do, or that compare two
// cores.
import { readFileSync } from 'node:fs';

type Call = (...args: number[]) => number;

/** Offsets of the io area. */
export const IO = {
  ordinal: 0,
  time: 16,
  state: 24,
  length: 28,
  position: 32,
  end: 36,
  last: 40,
  handle: 56,
  pinned: 60,
  identity: 64,
  other: 320,
};

const WINDOW_SIZE = 65536;

export class RawCore {
  readonly calls: Record<string, Call>;
  readonly #memory: WebAssembly.Memory;
  readonly #io: number;
  readonly #window: number;

  /** @param path of the module, or its bytes */
  constructor(module: string | Uint8Array<ArrayBuffer>, seed: bigint = 0n) {
    const bytes = typeof module === 'string' ? readFileSync(module) : module;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
    this.#memory = exports.memory as WebAssembly.Memory;
    this.calls = exports as Record<string, Call>;
    this.#io = this.call('io');
    this.#window = this.call('window');
    this.ordinal = seed;
    this.call('set_seed');
    this.ordinal = 0n;
  }

  call(name: string, ...args: number[]): number {
    return (this.calls[name] as Call)(...args);
  }

  /** The io area as it is now. */
  get io(): DataView {
    return new DataView(this.#memory.buffer, this.#io, 576);
  }

  /** The window, and the eight bytes behind it. */
  get window(): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#window, WINDOW_SIZE + 8);
  }

  /** The eight bytes at an address, as a number. */
  at64(address: number): bigint {
    return new DataView(this.#memory.buffer, address).getBigUint64(0, true);
  }

  get pages(): number {
    return this.#memory.buffer.byteLength / 65536;
  }

  get ordinal(): bigint {
    return this.io.getBigUint64(0, true) | (this.io.getBigUint64(8, true) << 64n);
  }

  set ordinal(ordinal: bigint) {
    this.io.setBigUint64(0, BigInt.asUintN(64, ordinal), true);
    this.io.setBigUint64(8, ordinal >> 64n, true);
  }

  set last(ordinal: bigint) {
    this.io.setBigUint64(IO.last, BigInt.asUintN(64, ordinal), true);
    this.io.setBigUint64(IO.last + 8, ordinal >> 64n, true);
  }

  set time(time: number | bigint) {
    this.io.setBigUint64(IO.time, BigInt(time), true);
  }

  get state(): number {
    return this.io.getUint32(IO.state, true);
  }

  /** The identity described. */
  get identity(): string {
    return this.#text(IO.identity, this.io.getUint32(IO.length, true));
  }

  get other(): string {
    return this.#text(IO.other, this.io.getUint32(IO.end, true));
  }

  /** Writes an identity into the io area and makes the call about it. */
  of(name: string, subnet: number, identity: string): number {
    return this.call(name, subnet, this.put(identity));
  }

  /** Writes an identity into the io area; its length. */
  put(identity: string): number {
    return Buffer.from(this.#memory.buffer, this.#io + IO.identity).write(identity);
  }

  /** Makes a call about an ordinal. */
  at(name: string, subnet: number, ordinal: number | bigint): number {
    this.ordinal = BigInt(ordinal);
    return this.call(name, subnet);
  }

  /** A subnet of the network address 0. */
  subnet(
    version: 4 | 6,
    prefix: number,
    policy: 0 | 1 = 0,
    excluded: readonly (readonly [bigint, bigint])[] = [],
  ): number {
    this.window.set(excluded.flatMap((range) => range.flatMap((ordinal) => [...little(ordinal, 16)])));
    this.ordinal = 0n;
    return this.call('subnet_create', version, prefix, policy, excluded.length);
  }

  snapshot(subnet: number): Buffer {
    const parts: Buffer[] = [];
    this.call('snapshot_begin', subnet);
    for (let size = this.call('snapshot_next'); size > 0; size = this.call('snapshot_next')) {
      parts.push(Buffer.from(this.window.subarray(0, size)));
    }
    return Buffer.concat(parts);
  }

  /** The number of the restored subnet, or the status that refused it. */
  restore(bytes: Uint8Array): number {
    this.call('restore_begin');
    for (let at = 0; ; ) {
      const piece = bytes.subarray(at, at + WINDOW_SIZE);
      this.window.set(piece);
      const status = this.call('restore_feed', piece.length);
      if (status !== 0) return status === 1 ? this.io.getUint32(IO.end, true) : status;
      at += this.io.getUint32(IO.position, true);
    }
  }

  /** Feeds packed records to the rebuild under way; what the call answers. */
  feed(subnet: number, records: readonly Claim[]): number {
    const bytes = Buffer.concat(records.map(packed));
    this.window.set(bytes);
    return this.call('rebuild_feed', subnet, bytes.length);
  }

  #text(offset: number, length: number): string {
    return Buffer.from(this.#memory.buffer, this.#io + offset, length).toString();
  }
}

export interface Claim {
  readonly identity: string;
  readonly ordinal: number | bigint;
  readonly rank?: number;
  /** 1 live, 4 wanted. */
  readonly flags?: number;
}

/** A packed record. */
export function packed({ identity, ordinal, rank = 0, flags = 1 }: Claim): Buffer {
  const name = Buffer.from(identity);
  return Buffer.concat([little(ordinal, 16), little(rank, 8), Buffer.from([0, flags, 0, name.length]), name]);
}

/** A number as so many bytes, the lowest first. */
export function little(number: number | bigint, bytes: number): Buffer {
  return Buffer.from(
    BigInt(number)
      .toString(16)
      .padStart(2 * bytes, '0'),
    'hex',
  ).reverse();
}
