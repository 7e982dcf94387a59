// A Roaring bitmap of the free ordinals, from npm: the next free one is its least. No stickiness.

import { RoaringBitmap32, roaringLibraryInitialize } from 'roaring-wasm';
import type { Peer } from '../peer.js';
import { packageVersion } from './version.js';

await roaringLibraryInitialize();

export class RoaringPeer implements Peer<number> {
  readonly version = packageVersion('roaring-wasm');
  #free = new RoaringBitmap32();

  open(prefix: number): void {
    this.#free.dispose();
    this.#free = RoaringBitmap32.fromRange(1, 2 ** (32 - prefix) - 1);
  }

  take(): number | undefined {
    return this.#free.shift();
  }

  give(ordinal: number): void {
    this.#free.add(ordinal);
  }

  occupy(ordinal: number): number {
    if (!this.#free.delete(ordinal)) throw new Error(`ordinal ${ordinal} is not free`);
    return ordinal;
  }

  ordinal(ordinal: number): number {
    return ordinal;
  }

  address(ordinal: number): number {
    return ordinal;
  }

  prepare(prefix: number, every: number): void {
    this.#free.dispose();
    const last = 2 ** (32 - prefix) - 2;
    this.#free = RoaringBitmap32.fromRange(every, last + 1, every);
    this.#free.optimize();
  }
}
