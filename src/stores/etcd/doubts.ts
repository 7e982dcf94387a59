// Addresses of which it is not certain whose they are, since what is known of them does not agree: somebody else was
// faster and the watch has not told yet, or a key was written by hand. The index and the keys of all who may have the
// address are read at one revision, and the view is told what they amount to.

import type { IRequestOp } from 'etcd3';
import type { Deadline } from '../../service/deadline.js';
import type { SubnetKey } from '../../service/store.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { asRange } from './transaction.js';
import type { View } from './view.js';

interface Doubt {
  readonly subnet: SubnetKey;
  readonly address: string;
  readonly identities: ReadonlySet<string>;
}

/** Looks for one who waits: the index may name somebody else each time. */
const MOST_LOOKS = 4;
/** Identities in one look: each takes two of the 128 operations that etcd has for one, an address takes one. */
const MOST_IDENTITIES = 40;

export class Doubts {
  readonly #connection: Connection;
  readonly #keys: Keys;
  #pending = new Map<string, Doubt>();
  /** Counts the readings. */
  #epoch = 0;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  note(subnet: SubnetKey, address: string, identities: Iterable<string>): void {
    const key = this.#keys.address(subnet, address);
    const before = this.#pending.get(key)?.identities ?? [];
    this.#pending.set(key, { subnet, address, identities: new Set([...before, ...identities]) });
  }

  /** Everything is about to be told anew. */
  clear(): void {
    this.#pending.clear();
    this.#epoch++;
  }

  /**
   * Looks at all that is doubted now. What the watch has overtaken meanwhile stays doubted for the next one who asks.
   * @throws LimpetError UNAVAILABLE
   */
  async resolve(view: View, deadline: Deadline): Promise<void> {
    for (let looks = 0; looks < MOST_LOOKS && !this.isEmpty; looks++) {
      const all = [...this.#pending.values()];
      this.#pending = new Map();
      for (const some of inLooks(all)) {
        try {
          await this.#look(some, view, deadline);
        } catch (error) {
          for (const { subnet, address, identities } of all) this.note(subnet, address, identities);
          throw error;
        }
      }
    }
  }

  async #look(doubts: readonly Doubt[], view: View, deadline: Deadline): Promise<void> {
    const looked = doubts.map((doubt) => ({ ...doubt, asked: this.#asked(doubt, view) }));
    const request = { success: looked.flatMap((each) => this.#reads(each)) };
    const epoch = this.#epoch;
    const { header, responses } = await this.#connection.ask(
      (etcd, options) => etcd.kv.txn(request, options),
      deadline,
    );
    if (epoch !== this.#epoch) return; // a reading has come between, which has it all
    const items = view.itemsOf(responses.flatMap(({ response_range }) => response_range.kvs));
    const at = Number(header.revision);
    for (const { subnet, address, identities, asked } of looked) {
      const index = items.get(this.#keys.address(subnet, address));
      const claims = new Map(asked.map((identity) => [identity, items.get(this.#keys.identity(subnet, identity))]));
      const more = view.settle(subnet, { address, index, claims, at });
      const left = [...identities].filter((identity) => !claims.has(identity));
      if (more !== undefined || left.length > 0) this.note(subnet, address, [...left, ...(more ?? [])]);
    }
    // Whose binding has only now been believed may have been live before.
    for (const [key, item] of items) if (this.#keys.parse(key)?.kind === 'live') view.learn(key, item, at);
  }

  #reads({ subnet, address, asked }: Doubt & { readonly asked: readonly string[] }): IRequestOp[] {
    const index = { request_range: { key: Buffer.from(this.#keys.address(subnet, address)) } };
    const claims = asked.flatMap((identity) => [
      { request_range: { key: Buffer.from(this.#keys.identity(subnet, identity)) } },
      { request_range: asRange(this.#keys.liveOf(subnet, identity)) },
    ]);
    return [index, ...claims];
  }

  /** As many as one look takes, and who has the address as far as is known here. */
  #asked({ subnet, address, identities }: Doubt, view: View): string[] {
    const holder = view.subnet(subnet)?.owners.get(address);
    const all = new Set([...(holder === undefined ? [] : [holder]), ...[...identities].reverse()]);
    return [...all].slice(0, MOST_IDENTITIES);
  }
}

/** In groups that one look takes. */
function inLooks(all: readonly Doubt[]): Doubt[][] {
  const looks: Doubt[][] = [[]];
  let identities = 0;
  for (const doubt of all) {
    const size = Math.min(doubt.identities.size + 1, MOST_IDENTITIES);
    if (identities + size > MOST_IDENTITIES) {
      looks.push([]);
      identities = 0;
    }
    looks.at(-1)?.push(doubt);
    identities += size;
  }
  return looks;
}
