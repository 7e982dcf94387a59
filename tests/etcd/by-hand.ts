// Writes to etcd what Limpet would not: keys that are no text, values that are none, in heaps.
import { Etcd3 } from 'etcd3';

/** Pairs of key and value; `null` deletes. */
export type Pair = readonly [key: string | Buffer, value: string | Buffer | null];

/** As many as etcd takes in one transaction. */
const AT_ONCE = 120;

export class Hand {
  readonly #etcd: Etcd3;

  constructor(endpoint: string) {
    this.#etcd = new Etcd3({ hosts: [`http://${endpoint}`] });
  }

  async put(pairs: readonly Pair[]): Promise<void> {
    for (let at = 0; at < pairs.length; at += AT_ONCE) {
      const success = pairs.slice(at, at + AT_ONCE).map(([key, value]) => {
        const bytes = Buffer.from(key as string);
        if (value === null) return { request_delete_range: { key: bytes } };
        return { request_put: { key: bytes, value: Buffer.from(value as string) } };
      });
      await this.#etcd.kv.txn({ success });
    }
  }

  close(): void {
    this.#etcd.close();
  }
}
