// Plain JavaScript as a contestant: ../../plain.ts, with network and broadcast address marked as taken.

import { PlainSubnet } from '../../plain.js';
import type { Peer, Sticky } from '../peer.js';

export class PlainPeer implements Peer<number> {
  readonly version = process.versions.node;
  #subnet = new PlainSubnet(0);

  open(prefix: number): void {
    const size = 2 ** (32 - prefix);
    this.#subnet = new PlainSubnet(size);
    this.#subnet.mark(0);
    this.#subnet.mark(size - 1);
  }

  take(): number | undefined {
    const ordinal = this.#subnet.hold();
    return ordinal < 0 ? undefined : ordinal;
  }

  give(ordinal: number): void {
    this.#subnet.unhold(ordinal);
  }

  occupy(ordinal: number): number {
    this.#subnet.mark(ordinal);
    return ordinal;
  }

  ordinal(ordinal: number): number {
    return ordinal;
  }

  address(ordinal: number): number {
    return ordinal;
  }

  readonly sticky: Sticky<number> = {
    stick: (identity) => {
      const ordinal = this.#subnet.allocate(identity);
      return ordinal < 0 ? undefined : ordinal;
    },
    release: (identity) => this.#subnet.release(identity),
    restore: (identities, ordinals, count) => {
      for (let i = 0; i < count; i++) this.#subnet.bind(identities[i] as string, ordinals[i] as number);
    },
  };
}
