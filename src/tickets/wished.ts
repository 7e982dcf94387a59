// Addresses that users wanted for containers of this host's own networks (`--ip`), and whose they are. Before Docker 29
// a container that comes up while Docker starts says nothing but the address that it wants, and no list can be asked:
// what was granted before is then all that tells who it is.

import type { SubnetKey } from '../service/index.js';

export interface WishedAddress {
  readonly cidr: string;
  readonly address: string;
  readonly identity: string;
}

/** Those that are remembered, the latest last. */
const MOST = 1000;

export class WishedAddresses {
  #all: readonly WishedAddress[];
  readonly #changed: (all: readonly WishedAddress[]) => Promise<void>;

  /** @param changed is to keep them for the next process, and answers when they are kept */
  constructor(all: readonly WishedAddress[], changed: (all: readonly WishedAddress[]) => Promise<void>) {
    this.#all = all;
    this.#changed = changed;
  }

  whose({ cidr }: Pick<SubnetKey, 'cidr'>, address: string): string | undefined {
    return this.#all.find((each) => each.cidr === cidr && each.address === address)?.identity;
  }

  /** The user of this identity wants the address. */
  async note({ cidr }: Pick<SubnetKey, 'cidr'>, address: string, identity: string): Promise<void> {
    if (this.whose({ cidr }, address) === identity) return;
    const others = this.#all.filter(
      (each) => each.cidr !== cidr || !(each.address === address || each.identity === identity),
    );
    await this.#change([...others, { cidr, address, identity }].slice(-MOST));
  }

  /** This identity has come without such a wish. */
  async drop({ cidr }: Pick<SubnetKey, 'cidr'>, identity: string): Promise<void> {
    const others = this.#all.filter((each) => each.cidr !== cidr || each.identity !== identity);
    if (others.length < this.#all.length) await this.#change(others);
  }

  #change(all: readonly WishedAddress[]): Promise<void> {
    this.#all = all;
    return this.#changed(all);
  }
}
