// A restore from the host's side: feeds a snapshot to the core, window by window, from pieces that may be cut anywhere. What the
// bytes mean, and whether they are whole, the core says.

import { describe } from './arguments.js';
import { type Core, Status, WINDOW_SIZE } from './core.js';
import { LimpetError } from './errors.js';
import type { Subnet } from './subnet.js';

const NOTHING = new Uint8Array();

export class Restore {
  readonly #core: Core;
  readonly #subnetOf: (id: number) => Subnet;
  readonly #size: number | undefined;
  /** What the core wants to see again, with more behind it. */
  #rest: Uint8Array = NOTHING;
  #taken = 0;
  /** The core's number of the new subnet, once the snapshot is whole. */
  #id: number | undefined;
  #open = true;

  /** @internal Made by Limpet.restorer; with the size of the snapshot where that is known. */
  constructor(core: Core, subnetOf: (id: number) => Subnet, size?: number) {
    this.#core = core;
    this.#subnetOf = subnetOf;
    this.#size = size;
    core.calls.restore_begin();
  }

  /**
   * Takes the next piece, of any size.
   * @throws LimpetError BAD_SNAPSHOT, NO_MEMORY; nothing is restored then, and the restore has ended. ENDED
   */
  feed(bytes: Uint8Array): this {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`a snapshot is a Uint8Array, not ${describe(bytes)}`);
    return this.#orAbort(() => {
      this.#taken += bytes.length;
      for (let at = 0; at < bytes.length; ) at += this.#take(bytes.subarray(at, at + WINDOW_SIZE - this.#rest.length));
      return this;
    });
  }

  /** The subnet. @throws LimpetError BAD_SNAPSHOT when the snapshot is cut off. ENDED */
  commit(): Subnet {
    return this.#orAbort(() => {
      if (this.#id === undefined) {
        throw this.#bad(`the snapshot is cut off after ${this.#taken} bytes`);
      }
      const subnet = this.#subnetOf(this.#id);
      this.#open = false;
      return subnet;
    });
  }

  /** Gives up; nothing is restored. Ending twice is no error. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#id === undefined) this.#core.calls.restore_abort();
    else this.#core.calls.subnet_destroy(this.#id);
  }

  /** Feeds the rest and what follows it; answers how many bytes of that are dealt with. */
  #take(part: Uint8Array): number {
    if (this.#id !== undefined) throw this.#bad(`${this.#snapshot()} has something behind its end`);
    const before = this.#rest.length;
    this.#core.putWindow(this.#rest);
    this.#core.putWindow(part, before);
    const status = this.#core.calls.restore_feed(before + part.length);
    if (status === Status.CHANGED) {
      this.#id = this.#core.end;
      this.#rest = NOTHING;
      return part.length;
    }
    if (status !== Status.OK) throw this.#refused(status);
    const { position } = this.#core;
    if (position > before) {
      this.#rest = NOTHING;
      return position - before;
    }
    this.#rest = this.#core.takeWindow(before + part.length).subarray(position);
    return part.length;
  }

  #refused(status: number): LimpetError {
    if (status === Status.NO_MEMORY) {
      const message = `the core may use no more memory (${this.#core.memorySize} bytes): nothing was restored`;
      return new LimpetError('NO_MEMORY', message, { bytes: this.#size ?? this.#taken });
    }
    const why =
      status === Status.BAD_VERSION
        ? `has format version ${this.#core.takeWindow(5)[4]}, which this core does not know`
        : 'is no Limpet snapshot, or is damaged';
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
