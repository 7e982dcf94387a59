// The whole state at one revision, page by page, as the keys come: bytes, among which others' keys may be. Nothing of
// the state is told from here: a reading that fails half-way leaves everything as it was. Only where nobody has known
// anything before, and there is much of it, it is told as it comes.

import type { IKeyValue } from 'etcd3';
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

/** More keys than this are told of page by page where that can be: nothing else has the memory for them. */
const MANY = 40_000;

/** One page as it has come. */
interface Page {
  readonly revision: number;
  readonly kvs: readonly IKeyValue[];
  /** As etcd has counted those from the page's first one on, more or less to the end. */
  readonly total: number;
}

/** All of it at once. @throws LimpetError UNAVAILABLE */
export function readAll(source: Source): Promise<Reading> {
  return untilUncompacted(source, () => readOnce(source, Number.POSITIVE_INFINITY)) as Promise<Reading>;
}

/** The same; undefined when there are many keys. @throws LimpetError UNAVAILABLE */
export async function readFew(source: Source): Promise<Reading | undefined> {
  const read = await untilUncompacted(source, async () => ({ reading: await readOnce(source, MANY) }));
  return read.reading;
}

/**
 * All of it, page by page, no key before one that it rests on.
 * @param begin hears the revision; when it is called again, all begins anew. @param take a page's keys
 * @throws LimpetError UNAVAILABLE
 */
export async function readInOrder(
  source: Source,
  begin: (revision: number) => void,
  take: (entries: readonly Entry[]) => Promise<void>,
): Promise<void> {
  await untilUncompacted(source, async () => {
    let at = 0;
    for (const range of source.keys.watchedInOrder) {
      for await (const { revision, kvs } of pagesOf(source, range, at)) {
        if (at === 0) begin(revision);
        at = revision;
        await take(entriesOf(source, kvs));
      }
    }
    return true;
  });
}

/** A reading whose revision was compacted away meanwhile has lost a race, and is begun anew. */
function untilUncompacted<T>({ clock }: Source, read: () => Promise<T>): Promise<T> {
  const attempt = async () => {
    try {
      return await read();
    } catch (error) {
      if (/required revision has been compacted/.test((error as Error).message)) return undefined;
      throw error;
    }
  };
  const contended = () => unavailable('its history is compacted faster than it can be read', 'none');
  return untilAnswered({ clock, what: 'read all of etcd', contended }, attempt);
}

/**
 * Of a store without a subnet. Where the release before has left its own beside it, it is no new one: whoever started
 * here would give away what is in use.
 * @throws LimpetError DAMAGED, UNAVAILABLE
 */
export async function refuseOldVersion({ connection, keys }: Source): Promise<void> {
  const old = keys.ofOldVersion;
  if (old === undefined) return;
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

/** Undefined when there are more keys than so many. */
async function readOnce(source: Source, most: number): Promise<Reading | undefined> {
  const all = new Map<Key['kind'], Entry[]>();
  let [at, keys, pages] = [0, 0, 0];
  for await (const { revision, kvs, total } of pagesOf(source, source.keys.watched)) {
    if (pages === 0 && total > most) return undefined;
    for (const entry of entriesOf(source, kvs)) entryList(all, entry.key.kind).push(entry);
    [at, keys, pages] = [revision, keys + kvs.length, pages + 1];
  }
  return { revision: at, entries: all, count: keys, pages };
}

/** The next page is under way while the one that has come is taken apart. @param revision 0: of now */
async function* pagesOf({ connection, page }: Source, range: KeyRange, revision = 0): AsyncGenerator<Page> {
  const pages = new Pages(range, revision);
  const ask = (request: PageRequest) =>
    connection.call((etcd, options) => etcd.kv.range({ ...request, limit: page }, options));
  let next: PageRequest | undefined = pages.next;
  for (let asked = ask(pages.next); next !== undefined; ) {
    const answer = await asked;
    next = pages.after(answer);
    if (next !== undefined) asked = ask(next);
    asked.catch(() => {}); // told when it is waited for, if ever
    yield { revision: pages.revision, kvs: answer.kvs, total: Number(answer.count) };
  }
}

/** Limpet's own, in their order. */
function entriesOf({ keys, findings }: Source, kvs: readonly IKeyValue[]): Entry[] {
  const entries: Entry[] = [];
  for (const kv of kvs) {
    const own = keys.read(kv.key);
    if (own === undefined) findings.strange(kv.key);
    else entries.push({ ...own, item: itemOf(kv) });
  }
  return entries;
}

function entryList(entries: Map<Key['kind'], Entry[]>, kind: Key['kind']): Entry[] {
  const list = entries.get(kind) ?? [];
  if (list.length === 0) entries.set(kind, list);
  return list;
}
