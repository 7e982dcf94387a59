// One etcd transaction: what must still be so, what is written then, and what to look at when it is not. What is to be
// demanded for a change is draft.ts's; here is how it is asked, how several become one, and what is learnt from the
// answer.

import type { ICompare, IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';
import type { KeyRange, Keys, TextRange } from './keys.js';
import type { Item } from './known.js';
import type { View } from './view.js';

/** Whose transaction it is. */
export interface Writer {
  readonly lease: string;
  readonly processKey: string;
  /** The revision of the process's key: none of its transactions from before is applied after (lease.ts). */
  readonly fence: number;
}

export interface Write {
  readonly value: Buffer;
  readonly lease?: string;
  /** When the key was made, if it is there already. */
  readonly created?: number;
}

/** etcd's default is 128 operations in a transaction; one is the fence's. */
const MOST_OPERATIONS = 128 - 1;

export class Transaction {
  readonly writer: Writer;
  readonly #keys: Keys;
  readonly #view: View;
  readonly #demands = new Map<string, ICompare>();
  /** In order; `undefined` deletes. The order is that of the events: a release is told before the end of its mark. */
  readonly #writes = new Map<string, Write | undefined>();
  readonly #deletedRanges: KeyRange[] = [];
  readonly #reads = new Map<string, TextRange | undefined>();
  /** Whole spaces among the reads, by where they begin. */
  readonly #spaces = new Map<string, string>();

  constructor(keys: Keys, view: View, writer: Writer) {
    this.#keys = keys;
    this.#view = view;
    this.writer = writer;
  }

  demandAbsent(key: string): void {
    this.demandCreated(key, 0);
  }

  demandCreated(key: string, revision: number): void {
    const created = { target: 'Create', result: 'Equal', create_revision: revision } as const;
    this.#demands.set(`Create ${key}`, { key: Buffer.from(key), ...created });
  }

  demandUnchanged(key: string, since: number): void {
    const unchanged = { target: 'Mod', result: 'Equal', mod_revision: since } as const;
    this.#demands.set(`Mod ${key}`, { key: Buffer.from(key), ...unchanged });
  }

  /** No key of the range is there. */
  demandEmpty(range: TextRange): void {
    const absent = { target: 'Create', result: 'Equal', create_revision: 0 } as const;
    this.#demands.set(`Empty ${range.from} ${range.to}`, { ...asRange(range), ...absent });
  }

  /** No key of the range has changed after that revision; what has gone since does not count. */
  demandNoNews(range: TextRange, after: number): void {
    const old = { target: 'Mod', result: 'Less', mod_revision: after + 1 } as const;
    this.#demands.set(`Old ${range.from}`, { ...asRange(range), ...old });
  }

  read(key: string): void {
    this.#reads.set(key, undefined);
  }

  readRange(range: TextRange): void {
    this.#reads.set(range.from, range);
  }

  /** Every subnet of a space. */
  readSpace(space: string): void {
    const range = this.#keys.space(space);
    this.readRange(range);
    this.#spaces.set(range.from, space);
  }

  /** The last write of a key is the one that counts, and where it stands in the order. */
  write(key: string, write: Write): void {
    this.#writes.delete(key);
    this.#writes.set(key, write);
  }

  remove(key: string): void {
    this.#writes.delete(key);
    this.#writes.set(key, undefined);
  }

  removeRanges(ranges: readonly KeyRange[]): void {
    this.#deletedRanges.push(...ranges);
  }

  /** Whether nothing is to be written. */
  get isEmpty(): boolean {
    return this.#writes.size === 0 && this.#deletedRanges.length === 0;
  }

  /** Whether etcd takes it. */
  get isTooLarge(): boolean {
    const writes = this.#writes.size + this.#deletedRanges.length;
    return Math.max(writes, this.#demands.size, this.#reads.size) > MOST_OPERATIONS;
  }

  /** Whether etcd takes that one with this one, as one. */
  takes(other: Transaction): boolean {
    const writes = this.#writes.size + this.#deletedRanges.length + other.#writes.size + other.#deletedRanges.length;
    return (
      writes <= MOST_OPERATIONS &&
      together(this.#demands, other.#demands) <= MOST_OPERATIONS &&
      together(this.#reads, other.#reads) <= MOST_OPERATIONS
    );
  }

  /** Does what the other one does as well. The two are of one moment, and write nothing that the other demands. */
  absorb(other: Transaction): void {
    for (const [name, demand] of other.#demands) this.#demands.set(name, demand);
    for (const [key, range] of other.#reads) this.#reads.set(key, range);
    for (const [from, space] of other.#spaces) this.#spaces.set(from, space);
    for (const [key, write] of other.#writes) this.#writes.set(key, write);
    this.#deletedRanges.push(...other.#deletedRanges);
  }

  /** Whether the other one demands the same, of the same revisions. */
  restsOnTheSame(other: Transaction): boolean {
    if (this.#demands.size !== other.#demands.size) return false;
    for (const [name, { create_revision, mod_revision }] of this.#demands) {
      const demand = other.#demands.get(name);
      if (demand?.create_revision !== create_revision || demand?.mod_revision !== mod_revision) return false;
    }
    return true;
  }

  request(): ITxnRequest {
    const { processKey, fence } = this.writer;
    this.demandUnchanged(processKey, fence);
    this.read(processKey);
    const success: IRequestOp[] = this.#deletedRanges.map((range) => ({ request_delete_range: asRange(range) }));
    for (const [key, write] of this.#writes) success.push(asRequest(key, write));
    return { compare: [...this.#demands.values()], success };
  }

  /** The request after one that has failed: it writes nothing, and shows why. */
  look(): ITxnRequest {
    const reads = [...this.#reads].map(([key, range]) => ({
      request_range: range === undefined ? { key: Buffer.from(key) } : asRange(range),
    }));
    return { success: reads };
  }

  /** It has been applied at that revision. Answers whether the service has been told so, or still takes it in. */
  learnSuccess(at: number): 'done' | 'told' {
    if (at <= this.#view.revision) return 'told'; // the watch was faster
    // An answer that ran ahead of the watch may have told of what others did with it.
    const answer = at > this.#view.latest ? 'done' : 'told';
    for (const [key, write] of this.#writes) {
      const { value, lease = '0', created = at } = write ?? {};
      const item = value === undefined ? undefined : { value, lease, created, mod: at };
      if (answer === 'done') this.#view.learnOwn(key, item, at);
      else this.#view.learn(key, item, at);
      const parsed = this.#keys.parse(key);
      if (parsed?.kind === 'subnet') this.#view.knowSpace(parsed.subnet.space, at);
    }
    return answer;
  }

  /** It has not, and what the look saw says why. Answers the revision of the process's key, 0 when it is gone. */
  learnFailure(response: ITxnResponse): number {
    const at = Number(response.header.revision);
    const isNews = at > this.#view.revision;
    let fence = 0;
    [...this.#reads].forEach(([key, range], index) => {
      const items = this.#view.itemsOf(response.responses[index]?.response_range.kvs ?? []);
      if (key === this.writer.processKey) fence = items.get(key)?.mod ?? 0;
      else if (isNews || this.#keys.isIndex(key)) this.#learnRead(key, range, items, at);
    });
    return fence;
  }

  /** What has gone first: something new may be in its place. */
  #learnRead(key: string, range: TextRange | undefined, items: Map<string, Item>, at: number): void {
    const missing = range === undefined ? [key] : this.#knownIn(range);
    for (const each of missing) if (!items.has(each)) this.#view.learn(each, undefined, at);
    for (const [each, item] of items) this.#view.learn(each, item, at);
    const space = this.#spaces.get(key);
    if (space !== undefined) this.#view.knowSpace(space, at);
  }

  /**
   * Keys that are known in one of the ranges that are looked at: the subnets of the space, the marks of an identity. Of
   * what a subnet needs (Keys.needs) none is known when it is read.
   */
  #knownIn(range: TextRange): string[] {
    const mark = this.#keys.parse(`${range.from}_`); // of any node
    if (mark?.kind === 'live') {
      const nodes = this.#view.subnet(mark.subnet)?.bindings.get(mark.identity)?.live.keys() ?? [];
      return Array.from(nodes, (node) => this.#keys.live(mark.subnet, mark.identity, node));
    }
    const subnets = Array.from(this.#view.subnets(), ({ key }) => this.#keys.subnet(key));
    return subnets.filter((key) => key >= range.from && key < range.to);
  }
}

/** How many keys two maps have between them. */
function together(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): number {
  let count = one.size;
  for (const key of other.keys()) if (!one.has(key)) count++;
  return count;
}

/** A range as etcd's requests have it. */
export function asRange({ from, to }: KeyRange): { key: Buffer; range_end: Buffer } {
  return { key: typeof from === 'string' ? Buffer.from(from) : from, range_end: Buffer.from(to) };
}

function asRequest(key: string, write: Write | undefined): IRequestOp {
  if (write === undefined) return { request_delete_range: { key: Buffer.from(key) } };
  const put = { key: Buffer.from(key), value: write.value };
  return { request_put: write.lease === undefined ? put : { ...put, lease: write.lease } };
}
