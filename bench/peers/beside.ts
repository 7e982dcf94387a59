// What the users of an allocator without stickiness write: a Map beside it, from identity to address. Nothing is given
// back when an identity stops, or it would lose its address.

import type { Peer, Sticky } from './peer.js';

export class Beside<A> implements Sticky<A> {
  readonly #peer: Peer<A>;
  readonly #own = new Map<string, { readonly address: A; live: boolean }>();

  constructor(peer: Peer<A>) {
    this.#peer = peer;
  }

  stick(identity: string): A | undefined {
    const own = this.#own.get(identity);
    if (own !== undefined) {
      own.live = true;
      return own.address;
    }
    const address = this.#peer.take();
    if (address !== undefined) this.#own.set(identity, { address, live: true });
    return address;
  }

  release(identity: string): void {
    const own = this.#own.get(identity);
    if (own !== undefined) own.live = false;
  }

  restore(identities: readonly string[], ordinals: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const address = this.#peer.occupy(ordinals[i] as number);
      this.#own.set(identities[i] as string, { address, live: true });
    }
  }
}
