// Limpet through its host API, as a program in JavaScript uses it: addresses and identities are strings.

import { limpet } from '../../host.js';
import { BASE, type Peer, type Sticky } from '../peer.js';
import { limpetVersion } from './version.js';

type Net = ReturnType<typeof limpet.subnet>;

export class HostPeer implements Peer<string> {
  readonly version = limpetVersion;
  #net: Net | undefined;

  open(prefix: number): void {
    this.#net?.destroy();
    this.#net = limpet.subnet(`10.0.0.0/${prefix}`);
  }

  take(): string {
    return this.#live.holdNext();
  }

  give(address: string): void {
    this.#live.unhold(address);
  }

  occupy(ordinal: number): string {
    return this.#live.hold(this.address(ordinal));
  }

  ordinal(address: string): number {
    return address.split('.').reduce((number, part) => number * 256 + Number(part), 0) - BASE;
  }

  address(ordinal: number): string {
    return `10.${ordinal >>> 16}.${(ordinal >>> 8) & 255}.${ordinal & 255}`;
  }

  readonly sticky: Sticky<string> = {
    stick: (identity) => this.#live.allocate(identity),
    release: (identity) => {
      this.#live.release(identity);
    },
    restore: (identities, ordinals, count) => {
      const rebuild = this.#live.rebuilder();
      for (let i = 0; i < count; i++) {
        rebuild.add({ identity: identities[i], address: this.address(ordinals[i] as number), state: 'live' });
      }
      const { live } = rebuild.commit();
      if (live !== count) throw new Error(`${live} of ${count} bindings were restored`);
    },
  };

  used(): number {
    return limpet.memory.used;
  }

  get #live(): Net {
    if (!this.#net) throw new Error('no subnet is open');
    return this.#net;
  }
}
