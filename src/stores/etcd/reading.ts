// The whole state at one revision, page by page, as the keys come: bytes, among which others' keys may be. Nothing of
// the state is told from here: a reading that fails half-way leaves everything as it was.

import { LimpetError } from '../../host/errors.js';
import { untilAnswered } from '../../service/attempts.js';
import type { Clock } from '../../service/clock.js';
import { type Connection, unavailable } from './connection.js';
import type { Findings } from './findings.js';
import type { Key, KeyRange, Keys, OwnKey } from './keys.js';
import { type Item, itemOf } from './known.js';
import { type PageRequest, Pages } from './pages.js';
import { asRange } from './transaction.js';

export interface Entry extends OwnKey {
  readonly item: Item;
}

export interface Reading {
  readonly revision: number;
  /** Limpet's own keys, by kind. */
  readonly entries: ReadonlyMap<Key['kind'], readonly Entry[]>;
  /** Of all keys. */
  readonly count: number;
  readonly pages: number;
}

/** What is read from, and how. */
export interface Source {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly keys: Keys;
  /** Hears of keys that are not Limpet's. */
  readonly findings: Findings;
  /** The most keys of one answer. */
  readonly page: number;
}

/**
 * A reading whose revision was compacted away meanwhile has lost a race, and is begun anew. @throws LimpetError
 * UNAVAILABLE
 */
export async function readAll(source: Source): Promise<Reading> {
  const attempt = async () => {
    try {
      return await readOnce(source);
    } catch (error) {
      if (/required revision has been compacted/.test((error as Error).message)) return undefined;
      throw error;
    }
  };
  const contended = () => unavailable('its history is compacted faster than it can be read', 'none');
  return untilAnswered({ clock: source.clock, what: 'read all of etcd', contended }, attempt);
}

/**
 * A store without a subnet, beside which the release before has left its own, is no new one: whoever started here would
 * give away what is in use.
 * @throws LimpetError DAMAGED, UNAVAILABLE
 */
export async function refuseOldVersion({ connection, keys }: Source, { entries }: Reading): Promise<void> {
  const old = keys.ofOldVersion;
  if (old === undefined || entries.has('subnet')) return;
  const count = await countKeys(connection, old);
  if (count === 0) return;
  const message =
    `etcd has ${count} keys under ${old.from}, which an earlier release of Limpet wrote and this one does not read, ` +
    'and no subnet yet of this one. Nothing was changed. Go on with the release that wrote them, or delete them and ' +
    'let `limpet import` take over the addresses in use';
  throw new LimpetError('DAMAGED', message, { prefix: old.from, keys: count });
}

async function countKeys(connection: Connection, range: KeyRange): Promise<number> {
  try {
    const request = { ...asRange(range), count_only: true };
    const { count } = await connection.call((etcd, options) => etcd.kv.range(request, options));
    return Number(count);
  } catch (error) {
    // Who may not look there has not written there either.
    if (/permission denied/.test((error as Error).message)) return 0;
    throw error;
  }
}

/** The next page is under way while the one that has come is taken apart. */
async function readOnce({ connection, keys, findings, page }: Source): Promise<Reading> {
  const entries = new Map<Key['kind'], Entry[]>();
  const all = new Pages(keys.watched);
  const ask = (request: PageRequest) =>
    connection.call((etcd, options) => etcd.kv.range({ ...request, limit: page }, options));
  let asked = ask(all.next);
  let count = 0;
  for (let pages = 1; ; pages++) {
    const answer = await asked;
    const next = all.after(answer);
    if (next !== undefined) asked = ask(next);
    for (const kv of answer.kvs) {
      const own = keys.read(kv.key);
      if (own === undefined) findings.strange(kv.key);
      else entryList(entries, own.key.kind).push({ ...own, item: itemOf(kv) });
    }
    count += answer.kvs.length;
    if (next === undefined) return { revision: all.revision, entries, count, pages };
  }
}

function entryList(entries: Map<Key['kind'], Entry[]>, kind: Key['kind']): Entry[] {
  const list = entries.get(kind) ?? [];
  if (list.length === 0) entries.set(kind, list);
  return list;
}
