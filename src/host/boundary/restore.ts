// A restore as the core knows it: docs/ABI.md, "Snapshot and restore".

import type { Calls, SubnetId } from './calls.js';
import { type Memory, WINDOW_SIZE } from './memory.js';
import { Status } from './status.js';
import type { CoreSubnet } from './subnet.js';

const NOTHING = new Uint8Array();
/** Where a snapshot's header has its format version. */
const FORMAT_VERSION = 4;

export class CoreRestore {
  readonly #memory: Memory;
  readonly #calls: Calls;
  readonly #subnetOf: (id: SubnetId) => CoreSubnet;
  /** What the core wants to see again, with more behind it. */
  #rest: Uint8Array = NOTHING;
  #subnet: CoreSubnet | undefined;

  /** One restore at a time: the next one ends this. */
  constructor(memory: Memory, calls: Calls, subnetOf: (id: SubnetId) => CoreSubnet) {
    this.#memory = memory;
    this.#calls = calls;
    this.#subnetOf = subnetOf;
    calls.restore_begin();
  }

  /** The new subnet, once the snapshot is whole. */
  get subnet(): CoreSubnet | undefined {
    return this.#subnet;
  }

  get memorySize(): number {
    return this.#memory.size;
  }

  /** How many bytes the next `feed` takes. */
  get room(): number {
    return WINDOW_SIZE - this.#rest.length;
  }

  /**
   * Takes the next bytes, at most `room`. CHANGED: the snapshot is whole. OK: it takes more, and `taken` says from
   * where.
   */
  feed(part: Uint8Array): { readonly status: Status; readonly taken: number } {
    const before = this.#rest.length;
    const length = this.#memory.putWindow(this.#rest, part);
    const status = this.#calls.restore_feed(length);
    if (status === Status.CHANGED) this.#subnet = this.#subnetOf(this.#memory.end as SubnetId);
    if (status !== Status.OK) return { status, taken: part.length };
    const { position } = this.#memory;
    this.#rest = position > before ? NOTHING : this.#memory.takeWindow(length).subarray(position);
    return { status, taken: position > before ? position - before : part.length };
  }

  /** The format version of a snapshot that was refused for it. */
  get formatVersion(): number {
    return this.#memory.window().getUint8(FORMAT_VERSION);
  }

  abort(): void {
    if (this.#subnet === undefined) this.#calls.restore_abort();
    else this.#subnet.destroy();
  }
}
