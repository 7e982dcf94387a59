// A restore from the host's side: feeds a snapshot to the core from pieces that may be cut anywhere. What the bytes
// mean, and whether they are whole, the core says.

import { describe, isBytes } from './arguments.js';
import type { CoreRestore } from './boundary/restore.js';
import { Status } from './boundary/status.js';
import type { CoreSubnet } from './boundary/subnet.js';
import { LimpetError, noMemory } from './errors.js';
import type { Subnet } from './subnet.js';

export class Restore {
  readonly #core: CoreRestore;
  readonly #subnetOf: (core: CoreSubnet) => Subnet;
  readonly #size: number | undefined;
  #taken = 0;
  #open = true;

  /** @internal Made by Limpet.restorer; with the size of the snapshot where that is known. */
  constructor(core: CoreRestore, subnetOf: (core: CoreSubnet) => Subnet, size?: number) {
    this.#core = core;
    this.#subnetOf = subnetOf;
    this.#size = size;
  }

  /**
   * Takes the next piece, of any size.
   * @throws LimpetError BAD_SNAPSHOT, NO_MEMORY; nothing is restored then, and the restore has ended. ENDED
   */
  feed(bytes: Uint8Array): this {
    if (!isBytes(bytes)) throw new TypeError(`a snapshot is a Uint8Array, not ${describe(bytes)}`);
    return this.#orAbort(() => {
      this.#taken += bytes.length;
      for (let at = 0; at < bytes.length; ) at += this.#take(bytes.subarray(at, at + this.#core.room));
      return this;
    });
  }

  /** The subnet. @throws LimpetError BAD_SNAPSHOT when the snapshot is cut off. ENDED */
  commit(): Subnet {
    return this.#orAbort(() => {
      const core = this.#core.subnet;
      if (core === undefined) throw this.#bad(`the snapshot is cut off after ${this.#taken} bytes`);
      this.#open = false;
      return this.#subnetOf(core);
    });
  }

  /** Gives up; nothing is restored. Ending twice is no error. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#core.abort();
  }

  /** Feeds a part; answers how many bytes of it are dealt with. */
  #take(part: Uint8Array): number {
    if (this.#core.subnet !== undefined) throw this.#bad(`${this.#snapshot()} has something behind its end`);
    const { status, taken } = this.#core.feed(part);
    if (status < 0) throw this.#refused(status);
    return taken;
  }

  #refused(status: Status): LimpetError {
    if (status === Status.NO_MEMORY)
      return noMemory(this.#core.memorySize, 'nothing was restored', { bytes: this.#size ?? this.#taken });
    const why =
      status === Status.BAD_VERSION
        ? `has format version ${this.#core.formatVersion}, which this core does not know`
        : 'is not a Limpet snapshot, or is damaged';
    return this.#bad(`${this.#snapshot()} ${why}`);
  }

  #bad(what: string): LimpetError {
    return new LimpetError('BAD_SNAPSHOT', `${what}; nothing was restored`, { bytes: this.#size ?? this.#taken });
  }

  #snapshot(): string {
    return this.#size === undefined
      ? `the snapshot (${this.#taken} bytes so far)`
      : `the snapshot of ${this.#size} bytes`;
  }

  #orAbort<T>(action: () => T): T {
    if (!this.#open) throw new LimpetError('ENDED', 'the restore has ended: begin another one');
    try {
      return action();
    } catch (error) {
      if (!(error instanceof LimpetError && error.code === 'BROKEN')) this.abort();
      throw error;
    }
  }
}
