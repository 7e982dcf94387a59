// One instance of the core. This folder is the one boundary: nothing outside of it knows the wasm memory, an offset in
// it, or a call's name.

import { type Cidr, formatAddress, type Range } from '../address.js';
import { noMemory } from '../errors.js';
import type { Policy } from '../types.js';
import {
  type Calls,
  type Count,
  callsOf,
  foreign,
  type Pages,
  type PolicyNumber,
  type Prefix,
  type SubnetId,
} from './calls.js';
import { Memory, putWide, WINDOW_SIZE, wideAt } from './memory.js';
import { CoreRestore } from './restore.js';
import { POLICIES } from './status.js';
import { CoreSubnet } from './subnet.js';

const ABI_VERSION = 1;
const PAGE = 65536;
const RANGE_SIZE = 32;
/** Where `subnet_stats` writes what a subnet is. */
const STATS = { VERSION: 0, PREFIX: 4, BASE: 48 };

/** What a new subnet is. */
export interface Plan {
  readonly cidr: Cidr;
  readonly policy: Policy;
  /** At most MOST_RANGES, ascending, neither overlapping nor adjacent. */
  readonly excluded: readonly Range[];
}

export class Core {
  /** The most excluded ranges of a subnet. */
  static readonly MOST_RANGES = WINDOW_SIZE / RANGE_SIZE;
  readonly #calls: Calls;
  readonly #memory: Memory;

  /**
   * @param seed 16 bytes
   * @param maxMemory bytes, rounded down to pages of 64 KiB
   * @throws LimpetError BAD_INPUT when the instance is no Limpet core, or one of another ABI version
   */
  constructor(exports: WebAssembly.Exports, seed: Uint8Array, maxMemory?: number) {
    const { memory } = exports;
    if (!(memory instanceof WebAssembly.Memory)) throw foreign('it exports no memory');
    this.#calls = callsOf(exports, () => this.#memory.distrust());
    const version = this.#calls.abi_version();
    if (version !== ABI_VERSION) throw foreign(`its ABI has version ${version}, this host speaks ${ABI_VERSION}`);
    this.#memory = new Memory(memory, this.#calls.io(), this.#calls.window());
    this.#memory.putSeed(seed);
    this.#calls.set_seed();
    if (maxMemory !== undefined) this.#calls.set_memory_limit(Math.min(Math.floor(maxMemory / PAGE), 0xffff) as Pages);
  }

  /** Bytes of the whole memory, which never shrinks. */
  get memorySize(): number {
    return this.#memory.size;
  }

  /** Bytes that subnets use. */
  get memoryUsed(): number {
    return this.#calls.memory_used() >>> 0;
  }

  /** @throws LimpetError NO_MEMORY */
  createSubnet({ cidr, policy, excluded }: Plan): CoreSubnet {
    const window = this.#memory.window();
    excluded.flat().forEach((address, i) => {
      putWide(window, i * 16, address - cidr.base);
    });
    this.#memory.putOrdinal(cidr.base);
    const number = POLICIES.indexOf(policy) as PolicyNumber;
    const id = this.#calls.subnet_create(cidr.version, cidr.prefix as Prefix, number, excluded.length as Count);
    if (id < 0) throw noMemory(this.memorySize, `no subnet ${cidr.text} was made`, { subnet: cidr.text });
    return new CoreSubnet(this.#memory, this.#calls, id as SubnetId, cidr);
  }

  /** Begins a restore; one under way is dropped. */
  restore(): CoreRestore {
    return new CoreRestore(this.#memory, this.#calls, (id) => {
      return new CoreSubnet(this.#memory, this.#calls, id, this.#cidrOf(id));
    });
  }

  #cidrOf(id: SubnetId): Cidr {
    this.#calls.subnet_stats(id);
    const stats = this.#memory.window();
    const version = stats.getUint32(STATS.VERSION, true) === 4 ? 4 : 6;
    const prefix = stats.getUint32(STATS.PREFIX, true);
    const base = wideAt(stats, STATS.BASE);
    const size = 1n << BigInt((version === 4 ? 32 : 128) - prefix);
    return { text: `${formatAddress(base, version)}/${prefix}`, version, prefix, base, size };
  }
}
