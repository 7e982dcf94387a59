// The whole state at one revision, page by page, as the keys come. Nothing is told from here: a reading that fails half-way
// leaves everything as it was.

import type { Connection } from './connection.js';
import { asRange } from './draft.js';
import type { Keys } from './keys.js';
import { type Item, itemOf } from './view.js';

export interface Reading {
  readonly revision: number;
  readonly items: readonly (readonly [key: string, item: Item])[];
  readonly pages: number;
}

/** A reading whose revision was compacted away meanwhile is begun anew, this many times. */
const MOST_BEGINNINGS = 20;

/** @throws LimpetError UNAVAILABLE */
export async function readAll(connection: Connection, keys: Keys, page: number): Promise<Reading> {
  for (let n = 1; ; n++) {
    try {
      return await readOnce(connection, keys, page);
    } catch (error) {
      if (n === MOST_BEGINNINGS || !/required revision has been compacted/.test((error as Error).message)) throw error;
    }
  }
}

async function readOnce(connection: Connection, keys: Keys, page: number): Promise<Reading> {
  const items: [string, Item][] = [];
  let { from } = keys.watched;
  let revision = 0;
  for (let pages = 1; ; pages++) {
    const range = { ...asRange({ from, to: keys.watched.to }), limit: page, revision };
    const answer = await connection.call((etcd, options) => etcd.kv.range(range, options));
    revision ||= Number(answer.header.revision);
    for (const kv of answer.kvs) items.push([kv.key.toString(), itemOf(kv)]);
    if (!answer.more) return { revision, items, pages };
    from = `${(items.at(-1) as [string, Item])[0]}\0`;
  }
}
