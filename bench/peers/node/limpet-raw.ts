// Limpet's core from Node by docs/ABI.md alone, without the host API: ordinals in, ordinals out.

import { RawCore } from '../../raw.js';
import type { Peer, Sticky } from '../peer.js';
import { limpetVersion } from './version.js';

const CHANGED = 1;
const RECORD = 28;
const TIME = 16;
const IDENTITY = 64;
const encoder = new TextEncoder();

export class RawPeer implements Peer<number> {
  readonly version = limpetVersion;
  readonly #core = new RawCore();
  readonly #holdNext = this.#core.calls.hold_next as (id: number) => number;
  readonly #unhold = this.#core.calls.unhold as (id: number) => number;
  readonly #allocate = this.#core.calls.allocate as (id: number, length: number) => number;
  readonly #release = this.#core.calls.release as (id: number, length: number) => number;
  #id = -1;
  #words: Uint32Array = new Uint32Array();
  #identity: Uint8Array = new Uint8Array();
  #io = 0;

  open(prefix: number): void {
    if (this.#id >= 0) this.#core.call('subnet_destroy', this.#id);
    const last = 2 ** (32 - prefix) - 1;
    this.#id = this.#core.subnet(4, prefix, [
      [0, 0],
      [last, last],
    ]);
  }

  take(): number | undefined {
    return this.#holdNext(this.#id) < 0 ? undefined : this.#ordinal();
  }

  give(ordinal: number): void {
    this.#refresh();
    this.#words[this.#io] = ordinal;
    this.#words[this.#io + 1] = this.#words[this.#io + 2] = this.#words[this.#io + 3] = 0;
    if (this.#unhold(this.#id) !== CHANGED) throw new Error(`ordinal ${ordinal} was not held`);
  }

  occupy(ordinal: number): number {
    this.#refresh();
    this.#words[this.#io] = ordinal;
    this.#words[this.#io + 1] = this.#words[this.#io + 2] = this.#words[this.#io + 3] = 0;
    if (this.#core.call('hold', this.#id) !== CHANGED) throw new Error(`ordinal ${ordinal} is not free`);
    return ordinal;
  }

  ordinal(ordinal: number): number {
    return ordinal;
  }

  address(ordinal: number): number {
    return ordinal;
  }

  readonly sticky: Sticky<number> = {
    stick: (identity) => (this.#allocate(this.#id, this.#put(identity)) < 0 ? undefined : this.#ordinal()),
    release: (identity) => {
      const length = this.#put(identity);
      this.#words[this.#io + TIME / 4] = 1;
      this.#release(this.#id, length);
    },
    restore: (identities, ordinals, count) => {
      this.#core.call('rebuild_begin', this.#id);
      this.#feed(identities, ordinals, count);
      this.#core.call('rebuild_resolve', this.#id);
      if (this.#core.call('rebuild_commit', this.#id) !== CHANGED) throw new Error('the rebuild was refused');
    },
  };

  used(): number {
    return this.#core.call('memory_used') >>> 0;
  }

  /** Packs the bindings as docs/ABI.md says and feeds them, a window at a time. */
  #feed(identities: readonly string[], ordinals: Uint32Array, count: number): void {
    const piece = Buffer.alloc(this.#core.windowSize);
    let at = 0;
    const send = () => {
      this.#core.bytes(this.#core.window).set(piece.subarray(0, at));
      if (this.#core.call('rebuild_feed', this.#id, at) !== 0) throw new Error('a record was refused');
      at = 0;
    };
    for (let i = 0; i < count; i++) {
      const identity = identities[i] as string;
      if (at + RECORD + identity.length > piece.length) send();
      piece.fill(0, at, at + RECORD);
      piece.writeUInt32LE(ordinals[i] as number, at);
      piece[at + 25] = 1;
      piece[at + 27] = identity.length;
      piece.write(identity, at + RECORD, 'latin1');
      at += RECORD + identity.length;
    }
    send();
  }

  #ordinal(): number {
    this.#refresh();
    return this.#words[this.#io] as number;
  }

  #put(identity: string): number {
    this.#refresh();
    return encoder.encodeInto(identity, this.#identity).written;
  }

  /** A view of memory that has grown since has length 0. */
  #refresh(): void {
    if (this.#words.length > 0) return;
    const bytes = this.#core.bytes(0);
    this.#words = new Uint32Array(bytes.buffer);
    this.#io = this.#core.io / 4;
    this.#identity = new Uint8Array(bytes.buffer, this.#core.io + IDENTITY, 255);
  }
}
