// What etcd keeps: keys with their revisions, transactions, ranges of now and of before, compaction. No leases, no
// network; the words of its refusals are etcd's own.
import type { ICompare, IRangeRequest, IRequestOp, ITxnRequest } from 'etcd3';

export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  readonly created: number;
  readonly mod: number;
  readonly version: number;
  readonly lease: string;
}

/** One key that changed: what was there before, what is there now. */
export interface Change {
  readonly key: string;
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}

/** All that changed at one revision. */
export interface Revision {
  readonly revision: number;
  readonly changes: readonly Change[];
}

interface Range {
  readonly from: string;
  /** Undefined: that key alone. */
  readonly to: string | undefined;
}

export class History {
  revision = 1;
  compacted = 0;
  readonly revisions: Revision[] = [];
  readonly #entries = new Map<string, Entry>();
  /** Of the entries, sorted. */
  readonly #keys: string[] = [];
  readonly #hasLease: (id: string) => boolean;

  constructor(hasLease: (id: string) => boolean) {
    this.#hasLease = hasLease;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  under(prefix: string): Entry[] {
    return this.#keysIn({ from: prefix, to: `${prefix}\u{ffff}` }).map((key) => this.#entries.get(key)!);
  }

  /** All that has changed from a revision on; they have no gap. */
  from(revision: number): readonly Revision[] {
    const first = this.revisions[0]?.revision ?? 0;
    return this.revisions.slice(Math.max(revision - first, 0));
  }

  /** @throws Error in etcd's words */
  range(request: IRangeRequest) {
    const { limit = 0, revision = 0, count_only } = request;
    const at = Number(revision);
    if (at > this.revision) throw new Error('etcdserver: mvcc: required revision is a future revision');
    if (at > 0 && at < this.compacted) throw new Error('etcdserver: mvcc: required revision has been compacted');
    const range = rangeOf(request);
    const all =
      at === 0 || at === this.revision
        ? this.#keysIn(range).map((key) => this.#entries.get(key)!)
        : this.#before(at, range);
    const most = Number(limit) || all.length;
    return {
      header: { revision: String(this.revision) },
      kvs: count_only ? [] : all.slice(0, most).map(asKeyValue),
      more: all.length > most,
      count: String(all.length),
    };
  }

  /** @throws Error in etcd's words */
  put(key: string, value: Buffer, lease = '0') {
    this.#checkLease(lease);
    this.#write((change) => change(key, { value, lease }));
    return { header: { revision: String(this.revision) } };
  }

  /** @throws Error in etcd's words */
  transaction({ compare = [], success = [], failure = [] }: ITxnRequest) {
    for (const branch of [success, failure]) refuseDuplicates(branch);
    const succeeded = compare.every((each) => this.#holds(each));
    const branch = succeeded ? success : failure;
    for (const { request_put } of branch) if (request_put) this.#checkLease(String(request_put.lease ?? 0));
    const responses: object[] = [];
    this.#write((change) => {
      for (const { request_put, request_delete_range, request_range } of branch) {
        if (request_range) responses.push({ response_range: this.range(request_range) });
        else if (request_put) {
          const { key, value, lease = 0 } = request_put;
          change(String(key), { value: value as Buffer, lease: String(lease) });
          responses.push({ response_put: {} });
        } else if (request_delete_range) {
          for (const key of this.#keysIn(rangeOf(request_delete_range))) change(key, undefined);
          responses.push({ response_delete_range: {} });
        }
      }
    });
    return { header: { revision: String(this.revision) }, succeeded, responses };
  }

  /** All keys at one revision, as when a lease ends. */
  delete(keys: readonly string[]): void {
    this.#write((change) => {
      for (const key of [...keys].sort()) change(key, undefined);
    });
  }

  compact(): void {
    this.compacted = this.revision;
  }

  #checkLease(lease: string): void {
    if (lease !== '0' && !this.#hasLease(lease)) throw new Error('etcdserver: requested lease not found');
  }

  #write(work: (change: (key: string, value: { value: Buffer; lease: string } | undefined) => void) => void): void {
    const revision = this.revision + 1;
    const changes: Change[] = [];
    work((key, written) => {
      const before = this.#entries.get(key);
      if (before === undefined && written === undefined) return;
      const after = written && {
        key,
        ...written,
        created: before?.created ?? revision,
        mod: revision,
        version: (before?.version ?? 0) + 1,
      };
      this.#set(key, after);
      changes.push({ key, before, after });
    });
    if (changes.length === 0) return;
    this.revision = revision;
    this.revisions.push({ revision, changes });
  }

  #set(key: string, entry: Entry | undefined): void {
    const at = this.#place(key);
    const isThere = this.#keys[at] === key;
    if (entry === undefined) {
      this.#entries.delete(key);
      if (isThere) this.#keys.splice(at, 1);
    } else {
      this.#entries.set(key, entry);
      if (!isThere) this.#keys.splice(at, 0, key);
    }
  }

  #holds(compare: ICompare): boolean {
    const found = this.#keysIn(rangeOf(compare as { key: Buffer; range_end?: Buffer })).map(
      (key) => this.#entries.get(key)!,
    );
    const zero = { created: 0, mod: 0 };
    return (found.length === 0 ? [zero] : found).every(({ created, mod }) => {
      const [is, wanted] =
        compare.target === 'Create'
          ? [created, Number(compare.create_revision)]
          : compare.target === 'Mod'
            ? [mod, Number(compare.mod_revision)]
            : unknown(compare);
      if (compare.result === 'Equal') return is === wanted;
      return compare.result === 'Less' ? is < wanted : unknown(compare);
    });
  }

  #before(at: number, range: Range): Entry[] {
    const entries = new Map(this.#keysIn(range).map((key) => [key, this.#entries.get(key)!]));
    for (let n = this.revisions.length - 1; n >= 0 && this.revisions[n]!.revision > at; n--) {
      for (const { key, before } of [...this.revisions[n]!.changes].reverse()) {
        if (!isIn(range, key)) continue;
        if (before === undefined) entries.delete(key);
        else entries.set(key, before);
      }
    }
    return [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #keysIn({ from, to }: Range): string[] {
    if (to === undefined) return this.#entries.has(from) ? [from] : [];
    return this.#keys.slice(this.#place(from), this.#place(to));
  }

  /** Where the first key is that is not before this one. */
  #place(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function asKeyValue({ key, value, created, mod, version, lease }: Entry) {
  return {
    key: Buffer.from(key),
    value,
    create_revision: String(created),
    mod_revision: String(mod),
    version: String(version),
    lease,
  };
}

function rangeOf({ key, range_end }: { key?: unknown; range_end?: unknown }): Range {
  return { from: String(key), to: range_end === undefined ? undefined : String(range_end) };
}

function isIn({ from, to }: Range, key: string): boolean {
  return to === undefined ? key === from : key >= from && key < to;
}

/** etcd takes no key twice in one branch, nor one that the same branch deletes. */
function refuseDuplicates(branch: readonly IRequestOp[]): void {
  const puts = branch.flatMap(({ request_put }) => (request_put ? [String(request_put.key)] : []));
  const ends = branch.flatMap(({ request_delete_range }) =>
    request_delete_range ? [rangeOf(request_delete_range)] : [],
  );
  if (new Set(puts).size < puts.length || puts.some((key) => ends.some((range) => isIn(range, key))))
    throw new Error('etcdserver: duplicate key given in txn request');
}

function unknown(what: object): never {
  throw new Error(`the simulated etcd does not know ${JSON.stringify(what)}`);
}
